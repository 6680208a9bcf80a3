#!/usr/bin/env python3
"""Times calls of a layer that is next to nothing: what is left is the way there, beside that of
torch.nn.Linear on the same rows.

S 1 -> 1, n = 4, 2 -> 2 channels with bias, f32, one sample, one thread. Calls of the two take
turns, a few hundred each, and the ratio of each turn counts; printed are medians.
"""

import argparse
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "python"))

import torch  # noqa: E402 (finds the package first)

import eqc.torch  # noqa: E402

CALLS = 200


def no_grad(module, x, grad_y):
    def call():
        with torch.no_grad():
            module(x)
    return call


def forward(module, x, grad_y):
    return lambda: module(x)


def backward(module, x, grad_y):
    return lambda: module(x).backward(grad_y)


def backward_with_x(module, x, grad_y):
    x = x.clone().requires_grad_()
    return lambda: module(x).backward(grad_y)


def training_step(module, x, grad_y):
    parameters = list(module.parameters())

    def call():
        for parameter in parameters:
            parameter.grad = None
        module(x).sum().backward()
    return call


KINDS = {"forward": forward, "forward, no_grad": no_grad, "forward + backward": backward,
         "forward + backward, x too": backward_with_x, "zero, forward, sum, backward":
         training_step}


def microseconds(function):
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        function()
    return (time.perf_counter_ns() - start) / CALLS / 1e3


def through_operators(module):
    """The same layer by its operator, as in a graph of torch.compile."""
    def call(x):
        return torch.ops.eqc.linear(x, module.weight, module.bias, module._key(), module.n)

    call.parameters = module.parameters
    return call


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=61)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    eqc.set_num_threads(1)
    torch.manual_seed(0)
    layer = eqc.torch.EquivariantLinear("S", 1, 1, 2, 2, n=4)
    linear = torch.nn.Linear(2, 2)
    x, grad_y = torch.randn(1, 4, 2), torch.randn(1, 4, 2)
    peers = {"eqc": layer, "eqc, by the operator": through_operators(layer), "nn.Linear": linear}

    print(f"{'':<32}" + "".join(f"{name:>22}" for name in peers))
    for kind, make in KINDS.items():
        calls = {name: make(peer, x, grad_y) for name, peer in peers.items()}
        for call in calls.values():
            microseconds(call)
        times = {name: [] for name in calls}
        for _ in range(arguments.rounds):
            for name, call in calls.items():
                times[name].append(microseconds(call))
        cells = []
        for name, each in times.items():
            ratio = statistics.median(a / b for a, b in zip(each, times["nn.Linear"]))
            cells.append(f"{statistics.median(each):>13.1f} us {ratio:>5.2f}")
        print(f"{kind:<32}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    main()
