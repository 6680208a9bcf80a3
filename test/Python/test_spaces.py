"""Layers whose axes are those of several spaces."""

import copy
import pickle

import numpy as np
import pytest

import eqc

USERS, ITEMS = eqc.Space("S", 2, name="users"), eqc.Space("S", 3, name="items")


def ratings(**options):
    return eqc.Layer(k=[USERS, ITEMS], l=[USERS, ITEMS], dtype="f64", **options)


@pytest.mark.parametrize("plan", ["auto", "dense", "factored", "shared"])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_exchangeable_matrices(plan, layout):
    layer = ratings(plan=plan, layout=layout)
    x = np.array([[1.0, 2, 3], [4, 5, 6]])
    weight = np.array([1.0, 10, 100, 1000])[:, None, None]
    x = x[None, :, :, None] if layout == "channels_last" else x[None, None]
    y = layer(x, weight)
    assert y.shape == layer.y_shape(1) == x.shape
    assert y.reshape(2, 3).tolist() == [[21561, 21762, 21963], [21654, 21855, 22056]]


def test_what_it_is():
    layer = ratings()
    assert layer.diagrams == ("o1 i1 | o2 i2", "o1 i1 | o2 | i2", "o1 | o2 i2 | i1",
                              "o1 | o2 | i1 | i2")
    assert layer.x_axes == layer.y_axes == layer.spaces == (USERS, ITEMS)
    assert (layer.n, layer.group) == (-2, "users:S items:S")
    assert "axes users items -> users items" in repr(layer)
    assert layer.x_shape(5) == (5, 2, 3, 1)
    assert pickle.loads(pickle.dumps(layer)) == layer
    assert copy.deepcopy(layer) is layer
    assert eqc.compile(layer.spec).layer.spec == layer.spec


def test_spaces_come_in_the_order_of_their_first_axes():
    event = eqc.Space("O(1,3)", name="event")
    layer = eqc.Layer(k=[event, USERS], l=[USERS, event])
    assert layer.spaces == (USERS, event)
    assert layer.x_shape(1) == (1, 4, 2, 1)
    assert layer.x_axes == (event, USERS)


def test_one_space_takes_its_size_from_x():
    points = eqc.Space("S", name="points")
    layer = eqc.Layer(k=[points, points], l=[points], dtype="f64")
    plain = eqc.Layer(group="S", k=2, l=1, dtype="f64")
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 4, 4, 1)), rng.standard_normal(plain.weight_shape)
    assert layer.n is None
    assert layer.spaces == (points,)
    assert np.array_equal(layer(x, weight), plain(x, weight))


def test_no_axes():
    layer = eqc.Layer(k=[], l=0, channels=(2, 3), dtype="f64")
    assert layer.spaces == ()
    assert layer(np.ones((1, 2)), np.ones((1, 2, 3))).tolist() == [[2, 2, 2]]


@pytest.mark.parametrize("normalize", ["none", "mean"])
def test_equivariance_and_gradients(normalize):
    points, xyz = eqc.Space("S", 4, name="points"), eqc.Space("SO", 3, name="xyz")
    layer = eqc.Layer(k=[points, points, xyz], l=[xyz, points], channels=(2, 3), dtype="f64",
                      normalize=normalize)
    rng = np.random.default_rng(1)
    x, weight = rng.standard_normal((2, 4, 4, 3, 2)), rng.standard_normal(layer.weight_shape)
    y = layer(x, weight)
    order = rng.permutation(4)
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    turn *= np.linalg.det(turn)
    moved = np.ascontiguousarray(
        np.einsum("bpqvc,wv->bpqwc", x[:, order][:, :, order], turn))
    expected = np.einsum("bvpc,wv->bwpc", y[:, :, order], turn)
    np.testing.assert_allclose(layer(moved, weight), expected, atol=1e-12)

    grad_y = rng.standard_normal(y.shape)
    grads = layer.backward(x, weight, grad_y)
    inner = np.vdot(y, grad_y)
    np.testing.assert_allclose(np.vdot(grads.x, x), inner)
    np.testing.assert_allclose(np.vdot(grads.weight, weight), inner)


def test_the_initialisation_knows_every_size():
    rows, columns = eqc.Space("S", 50, name="rows"), eqc.Space("S", 80, name="columns")
    layer = eqc.Layer(k=[rows, columns], l=[rows, columns], channels=(32, 32), normalize="mean")
    weight, _ = layer.init(seed=0)
    y = layer(1 + np.random.default_rng(0).standard_normal((2, 50, 80, 32), np.float32), weight)
    assert 0.5 < np.sqrt(np.mean(y**2)) < 3


