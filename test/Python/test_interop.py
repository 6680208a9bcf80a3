"""Coefficients of Invariant Graph Networks against NumPy versions of their operations."""

import eqc
import numpy as np
import pytest
from eqc.interop import (IGN_ORDER, bias_from_ign, bias_to_ign, weight_from_ign,
                         weight_to_ign)

N = 5


def operations(x, k, l):
    """The basis operations on x[N, c, n (k times)], from their published descriptions:
    Maron et al., Invariant and Equivariant Graph Networks, appendix A, in the order of the
    authors' implementation. Divided by n for each sum, as normalization="inf"."""
    b, c, n = x.shape[:3]
    eye = np.eye(n)

    def everywhere(value):  # [b, c] to all entries
        return np.broadcast_to(value.reshape(b, c, *[1] * l), (b, c, *[n] * l))

    def on_diagonal(vector):
        return vector[..., None] * eye

    def in_row(vector):  # y[i, j] = vector[i]
        return np.broadcast_to(vector[..., None], (b, c, n, n))

    def in_column(vector):  # y[i, j] = vector[j]
        return np.broadcast_to(vector[:, :, None, :], (b, c, n, n))

    if k == 1:
        mean = x.mean(axis=2)
        if l == 1:
            return [x, everywhere(mean)]
        return [on_diagonal(x), everywhere(mean) * eye, in_column(x), in_row(x),
                everywhere(mean)]
    diagonal = np.diagonal(x, axis1=2, axis2=3)
    trace = diagonal.mean(axis=2)
    rows, columns = x.mean(axis=3), x.mean(axis=2)
    total = x.mean(axis=(2, 3))
    if l == 1:
        return [diagonal, everywhere(trace), rows, columns, everywhere(total)]
    return [on_diagonal(diagonal), everywhere(trace) * eye, on_diagonal(rows),
            on_diagonal(columns), everywhere(total) * eye, in_row(columns), in_row(rows),
            in_column(columns), in_column(rows), x, np.swapaxes(x, 2, 3), in_row(diagonal),
            in_column(diagonal), everywhere(trace), everywhere(total)]


@pytest.mark.parametrize("k, l", IGN_ORDER)
def test_the_layer_computes_what_the_network_did(k, l):
    layer = eqc.Layer(group="S", n=N, k=k, l=l, channels=(3, 4), bias=True, dtype="f64",
                      layout="channels_first", normalize="mean")
    rng = np.random.default_rng(0)
    x = rng.standard_normal(layer.x_shape(2))
    basis = np.stack(operations(x, k, l))  # [basis, b, c, ..]
    coefficients = rng.standard_normal((3, 4, len(basis)))
    all_bias, diag_bias = rng.standard_normal((2, 1, 4, 1, 1))
    expected = np.einsum("dsb,bnd...->ns...", coefficients, basis)
    expected += all_bias.reshape(1, 4, *[1] * l)
    if l == 2:
        expected += diag_bias * np.eye(N)

    weight = weight_from_ign(coefficients, k, l, layer.diagrams)
    bias = bias_from_ign(all_bias, diag_bias if l == 2 else None, l=l)
    np.testing.assert_allclose(layer(x, weight, bias), expected, rtol=0, atol=1e-12)

    np.testing.assert_array_equal(weight_to_ign(weight, k, l, layer.diagrams), coefficients)
    everywhere, diagonal = bias_to_ign(bias)
    np.testing.assert_array_equal(everywhere, all_bias.ravel())
    assert (diagonal is None) == (l == 1)
    if diagonal is not None:
        np.testing.assert_array_equal(diagonal, diag_bias.ravel())


def test_every_operation_is_one_diagram():
    for (k, l), order in IGN_ORDER.items():
        layer = eqc.Layer(group="S", n=N, k=k, l=l)
        assert len(order) == len(layer.diagrams)
        one = np.eye(len(order)).reshape(1, len(order), len(order))
        positions = weight_from_ign(one, k, l, layer.diagrams)
        assert (positions.sum(axis=(0, 1)) == 1).all()


def test_what_does_not_correspond_is_refused():
    few = eqc.Layer(group="S", n=2, k=2, l=2)
    with pytest.raises(ValueError, match="n >= k"):
        weight_from_ign(np.zeros((1, 1, 15)), 2, 2, few.diagrams)
    full = eqc.Layer(group="S", n=4, k=2, l=2)
    with pytest.raises(ValueError, match=r"expected \[c_in, c_out, 15\]"):
        weight_from_ign(np.zeros((1, 15)), 2, 2, full.diagrams)
    with pytest.raises(ValueError, match=r"expected \[15, c_in, c_out\]"):
        weight_to_ign(np.zeros((1, 1, 15)), 2, 2, full.diagrams)
    with pytest.raises(ValueError, match="only orders"):
        weight_to_ign(np.zeros((5, 1, 1)), 3, 1, full.diagrams)
    with pytest.raises(ValueError, match="not those"):
        weight_from_ign(np.zeros((1, 1, 5)), 2, 1, full.diagrams)
    with pytest.raises(ValueError):
        bias_from_ign(np.zeros(3), np.zeros(3), l=1)
