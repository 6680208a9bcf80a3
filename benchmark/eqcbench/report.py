"""Results as Markdown; the plots beside it are made by plots.py."""

import math
import os

from .results import failures, save

HEADER = """# Benchmarks

Measured by `benchmark/run.py`; [how, and what the columns mean](GUIDE).

"""
COLUMNS = ["workload", "layer", "batch", "threads", "time", "GFLOP/s", "GB/s",
           "bound by", "plan", "efficiency", "against shared", "asked",
           "best baseline", "its time", "ratio", "asked", "compile", "object"]


def time_text(seconds):
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def bytes_text(count):
    return (f"{count / 1e6:.2f} MB" if count >= 1e6 else
            f"{count / 1e3:.1f} kB")


def markdown_table(header, rows):
    lines = ["| " + " | ".join(header) + " |",
             "|" + " --- |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |"
                              for row in rows]) + "\n"


def case_row(case, workload="", figures=None):
    figures = (figures or {}) if case["main"] else {}
    times, best = case["times"], case["best_baseline"]
    asked = [f"{figures[key]:g}" if key in figures else ""
             for key in ("efficiency", "ratio")]
    return [workload, f"`{case['layer']}`", str(case["batch"]),
            str(case["threads"]), time_text(times["eqc"]["median"]),
            f"{case['gflops']:.1f}", f"{case['gbytes_per_second']:.1f}",
            case["machine"]["bound_by"], case["plan"],
            f"{case['efficiency']:.2f}", f"{case['against_shared']:.2f}",
            asked[0], best or "none",
            time_text(times[best]["median"]) if best else "",
            f"{case['ratio']:.2f}" if best else "", asked[1],
            f"{case['compile_seconds']:.2f} s",
            bytes_text(case["object_bytes"])]


def table(cases):
    return markdown_table(COLUMNS, [case_row(case) for case in cases])


def suites(document):
    return [r for r in document["results"]
            if r.get("cases") and "axis" not in r]


def curves(document):
    return [r for r in document["results"] if r.get("cases") and "axis" in r]


def machine_text(machine):
    caches = ", ".join(f"{k} {v}" for k, v in machine["caches"].items())
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    return (f"Machine: {machine['cpu']}, {machine['architecture']}, "
            f"{machine['cpus']} CPUs, {' '.join(machine['vectors'])}; "
            f"caches {caches}. Python {machine['python']}; {versions}.\n")


def rates_text(results):
    """The peaks that the cases of a document were measured against."""
    found = {}
    for result in results:
        for case in result["cases"]:
            key = (case["dtype"], case["threads"])
            found.setdefault(key, []).append(
                case["machine"]["peak"]["per_second"])
    lines = [f"- {dtype}, {threads} thread{'s' if threads > 1 else ''}: "
             f"{min(rates) * 1e-9:.0f} to {max(rates) * 1e-9:.0f} GFLOP/s"
             for (dtype, threads), rates in sorted(found.items())]
    return ("Peak rates of multiply-adds, lowest and highest of all "
            "processes:\n\n" + "\n".join(lines) + "\n")


def ratio_table(results):
    """How many times our time every baseline takes."""
    cases = [c for r in results for c in r["cases"]]
    names = []
    for case in cases:
        names += [n for n in case["times"] if n != "eqc" and n not in names]
    rows = [[f"`{c['layer']}`", str(c["batch"]), str(c["threads"])] +
            [f"{c['times'][n]['median'] / c['times']['eqc']['median']:.2f}"
             if n in c["times"] else "" for n in names] for c in cases]
    return markdown_table(["layer", "batch", "threads"] + names, rows)


def backward_table(results):
    """Forward and backward together."""
    rows = []
    for case in (c for r in results for c in r["cases"] if c.get("backward")):
        both, best = case["backward"], case["backward"]["best_baseline"]
        ours = both["times"]["eqc"]["median"]
        rows.append([f"`{case['layer']}`", str(case["batch"]),
                     str(case["threads"]), time_text(ours),
                     f"{ours / case['times']['eqc']['median']:.2f}"] + (
            [best, time_text(both["times"][best]["median"]),
             f"{both['ratio']:.2f}"] if best else ["none", "", ""]) +
            ["; ".join(f"{name}: {why}" for name, why
                       in both["skipped"].items())])
    return markdown_table(["layer", "batch", "threads", "time",
                           "over forward", "best baseline", "its time",
                           "ratio", "left out"], rows) if rows else None


# How far two timings of one kernel may lie apart, as a ratio.
SAME = 1.15


