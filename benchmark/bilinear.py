"""Layers of two inputs beside PyTorch, one thread, f32.

    PYTHONPATH=python .venv/bin/python benchmark/bilinear.py

The matrix product alone beside a batched GEMM on the same layout, channels last; and all maps of
S 2 * 2 -> 2, a weight on each channel, beside one einsum for each diagram.
"""

from __future__ import annotations

import argparse
import string
import time
from collections.abc import Callable

import numpy as np
import torch

import eqc

MATMUL = "o1 i1 | i2 i3 | o2 i4"


def seconds(call: Callable[[], object], least: float = 0.5) -> float:
    """The best of several runs."""
    call()
    best, spent = float("inf"), 0.0
    while spent < least:
        start = time.perf_counter()
        call()
        taken = time.perf_counter() - start
        best, spent = min(best, taken), spent + taken
    return best


def einsum_of(diagram: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """A diagram of S 2 * 2 -> 2 as an einsum of what is not written twice in the result."""
    order = ["o1", "o2", "i1", "i2", "i3", "i4"]
    letters = {}
    for letter, block in zip(string.ascii_lowercase[3:], diagram.split("|")):
        for vertex in block.split():
            letters[vertex] = letter
    left, right = ("".join(letters[v] for v in pair) for pair in (order[2:4], order[4:]))
    outputs = [letters["o1"], letters["o2"]]
    present = [letter for letter in dict.fromkeys(outputs) if letter in left + right]
    equation = f"a{left}c,a{right}c->a{''.join(present)}c"

    def call(x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        y = torch.einsum(equation, x, z)
        n = x.shape[1]
        if outputs[0] == outputs[1]:
            y = y if present else y[:, None].expand(-1, n, -1)
            return torch.diag_embed(y.transpose(1, -1)).permute(0, 2, 3, 1)
        for axis, letter in enumerate(outputs):
            if letter not in present:
                y = y.unsqueeze(1 + axis)
        return y.expand(-1, n, n, -1)

    return call


def matmul(n: int, batch: int, channels: int) -> None:
    layer = eqc.BilinearLayer(group="S", n=n, k=(2, 2), l=2, channels=channels,
                              diagrams=[MATMUL], threads=False)
    x, z = (np.random.default_rng(i).standard_normal((batch, n, n, channels)).astype(np.float32)
            for i in range(2))
    weight = np.ones((1, channels), np.float32)
    out = np.empty_like(x)
    a, b = torch.from_numpy(x), torch.from_numpy(z)

    def gemm() -> torch.Tensor:
        return torch.einsum("aijc,ajkc->aikc", a, b).contiguous()

    np.testing.assert_allclose(layer(x, z, weight), gemm().numpy(), atol=1e-3)
    ours = seconds(lambda: layer(x, z, weight, out=out))
    theirs = seconds(gemm)
    first, second = (t.permute(0, 3, 1, 2).contiguous() for t in (a, b))
    alone = seconds(lambda: torch.matmul(first, second))
    flops = 2.0 * batch * channels * n ** 3
    print(f"matrix product, n = {n}, {channels} channels, batch {batch}: eqc "
          f"{flops / ours / 1e9:.1f} GFLOP/s, torch on this layout {flops / theirs / 1e9:.1f}, "
          f"torch with the channels first {flops / alone / 1e9:.1f}: {theirs / ours:.2f} times "
          f"the speed, {alone / ours:.2f} of its GEMM")


def whole(n: int, batch: int, channels: int, compiled: bool) -> None:
    layer = eqc.BilinearLayer(group="S", n=n, k=(2, 2), l=2, channels=channels, threads=False)
    x, z = (np.random.default_rng(i).standard_normal((batch, n, n, channels)).astype(np.float32)
            for i in range(2))
    weight, _ = layer.init(0)
    out = np.empty_like(x)
    ours = seconds(lambda: layer(x, z, weight, out=out))
    calls = [einsum_of(diagram) for diagram in layer.diagrams]
    a, b, w = torch.from_numpy(x), torch.from_numpy(z), torch.from_numpy(weight)

    def each(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        y = torch.zeros_like(a)
        for d, call in enumerate(calls):
            y = y + w[d] * call(a, b)
        return y

    np.testing.assert_allclose(out, each(a, b).numpy(), rtol=1e-2,
                               atol=1e-3 * np.abs(out).max())
    theirs = seconds(lambda: each(a, b))
    text = f"torch.einsum {theirs * 1e3:.1f} ms, {theirs / ours:.1f} times as long"
    if compiled:
        faster = torch.compile(each)
        taken = seconds(lambda: faster(a, b))
        text += f"; compiled {taken * 1e3:.1f} ms, {taken / ours:.1f} times as long"
    print(f"S 2 * 2 -> 2, n = {n}, {channels} channels, batch {batch}: eqc {ours * 1e3:.2f} ms, "
          + text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compile", action="store_true", help="torch.compile too: takes minutes")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for n in (20, 50):
        matmul(n, 32, 32)
    whole(20, 8, 32, arguments.compile)


if __name__ == "__main__":
    main()
