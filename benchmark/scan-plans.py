#!/usr/bin/env python3
"""Does `auto` take the fastest plan?

  benchmark/scan-plans.py EQC                    200 layers
  benchmark/scan-plans.py EQC --count=50         the first 50 of them
  benchmark/scan-plans.py EQC --json=scan.json   and keep what was measured
  benchmark/scan-plans.py EQC --from=scan.json   only choose anew: for changes
                                                 of the cost model alone

Layers of all groups, n, orders, channels and batches, drawn once and for all.
Each is compiled by every plan that it has; all kernels of a layer are loaded
into one process, on one thread, and timed in turns; the least time of a kernel
counts. What is printed is by how much the plan that `auto` names is slower than
the fastest, and how far predicted times are off.
"""

import argparse
import json
import math
import os
import random
import re
import statistics
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from eqcbench import machine, timing, worker  # noqa: E402
from eqcbench.layer import (CompileError, Layer, aligned,  # noqa: E402
                            run_eqc)

PLANS = ("dense", "factored", "shared", "schur")
# Weights of a draw: what people use most is drawn most.
GROUPS = ["S"] * 6 + ["O", "O", "SO", "SO", "Sp", "H", "B", "S'", "O(1,3)"]
ORDERS = [(1, 1), (2, 2), (2, 2), (2, 2), (2, 1), (1, 2), (2, 0), (0, 2),
          (1, 0), (0, 1), (3, 1), (1, 3), (2, 3), (3, 2), (3, 3), (4, 0),
          (4, 2)]
SIZES = [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 32, 50, 100]
CHANNELS = [1, 2, 3, 4, 5, 8, 12, 16, 17, 24, 32, 33, 48, 64]
BATCHES = [1, 1, 4, 16, 32, 64, 128, 1024]
MOST_SECONDS = 4e-3  # of a call, as predicted
MOST_BYTES = 1 << 27


HOPELESS = 5  # times the least that is predicted: such plans are not timed
CPU = ("--cpu=native",)
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("eqc", metavar="EQC")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turn", type=float, default=0.02, metavar="SECONDS",
                        help="how long each takes a turn (default 0.02)")
    parser.add_argument("--json", metavar="PATH")
    parser.add_argument("--from", dest="from_file", metavar="PATH")
    parser.add_argument("--rates", metavar="PATH",
                        help="what eqc bench --calibrate wrote")
    parser.add_argument("--all", action="store_true",
                        help="print every layer")
    return parser.parse_args()


def draw(rng):
    """(source, batch) of a layer, which may have no maps."""
    group = rng.choice(GROUPS)
    k, l = rng.choice(ORDERS)
    n = rng.choice(SIZES)
    c_in = rng.choice(CHANNELS)
    c_out = c_in if rng.random() < 0.5 else rng.choice(CHANNELS)
    batch = rng.choice(BATCHES)
    fields = [f"group = {group}"]
    if "(" not in group:
        fields.append(f"n = {n}")
    fields += [f"k = {k}", f"l = {l}", f"channels = {c_in} -> {c_out}",
               f"batch = {batch}"]
    if rng.random() < 0.5:
        fields.append("bias = true")
    if rng.random() < 0.2:
        fields.append("dtype = f64")
    if rng.random() < 0.2:
        fields.append("layout = channels_first")
    rows = (4 if "(" in group else n) ** max(k, l)
    small = rows * max(c_in, c_out) * batch * 8 <= MOST_BYTES
    return "layer scan { " + "; ".join(fields) + " }\n", batch, small


def predictions(options, source, folder):
    """What `auto` says: (its plan, {plan: seconds of a call})."""
    path = os.path.join(folder, "scan.eq")
    with open(path, "w") as out:
        out.write(source)
    rates = [f"--rates={options.rates}"] if options.rates else []
    text = run_eqc(options.eqc, ["explain", path, *CPU, *rates])
    times = {}
    for line in text.splitlines():
        row = re.match(r" +(\w+) .* ([\d.e+]+) (ns|us|ms|s)$", line)
        if row and row.group(1) in PLANS:
            times[row.group(1)] = float(row.group(2)) * UNITS[row.group(3)]
    return re.search(r"\n  plan: (\w+);", text).group(1), times


