"""Plots as SVG: the same results always give the same file."""

import os

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (after choosing the backend)
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402
from matplotlib.ticker import EngFormatter  # noqa: E402

from . import report  # noqa: E402

plt.rcParams.update({
    "svg.hashsalt": "eqc", "svg.fonttype": "path", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.alpha": 0.3, "axes.axisbelow": True})

# One colour per kind of peer in all plots; colour-blind safe (Okabe-Ito).
COLOURS = {"eqc": "#000000", "torch-factored": "#E69F00",
           "torch-factored-compiled": "#D55E00", "torch-stacked": "#56B4E9",
           "torch-stacked-compiled": "#0072B2", "jax-factored": "#009E73",
           "einsum": "#CC79A7", "dense-gemm": "#999999", "e3nn": "#8C6BB1",
           "torch-split": "#B8A500", "torch-split-compiled": "#7A6E00",
           "eqc-dense": "#BBBBBB", "eqc-factored": "#666666",
           "eqc-shared": "#88AA66", "eqc-schur": "#336633"}
BOUND = {"arithmetic": "#8FB8DE", "memory": "#F2C46D"}


def save(figure, folder, name):
    path = os.path.join(folder, name)
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return name


def marker_of(name):
    """Our own plans are no baselines."""
    return "s" if name.startswith("eqc-") else "o"


def ordered_legend(axes):
    """The same order in all plots, whatever came first."""
    names, order = axes.get_legend_handles_labels(), list(COLOURS)
    pairs = sorted(zip(*names), key=lambda pair: order.index(pair[1])
                   if pair[1] in order else len(order))
    return [handle for handle, _ in pairs], [name for _, name in pairs]


def label(case):
    return f"{case['layer']} B={case['batch']}"


def efficiency(results, folder):
    """A bar per case against the floor of the shared plan, a dot against that
    of its own plan, a mark where a figure was asked for."""
    cases = [(case, r.get("figures", {})) for r in results
             for case in r["cases"]]
    if any(case["threads"] == 1 for case, _ in cases):
        cases = [item for item in cases if item[0]["threads"] == 1]
    # Plans with a fraction of the flops go far beyond 1; their numbers are
    # written instead.
    end = 1.25
    figure, axes = plt.subplots(figsize=(7, 0.22 * len(cases) + 1.2))
    for place, (case, figures) in enumerate(cases):
        value = case["against_shared"]
        axes.barh(place, min(value, end), height=0.7, color=BOUND[
            case["machine"]["bound_by"]])
        if value > end:
            axes.text(end - 0.01, place, f"{value:.1f}", ha="right",
                      va="center", fontsize=7)
        axes.plot(case["efficiency"], place, "o", markersize=4, color="white",
                  markeredgecolor="black", markeredgewidth=0.8)
        if case["main"] and "efficiency" in figures:
            axes.plot([figures["efficiency"]] * 2,
                      [place - 0.45, place + 0.45], color="#C00000",
                      linewidth=1.5)
    axes.set_yticks(range(len(cases)), [label(c) for c, _ in cases])
    axes.set_ylim(len(cases) - 0.4, -0.6)
    axes.grid(False, axis="y")
    axes.set_xlim(0, end)
    axes.set_xlabel("floor / time (B: batch)")
    axes.legend(handles=[
        Patch(color=BOUND["arithmetic"],
              label="against shared, own plan bound by arithmetic"),
        Patch(color=BOUND["memory"],
              label="against shared, own plan bound by memory"),
        Line2D([], [], marker="o", markersize=4, color="white",
               markeredgecolor="black", markeredgewidth=0.8,
               label="efficiency (own floor)"),
        Line2D([], [], color="#C00000", label="asked for")],
        loc="upper center", bbox_to_anchor=(0.4, -0.55 / (
            0.22 * len(cases) + 0.4)), ncols=2, frameon=False)
    return save(figure, folder, "efficiency.svg")


def ratios(results, folder):
    """Every baseline's time over ours, on a logarithmic axis."""
    cases = [c for r in results for c in r["cases"] if len(c["times"]) > 1]
    if not cases:
        return None
    figure, axes = plt.subplots(figsize=(7, 0.24 * len(cases) + 1.2))
    seen = set()
    for place, case in enumerate(cases):
        ours = case["times"]["eqc"]["median"]
        for name, times in case["times"].items():
            if name == "eqc":
                continue
            axes.plot(times["median"] / ours, place, marker_of(name),
                      markersize=4, color=COLOURS.get(name, "#444444"),
                      label=None if name in seen else name)
            seen.add(name)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(cases)), [
        f"{label(c)} T={c['threads']}" for c in cases])
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("time over that of eqc (B: batch, T: threads)")
    axes.legend(*ordered_legend(axes), loc="upper left",
                bbox_to_anchor=(1, 1), frameon=False)
    return save(figure, folder, "ratios.svg")


def curve_layer(axis, case):
    """What the points of a curve have in common."""
    parts = {"n": f"n = {case['n']}",
             "order": f"order {case['k']} to {case['l']}",
             "channels": f"channels {case['c_in']} to {case['c_out']}"}
    return ", ".join([f"{case['group']}"] + [
        text for key, text in parts.items() if key != axis])


def curve(result, folder):
    """Times of all, and the floor, which has the predicted exponent."""
    axis, cases = result["axis"], result["cases"]
    whole = axis == "batch"
    figure, axes = plt.subplots(figsize=(5.5, 3.8))
    names = list(dict.fromkeys(n for c in cases for n in c["times"]))
    for name in names:
        points = [(c["value"], c["times"][name]["median"] /
                   (1 if whole else c["batch"]))
                  for c in cases if name in c["times"]]
        axes.plot(*zip(*points), "o-", markersize=3, label=name,
                  color=COLOURS.get(name, "#444444"))
    axes.plot([c["value"] for c in cases], [
        c["machine"]["floor_seconds"] / (1 if whole else c["batch"])
        for c in cases], "--", color="black", label="floor of the plan")
    axes.set_yscale("log")
    values = [c["value"] for c in cases]
    if axis != "order":
        axes.set_xscale("log", base=2)
    axes.set_xticks(values, [str(v) for v in values])
    axes.minorticks_off()
    axes.set_xlabel({"n": "n", "batch": "batch", "order": "order k = l"}[axis])
    axes.yaxis.set_major_formatter(EngFormatter(unit="s"))
    axes.set_ylabel("time" if whole else "time per sample")
    axes.set_title(curve_layer(axis, cases[0]), fontsize=9)
    axes.legend(*ordered_legend(axes), frameon=False)
    return save(figure, folder, result["name"] + f"-t{result['threads']}.svg")


def draw(document, folder):
    """The plots written into `folder`: title -> file."""
    results, drawn = report.suites(document), {}
    if results:
        drawn["Efficiency"] = efficiency(results, folder)
        drawn["Baselines"] = ratios(results, folder)
    for result in report.curves(document):
        drawn[report.curve_title(result)] = curve(result, folder)
    return {title: path for title, path in drawn.items() if path}
