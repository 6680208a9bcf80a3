"""Sums of a million terms against the bound on their errors."""

import eqc
import numpy as np
import pytest

PLANS = ["shared", "factored", "schur"]
LAYOUTS = ["channels_last", "channels_first"]
# An f32 value whose running sum drifts, and one whose is exact up to 2^24.
VALUES = [0.1, 1 / 3, 1.0]


def bound(terms, dtype):
    return (8 + np.log2(terms)) * np.finfo(dtype).eps


def ratio(got, exact, dtype):
    """The error, relative to a sum of terms of one sign."""
    got = np.asarray(got, np.longdouble)
    return float(np.max(np.abs(got - np.longdouble(exact)) / np.longdouble(exact)))


def make(plan, layout, normalize="none", dtype="f32", n=None, **options):
    return eqc.Layer(group="S", n=n, layout=layout, plan=plan, normalize=normalize,
                     dtype=dtype, **options)


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("normalize", ["none", "mean"])
def test_pooling(plan, layout, dtype, normalize):
    layer = make(plan, layout, normalize, dtype, k=1, l=0, grad=False)
    one = np.ones(layer.weight_shape, layer.dtype)
    for n in (1, 3, 63, 64, 65, 1000, 10**6):
        for value in VALUES:
            x = np.full(layer.x_shape(1, n), value, layer.dtype)
            exact = np.longdouble(x.flat[0]) * (n if normalize == "none" else 1)
            assert ratio(layer(x, one), exact, layer.dtype) <= bound(n, layer.dtype)


def test_a_million_values_of_a_tenth_average_to_a_tenth():
    for plan in PLANS:
        layer = make(plan, "channels_last", "mean", k=1, l=0, grad=False)
        y = layer(np.full((1, 10**6, 1), 0.1, np.float32), np.ones((1, 1, 1), np.float32))
        assert abs(y.item() / 0.1 - 1) < 3.4e-6


def test_sums_pass_two_to_the_24():
    for plan in PLANS:
        layer = make(plan, "channels_last", k=1, l=0, grad=False)
        y = layer(np.ones((1, 2**25, 1), np.float32), np.ones((1, 1, 1), np.float32))
        assert y.item() == 2**25


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_sums_over_axes_and_diagonals(plan, layout):
    # Row sums, column sums, the diagonal, everything.
    layer = make(plan, layout, k=2, l=1, channels=(2, 3), grad=False)
    weight = np.full(layer.weight_shape, 0.3, np.float32)
    for n in (65, 1000):
        x = np.full(layer.x_shape(1, n), 0.1, np.float32)
        terms = 2 * (n * n + 3 * n + 1)  # n^2, n of rows, columns and the trace, 1
        exact = np.longdouble(x.flat[0]) * np.longdouble(weight.flat[0]) * terms
        assert len(layer.diagrams) == 5
        assert ratio(layer(x, weight), exact, layer.dtype) <= bound(terms, layer.dtype)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_plans_of_a_fixed_size(layout):
    for plan in PLANS + ["dense"]:
        layer = make(plan, layout, n=1000, k=2, l=0, channels=(4, 4), grad=False)
        weight = np.full(layer.weight_shape, 0.3, np.float32)
        x = np.full(layer.x_shape(1), 0.1, np.float32)
        terms = 4 * (1000 * 1000 + 1000)
        exact = np.longdouble(x.flat[0]) * np.longdouble(weight.flat[0]) * terms
        assert ratio(layer(x, weight), exact, layer.dtype) <= bound(terms, layer.dtype)


@pytest.mark.parametrize("plan", PLANS + ["dense"])
@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_sums_over_channels(plan, dtype):
    for c_in in (33, 64, 65, 1000, 5000):
        layer = eqc.Layer(group="S", n=3, k=1, l=1, channels=(c_in, 3), dtype=dtype,
                          plan=plan, grad=False)
        weight = np.full(layer.weight_shape, 0.3, layer.dtype)
        x = np.full(layer.x_shape(2), 0.1, layer.dtype)
        terms = 4 * c_in
        exact = np.longdouble(x.flat[0]) * np.longdouble(weight.flat[0]) * terms
        assert ratio(layer(x, weight), exact, layer.dtype) <= bound(terms, layer.dtype)


@pytest.mark.parametrize("plan", ["shared", "factored"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_gradients(plan, layout, dtype):
    layer = make(plan, layout, dtype=dtype, k=1, l=1, channels=(2, 3), bias=True)
    assert list(layer.diagrams) == ["o1 i1", "o1 | i1"]
    weight = np.full(layer.weight_shape, 0.3, layer.dtype)
    for batch, n in ((1, 250_000), (250_000, 1), (3000, 33), (1000, 200)):
        x = np.full(layer.x_shape(batch, n), 0.1, layer.dtype)
        grad_y = np.full(layer.y_shape(batch, n), 1 / 3, layer.dtype)
        grad_x, grad_weight, grad_bias = layer.backward(x, weight, grad_y)
        a, w, g = (np.longdouble(v.flat[0]) for v in (x, weight, grad_y))
        for got, exact, terms in (
                (grad_x, 3 * (n + 1) * w * g, 3 * (n + 1)),
                (grad_weight[0], batch * n * a * g, batch * n),
                (grad_weight[1], batch * n * n * a * g, batch * n * n),
                (grad_bias, batch * n * g, batch * n)):
            assert ratio(got, exact, layer.dtype) <= bound(terms, layer.dtype)


@pytest.mark.parametrize("plan", PLANS + ["dense"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_means_of_large_values_are_finite(plan, layout):
    for k in (1, 2, 3):
        layer = make(plan, layout, "mean", n=34 if k < 3 else 9, k=k, l=0, grad=False)
        weight = np.full(layer.weight_shape, 1 / len(layer.diagrams), np.float32)
        y = layer(np.full(layer.x_shape(2), 1e38, np.float32), weight)
        np.testing.assert_allclose(y, 1e38, rtol=1e-5)


@pytest.mark.parametrize("plan", PLANS + ["dense"])
def test_so_are_those_of_their_gradients(plan):
    layer = eqc.Layer(group="S", n=34, k=1, l=1, normalize="mean", plan=plan)
    weight = np.full(layer.weight_shape, 0.5, np.float32)
    grad_y = np.full(layer.y_shape(1), 1e38, np.float32)
    grad_x = layer.backward(np.ones(layer.x_shape(1), np.float32), weight, grad_y,
                            wrt=("x",))[0]
    np.testing.assert_allclose(grad_x, 1e38, rtol=1e-5)
