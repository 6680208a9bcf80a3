"""A network beside its layers called one by one, one thread, f32.

    PYTHONPATH=python .venv/bin/python benchmark/network.py

An invariant graph network of three layers of order 2 with a ReLU behind each. Called one by one,
every layer passes over the whole batch, and so does every ReLU; the network does all of it for a
block of samples at a time. Once by the C functions, with the ReLUs of PyTorch in place and all
arrays there before; once as modules of PyTorch, without gradients.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

import eqc
import eqc.torch

TEXT = """
space p = S({n})
layer a {{ k = p p; l = p p; channels = {c} -> {c}; bias = true }}
layer b {{ k = p p; l = p p; channels = {c} -> {c}; bias = true }}
layer c {{ k = p p; l = p p; channels = {c} -> {c}; bias = true }}
network ign {{
  input x : p p, {c}
  output y = relu(c(relu(b(relu(a(x))))))
}}
"""


def seconds(calls: list[Callable[[], object]], least: float) -> list[float]:
    """The best of several runs of each, in turns."""
    best = [float("inf")] * len(calls)
    end = time.perf_counter() + least
    rounds = 0
    while rounds < 4 or time.perf_counter() < end:
        for i, call in enumerate(calls):
            start = time.perf_counter()
            call()
            best[i] = min(best[i], time.perf_counter() - start)
        rounds += 1
    return best


def functions(program: eqc.Program, x: np.ndarray, out: np.ndarray
              ) -> list[Callable[[], object]]:
    """The network, and its layers one by one, into `out`, by their C functions: what Python adds
    to a call is not counted."""
    net = program.network("ign")
    params = net.init(0)
    parts = net.unpack(params)
    arrays = [x, np.zeros_like(x), np.zeros_like(x), out]
    steps = [(program[name]._forward, len(x), source.ctypes.data,
              parts[f"{name}.weight"].ctypes.data, parts[f"{name}.bias"].ctypes.data,
              torch.from_numpy(target)) for name, source, target in
             zip("abc", arrays, arrays[1:])]

    def whole() -> None:
        assert net._forward(len(x), x.ctypes.data, params.ctypes.data, out.ctypes.data) == 0

    def layers() -> None:
        for forward, *given, target in steps:
            assert forward(*given, target.data_ptr()) == 0
            torch.relu_(target)

    return [whole, layers]


def modules(text: str, n: int, channels: int, x: np.ndarray) -> list[Callable[[], torch.Tensor]]:
    whole = eqc.torch.Network(text, threads=False)
    layers = torch.nn.Sequential()
    for name in "abc":
        layer = eqc.torch.EquivariantLinear("S", 2, 2, channels, channels, n=n, normalize="none")
        layer.load_state_dict(whole.layers[name].state_dict())
        layers.extend([layer, torch.nn.ReLU()])
    given = torch.from_numpy(x)
    return [lambda: whole(given), lambda: layers(given)]


def measure(n: int, channels: int, batch: int, least: float) -> None:
    text = TEXT.format(n=n, c=channels)
    x = np.random.default_rng(0).standard_normal((batch, n, n, channels)).astype(np.float32)
    out = np.zeros_like(x)
    first = functions(eqc.compile(text, threads=False), x, out)
    first[0]()
    expected = out.copy()
    first[1]()
    np.testing.assert_allclose(out, expected, atol=1e-4 * np.abs(out).max())
    second = modules(text, n, channels, x)
    values = [call().numpy() for call in second]
    np.testing.assert_allclose(*values, atol=1e-4 * np.abs(values[0]).max())
    network, single, module, sequence = (
        value * 1e3 for pair in (first, second) for value in seconds(pair, least))
    print(f"n = {n}, {channels} channels, batch {batch}: network {network:.3f} ms, layers one by "
          f"one {single:.3f} ms, {single / network:.2f} times as long; as modules {module:.3f} ms "
          f"and {sequence:.3f} ms, {sequence / module:.2f} times", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--batch", type=int, nargs="*", default=[1, 8, 64, 512])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    eqc.set_num_threads(1)
    for n, channels in ((20, 16), (50, 32)):
        for batch in arguments.batch:
            measure(n, channels, batch, arguments.seconds)


if __name__ == "__main__":
    main()