def unsteady(document):
    """The plan that auto chose is timed beside it: the same kernel twice."""
    for result in document["results"]:
        for case in result.get("cases", []):
            twin = case["times"].get("eqc-" + case["plan"])
            ratio = (twin["median"] / case["times"]["eqc"]["median"]
                     if twin else 1)
            if not 1 / SAME <= ratio <= SAME:
                yield (f"- **unsteady:** eqc and eqc-{case['plan']} are one "
                       f"kernel for `{case['layer']}` (batch "
                       f"{case['batch']}, threads {case['threads']}), and the "
                       f"second took {ratio:.2f} of the first's time; measure "
                       f"{result['name']} again")


def warnings(document):
    """What a reader must know before trusting the numbers."""
    lines = [f"- **failed:** {r['name']}, threads {r['threads']}: {r['error']}"
             for r in failures(document)]
    quick = [f"{r['name']} ({r['threads']})" for r in document["results"]
             if r.get("quick") and r.get("cases")]
    lines += unsteady(document)
    if quick:
        lines.append("- measured with `--quick` (threads): " +
                     ", ".join(quick))
    return ["\n".join(lines) + "\n"] if lines else []


def left_out(results):
    lines = []
    for result in results:
        for case in result["cases"]:
            for name, why in case["skipped"].items():
                lines.append(f"- {name} for `{case['layer']}`: {why}")
    unique = list(dict.fromkeys(lines))
    return "\n".join(unique) + "\n" if unique else "Nothing.\n"


def per_sample(case, name="eqc"):
    return case["times"][name]["median"] / case["batch"]


def exponent(low, high, axis, value):
    """The slope between two points in logarithms; for orders, the factor."""
    if axis == "order":
        return value(high) / value(low)
    return (math.log(value(high) / value(low)) /
            math.log(high["value"] / low["value"]))


def curve_table(curve):
    """Measured exponents beside those of the floor."""
    axis = curve["axis"]
    whole = axis == "batch"

    def seconds(case):
        return (case["times"]["eqc"]["median"] if whole else
                per_sample(case))

    def floor(case):
        return case["machine"]["floor_seconds"] / (
            1 if whole else case["batch"])
    rows, previous = [], None
    for case in curve["cases"]:
        row = [str(case["value"])] + [str(case["batch"])] * (not whole)
        row += [time_text(seconds(case)), time_text(floor(case)),
                f"{case['efficiency']:.2f}"]
        row += ([f"{exponent(previous, case, axis, f):.2f}"
                 for f in (seconds, floor)] if previous else ["", ""])
        rows.append(row)
        previous = case
    word = "factor" if axis == "order" else "exponent"
    return markdown_table(
        [axis] + (["time"] if whole else ["batch", "time per sample"]) +
        ["floor", "efficiency", f"{word} measured", f"{word} of the floor"],
        rows)


def curve_title(curve):
    threads = curve["threads"]
    return (f"Time {curve['name'].replace('-', ' ')}" +
            (f", {threads} threads" if threads > 1 else ""))


def markdown(document, plots=None):
    """`plots` of plots.draw, each shown where its numbers are."""
    def plot(title):
        return ([f"![{title}]({plots[title]})\n"] if title in (plots or {})
                else [])
    results = suites(document)
    parts = [machine_text(document["machine"]), *warnings(document)]
    if results:
        rows = [case_row(case, r["name"], r.get("figures"))
                for r in results for case in r["cases"]]
        parts += [rates_text(results), "## The suite\n",
                  markdown_table(COLUMNS, rows), *plot("Efficiency"),
                  "## Every baseline\n\nTimes over ours.\n",
                  ratio_table(results), *plot("Baselines"),
                  "Left out:\n", left_out(results)]
        backward = backward_table(results)
        if backward:
            parts += ["## Forward and backward\n\nThe result and all "
                      "gradients.\n", backward]
    for curve in curves(document):
        title = curve_title(curve)
        parts += [f"## {title}\n", curve_table(curve), *plot(title)]
    return "\n".join(parts)


def write(document, folder):
    """README.md, results.json and the plots."""
    from . import plots
    os.makedirs(folder, exist_ok=True)
    pictures = plots.draw(document, folder)
    guide = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))), "docs", "Benchmarks.md")
    guide = os.path.relpath(guide, folder).replace(os.sep, "/")
    with open(os.path.join(folder, "README.md"), "w") as file:
        file.write(HEADER.replace("GUIDE", guide) +
                   markdown(document, pictures))
    save(document, os.path.join(folder, "results.json"))
