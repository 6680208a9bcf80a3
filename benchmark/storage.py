#!/usr/bin/env python3
"""Times layers whose x and y lie in memory in 16 bits beside the same layers in f32, on one thread.

Batches are many times larger than the caches. Calls take turns; printed are medians of
milliseconds, and their ratio to f32. `bound` is what f32 reaches of the floor of memory, x and y
once at the bandwidth of a copy: near 1, memory is what it waits for.
"""

import argparse
import os
import statistics
import sys

os.environ["EQC_NUM_THREADS"] = "1"
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "python"))

import ml_dtypes  # noqa: E402, F401
import numpy as np  # noqa: E402

import eqc  # noqa: E402
from eqcbench.timing import once  # noqa: E402

LAYERS = {
    "readout": dict(k=2, l=0, n=30, channels=(32, 1)),
    "degrees": dict(k=2, l=1, n=30, channels=(32, 4)),
    "lift": dict(k=1, l=2, n=30, channels=(4, 32)),
    "sets": dict(k=1, l=1, n=1000, channels=(16, 16)),
    "graphs": dict(k=2, l=2, n=30, channels=(16, 16)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--megabytes", type=int, default=256, help="x and y of f32 together")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    source = np.ones(arguments.megabytes << 17, np.uint16)
    copy = source.copy()
    second = min(once(lambda: np.copyto(copy, source)) for _ in range(9))
    bandwidth = 2 * source.nbytes / second
    for name, fields in LAYERS.items():
        layers = {word: eqc.Layer(group="S", **fields, dtype=word, grad=False)
                  for word in ("f32", "bf16", "f16")}
        plain = layers["f32"]
        sample = 4 * (np.prod(plain.x_shape(1)) + np.prod(plain.y_shape(1)))
        batch = max(1, int((arguments.megabytes << 20) / sample))
        weight = rng.standard_normal(plain.weight_shape, np.float32)
        x = rng.standard_normal(plain.x_shape(batch), np.float32)
        calls, times = {}, {word: [] for word in layers}
        for word, layer in layers.items():
            calls[word] = (layer, x.astype(layer.dtype), layer.pack(weight))
        results = {word: layer(given, packed) for word, (layer, given, packed) in calls.items()}
        for _ in range(arguments.rounds):
            for word, (layer, given, packed) in calls.items():
                times[word].append(1e3 * once(
                    lambda: layer(given, packed, out=results[word])))
        medians = {word: statistics.median(each) for word, each in times.items()}
        bound = batch * sample / bandwidth * 1e3 / medians["f32"]
        print(f"{name:8} batch {batch}: f32 {medians['f32']:.2f} ms (bound {bound:.2f}), " + ", ".join(
            f"{word} {medians[word]:.2f} ms ({medians[word] / medians['f32']:.2f})"
            for word in ("bf16", "f16")))


if __name__ == "__main__":
    main()
