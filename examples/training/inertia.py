#!/usr/bin/env python3
"""The moment of inertia of five point masses, from few examples.

The task of Finzi, Welling, Wilson: A Practical Method for Constructing Equivariant
Multilayer Perceptrons (2021), section 7: from masses m_i and positions x_i in R^3 predict

    I = sum_i m_i (|x_i|^2 1 - x_i x_i^T).

An O(3)-equivariant network of compiled layers (numbers, vectors and matrices as features,
products of vectors) beside a plain one with as many parameters, both trained on
sets of different sizes.

    examples/training/inertia.py [--steps N] [--seeds N] [--out FOLDER]

writes docs/examples/inertia.svg and prints the table of docs/Examples.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from common import RESULTS, new_figure, parameters_of, progress, save_figure
from torch import Tensor, nn

from eqc.torch import EquivariantLinear

MASSES = 5
SIZES = (30, 100, 300, 1000, 3000, 10000)


def make_data(samples: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Masses [samples, 5], positions [samples, 3, 5] and inertia [samples, 3, 3]."""
    generator = torch.Generator().manual_seed(seed)
    masses = nn.functional.softplus(torch.randn(samples, MASSES, generator=generator))
    positions = torch.randn(samples, 3, MASSES, generator=generator)
    square = positions.square().sum(dim=1)
    inertia = (torch.einsum("bc,bc,ij->bij", masses, square, torch.eye(3))
               - torch.einsum("bc,bic,bjc->bij", masses, positions, positions))
    return masses, positions, inertia


def linear(k: int, l: int, c_in: int, c_out: int,  # noqa: E741
           bias: bool = False) -> EquivariantLinear:
    # Positions are centred, and a sum over three axes is no mean.
    return EquivariantLinear("O", k, l, c_in, c_out, n=3, bias=bias, normalize="none",
                             inputs="centred", gain=1.0)


class Equivariant(nn.Module):
    """Products of vectors make matrices, which numbers gate; then a round in which matrices
    are mixed under gates that depend on their traces."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.factors = linear(1, 1, MASSES, 2 * width)
        self.numbers = linear(0, 0, MASSES, width, bias=True)
        self.gates = linear(0, 0, width, 2 * width, bias=True)
        self.matrices = nn.ModuleList(linear(2, 2, width, width) for _ in range(2))
        self.traces = linear(2, 0, width, width)
        self.head = linear(2, 2, width, 1)
        self.identity = linear(0, 2, width, 1)

    def forward(self, masses: Tensor, positions: Tensor) -> Tensor:
        a, b = self.factors(positions).chunk(2, dim=-1)
        numbers = self.numbers(masses).relu()
        gates, biases = self.gates(numbers).chunk(2, dim=-1)
        x = self.matrices[0](a[:, :, None] * b[:, None, :]) * gates[:, None, None]
        gates = (self.traces(x) + biases).sigmoid()
        x = x + self.matrices[1](x) * gates[:, None, None]
        return (self.head(x) + self.identity(numbers))[..., 0]


class Plain(nn.Module):
    """A multilayer perceptron on all numbers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4 * MASSES, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
            nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 9))

    def forward(self, masses: Tensor, positions: Tensor) -> Tensor:
        x = torch.cat([masses, positions.flatten(1)], dim=1)
        return self.layers(x).unflatten(1, (3, 3))


def plain_of_size(parameters: int) -> Plain:
    """The largest that has no more parameters."""
    width = 1
    while parameters_of(Plain(width + 1)) <= parameters:
        width += 1
    return Plain(width)


def train(model: nn.Module, label: str, data: tuple[Tensor, ...], steps: int,
          test: tuple[Tensor, ...]) -> float:
    """The mean squared error on the test set, over the variance of its answers."""
    scale = data[2].std()
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
    samples = len(data[0])
    last = [0.0]
    for _ in progress(steps, label, lambda: f"loss {last[0]:.2e}"):
        part = torch.randint(samples, (min(samples, 250),))
        masses, positions, inertia = (values[part] for values in data)
        optimizer.zero_grad()
        loss = (model(masses, positions) - inertia / scale).square().mean()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        last[0] = loss.item()
    with torch.no_grad():
        error = (model(*test[:2]) * scale - test[2]).square().mean()
    return (error / test[2].var()).item()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the plot")
    options = parser.parse_args(arguments)

    test = make_data(5000, seed=10**6)
    torch.manual_seed(0)
    size = parameters_of(Equivariant())
    models = {"equivariant": Equivariant, "plain": lambda: plain_of_size(size)}
    for name, make in models.items():
        print(f"{name}: {parameters_of(make())} parameters")
    errors = np.empty((len(models), len(SIZES), options.seeds))
    for i, (name, make) in enumerate(models.items()):
        for j, samples in enumerate(SIZES):
            for seed in range(options.seeds):
                torch.manual_seed(seed)
                data = make_data(samples, seed)
                label = f"{name}, {samples}, seed {seed}"
                errors[i, j, seed] = train(make(), label, data, options.steps, test)

    figure, axes = new_figure(1)
    print("examples   " + "".join(f"{name:>14}" for name in models))
    for j, samples in enumerate(SIZES):
        print(f"{samples:8}   " + "".join(f"{value:14.1e}" for value in
                                          np.median(errors[:, j], axis=1)))
    for place, (name, runs) in enumerate(zip(models, errors)):
        axes.plot(SIZES, np.median(runs, axis=1), "o-", color=f"C{place}", label=name,
                  markersize=4)
        axes.fill_between(SIZES, runs.min(axis=1), runs.max(axis=1), color=f"C{place}",
                          alpha=0.2, linewidth=0)
    axes.set(xscale="log", yscale="log", xlabel="training examples",
             ylabel="test error / variance", title="moment of inertia of 5 masses")
    axes.legend(frameon=False)
    print("wrote", save_figure(figure, options.out, "inertia"))


if __name__ == "__main__":
    main()
