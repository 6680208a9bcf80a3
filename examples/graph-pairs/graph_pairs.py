"""Tells graphs apart that messages between neighbours cannot: the 19 connected graphs of ten nodes
with three neighbours each."""

import argparse

import eqc
import eqc.torch
import numpy as np
import torch

#: In graph6, one for each up to a renumbering.
CUBIC = ("ILQQS?dAo IGcVAIgDO ILbAOWo?w IiGWtA@@g Iic_PCT`_ IWd?X`P`_ IAiAjQCKG IUHDOHDEO "
         "IBbB@oEaG IY_GIiaE_ ISOXKPoOo IS@hu@GCW ICTacY_Gg IoLSQCo@W IJBCSOsAo IdH?YCw`O "
         "Ihd?KObD_ I?ub?NOKO IC`HV@QL?").split()

#: Layers on pairs of nodes, with matrix products of what two of them give (Maron et al. 2019) or
#: with products entry by entry instead.
NETWORK = """
space nodes = S(10)
layer walk { k = nodes nodes * nodes nodes; l = nodes nodes; channels = 1
             diagrams = ["PRODUCT"]; dtype = f64 }
layer f { k = nodes nodes; l = nodes nodes; channels = 2 -> 16; bias = true; normalize = mean; dtype = f64 }
layer g { k = nodes nodes; l = nodes nodes; channels = 2 -> 16; bias = true; normalize = mean; dtype = f64 }
layer h { k = nodes nodes; l = nodes nodes; channels = 18 -> 16; bias = true; normalize = mean; dtype = f64 }
layer i { k = nodes nodes; l = nodes nodes; channels = 18 -> 16; bias = true; normalize = mean; dtype = f64 }
layer first  { k = nodes nodes * nodes nodes; l = nodes nodes; channels = 16
               diagrams = ["PRODUCT"]; normalize = mean; dtype = f64 }
layer second { k = nodes nodes * nodes nodes; l = nodes nodes; channels = 16
               diagrams = ["PRODUCT"]; normalize = mean; dtype = f64 }
layer out { k = nodes nodes; l = 0; channels = 34 -> 64; bias = true; normalize = mean; dtype = f64 }
network tell {
  input a : nodes nodes, 1
  p = concat(a, walk(a, a))
  q = concat(p, first(relu(f(p)), relu(g(p))))
  output y = relu(out(concat(q, second(relu(h(q)), relu(i(q))))))
}
"""
PRODUCTS = {"entry by entry": "o1 i1 i3 | o2 i2 i4", "of matrices": "o1 i1 | i2 i3 | o2 i4"}


class Model(torch.nn.Module):
    """Adjacency matrices [batch, 10, 10, 1] to scores of the graphs. What differs between graphs
    is little beside what does not, so it is brought to one scale."""

    def __init__(self, product):
        super().__init__()
        self.invariants = eqc.torch.Network(NETWORK.replace("PRODUCT", product), gain=1.5)
        self.scale = torch.nn.BatchNorm1d(64, eps=1e-12, momentum=1.0, dtype=torch.float64)
        self.scores = torch.nn.Linear(64, len(CUBIC), dtype=torch.float64)

    def forward(self, x):
        return self.scores(self.scale(self.invariants(x)))


def adjacency(graph6):
    """Of graphs of fewer than 63 nodes: the bits above the diagonal, column by column."""
    n, *rest = (ord(character) - 63 for character in graph6)
    bits = [code >> shift & 1 for code in rest for shift in range(5, -1, -1)]
    matrix = np.zeros((n, n))
    matrix[np.tril_indices(n, -1)] = bits[:n * (n - 1) // 2]
    return matrix + matrix.T


def refinement_classes(graphs):
    """How many of the graphs colour refinement tells apart."""
    seen = set()
    for graph in graphs:
        colours = np.zeros(len(graph), int)
        for _ in range(len(graph)):
            around = [(colours[v], *sorted(colours[graph[v] > 0])) for v in range(len(graph))]
            colours = np.array([sorted(set(around)).index(each) for each in around])
        seen.add(tuple(sorted(around)))
    return len(seen)


def renumbered(graphs, seed):
    random = np.random.default_rng(seed)
    orders = [random.permutation(len(graph)) for graph in graphs]
    return np.stack([graph[np.ix_(order, order)] for graph, order in zip(graphs, orders)])


def train(product, graphs, epochs):
    """The share of renumbered graphs that are recognised."""
    torch.manual_seed(0)
    model = Model(product)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    labels = torch.arange(len(graphs))
    x = torch.from_numpy(graphs)[..., None]
    for _ in range(epochs):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        model(x)  # the scale of the last weights
        model.eval()
        return np.mean([(model(torch.from_numpy(renumbered(graphs, seed))[..., None]).argmax(1)
                         == labels).float().mean().item() for seed in range(20)])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=200)
    epochs = parser.parse_args(arguments).epochs
    graphs = np.stack([adjacency(text) for text in CUBIC])
    print(f"{len(graphs)} graphs, of which colour refinement tells {refinement_classes(graphs)} "
          "apart")
    shares = {}
    for name, product in PRODUCTS.items():
        shares[name] = train(product, graphs, epochs)
        print(f"products {name}: {shares[name]:.1%} of renumbered graphs recognised")
    return shares


if __name__ == "__main__":
    main()