def calls_of(eqc, source, batch, folder, times):
    """{plan: a function that runs its kernel}, all on the same arrays."""
    rng = np.random.default_rng(1)
    calls, result, arrays = {}, None, None
    for plan in times:
        if times[plan] > HOPELESS * min(times.values()):
            continue
        layer = Layer(eqc, source, folder, plan=plan, options=CPU)
        if layer.layout == "channels_first":
            shape_in = ((batch, layer.c_in) + (layer.n,) * layer.k)
            shape_out = ((batch, layer.c_out) + (layer.n,) * layer.l)
        else:
            shape_in, shape_out = layer.x_shape(batch), layer.y_shape(batch)
        if arrays is None:
            arrays = [aligned(shape, layer.dtype, rng) for shape in (
                shape_in, (layer.diagrams, layer.c_in, layer.c_out),
                (layer.bias_diagrams, layer.c_out))]
        y = aligned(shape_out, layer.dtype)
        calls[plan] = layer.call(*arrays, y)
        if result is None:
            result = y
        elif worker.error_of(y, result) > worker.TOLERANCE[str(layer.dtype)]:
            sys.exit(f"{source}: {plan} differs")
    return calls


def measure(calls, options):
    """{plan: least seconds}."""
    found = timing.measure([timing.Candidate(*each) for each in calls.items()],
                           options.rounds, options.turn, warm=0.01)
    return {plan: times["fastest"] for plan, times in found.items()}


def scan(options, known):
    """One record after the other."""
    number = 0
    rng = random.Random(20)
    while number < options.count:
        source, batch, small = draw(rng)
        if not small:
            continue
        with tempfile.TemporaryDirectory(prefix="eqcbench") as folder:
            try:
                plan, times = predictions(options, source, folder)
            except CompileError:
                continue  # no maps, or too many
            if plan in known.get(source, ()):
                measured = known[source]
            elif times[plan] > MOST_SECONDS:
                continue
            else:
                measured = measure(calls_of(options.eqc, source, batch, folder,
                                            times), options)
        number += 1
        yield {"source": source, "auto": plan, "predicted": times,
               "measured": measured}


def main():
    options = parse_arguments()
    worker.limit_cpus(1)
    os.environ.update(worker.environment(1))
    known = {}
    if options.from_file:
        with open(options.from_file) as file:
            known = {each["source"]: each["measured"]
                     for each in json.load(file)["layers"]}
    records, slower, off = [], [], []
    for record in scan(options, known):
        records.append(record)
        measured, predicted = record["measured"], record["predicted"]
        best = min(measured, key=measured.get)
        lost = measured[record["auto"]] / measured[best]
        slower.append(lost)
        off += [abs(math.log(predicted[plan] / measured[plan]))
                for plan in measured]
        if lost > 1.1 or options.all:
            print(f"{lost:5.2f}  {record['auto']} instead of {best}:",
                  ", ".join(f"{plan} {seconds * 1e6:.3g} us"
                            f" ({predicted[plan] * 1e6:.3g})"
                            for plan, seconds in measured.items()),
                  "\n      ", record["source"].strip(), flush=True)
    if options.json:
        with open(options.json, "w") as out:
            json.dump({"machine": machine.describe(), "layers": records}, out,
                      indent=1)
    print(f"{machine.describe()['cpu']}, one thread, {len(records)} layers: "
          f"auto is within 10 % of the fastest plan for "
          f"{sum(each <= 1.1 for each in slower)}, "
          f"{max(slower):.2f} times slower at worst, "
          f"{math.exp(statistics.mean(map(math.log, slower))):.3f} in the mean;"
          f" half the times are predicted within a factor of "
          f"{math.exp(statistics.median(off)):.2f}")


if __name__ == "__main__":
    main()
