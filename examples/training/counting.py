#!/usr/bin/env python3
"""Counting triangles and 4-cycles in every graph with 7 nodes.

There are 1044 of them up to isomorphism, made here one node at a time. Three networks of
like size learn from most of them to predict both counts of the others:

* message passing, whose nodes only see sums over their neighbours;
* an invariant graph network of order 2, which is known to distinguish no more graphs than
  message passing does (Geerts 2020; Chen et al. 2020);
* the same with one hidden layer of order 3, on triples of nodes, which can count both.

An answer is right if both counts, rounded, are exact.

    examples/training/counting.py [--epochs N] [--seeds N] [--out FOLDER]

writes docs/examples/counting.svg and prints the table of docs/Examples.md.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from common import RESULTS, new_figure, parameters_of, progress, save_figure
from torch import Tensor, nn

from eqc.torch import EquivariantLinear

NODES = 7


def all_graphs(nodes: int) -> np.ndarray:
    """One adjacency matrix of every graph up to isomorphism, [graphs, nodes, nodes]."""
    if nodes == 1:
        return np.zeros((1, 1, 1), np.int64)
    smaller = all_graphs(nodes - 1)
    neighbours = np.array(list(itertools.product((0, 1), repeat=nodes - 1)))
    grown = np.zeros((len(smaller), len(neighbours), nodes, nodes), np.int64)
    grown[:, :, :-1, :-1] = smaller[:, None]
    grown[:, :, -1, :-1] = grown[:, :, :-1, -1] = neighbours
    grown = grown.reshape(-1, nodes, nodes)
    return grown[np.unique(canonical_codes(grown), return_index=True)[1]]


def canonical_codes(graphs: np.ndarray) -> np.ndarray:
    """The least number that the edges spell under any order of the nodes."""
    nodes = graphs.shape[1]
    rows, columns = np.triu_indices(nodes, 1)
    place = np.zeros((nodes, nodes), np.int64)
    place[rows, columns] = place[columns, rows] = np.arange(len(rows))
    orders = np.array(list(itertools.permutations(range(nodes))))
    # Numbers below 2^21 are exact in single precision.
    values = (2.0 ** place[orders[:, rows], orders[:, columns]]).astype(np.float32)
    edges = graphs[:, rows, columns].astype(np.float32)
    return np.concatenate([(part @ values.T).min(axis=1)
                           for part in np.array_split(edges, len(edges) // 1000 + 1)])


def count_cycles(graphs: np.ndarray) -> np.ndarray:
    """Triangles and 4-cycles of every graph, [graphs, 2]."""
    walks = graphs @ graphs
    degree = graphs.sum(axis=2)
    triangles = np.einsum("gij,gij->g", walks, graphs) // 6
    # Pairs of nodes with p common neighbours lie opposite in p (p - 1) / 2 cycles; every
    # cycle has two such pairs, and every pair is seen in both orders.
    opposite = walks * (walks - 1) // 2
    opposite[:, np.arange(graphs.shape[1]), np.arange(graphs.shape[1])] = 0
    assert (np.einsum("gii->gi", walks) == degree).all()
    return np.stack([triangles, opposite.sum(axis=(1, 2)) // 4], axis=1)


def refinement_classes(graphs: np.ndarray) -> np.ndarray:
    """Numbers that agree exactly for graphs that colour refinement (1-WL) cannot tell apart."""
    colours = np.zeros(graphs.shape[:2], np.int64)
    for _ in range(graphs.shape[1]):
        seen = np.sort(np.where(graphs == 1, colours[:, None, :], -1), axis=2)
        keys = np.concatenate([colours[:, :, None], seen], axis=2)
        flat = keys.reshape(-1, keys.shape[2])
        colours = np.unique(flat, axis=0, return_inverse=True)[1].reshape(colours.shape)
    return np.unique(np.sort(colours, axis=1), axis=0, return_inverse=True)[1].ravel()


class MessagePassing(nn.Module):
    """Sums over neighbours, each followed by a small network (a GIN), then a sum over nodes."""

    def __init__(self, width: int, rounds: int = 4) -> None:
        super().__init__()
        sizes = [1] + [width] * rounds
        self.rounds = nn.ModuleList(
            nn.Sequential(nn.Linear(2 * a, b), nn.ReLU(), nn.Linear(b, b), nn.ReLU())
            for a, b in itertools.pairwise(sizes))
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))

    def forward(self, graphs: Tensor) -> Tensor:
        x = torch.ones_like(graphs[:, :, :1])
        for network in self.rounds:
            x = network(torch.cat([x, graphs @ x], dim=2))
        return self.head(x.sum(dim=1))


class Invariant(nn.Module):
    """Equivariant layers between tensors of the given orders; between them the channels'
    first half times their second."""

    def __init__(self, orders: tuple[int, ...], width: int) -> None:
        super().__init__()
        inputs = [1] + [width] * (len(orders) - 2)
        outputs = [2 * width] * (len(orders) - 2) + [2]
        self.layers = nn.ModuleList(
            # Products follow, no ReLU.
            EquivariantLinear("S", k, l, a, b, n=NODES, inputs="centred", gain=1.0)
            for (k, l), a, b in zip(itertools.pairwise(orders), inputs, outputs))

    def forward(self, graphs: Tensor) -> Tensor:
        x = self.layers[0](graphs[..., None])
        for layer in self.layers[1:]:
            a, b = x.chunk(2, dim=-1)
            x = layer(a * b)
        return x


# How to make each, and the learning rate that suits it.
MODELS: dict[str, tuple[Callable[[], nn.Module], float]] = {
    "message passing": (lambda: MessagePassing(26), 1e-2),
    "order 2": (lambda: Invariant((2, 2, 2, 0), 16), 3e-2),
    "order 3": (lambda: Invariant((2, 3, 2, 0), 8), 3e-2),
}


def train(name: str, seed: int, epochs: int, graphs: Tensor, counts: Tensor,
          learn: Tensor) -> tuple[list[float], Tensor]:
    """The loss after every epoch, and the predicted counts of all graphs."""
    torch.manual_seed(seed)
    make, rate = MODELS[name]
    model = make()
    scale = counts[learn].std(dim=0)
    target = counts[learn] / scale
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=epochs * 8)
    losses: list[float] = []
    for _ in progress(epochs, f"{name}, seed {seed}", lambda: f"loss {losses[-1]:.2e}"):
        total = 0.0
        for part in torch.randperm(len(learn)).chunk(8):
            optimizer.zero_grad()
            loss = (model(graphs[learn[part]]) - target[part]).square().mean()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item() / 8
        losses.append(total)
    with torch.no_grad():
        return losses, model(graphs) * scale


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the plot")
    options = parser.parse_args(arguments)

    matrices = all_graphs(NODES)
    numbers = count_cycles(matrices)
    classes = refinement_classes(matrices)
    alike = np.bincount(classes)[classes] > 1
    print(f"{len(matrices)} graphs; {alike.sum()} of them have a twin for colour refinement")
    graphs = torch.from_numpy(matrices).float()
    counts = torch.from_numpy(numbers).float()

    figure, (left, right) = new_figure(2)
    print(f"{'network':16} {'parameters':>10} {'unseen graphs':>14} {'all graphs':>11} "
          f"{'twins':>6}")
    for place, name in enumerate(MODELS):
        curves, shares = [], []
        for seed in range(options.seeds):
            order = torch.randperm(len(graphs), generator=torch.Generator().manual_seed(seed))
            learn, unseen = order[:800], order[800:]
            losses, predicted = train(name, seed, options.epochs, graphs, counts, learn)
            exact = (predicted.round() == counts).all(dim=1)
            curves.append(losses)
            shares.append([exact[unseen].float().mean().item(), exact.float().mean().item(),
                           exact[torch.from_numpy(alike)].float().mean().item()])
        mean = np.mean(shares, axis=0)
        print(f"{name:16} {parameters_of(MODELS[name][0]()):10} {mean[0]:14.1%} {mean[1]:11.1%} "
              f"{mean[2]:6.0%}")
        left.plot(np.mean(curves, axis=0), label=name, color=f"C{place}", linewidth=1)
        right.barh(name, mean[0], color=f"C{place}")
        right.plot([share[0] for share in shares], [name] * len(shares), "k|")
    left.set(yscale="log", xlabel="epoch", ylabel="loss", title="training")
    left.legend(frameon=False)
    right.set(xlim=(0, 1), xlabel="share of unseen graphs with both counts exact",
              title="counting triangles and 4-cycles")
    right.invert_yaxis()
    print("wrote", save_figure(figure, options.out, "counting"))


if __name__ == "__main__":
    main()
