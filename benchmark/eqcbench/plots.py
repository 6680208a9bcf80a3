"""Plots as SVG: the same results always give the same file."""

import os

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (after choosing the backend)

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


def save(figure, folder, name):
    path = os.path.join(folder, name)
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return name


def label(case):
    return f"{case['layer']} B={case['batch']}"


def efficiency(results, folder):
    """One bar per case, a mark where a figure was asked for."""
    cases = [(case, r.get("figures", {})) for r in results
             for case in r["cases"] if case["threads"] == 1] or [
        (case, r.get("figures", {})) for r in results for case in r["cases"]]
    figure, axes = plt.subplots(figsize=(7, 0.22 * len(cases) + 0.8))
    places = range(len(cases))
    axes.barh(places, [c["efficiency"] for c, _ in cases], color=[
        "#0072B2" if c["machine"]["bound_by"] == "arithmetic" else "#E69F00"
        for c, _ in cases])
    for place, (case, figures) in zip(places, cases):
        if case["main"] and "efficiency" in figures:
            axes.plot([figures["efficiency"]] * 2, [place - 0.4, place + 0.4],
                      color="black")
    axes.set_yticks(places, [label(c) for c, _ in cases])
    axes.invert_yaxis()
    axes.set_xlim(0, max([1.0] + [c["efficiency"] for c, _ in cases]))
    axes.set_xlabel("efficiency: floor / time (blue: bound by arithmetic, "
                    "orange: by memory; line: asked for)")
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
            axes.plot(times["median"] / ours, place, "o", markersize=4,
                      color=COLOURS.get(name, "#444444"),
                      label=None if name in seen else name)
            seen.add(name)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(cases)), [
        f"{label(c)} T={c['threads']}" for c in cases])
    axes.invert_yaxis()
    axes.set_xlabel("time of the baseline / time of eqc")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return save(figure, folder, "ratios.svg")


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
    axes.set_ylabel("seconds" if whole else "seconds per sample")
    axes.legend(frameon=False)
    return save(figure, folder, result["name"] + f"-t{result['threads']}.svg")


def draw(document, folder):
    """[(title, file)] of the plots written into `folder`."""
    results, drawn = report.suites(document), []
    if results:
        drawn.append(("Efficiency", efficiency(results, folder)))
        drawn.append(("Baselines", ratios(results, folder)))
    for result in report.curves(document):
        if result["cases"]:
            drawn.append((f"Time {result['name'].replace('-', ' ')}",
                          curve(result, folder)))
    return [(title, path) for title, path in drawn if path]
