#!/usr/bin/env python3
"""Times layers on C60, a graph of 60 carbon atoms with 120 automorphisms, by orbits and by graph
maps of radius at most 2, beside the multiplication by their dense matrices with the OpenBLAS of
NumPy, on one thread.

1 -> 1 and 1 -> 2, 32 -> 32 channels, f32. Calls take turns; printed are medians of milliseconds,
their ratio, and that of the multiply-adds.
"""

import argparse
import os
import statistics
import sys

for name in ("EQC_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "python"))

import numpy as np  # noqa: E402

import eqc  # noqa: E402
from eqcbench.timing import once  # noqa: E402


#: Of radius at most 2: the vertex, its neighbours, theirs, and what they make of pairs.
MAPS = {
    1: ["o1=a i1=a", "o1=a i1=b : a-b", "o1=a i1=b : a-c c-b"],
    2: ["o1=a o2=a i1=a", "o1=a o2=a i1=b : a-b", "o1=a o2=a i1=b : a-c c-b",
        "o1=a o2=b i1=a : a-b", "o1=a o2=b i1=b : a-b", "o1=a o2=b i1=a : a-c c-b",
        "o1=a o2=b i1=b : a-c c-b", "o1=a o2=b i1=c : a-c c-b"],
}


def icosahedron():
    """The neighbours of each of the 12 vertices."""
    neighbours = [set() for _ in range(12)]

    def join(a, b):
        neighbours[a].add(b)
        neighbours[b].add(a)

    for i in range(5):
        upper, lower, after = 1 + i, 6 + i, (i + 1) % 5
        for a, b in ((0, upper), (11, lower), (upper, 1 + after), (lower, 6 + after),
                     (upper, lower), (upper, 6 + after)):
            join(a, b)
    return neighbours


def buckminsterfullerene():
    """The edges of C60: its vertices are where the corners of an icosahedron are cut off, one on
    each of its directed edges."""
    neighbours = icosahedron()
    number = {edge: i for i, edge in enumerate(
        (a, b) for a in range(12) for b in sorted(neighbours[a]))}
    edges = [(number[a, b], number[b, a]) for a, b in number if a < b]
    edges += [(number[a, b], number[a, c]) for a, b in number for c in neighbours[a]
              if b < c and c in neighbours[b]]
    return edges


def dense_of(layer, weight):
    """The matrix from x to y, channels last: by the layer itself, on unit vectors."""
    size = int(np.prod(layer.x_shape(1)))
    rows = [layer(np.eye(size, dtype=np.float32)[i:i + 32].reshape(layer.x_shape(32)), weight)
            for i in range(0, size, 32)]
    return np.concatenate(rows).reshape(size, -1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--batch", type=int, default=16)
    arguments = parser.parse_args()
    atoms = eqc.Space.graph(60, buckminsterfullerene(), name="atoms")
    rng = np.random.default_rng(0)
    for l, maps in ((1, None), (2, None), (1, MAPS[1]), (2, MAPS[2])):  # noqa: E741
        layer = eqc.Layer(k=[atoms], l=[atoms] * l, channels=(32, 32), plan="shared",
                          diagrams=maps or "all", grad=False)
        weight = rng.standard_normal(layer.weight_shape, np.float32)
        x = rng.standard_normal(layer.x_shape(arguments.batch), np.float32)
        flat = np.ascontiguousarray(x.reshape(arguments.batch, -1))
        matrix = dense_of(layer, weight)
        packed, y = layer.pack(weight), layer(x, weight)
        out = np.empty((arguments.batch, matrix.shape[1]), np.float32)
        np.dot(flat, matrix, out=out)
        error = np.abs(out.reshape(y.shape) - y).max() / np.abs(y).max()
        assert error < 1e-4, error
        ours, theirs = [], []
        for _ in range(arguments.rounds):
            ours.append(1e3 * once(lambda: layer(x, packed, out=y)))
            theirs.append(1e3 * once(lambda: np.dot(flat, matrix, out=out)))
        a, b = statistics.median(ours), statistics.median(theirs)
        said = (f"C60, 1 -> {l}: {len(layer.diagrams)} {'graph maps' if maps else 'orbits'} "
                f"{a:.2f} ms, dense {b:.2f} ms: {b / a:.2f} times faster")
        if not maps:
            mixed = sum(min(tuples["rows"], tuples["columns"]) for tuples in (
                diagram["tuples"]
                for diagram in layer.explain().facts["layers"][0]["diagrams"]))
            said += f"; multiply-adds {60**(l + 1)} / {mixed} = {60**(l + 1) / mixed:.2f}"
        print(said)


if __name__ == "__main__":
    main()