@pytest.mark.parametrize("arguments, error, message", [
    (dict(group="S", k=[USERS], l=0), TypeError, "group is 'S', but the axes are those of spaces"),
    (dict(n=3, k=0, l=[USERS]), TypeError, "n is 3, but the axes"),
    (dict(k=[USERS], l=1), TypeError, "l is 1, but other axes are those of spaces"),
    (dict(k=["users"], l=0), TypeError, "k contains 'users'; expected eqc.Space"),
    (dict(k=[USERS, eqc.Space("S", 9, name="users")], l=0), ValueError, "two spaces are called"),
    (dict(k=[eqc.Space("S", 2, name="o1")], l=0), eqc.CompileError, "that of a vertex"),
    (dict(k=2, l=2), TypeError, "group is None; expected a string"),
])
def test_what_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        eqc.Layer(**arguments)
    with pytest.raises(TypeError, match="name"):
        eqc.Space("S", 3)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"x has shape \[1, 3, 2, 1\]; expected \[batch, 2, 3, 1\]"):
        ratings()(np.ones((1, 3, 2, 1)), np.ones((4, 1, 1)))
    with pytest.raises(ValueError, match="axes of several spaces"):
        ratings()(np.ones((1, 2, 3, 1)), np.ones((4, 1, 1)), n=2)


