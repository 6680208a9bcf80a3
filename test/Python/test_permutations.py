"""Groups that a source spells out: permutations, and the automorphisms of graphs."""

import pickle

import numpy as np
import pytest

import eqc
from eqc.initialize import weight_std

RING = eqc.Space.graph(5, [(i, (i + 1) % 5) for i in range(5)], name="ring")
PATH = eqc.Space.graph(4, [(0, 1), (1, 2, 7), (2, 3)], name="path")
WHEEL = eqc.Space.perm(6, ["(0 1 2)(3 4 5)", [3, 4, 5, 0, 1, 2]], name="wheel")
#: An element of each.
ELEMENT = {"ring": [1, 2, 3, 4, 0], "path": [3, 2, 1, 0], "wheel": [4, 5, 3, 1, 2, 0]}
ELEMENTS = {
    "ring": [[(k + s * i) % 5 for i in range(5)] for k in range(5) for s in (1, -1)],
    "path": [[0, 1, 2, 3], [3, 2, 1, 0]],
    "wheel": [[(a + k) % 3 + 3 * ((a // 3 + f) % 2) for a in range(6)]
              for k in range(3) for f in range(2)]}


def moved(x, g, order, first):
    for axis in range(first, first + order):
        x = np.take(x, np.argsort(g), axis)
    return np.ascontiguousarray(x)


def orbits(space, l, k, n):
    """The matrices by definition, in the order of their smallest tuples."""
    seen, found = set(), []
    for tuple_ in np.ndindex(*[n] * (l + k)):
        if tuple_ in seen:
            continue
        orbit = {tuple(g[i] for i in tuple_) for g in ELEMENTS[space.name]}
        seen |= orbit
        matrix = np.zeros([n] * (l + k))
        for member in orbit:
            matrix[member] = 1
        found.append(matrix)
    return found


def test_how_they_are_written():
    assert RING.group == 'Graph(5, "0-1 0-4 1-2 2-3 3-4")'
    assert PATH.group == 'Graph(4, "0-1 1-2:7 2-3")'
    assert WHEEL.group == 'Perm(6, "(0 1 2)(3 4 5)", "(0 3)(1 4)(2 5)")'
    # In one way, however they are given: equal spaces are equal.
    for texts in (["(1,2,0) (5 3 4)", "(2 5)(4 1)(0 3)"], [[1, 2, 0, 4, 5, 3], "(3 0)(1 4)(2 5)"]):
        assert eqc.Space.perm(6, texts, name="wheel") == WHEEL
    assert eqc.Space.graph(4, "2-3 1>2 2:7\n 1-0:1", name="v") == eqc.Space(
        'Graph(4, "0-1:1 1>2 2-3 2:7")', name="v")
    assert eqc.Space.graph(4, [(2, 1, 7), (1, 0), (3, 2)], name="path") == PATH
    assert eqc.Space.perm(2, [[0, 1]], name="v").group == 'Perm(2, "()")'
    with pytest.raises(ValueError, match="not the images of 0..2"):
        eqc.Space.perm(3, [[0, 0, 1]], name="v")


def test_what_it_is():
    layer = eqc.Layer(k=[RING], l=[RING], dtype="f64")
    assert layer.diagrams == ("o1=0 i1=0", "o1=0 i1=1", "o1=0 i1=2")
    assert (layer.n, layer.group) == (5, "ring:Graph")
    assert pickle.loads(pickle.dumps(layer)) == layer
    (space,) = layer.spaces
    assert space == eqc.Space('Graph(5, "0-1 0-4 1-2 2-3 3-4")', name="ring")
    assert eqc.Layer(k=[space], l=[space], dtype="f64") == layer
    alone = eqc.Layer(group=RING.group, k=1, l=1, diagrams=["o1=3 i1=4"])
    assert alone.diagrams == ("o1=0 i1=1",)
    assert alone.group == 'Graph(5, "0-1 0-4 1-2 2-3 3-4")'


@pytest.mark.parametrize("plan", ["dense", "shared"])
@pytest.mark.parametrize("layout, normalize", [("channels_last", "mean"),
                                               ("channels_first", "none")])
@pytest.mark.parametrize("space, l, k", [
    (RING, 1, 1), (PATH, 2, 1), (PATH, 1, 2), (WHEEL, 0, 2), (WHEEL, 2, 0), (WHEEL, 1, 1)])
def test_values_equivariance_and_gradients(plan, layout, normalize, space, l, k):  # noqa: E741
    layer = eqc.Layer(k=[space] * k, l=[space] * l, channels=(2, 3), dtype="f64", bias=True,
                      plan=plan, layout=layout, normalize=normalize)
    rng = np.random.default_rng(1)
    x, weight = rng.standard_normal(layer.x_shape(3)), rng.standard_normal(layer.weight_shape)
    offset = rng.standard_normal(layer.bias_shape)
    y = layer(x, weight, offset)
    matrices, constants = orbits(space, l, k, layer.n), orbits(space, l, 0, layer.n)
    assert len(matrices) == layer.weight_shape[0]
    last = x if layout == "channels_last" else np.moveaxis(x, 1, -1)
    flat = last.reshape(3, -1, 2)
    expected = 0
    for matrix, w in zip(matrices, weight):
        rows = matrix.reshape(layer.n**l, -1)
        ones = rows.sum(1).max() if normalize == "mean" else 1
        expected = expected + np.einsum("ij,bjc,cd->bid", rows / ones, flat, w)
    for constant, w in zip(constants, offset):
        expected = expected + constant.reshape(-1, 1) * w
    expected = expected.reshape(3, *[layer.n] * l, 3)
    if layout == "channels_first":
        expected = np.moveaxis(expected, -1, 1)
    np.testing.assert_allclose(y, expected, atol=1e-12)

    g, first = ELEMENT[space.name], 1 if layout == "channels_last" else 2
    np.testing.assert_allclose(layer(moved(x, g, k, first), weight, offset),
                               moved(y, g, l, first), atol=1e-12)
    grad_y = rng.standard_normal(y.shape)
    grads = layer.backward(x, weight, grad_y)
    inner = np.vdot(layer(x, weight, 0 * offset), grad_y)
    np.testing.assert_allclose(np.vdot(grads.x, x), inner)
    np.testing.assert_allclose(np.vdot(grads.weight, weight), inner)
    np.testing.assert_allclose(np.vdot(grads.bias, offset),
                               np.vdot(y - layer(x, weight, 0 * offset), grad_y))


@pytest.mark.parametrize("normalize", ["none", "mean"])
@pytest.mark.parametrize("plan", ["shared", "dense"])
def test_beside_axes_of_other_spaces(plan, normalize):
    items = eqc.Space("S", 3, name="items")
    layer = eqc.Layer(k=[PATH, items], l=[items, PATH, PATH], channels=(2, 3), dtype="f64",
                      normalize=normalize, plan=plan)
    assert layer.spaces == (items, PATH)
    parts = orbits(PATH, 2, 1, 4)
    eye = np.eye(3)
    assert len(layer.diagrams) == 2 * len(parts)
    assert layer.diagrams[0] == "o1 i2 | o2=0 o3=0 i1=0"
    rng = np.random.default_rng(3)
    x = rng.standard_normal(layer.x_shape(3))
    weight = rng.standard_normal(layer.weight_shape)
    # The first space of the outputs varies slowest.
    expected = 0
    for d, w in enumerate(weight):
        part = parts[d % len(parts)]
        of_items = (eye, np.ones((3, 3)))[d // len(parts)]
        if normalize == "mean":
            part = part / part.reshape(16, 4).sum(1).max()
            of_items = of_items / of_items.sum(1).max()
        expected = expected + np.einsum("pqa,ij,bajc,cd->bipqd", part, of_items, x, w)
    y = layer(x, weight)
    np.testing.assert_allclose(y, expected, atol=1e-12)
    grad_y = rng.standard_normal(y.shape)
    grads = layer.backward(x, weight, grad_y)
    np.testing.assert_allclose(np.vdot(grads.x, x), np.vdot(y, grad_y))
    np.testing.assert_allclose(np.vdot(grads.weight, weight), np.vdot(y, grad_y))


def test_of_two_inputs():
    xyz = eqc.Space("SO", 3, name="xyz")
    layer = eqc.BilinearLayer(k=([RING, xyz], [RING, xyz]), l=[RING, xyz], channels=2, dtype="f64",
                              diagrams=["o1=0 i1=1 i3=1 | * o2 i2 i4"])
    rng = np.random.default_rng(5)
    x, z = (rng.standard_normal(layer.x_shape(4)) for _ in range(2))
    near = [(1, 4), (0, 2), (1, 3), (2, 4), (3, 0)]
    y = np.stack([sum(np.cross(x[:, b], z[:, b], axis=1) for b in both) for both in near], 1)
    np.testing.assert_allclose(layer(x, z, np.ones(layer.weight_shape)), y)


@pytest.mark.parametrize("beside", [[], [eqc.Space("S", 6, name="items")]])
def test_initial_weights_keep_the_mean_square(beside):
    layer = eqc.Layer(k=[RING, *beside], l=[RING, RING, *beside], channels=(16, 16), dtype="f64")
    std = weight_std(layer, gain=1, inputs="centred")
    rng = np.random.default_rng(2)
    x = rng.standard_normal(layer.x_shape(64))
    squares = [np.mean(layer(x, std[:, None, None] * rng.standard_normal(layer.weight_shape))**2)
               for _ in range(8)]
    assert 0.8 < np.mean(squares) < 1.25


@pytest.mark.parametrize("arguments, message", [
    (dict(group='Graph(3, "0-1 1-0")', k=1, l=1), "the pair 1, 0 is named twice"),
    (dict(group="Graph", n=3, k=1, l=1), "takes n and a list of edges"),
    (dict(group='Perm(3, "(0 1 2)")', n=3, k=1, l=1), "n is given twice"),
    (dict(k=[RING, PATH], l=[RING]), "axes of several spaces of Perm and Graph"),
    (dict(k=[RING], l=[RING], plan="factored"), "orbits of tuples"),
    (dict(k=[RING], l=[RING], plan="schur"), "E0051"),
])
def test_what_is_refused(arguments, message):
    with pytest.raises(eqc.CompileError, match=message):
        eqc.Layer(**arguments)


@pytest.mark.parametrize("make, error, message", [
    (lambda: eqc.Space.perm(3, "(0 1 2)", name="p"), TypeError, "expected a list, such as"),
    (lambda: eqc.Space.perm(3, [1, 2, 0], name="p"), TypeError, "generators has 1; expected cycles"),
    (lambda: eqc.Space.perm(3, [], name="p"), ValueError, "generators is empty"),
    (lambda: eqc.Space.perm(3, np.array([[1., 2, 0]]), name="p"), TypeError, "expected cycles"),
    (lambda: eqc.Space.perm(2, [[True, False]], name="p"), TypeError, "expected cycles"),
    (lambda: eqc.Space.graph(3, [(0,)], name="g"), TypeError, r"edges has \(0,\); expected pairs"),
    (lambda: eqc.Space.graph(3, np.eye(3), name="g"), TypeError, "np.argwhere"),
    (lambda: eqc.Space.graph(3, [3], name="g"), TypeError, "edges has 3; expected pairs"),
    (lambda: eqc.Space.graph(3, '0-1"', name="g"), ValueError, "quotation mark"),
])
def test_what_spaces_refuse(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_graphs_are_equal_however_their_edges_are_listed():
    ring = eqc.Space.graph(4, [(3, 0), (1, 0), (1, 2), (2, 3)], name="g")
    assert ring == eqc.Space.graph(4, np.array([[0, 1], [0, 3], [1, 2], [2, 3]]), name="g")
    layer = eqc.Layer(k=[ring], l=[ring])
    assert layer.spaces == (ring,)
    assert eqc.Layer(k=[layer.spaces[0]], l=[ring]).diagrams == layer.diagrams
    lines = eqc.Space.graph(4, "0-1\n0-3\n1-2\n2-3\n", name="g")
    assert lines == ring


def test_networks_know_the_graphs_of_their_spaces():
    ring = eqc.Space.graph(4, [(0, 1), (0, 3), (1, 2), (2, 3)], name="g")
    net = eqc.compile("""space g = Graph(4, "0-1 1-2 2-3 3-0")
layer f { k = g; l = g }
network net { input x : g, 1; output y = f(x) }""").network("net")
    assert net.spaces == (ring,)
    assert net.inputs[0].axes == (ring,)


def test_torch():
    torch = pytest.importorskip("torch")
    from eqc.torch import EquivariantLinear
    torch.manual_seed(0)
    module = EquivariantLinear(None, [WHEEL], [WHEEL, WHEEL], 2, 3, dtype=torch.float64)
    x = torch.randn(2, 6, 2, dtype=torch.float64, requires_grad=True)
    y = module(x)
    g = np.argsort(ELEMENT["wheel"])
    torch.testing.assert_close(module(x[:, g]), y[:, g][:, :, g])
    assert torch.autograd.gradcheck(module, x)


def test_jax():
    jax = pytest.importorskip("jax")
    from eqc.jax import linear
    layer = eqc.Layer(k=[PATH], l=[PATH, PATH], channels=(2, 3))
    rng = np.random.default_rng(4)
    x = rng.standard_normal((3, 4, 2), np.float32)
    weight = rng.standard_normal(layer.weight_shape).astype(np.float32)
    y = jax.jit(lambda x, w: linear(layer, x, w))(x, weight)
    np.testing.assert_allclose(y, layer(x, weight), rtol=1e-5, atol=1e-6)
    grad = jax.grad(lambda w: (linear(layer, x, w) ** 2).sum())(weight)
    np.testing.assert_allclose(grad, layer.backward(x, weight, 2 * np.asarray(y)).weight,
                               rtol=1e-3, atol=1e-4)
