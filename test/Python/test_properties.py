"""Properties of layers that nobody chose."""

import eqc
import numpy as np
import pytest
import reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import error, tolerance

# Every example compiles a layer. The same examples in every run: a failure is one of this
# commit, not of chance.
few = settings(max_examples=40, deadline=None, derandomize=True,
               suppress_health_check=list(HealthCheck))


def exists(group, n, k, l):
    """Whether the group has a map from order k to order l."""
    matchings = (k + l) % 2 == 0
    if group == "GL":
        return k == l
    if group.startswith("SO"):
        return matchings or (k + l >= n and (k + l - n) % 2 == 0)
    return group in ("S", "B", "A") or matchings


@st.composite
def layers(draw, **code):
    """A layer and an n for it; `code` says how to compile it."""
    group = draw(st.sampled_from(["S", "S", "O", "SO", "Sp", "H", "B", "S'", "B'", "GL", "A",
                                  "O(1,1)", "O(1,2)", "SO(1,2)", "SO(2,1)", "SO(1,1)"]))
    signature = [int(digit) for digit in group if digit.isdigit()]
    n = (sum(signature) if signature else
         draw(st.sampled_from([2, 4]) if group == "Sp" else
              st.integers(2 if group == "A" else 1, 4)))
    k, l = draw(st.sampled_from([
        (k, l) for k in range(4) for l in range(4)
        if k + l <= (4 if n > 2 else 5) and exists(group, n, k, l)]))
    options = dict(
        group=group, n=None if signature else n, k=k, l=l,
        channels=(draw(st.integers(1, 9)), draw(st.integers(1, 9))),
        bias=exists(group, n, 0, l) and draw(st.booleans()),
        dtype=draw(st.sampled_from(["f32", "f64"])),
        layout=draw(st.sampled_from(["channels_last", "channels_first"])),
        normalize=draw(st.sampled_from(["none", "mean"])),
        diagrams=draw(st.sampled_from(["all", "basis"])),
        plan=draw(st.sampled_from(["auto", "dense", "shared"] + ["factored"] * (group != "A") +
                                  ["schur"] * (not signature and group != "GL"))))
    any_n = group not in ("SO", "A") and not signature and options["plan"] not in ("dense", "schur")
    if any_n and options["diagrams"] == "all" and draw(st.booleans()):
        # A list, so that the diagrams do not depend on n.
        options["diagrams"] = eqc.Layer(**options, optimize=0, grad=False).diagrams
        options["n"] = None
    return eqc.Layer(**options, **code), n


def draw_arguments(layer, n, batch, seed):
    rng = np.random.default_rng(seed)

    def normal(shape):
        return rng.standard_normal(shape).astype(layer.dtype)

    return (normal(layer.x_shape(batch, n)), normal(layer.weight_shape),
            normal(layer.bias_shape) if layer.has_bias else None,
            normal(layer.y_shape(batch, n)))


@few
@given(layers(), st.integers(0, 9), st.integers(0, 1000))
def test_layers_are_their_definition(layer_and_n, batch, seed):
    layer, n = layer_and_n
    x, weight, bias, grad_y = draw_arguments(layer, n, batch, seed)
    y = layer.forward(x, weight, bias, n=n)
    assert error(y, reference.forward(layer, x, weight, bias, n)) <= tolerance(layer.dtype)
    np.testing.assert_array_equal(layer.forward(x, layer.pack(weight), bias, n=n), y)
    grads = layer.backward(x, weight, grad_y, n=n)
    for got, want in zip(grads, reference.backward(layer, x, weight, grad_y, n)):
        assert (got is None) == (want is None)
        assert got is None or error(got, want) <= tolerance(layer.dtype)


def check_deviation(layer, n):
    """Exactly: the mean over positions of sum_d sd_d^2 c_in r_d is 1, where r_d is the sum of
    squares of a row of D_d for centred x, and the square of its absolute sum otherwise. Returns
    whether that was to be seen: a diagram with more than n blocks, or a symbol, may be zero."""
    from eqc.initialize import weight_std
    maps = np.abs(reference.matrices(layer, n))
    if not maps.any(axis=(1, 2)).all():
        return False
    for inputs, rows in (("centred", np.square(maps).sum(axis=2)),
                         ("uncentred", np.square(maps.sum(axis=2)))):
        std = weight_std(layer, n=n, gain=1.0, inputs=inputs)
        square = layer.channels[0] * np.square(std) @ rows
        np.testing.assert_allclose(square.mean(), 1, rtol=1e-10)
    return True


@few
@given(layers(optimize=0, grad=False))
def test_random_weights_have_the_right_deviation(layer_and_n):
    check_deviation(*layer_and_n)


@pytest.mark.parametrize("n, k, l", [(3, 1, 2), (3, 2, 2), (4, 2, 2), (4, 1, 3)])
def test_random_weights_of_symbols_with_legs_in_outputs(n, k, l):
    assert check_deviation(eqc.Layer(group="A", n=n, k=k, l=l, optimize=0, grad=False), n)
