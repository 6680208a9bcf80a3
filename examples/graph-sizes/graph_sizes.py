"""Graphs of 3 to 12 nodes in one batch."""

import eqc
import numpy as np


def make_graphs():
    """Names and adjacency matrices."""
    graphs = []
    for n in range(3, 13):
        path = np.eye(n, k=1) + np.eye(n, k=-1)
        ring = path.copy()
        ring[0, -1] = ring[-1, 0] = 1
        star = np.zeros((n, n))
        star[0, 1:] = star[1:, 0] = 1
        graphs += [("path", path), ("ring", ring), ("star", star)]
    return graphs


def pack(graphs):
    """One after the other, with one channel: [all entries, 1]."""
    return np.concatenate([graph.reshape(-1, 1) for graph in graphs]).astype(np.float32)


def main():
    hidden = eqc.Layer(group="S", n=None, k=2, l=2, channels=(1, 8), bias=True, ragged=True)
    pooled = eqc.Layer(group="S", n=None, k=2, l=0, channels=(8, 2), ragged=True)
    weights = hidden.init(seed=0), pooled.init(seed=1)

    def network(packed, sizes):
        y = np.maximum(hidden.forward_ragged(packed, *weights[0], sizes=sizes), 0)
        return pooled.forward_ragged(y, weights[1][0], sizes=sizes)

    graphs = [graph for _, graph in make_graphs()]
    sizes = [len(graph) for graph in graphs]
    together = network(pack(graphs), sizes)
    print(f"{len(graphs)} graphs of {min(sizes)} to {max(sizes)} nodes: {pack(graphs).size} numbers, "
          f"{len(graphs) * max(sizes) ** 2} with padding")

    alone = np.concatenate([network(pack([graph]), [len(graph)]) for graph in graphs])
    order = [np.random.default_rng(n).permutation(n) for n in sizes]
    renumbered = network(pack([g[np.ix_(p, p)] for g, p in zip(graphs, order)]), sizes)
    scale = np.abs(together).max()
    print("together and alone:        ", f"{np.abs(together - alone).max() / scale:.1e}")
    print("with nodes renumbered:     ", f"{np.abs(together - renumbered).max() / scale:.1e}")
    assert np.abs(together - alone).max() <= 3e-5 * scale
    assert np.abs(together - renumbered).max() <= 3e-5 * scale

    # The diagram "i1 | i2" sums all entries: twice the edges.
    count = eqc.Layer(group="S", n=None, k=2, l=0, ragged=True)
    weight = np.zeros(count.weight_shape, np.float32)
    weight[count.diagrams.index("i1 | i2")] = 0.5
    edges = count.forward_ragged(pack(graphs), weight, sizes=sizes)[:, 0]
    wanted = [n if name == "ring" else n - 1 for (name, _), n in zip(make_graphs(), sizes)]
    assert edges.tolist() == wanted, edges
    print("edges of the first graphs: ", *edges[:6].astype(int), "..")


if __name__ == "__main__":
    main()
