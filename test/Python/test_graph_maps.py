"""Graph maps: einsums with a factor of the adjacency matrix for each edge."""

import numpy as np
import pytest

import eqc
from eqc.initialize import weight_std

EDGES = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (3, 4)]
NET = eqc.Space.graph(5, EDGES, name="net")
WEIGHTED = eqc.Space.graph(4, [(0, 1, 2), (1, 2, -3), (2, 3)], name="weighted")


def adjacency(n, edges):
    matrix = np.zeros((n, n))
    for a, b, *label in edges:
        matrix[a, b] = matrix[b, a] = label[0] if label else 1
    return matrix


A = adjacency(5, EDGES)
I = np.eye(5)
#: Maps with what they are, by NumPy.
TO_POINTS = {
    "o1=a i1=a": I,
    "o1=a i1=b : a-b": A,
    "o1=x i1=y : x-z z-y": A @ A,
    "o1=a i1=a : a-b b-c c-a": np.diag(np.diag(A @ A @ A)),
    "o1=a i1=b": np.ones((5, 5)),
    "o1=a i1=b : b-c": np.ones((5, 1)) * A.sum(1),
}
TO_PAIRS = {
    "o1=a o2=b i1=a : a-b": np.einsum("ab,ac->abc", A, I),
    "o1=a o2=b i1=c : a-c c-b": np.einsum("ac,cb->abc", A, A),
    "o1=a o2=a i1=b : a-b": np.einsum("ab,ac->acb", A, I),
}


@pytest.mark.parametrize("plan", ["shared", "dense"])
@pytest.mark.parametrize("maps, l", [(TO_POINTS, 1), (TO_PAIRS, 2)])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_they_are_einsums(plan, maps, l, layout):  # noqa: E741
    layer = eqc.Layer(k=[NET], l=[NET] * l, channels=(3, 5), dtype="f64", plan=plan,
                      layout=layout, diagrams=list(maps))
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((7, 5, 3)), rng.standard_normal(layer.weight_shape)
    y = sum(np.einsum("ij,bjc,cd->bid", matrix.reshape(-1, 5), x, w)
            for matrix, w in zip(maps.values(), weight)).reshape(7, *[5] * l, 5)
    if layout == "channels_first":
        x, y = (np.ascontiguousarray(np.moveaxis(array, -1, 1)) for array in (x, y))
    np.testing.assert_allclose(layer(x, weight), y, rtol=1e-12, atol=1e-12)


def test_labels_are_factors():
    layer = eqc.Layer(k=[WEIGHTED], l=[WEIGHTED], dtype="f64",
                      diagrams=["o1=a i1=b : a-b", "o1=a i1=b : a-b a-b"])
    matrix = adjacency(4, [(0, 1, 2), (1, 2, -3), (2, 3)])
    for d, wanted in enumerate((matrix, matrix**2)):
        weight = np.zeros(layer.weight_shape)
        weight[d] = 1
        np.testing.assert_array_equal(layer(np.eye(4)[..., None], weight)[..., 0].T, wanted)


def test_a_large_graph_needs_no_automorphisms():
    n = 20000
    path = eqc.Space.graph(n, [(i, i + 1) for i in range(n - 1)], name="path")
    layer = eqc.Layer(k=[path], l=[path], channels=(1, 1), dtype="f64",
                      diagrams=["o1=a i1=b : a-b", "o1=a i1=b : a-c c-b"])
    x = np.random.default_rng(1).standard_normal((2, n, 1))
    y = layer(x, np.array([[[1.0]], [[10.0]]]))

    def neighbours(values):
        padded = np.pad(values, ((0, 0), (1, 1), (0, 0)))
        return padded[:, :-2] + padded[:, 2:]

    np.testing.assert_allclose(y, neighbours(x) + 10 * neighbours(neighbours(x)), rtol=1e-12)
    with pytest.raises(eqc.CompileError, match="searched up to 4096 vertices"):
        eqc.Layer(k=[path], l=[path])


def test_weights_start_by_what_maps_do():
    layer = eqc.Layer(k=[NET], l=[NET], channels=(64, 64), dtype="f64", diagrams=list(TO_POINTS))
    rng = np.random.default_rng(2)
    for inputs, x in (("centred", rng.standard_normal((64, 5, 64))), ("uncentred", None)):
        std = weight_std(layer, gain=1.0, inputs=inputs)
        weight = rng.standard_normal(layer.weight_shape) * std[:, None, None]
        y = layer(np.ones((1, 5, 64)) if x is None else x, weight)
        assert 0.5 < np.sqrt(np.mean(y**2)) < 2


def test_modules_train_on_them():
    torch = pytest.importorskip("torch")
    import eqc.torch

    module = eqc.torch.EquivariantLinear(None, [NET], [NET], 2, 3, diagrams=list(TO_POINTS),
                                         bias=True, dtype=torch.float64)
    assert module.normalize == "none"
    x = torch.randn(4, 5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module, x)
    assert torch.autograd.gradcheck(
        lambda w: torch.func.functional_call(module, {"weight": w}, (x.detach(),)),
        module.weight)
    y = module(x)
    permutation = [0, 3, 2, 1, 4]  # is no automorphism
    assert not torch.allclose(module(x[:, permutation]), y[:, permutation])


def test_jax_takes_them():
    jax = pytest.importorskip("jax")
    from eqc.jax import linear

    layer = eqc.Layer(k=[NET], l=[NET], channels=(2, 3), diagrams=list(TO_POINTS))

    def apply(x, weight):
        return linear(layer, x, weight)

    x = np.random.default_rng(3).standard_normal((4, 5, 2)).astype(np.float32)
    weight = np.random.default_rng(4).standard_normal(layer.weight_shape).astype(np.float32)
    np.testing.assert_allclose(apply(x, weight), layer(x, weight), rtol=1e-5, atol=1e-5)
    gradient = jax.grad(lambda w: (apply(x, w) ** 2).sum())(weight)
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0
