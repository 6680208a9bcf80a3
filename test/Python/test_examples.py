"""The examples that train: their data, their symmetry, and that they run."""

import importlib.util
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "training"


@pytest.fixture(scope="module")
def load():
    sys.path.insert(0, str(FOLDER))

    def load(name):
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    sys.path.remove(str(FOLDER))


def test_every_graph_is_there_once(load):
    counting = load("counting")
    # OEIS A000088.
    assert [len(counting.all_graphs(n)) for n in range(1, 8)] == [1, 2, 4, 11, 34, 156, 1044]


def test_cycles_are_counted(load):
    counting = load("counting")

    def cycles(graph, length):
        closed = sum(all(graph[a, b] for a, b in zip(path, path[1:] + path[:1]))
                     for path in itertools.permutations(range(len(graph)), length))
        return closed // (2 * length)

    graphs = counting.all_graphs(5)
    expected = [[cycles(graph, 3), cycles(graph, 4)] for graph in graphs]
    np.testing.assert_array_equal(counting.count_cycles(graphs), expected)


def test_colour_refinement_cannot_tell_a_hexagon_from_two_triangles(load):
    counting = load("counting")
    hexagon, triangles, path = np.zeros((3, 6, 6), np.int64)
    for a in range(6):
        hexagon[a, (a + 1) % 6] = hexagon[(a + 1) % 6, a] = 1
        for b in range(6):
            triangles[a, b] = a != b and a // 3 == b // 3
            path[a, b] = abs(a - b) == 1
    same, twin, other = counting.refinement_classes(np.stack([hexagon, triangles, path]))
    assert same == twin != other
    # Nor can message passing, nor layers of order 2; a layer of order 3 can.
    counting.NODES = 6
    pair = torch.from_numpy(np.stack([hexagon, triangles])).float()
    for name, (make, _) in counting.MODELS.items():
        torch.manual_seed(0)
        first, second = make().double()(pair.double())
        difference = (first - second).abs().max().item()
        assert (difference > 1e-4) == (name == "order 3"), (name, difference)


def test_counting_runs(load, tmp_path, capsys):
    load("counting").main(["--epochs=1", "--seeds=1", f"--out={tmp_path}"])
    assert (tmp_path / "counting.svg").stat().st_size > 1000
    assert "order 3" in capsys.readouterr().out


def test_the_inertia_network_is_equivariant(load):
    inertia = load("inertia")
    torch.manual_seed(0)
    model = inertia.Equivariant().double()
    masses, positions, target = (v.double() for v in inertia.make_data(4, seed=0))
    turn = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64)).Q
    turned = torch.einsum("ij,bjc->bic", turn, positions)
    torch.testing.assert_close(model(masses, turned),
                               turn @ model(masses, positions) @ turn.T)
    square = positions.square().sum(dim=1)
    trace = 2 * (masses * square).sum(dim=1)
    torch.testing.assert_close(target.diagonal(dim1=1, dim2=2).sum(dim=1), trace, rtol=1e-5,
                               atol=1e-5)


def test_inertia_runs(load, tmp_path, capsys):
    inertia = load("inertia")
    inertia.SIZES = (10, 20)
    inertia.main(["--steps=3", "--seeds=1", f"--out={tmp_path}"])
    assert (tmp_path / "inertia.svg").stat().st_size > 1000
    assert "equivariant" in capsys.readouterr().out
