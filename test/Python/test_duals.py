"""Axes of GL(n) and of its dual."""

import pickle

import numpy as np
import pytest

import eqc

V = eqc.Space("GL", 3, name="V")
USERS = eqc.Space("S", 2, name="users")


def moved(x, g, duals, first=1):
    """x with g on the axes from the `first` on, its inverse transpose on those of the dual."""
    other = np.linalg.inv(g).T
    for axis, dual in enumerate(duals, first):
        x = np.moveaxis(np.tensordot(other if dual else g, x, (1, axis)), 0, axis)
    return np.ascontiguousarray(x)


def element(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.linalg.qr(rng.standard_normal((n, n)))[0] * rng.uniform(0.5, 2, n)


def test_the_dual_of_a_space():
    assert V.dual != V
    assert V.dual.dual == V
    assert (V.axis, V.dual.axis) == ("V", "V'")


def test_what_it_is():
    layer = eqc.Layer(k=[V, V.dual, V], l=[V], dtype="f64")
    assert layer.diagrams == ("o1 i1 | i2 i3", "o1 i3 | i1 i2")
    assert layer.x_axes == (V, V.dual, V)
    assert (layer.y_axes, layer.spaces) == ((V,), (V,))
    assert (layer.n, layer.group) == (3, "V:GL")
    assert "axes V V' V -> V" in repr(layer)
    assert pickle.loads(pickle.dumps(layer)) == layer
    assert eqc.compile(layer.spec).layer.x_axes == layer.x_axes
    x = np.arange(27.0).reshape(1, 3, 3, 3, 1)
    y = layer(x, np.array([1.0, 100])[:, None, None])[0, :, 0]
    expected = np.einsum("bijjc->i", x) + 100 * np.einsum("biijc->j", x)
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("plan", ["dense", "factored", "shared"])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("normalize", ["none", "mean"])
@pytest.mark.parametrize("k, l, bias", [
    ([V, V.dual], [V.dual, V], True), ([V, V.dual, V], [V], False),
    ([V.dual], [V.dual, V.dual, V], False), ([], [V, V.dual], True), ([V, V.dual], [], True)])
def test_equivariance_and_gradients(plan, layout, normalize, k, l, bias):
    layer = eqc.Layer(k=k, l=l, channels=(2, 3), dtype="f64", bias=bias, plan=plan,
                      layout=layout, normalize=normalize)
    rng = np.random.default_rng(1)
    x, weight = rng.standard_normal(layer.x_shape(2)), rng.standard_normal(layer.weight_shape)
    offset = rng.standard_normal(layer.bias_shape) if bias else None
    y = layer(x, weight, offset)
    g, first = element(3), 1 if layout == "channels_last" else 2
    xs, ys = [space.is_dual for space in k], [space.is_dual for space in l]
    np.testing.assert_allclose(layer(moved(x, g, xs, first), weight, offset),
                               moved(y, g, ys, first), atol=1e-12)

    grad_y = rng.standard_normal(y.shape)
    grads = layer.backward(x, weight, grad_y)
    inner = np.vdot(layer(x, weight, None if offset is None else 0 * offset), grad_y)
    np.testing.assert_allclose(np.vdot(grads.x, x), inner)
    np.testing.assert_allclose(np.vdot(grads.weight, weight), inner)


def test_beside_another_space():
    layer = eqc.Layer(k=[V.dual, USERS, V], l=[USERS, V, V.dual], dtype="f64")
    assert layer.x_axes == (V.dual, USERS, V)
    assert layer.spaces == (USERS, V)
    rng = np.random.default_rng(2)
    x, weight = rng.standard_normal((1, 3, 2, 3, 1)), rng.standard_normal(layer.weight_shape)
    g = element(3)
    other = np.linalg.inv(g).T
    turned = np.ascontiguousarray(np.einsum("bvuwc,pv,qw->bpuqc", x, other, g)[:, :, ::-1])
    expected = np.einsum("buvwc,pv,qw->bupqc", layer(x, weight), g, other)[:, ::-1]
    np.testing.assert_allclose(layer(turned, weight), expected, atol=1e-12)


def test_the_size_may_come_from_x():
    free = eqc.Space("GL", name="W")
    layer = eqc.Layer(k=[free, free.dual], l=[free, free.dual], dtype="f64")
    assert layer.n is None
    for n in (1, 4):
        x = np.random.default_rng(n).standard_normal((2, n, n, 1))
        y = layer(x, np.array([1.0, 0])[:, None, None])
        expected = np.trace(x, axis1=1, axis2=2)[:, None, None] * np.eye(n)[:, :, None]
        np.testing.assert_allclose(y, expected)


def test_integers_count_axes_that_are_of_no_dual():
    layer = eqc.Layer(group="GL", k=2, l=2, dtype="f64")
    assert layer.diagrams == ("o1 i1 | o2 i2", "o1 i2 | o2 i1")
    assert not layer.has_bias


def test_two_inputs():
    layer = eqc.BilinearLayer(k=([V, V.dual], [V]), l=[V], channels=1, dtype="f64")
    assert layer.diagrams == ("o1 i1 | i2 i3", "o1 i3 | i1 i2")
    assert (layer.x_axes, layer.z_axes) == ((V, V.dual), (V,))
    rng = np.random.default_rng(3)
    matrix, vector = rng.standard_normal((1, 3, 3, 1)), rng.standard_normal((1, 3, 1))
    y = layer(matrix, vector, np.array([[1.0], [0]]))
    np.testing.assert_allclose(y[0, :, 0], matrix[0, :, :, 0] @ vector[0, :, 0])


@pytest.mark.parametrize("arguments, message", [
    (dict(k=[V], l=[V.dual]), "not 0 and 2"),
    (dict(group="GL", n=3, k=2, l=1), "not 1 and 2"),
    (dict(k=[USERS.dual], l=[USERS]), "is its own dual"),
    (dict(k=[V], l=[V], plan="schur"), "E0051"),
])
def test_what_is_refused(arguments, message):
    with pytest.raises(eqc.CompileError, match=message):
        eqc.Layer(**arguments)


def test_torch():
    torch = pytest.importorskip("torch")
    from eqc.torch import EquivariantLinear
    torch.manual_seed(0)
    module = EquivariantLinear(None, [V, V.dual], [V.dual, V], 2, 3, dtype=torch.float64)
    x = torch.randn(3, 5, 3, 3, 2, dtype=torch.float64, requires_grad=True)
    y = module(x)
    assert y.shape == (3, 5, 3, 3, 3)
    g = torch.from_numpy(element(3))
    other = torch.linalg.inv(g).T
    turned = torch.einsum("abvwc,pv,qw->abpqc", x, g, other)
    torch.testing.assert_close(module(turned),
                               torch.einsum("abvwc,pv,qw->abpqc", y, other, g))
    small = torch.randn(2, 3, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module, small)


def test_jax():
    jax = pytest.importorskip("jax")
    from eqc.jax import linear
    layer = eqc.Layer(k=[V, USERS, V.dual], l=[V.dual, V], channels=(2, 3))
    rng = np.random.default_rng(4)
    x = rng.standard_normal((4, 3, 2, 3, 2), np.float32)
    weight = rng.standard_normal(layer.weight_shape).astype(np.float32)
    y = jax.jit(lambda x, w: linear(layer, x, w))(x, weight)
    np.testing.assert_allclose(y, layer(x, weight), rtol=1e-5, atol=1e-6)
    grad = jax.grad(lambda w: (linear(layer, x, w) ** 2).sum())(weight)
    np.testing.assert_allclose(grad, layer.backward(x, weight, 2 * np.asarray(y)).weight,
                               rtol=1e-3, atol=1e-4)
