#!/usr/bin/env python3
"""Are the kernels of one compiler as fast as those of another?

  benchmark/compare-builds.py OLD NEW              the cases that figures are
                                                   asked of, of all workloads
  benchmark/compare-builds.py OLD NEW tiny kwl-3   of some
  benchmark/compare-builds.py OLD NEW --backward   gradients

OLD and NEW are `eqc` programs. Both kernels of a layer are loaded into one
process, must agree, and are timed in turns, each round starting with the other
one. A ratio is the old time over the new one: above 1 the new kernel is
faster. Its interval covers 95 % by the spread of the rounds.
"""

import argparse
import ctypes
import math
import mmap
import os
import statistics
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from eqcbench import suite, timing, worker  # noqa: E402
from eqcbench.layer import CompileError, Layer, aligned  # noqa: E402

# Student's factor for an interval of 95 %, by the number of rounds.
STUDENT = {3: 4.30, 5: 2.78, 7: 2.45, 9: 2.31, 15: 2.14}


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("new", metavar="NEW")
    parser.add_argument("names", nargs="*", metavar="WORKLOAD")
    parser.add_argument("--rounds", type=int, default=9,
                        choices=sorted(STUDENT))
    parser.add_argument("--turn", type=float, default=0.1, metavar="SECONDS",
                        help="how long each takes a turn (default 0.1)")
    parser.add_argument("--backward", action="store_true",
                        help="all gradients instead of the forward pass")
    return parser.parse_args()


class Scratch:
    """Memory for what kernels keep during a call, for one kernel after the other."""

    def __init__(self, size=1 << 30):  # the system gives what is touched
        self.borrowers = []
        self.memory = mmap.mmap(
            -1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        base = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        self.get = ctypes.CFUNCTYPE(
            ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t,
            ctypes.c_void_p)(lambda asked, _align, _: base
                             if asked <= size else None)
        self.put = ctypes.CFUNCTYPE(
            None, ctypes.c_void_p, ctypes.c_size_t,
            ctypes.c_void_p)(lambda *_: None)

    def lend_to(self, layer):
        self.borrowers.append(layer.library)
        layer.library.eqc_set_allocator(self.get, self.put, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for library in self.borrowers:
            library.eqc_set_allocator(None, None, None)


class Arrays:
    """What a call of the layer reads and writes. Both kernels take the same, and
    the same scratch memory: where an array lies changes times by more than what
    is measured here."""

    def __init__(self, layer, batch, backward):
        rng = np.random.default_rng(1)
        self.x = aligned(layer.x_shape(batch), layer.dtype, rng)
        self.weight = aligned((layer.diagrams, layer.c_in, layer.c_out),
                              layer.dtype, rng)
        self.bias = None
        if layer.bias_diagrams:
            self.bias = aligned((layer.bias_diagrams, layer.c_out),
                                layer.dtype, rng)
        self.y = aligned(layer.y_shape(batch), layer.dtype, rng)
        self.gradients = [aligned(array.shape, layer.dtype)
                          for array in (self.x, self.weight, self.bias)
                          if array is not None] if backward else []
        self.results = self.gradients if backward else [self.y]

    def call(self, layer):
        if self.gradients:
            return layer.call_backward(self.x, self.weight, self.y,
                                       *self.gradients)
        return layer.call(self.x, self.weight, self.bias, self.y)


def load_both(old, new, source, batch, options, scratch):
    """What calls the layer as either compiles it, after seeing that they agree."""
    results, candidates, arrays = [], [], None
    with tempfile.TemporaryDirectory(prefix="eqcbench") as folder:
        for name, eqc in (("old", old), ("new", new)):
            own = os.path.join(folder, name)
            os.mkdir(own)
            layer = Layer(eqc, source, own, gradients=options.backward)
            arrays = arrays or Arrays(layer, batch, options.backward)
            scratch.lend_to(layer)
            call = arrays.call(layer)
            call()
            results.append(tuple(array.copy() for array in arrays.results))
            candidates.append(timing.Candidate(name, call))
    error = worker.error_of(results[1], results[0])
    if error > worker.TOLERANCE[str(layer.dtype)]:
        sys.exit(f"{layer.name}: the kernels differ by {error:.1e}")
    return candidates


def compare(old, new, source, batch, options):
    """The ratios of the rounds."""
    ratios = []
    with Scratch() as scratch:
        candidates = load_both(old, new, source, batch, options, scratch)
        for candidate in candidates:
            candidate.warm_up(0.2)
        for number in range(options.rounds):
            times = {}
            for candidate in candidates[::-1 if number % 2 else 1]:
                candidate.times = []
                candidate.take_turn(options.turn)
                times[candidate.name] = statistics.median(candidate.times)
            ratios.append(times["old"] / times["new"])
    return ratios


def interval(ratios):
    """(geometric mean, lower end, upper end)."""
    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.mean(logs)
    half = (STUDENT[len(logs)] * statistics.stdev(logs) /
            math.sqrt(len(logs)))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def main():
    options = parse_arguments()
    worker.limit_cpus(1)
    means = []
    print(f"{'layer':24} {'batch':>6}  ratio  interval", flush=True)
    for name in options.names or suite.ORDER:
        description, sources = suite.load(name)
        workload = []
        for case in description["cases"]:
            if not case.get("main"):
                continue
            source = sources[case["layer"]]
            try:
                ratios = compare(options.old, options.new, source,
                                 case["batch"], options)
            except CompileError as why:
                sys.exit(f"{case['layer']}: {why}")
            mean, low, high = interval(ratios)
            means.append(mean)
            workload.append(ratios)
            print(f"{case['layer']:24} {case['batch']:6}  {mean:.3f}  "
                  f"{low:.3f} .. {high:.3f}", flush=True)
        if len(workload) > 1:
            # Round by round, the geometric mean of the cases.
            mean, low, high = interval([
                math.exp(statistics.mean(map(math.log, ratios)))
                for ratios in zip(*workload)])
            print(f"{'all of ' + name:31}  {mean:.3f}  {low:.3f} .. {high:.3f}",
                  flush=True)
    print(f"{'geometric mean':31}  "
          f"{math.exp(statistics.mean(map(math.log, means))):.3f}")


if __name__ == "__main__":
    main()