def test_torch():
    torch = pytest.importorskip("torch")
    from eqc.torch import EquivariantLinear
    torch.manual_seed(0)
    module = EquivariantLinear(None, [USERS, ITEMS], [USERS], 4, 5, dtype=torch.float64)
    assert repr(module).startswith("EquivariantLinear(users:S items:S, k=2, l=1, 4 -> 5")
    x = torch.randn(3, 7, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    y = module(x)
    assert y.shape == (3, 7, 2, 5)
    rows, columns = torch.tensor([1, 0]), torch.tensor([2, 0, 1])
    moved = x[:, :, rows][:, :, :, columns]
    torch.testing.assert_close(module(moved), y[:, :, rows])
    small = torch.randn(2, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module, small)


def test_jax():
    jax = pytest.importorskip("jax")
    from eqc.jax import linear
    layer = eqc.Layer(k=[USERS, ITEMS], l=[ITEMS], channels=(2, 3))
    rng = np.random.default_rng(2)
    x = rng.standard_normal((4, 2, 3, 2), np.float32)
    weight = rng.standard_normal(layer.weight_shape).astype(np.float32)
    y = jax.jit(lambda x, w: linear(layer, x, w))(x, weight)
    np.testing.assert_allclose(y, layer(x, weight), rtol=1e-5)
    grad = jax.grad(lambda w: (linear(layer, x, w) ** 2).sum())(weight)
    np.testing.assert_allclose(grad, layer.backward(x, weight, 2 * np.asarray(y)).weight, rtol=1e-3)


CARBON, OXYGEN = eqc.Space("S", 2, name="carbon"), eqc.Space("S", 3, name="oxygen")
ATOMS = eqc.Space.sum([CARBON, OXYGEN], name="atoms")


@pytest.mark.parametrize("plan", ["auto", "dense", "shared"])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_a_sum_of_sets(plan, layout):
    layer = eqc.Layer(k=[ATOMS], l=[ATOMS], dtype="f64", plan=plan, layout=layout)
    assert layer.diagrams == (
        "o1:carbon i1:carbon", "o1:carbon | i1:carbon", "o1:carbon | i1:oxygen",
        "o1:oxygen | i1:carbon", "o1:oxygen i1:oxygen", "o1:oxygen | i1:oxygen")
    x = np.array([1.0, 2, 3, 4, 5])
    weight = 10.0 ** np.arange(6)[:, None, None]
    y = layer(x.reshape(layer.x_shape(1)), weight)
    assert y.shape == layer.y_shape(1)
    assert y.reshape(5).tolist() == [1231, 1232, 1233000, 1243000, 1253000]
    assert layer.spaces == (CARBON, OXYGEN)
    assert layer.x_axes == layer.y_axes == (ATOMS,)
    assert (layer.n, layer.group) == (-2, "atoms")
    assert "axes atoms -> atoms" in repr(layer)
    assert pickle.loads(pickle.dumps(layer)) == layer
    assert eqc.compile(layer.spec).layer.spec == layer.spec


@pytest.mark.parametrize("normalize", ["none", "mean"])
def test_a_sum_of_numbers_and_vectors(normalize):
    mass, xyz = eqc.Space("S", 2, name="mass"), eqc.Space("SO", 3, name="xyz")
    state = eqc.Space.sum([mass, xyz], name="state")
    layer = eqc.Layer(k=[state, state], l=[state, xyz], channels=(2, 3), dtype="f64",
                      normalize=normalize)
    rng = np.random.default_rng(1)
    x, weight = rng.standard_normal((2, 5, 5, 2)), rng.standard_normal(layer.weight_shape)
    y = layer(x, weight)
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    turn *= np.linalg.det(turn)
    both = np.zeros((5, 5))
    both[:2, :2], both[2:, 2:] = np.eye(2)[::-1], turn
    np.testing.assert_allclose(
        layer(np.ascontiguousarray(np.einsum("bpqc,rp,sq->brsc", x, both, both)), weight),
        np.einsum("bpvc,rp,wv->brwc", y, both, turn), atol=1e-11)
    grad_y = rng.standard_normal(y.shape)
    grads = layer.backward(x, weight, grad_y)
    np.testing.assert_allclose(np.vdot(grads.x, x), np.vdot(y, grad_y))
    np.testing.assert_allclose(np.vdot(grads.weight, weight), np.vdot(y, grad_y))


def test_the_initialisation_knows_every_summand():
    few, many = eqc.Space("S", 3, name="few"), eqc.Space("S", 80, name="many")
    both = eqc.Space.sum([few, many], name="both")
    layer = eqc.Layer(k=[both], l=[both], channels=(32, 32), normalize="mean")
    weight, _ = layer.init(seed=0)
    y = layer(1 + np.random.default_rng(0).standard_normal((8, 83, 32), np.float32), weight)
    for part in (y[:, :3], y[:, 3:]):
        assert 0.5 < np.sqrt(np.mean(part**2)) < 3


@pytest.mark.parametrize("arguments, error, message", [
    (dict(k=[eqc.Space.sum([CARBON], name="one")], l=0), eqc.CompileError,
     "at least two summands"),
    (dict(k=[ATOMS, eqc.Space("S", 9, name="carbon")], l=0), ValueError, "two spaces are called"),
    (dict(k=[ATOMS.dual], l=0), eqc.CompileError, "its own dual"),
])
def test_which_sums_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        eqc.Layer(**arguments)


def test_summands_are_spaces_and_no_sums():
    with pytest.raises(ValueError, match="'atoms' is a sum itself"):
        eqc.Space.sum([CARBON, ATOMS], name="all")
    with pytest.raises(TypeError, match="summands contains 'carbon'; expected eqc.Space"):
        eqc.Space.sum(["carbon", OXYGEN], name="all")


# Sizes that calls bring.

POINTS, XYZ = eqc.Space("S", name="points"), eqc.Space("O", 3, name="xyz")
SOME_USERS, SOME_ITEMS = eqc.Space("S", name="users"), eqc.Space("S", name="items")


def test_a_size_of_calls_beside_another_space():
    layer = eqc.Layer(k=[XYZ, POINTS], l=[POINTS, XYZ], channels=(2, 3), dtype="f64")
    assert layer.n is None
    assert layer.x_shape(2, 5) == (2, 3, 5, 2)
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 3, 5, 2)), rng.standard_normal(layer.weight_shape)
    expected = (np.einsum("bapc,cd->bpad", x, weight[0])
                + np.einsum("bapc,cd->bad", x, weight[1])[:, None])
    y = layer(x, weight)
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
    packed = layer.pack(weight)
    assert np.array_equal(layer(x, packed), y)
    grads = layer.backward(x, weight, y)
    assert grads.x.shape == x.shape
    np.testing.assert_allclose((grads.x * x).sum(), (y * y).sum())


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_several_sizes_of_calls(layout):
    layer = eqc.Layer(k=[SOME_USERS, SOME_ITEMS], l=[SOME_ITEMS], dtype="f64", layout=layout)
    fixed = eqc.Layer(k=[eqc.Space("S", 4, name="users"), eqc.Space("S", 3, name="items")],
                      l=[eqc.Space("S", 3, name="items")], dtype="f64", layout=layout)
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal(fixed.x_shape(2)), rng.standard_normal(fixed.weight_shape)
    assert np.allclose(layer(x, weight), fixed(x, weight), rtol=1e-13)
    assert layer.y_shape(2, {"users": 4, "items": 3}) == fixed.y_shape(2)


