"""Batches of PyTorch Geometric: layers on them are layers on each graph alone."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_geometric")

import eqc.torch  # noqa: E402
from torch_geometric.data import Batch, Data  # noqa: E402
from torch_geometric.loader import DataLoader  # noqa: E402
from torch_geometric.utils import to_dense_adj, to_dense_batch  # noqa: E402

SIZES = [5, 2, 1, 7, 2, 4]


def graph(n, seed):
    """With features of nodes and of edges, no edge twice; a graph of one node has none."""
    generator = torch.Generator().manual_seed(seed)
    edges = torch.randperm(n * n, generator=generator)[:n * n // 2].sort().values
    return Data(x=torch.randn(n, 3, generator=generator, dtype=torch.float64),
                edge_index=torch.stack([edges // n, edges % n]),
                edge_attr=torch.randn(len(edges), 2, generator=generator, dtype=torch.float64))


@pytest.fixture
def graphs():
    return [graph(n, seed) for seed, n in enumerate(SIZES)]


def module(k, l, channels):  # noqa: E741
    torch.manual_seed(0)
    layer = eqc.torch.EquivariantLinear("S", k, l, channels, 4, bias=True, dtype=torch.float64)
    torch.nn.init.normal_(layer.bias)
    return layer


def adjacency(data):
    """[1, n, n, 2], by PyTorch Geometric."""
    return to_dense_adj(data.edge_index, edge_attr=data.edge_attr, max_num_nodes=data.num_nodes)


def packed_edges(data):
    """[sum of n^2, 2], as docs/Batches.md has it."""
    sizes = torch.bincount(data.batch, minlength=data.num_graphs)
    ptr = torch.nn.functional.pad(sizes.cumsum(0), (1, 0))
    owner = data.batch[data.edge_index[0]]
    start = torch.nn.functional.pad((sizes**2).cumsum(0), (1, 0))
    row, column = data.edge_index - ptr[owner]
    values = data.edge_attr.new_zeros(int(start[-1]), data.edge_attr.shape[1])
    values[start[owner] + row * sizes[owner] + column] = data.edge_attr
    return values


def agree(layer, got, wanted):
    """Values, and the gradients of the weights for one more layer's worth of numbers."""
    torch.testing.assert_close(got, wanted)
    like = torch.sin(torch.arange(got.numel(), dtype=got.dtype)).reshape(got.shape)
    parameters = [layer.weight, layer.bias]
    torch.testing.assert_close(torch.autograd.grad((got * like).sum(), parameters),
                               torch.autograd.grad((wanted * like).sum(), parameters))


def test_both_vectors_say_the_sizes(graphs):
    # The last graph has no nodes: only the number of graphs tells of it.
    data = Batch.from_data_list([*graphs, graph(0, 9)])
    sizes = torch.bincount(data.batch, minlength=data.num_graphs)
    assert sizes.tolist() == [*SIZES, 0]
    torch.testing.assert_close(torch.nn.functional.pad(sizes.cumsum(0), (1, 0)), data.ptr)
    layer = module(1, 0, 3)
    y = layer(data.x, ptr=data.ptr)
    agree(layer, y[:-1], torch.cat([layer(each.x[None]) for each in graphs]))
    torch.testing.assert_close(y[-1:], layer.bias)


@pytest.mark.parametrize("l", [0, 1, 2])
def test_nodes(graphs, l):  # noqa: E741
    layer, data = module(1, l, 3), Batch.from_data_list(graphs)
    agree(layer, layer(data.x, ptr=data.ptr),
          torch.cat([layer(each.x[None]).reshape(-1, 4) for each in graphs]))


@pytest.mark.parametrize("l", [0, 1, 2])
def test_edges(graphs, l):  # noqa: E741
    layer, data = module(2, l, 2), Batch.from_data_list(graphs)
    agree(layer, layer(packed_edges(data), ptr=data.ptr),
          torch.cat([layer(adjacency(each)).reshape(-1, 4) for each in graphs]))


def test_dense_batches(graphs):
    """What it pads is what sizes= takes."""
    data = Batch.from_data_list(graphs)
    sizes = data.ptr.diff()
    nodes, mask = to_dense_batch(data.x, data.batch)
    assert mask.sum(1).tolist() == SIZES
    layer = module(1, 1, 3)
    agree(layer, layer(nodes, sizes=sizes)[mask], layer(data.x, ptr=data.ptr))
    assert not layer(nodes, sizes=sizes)[~mask].any()
    edges = to_dense_adj(data.edge_index, data.batch, data.edge_attr)
    layer = module(2, 1, 2)
    agree(layer, layer(edges, sizes=sizes)[mask], layer(packed_edges(data), ptr=data.ptr))


def test_training_by_its_loader(graphs):
    """Batches of three graphs: the same loss and gradients as graph by graph."""
    first, last = module(2, 1, 2), module(1, 0, 4)
    loader = DataLoader(graphs, batch_size=3)
    together = torch.cat([last(torch.relu(first(packed_edges(data), ptr=data.ptr)), ptr=data.ptr)
                          for data in loader])
    alone = torch.cat([last(torch.relu(first(adjacency(each)))) for each in graphs])
    torch.testing.assert_close(together, alone)
    parameters = [*first.parameters(), *last.parameters()]
    torch.testing.assert_close(torch.autograd.grad(together.square().sum(), parameters),
                               torch.autograd.grad(alone.square().sum(), parameters))