def test_sizes_that_no_argument_shows():
    layer = eqc.Layer(k=[SOME_USERS], l=[SOME_USERS, SOME_ITEMS])
    x, weight = np.ones((2, 6, 1), np.float32), np.ones(layer.weight_shape, np.float32)
    with pytest.raises(ValueError, match="no items of its own"):
        layer(x, weight)
    assert layer(x, weight, n={"items": 4}).shape == (2, 6, 4, 1)
    assert layer(x, weight, n=(6, 4)).shape == (2, 6, 4, 1)
    with pytest.raises(ValueError, match="expected .batch, 7, 1."):
        layer(x, weight, n={"users": 7, "items": 4})
    with pytest.raises(ValueError, match="takes the sizes users, items"):
        layer(x, weight, n={"item": 4})
    with pytest.raises(TypeError, match="takes the sizes users, items"):
        layer(x, weight, n=4)
    with pytest.raises(ValueError, match="items is 0"):
        layer(x, weight, n={"items": 0})


def test_sums_with_sizes_of_calls():
    hydrogen = eqc.Space("S", 4, name="hydrogen")
    carbon = eqc.Space("S", name="carbon")
    atoms = eqc.Space.sum([carbon, hydrogen], name="atoms")
    layer = eqc.Layer(k=[atoms], l=[atoms], dtype="f64")
    x, weight = np.arange(6.0).reshape(1, 6, 1), np.zeros(layer.weight_shape)
    weight[layer.diagrams.index("o1:carbon | i1:carbon")] = 1
    assert layer(x, weight).ravel().tolist() == [1, 1, 0, 0, 0, 0]


def test_several_sizes_in_pytorch():
    torch = pytest.importorskip("torch")
    from eqc.torch import EquivariantLinear, linear  # noqa: PLC0415

    layer = eqc.Layer(k=[SOME_USERS], l=[SOME_USERS, SOME_ITEMS], channels=(2, 3), bias=True,
                      dtype="f64")
    torch.manual_seed(0)
    x, weight, bias = (torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in
                       ((2, 3, 2), layer.weight_shape, layer.bias_shape))

    def apply(*arguments):
        return linear(layer, *arguments, n={"items": 4})

    assert torch.autograd.gradcheck(apply, (x, weight, bias))
    assert torch.autograd.gradgradcheck(apply, (x, weight, bias))
    weights = torch.stack([weight, 2 * weight])
    each = torch.func.vmap(apply, in_dims=(None, 0, None))(x, weights, bias)
    assert torch.allclose(each[1], apply(x, 2 * weight, bias))
    for k in [XYZ, POINTS], [SOME_USERS, SOME_ITEMS]:
        module = EquivariantLinear(None, k, k[::-1], 2, 3)
        compiled = torch.compile(module, fullgraph=True, dynamic=True, backend="eager")
        for sizes in (3, 5), (3, 2):
            x = torch.randn(4, *sizes, 2)
            assert torch.equal(compiled(x), module(x))
        with pytest.raises(ValueError, match="several spaces"):
            module(x, sizes=torch.tensor([1, 1, 1, 1]))


def test_several_sizes_in_jax():
    jax = pytest.importorskip("jax")
    import eqc.jax  # noqa: PLC0415

    rng = np.random.default_rng(0)
    for k, shape in ([XYZ, POINTS], (2, 3, 5, 2)), ([SOME_USERS, SOME_ITEMS], (2, 4, 5, 2)):
        layer = eqc.Layer(k=k, l=k[::-1], channels=(2, 3))
        x = rng.standard_normal(shape).astype(np.float32)
        weight = rng.standard_normal(layer.weight_shape).astype(np.float32)

        def apply(x, weight, layer=layer):
            return eqc.jax.linear(layer, x, weight)

        y = layer(x, weight)
        assert np.array_equal(jax.jit(apply)(x, weight), y)
        grads = jax.grad(lambda x, weight: (apply(x, weight)**2).sum() / 2, (0, 1))(x, weight)
        expected = layer.backward(x, weight, y)
        assert np.allclose(grads[0], expected.x) and np.allclose(grads[1], expected.weight)
        both = jax.vmap(apply, (0, None))(np.stack([x, 2 * x]), weight)
        assert np.allclose(both[1], 2 * y)
