"""Batches whose samples differ in size, on NumPy arrays."""

import pickle

import numpy as np
import pytest

import eqc

SIZES = [0, 3, 3, 1, 4, 2, 2, 0]


@pytest.fixture(scope="module")
def graphs():
    return eqc.Layer(group="S", n=None, k=2, l=1, channels=(3, 5), bias=True, dtype="f64",
                     normalize="mean", ragged=True)


@pytest.fixture(scope="module")
def graphs_first():
    return eqc.Layer(group="S", n=None, k=2, l=1, channels=(3, 5), bias=True, dtype="f64",
                     layout="channels_first", ragged=True)


def random(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def shape(layer, batch, order, channels, n):
    """Of an array with `order` axes of size n."""
    if layer.layout == "channels_first":
        return (batch, channels, *[n] * order)
    return (batch, *[n] * order, channels)


def samples_of(layer, sizes, order, channels, seed):
    """One array per sample, with a batch axis of 1."""
    return [random(shape(layer, 1, order, channels, n), seed + i) for i, n in enumerate(sizes)]


def pack(layer, samples):
    flat = np.concatenate([sample.ravel() for sample in samples])
    return flat.reshape(-1, samples[0].shape[-1]) if layer.layout == "channels_last" else flat


def pad(layer, samples, order, n, outside=np.nan):
    channels = samples[0].shape[1 if layer.layout == "channels_first" else -1]
    padded = np.full(shape(layer, len(samples), order, channels, n), float(outside))
    for i, sample in enumerate(samples):
        padded[i][tuple(slice(0, extent) for extent in sample.shape[1:])] = sample[0]
    return padded


class Case:
    """Random arguments, and what the plain functions make of each sample."""

    def __init__(self, layer):
        self.layer = layer
        self.x = samples_of(layer, SIZES, layer.k, layer.channels[0], 1)
        self.grad_y = samples_of(layer, SIZES, layer.l, layer.channels[1], 100)
        self.weight, self.bias = random(layer.weight_shape), random(layer.bias_shape)
        self.y = [layer(x, self.weight, self.bias) if n else
                  np.zeros(shape(layer, 1, layer.l, layer.channels[1], 0))
                  for x, n in zip(self.x, SIZES)]
        grads = [layer.backward(x, self.weight, g)
                 for x, g, n in zip(self.x, self.grad_y, SIZES) if n]
        each = iter(grads)
        self.grad_x = [next(each).x if n else x for x, n in zip(self.x, SIZES)]
        self.grad_weight = sum(g.weight for g in grads)
        self.grad_bias = sum(g.bias for g in grads)


@pytest.mark.parametrize("name", ["graphs", "graphs_first"])
def test_packed_samples_are_computed_as_alone(name, request):
    layer = request.getfixturevalue(name)
    case = Case(layer)
    x, grad_y = pack(layer, case.x), pack(layer, case.grad_y)
    y = layer.forward_ragged(x, case.weight, case.bias, sizes=SIZES)
    np.testing.assert_allclose(y, pack(layer, case.y), atol=1e-12)
    out = np.empty_like(y)
    assert layer.forward_ragged(x, case.weight, case.bias, sizes=np.array(SIZES), out=out) is out
    np.testing.assert_array_equal(out, y)
    grads = layer.backward_ragged(x, case.weight, grad_y, sizes=SIZES)
    np.testing.assert_allclose(grads.x, pack(layer, case.grad_x), atol=1e-12)
    np.testing.assert_allclose(grads.weight, case.grad_weight, atol=1e-12)
    np.testing.assert_allclose(grads.bias, case.grad_bias, atol=1e-12)
    only = layer.backward_ragged(None, None, grad_y, sizes=SIZES, wrt=["bias"])
    assert only.x is None and only.weight is None
    np.testing.assert_array_equal(only.bias, grads.bias)


@pytest.mark.parametrize("name", ["graphs", "graphs_first"])
def test_padded_samples_are_corners(name, request):
    layer = request.getfixturevalue(name)
    case = Case(layer)
    n = 6
    x, grad_y = pad(layer, case.x, layer.k, n), pad(layer, case.grad_y, layer.l, n)
    y = layer.forward_padded(x, case.weight, case.bias, sizes=SIZES)
    np.testing.assert_allclose(y, pad(layer, case.y, layer.l, n, 0), atol=1e-12)
    grads = layer.backward_padded(x, case.weight, grad_y, sizes=SIZES)
    np.testing.assert_allclose(grads.x, pad(layer, case.grad_x, layer.k, n, 0), atol=1e-12)
    np.testing.assert_allclose(grads.weight, case.grad_weight, atol=1e-12)
    np.testing.assert_allclose(grads.bias, case.grad_bias, atol=1e-12)


def test_all_layers_of_a_source_have_them():
    program = eqc.compile("""
        layer sets { group = S; n = ?; k = 1; l = 1; bias = true }
        layer fixed { group = S; n = 3; k = 1; l = 1 }
        """, ragged=True)
    weight, bias = np.array([1, 10], "f4").reshape(2, 1, 1), np.array([[0.5]], "f4")
    y = program["sets"].forward_ragged(np.array([[1], [2], [5]], "f4"), weight, bias,
                                       sizes=[2, 1])
    np.testing.assert_array_equal(y, np.array([[31.5], [32.5], [55.5]], "f4"))
    with pytest.raises(ValueError, match="compiled for n = 3"):
        program["fixed"].forward_ragged(np.zeros((3, 1), "f4"), weight, sizes=[3])


def test_equal_layers_stay_equal(graphs):
    again = pickle.loads(pickle.dumps(graphs))
    assert again == graphs and again.options.ragged
    assert again._forward_ragged is not None


def test_a_size_of_its_own_is_needed():
    with pytest.raises(eqc.CompileError) as refused:
        eqc.Layer(group="S", n=4, k=1, l=1, ragged=True)
    assert refused.value.diagnostics[0].id == "E0062"


def test_what_there_is_not():
    plain = eqc.Layer(group="S", n=None, k=1, l=1)
    x, weight = np.zeros((3, 1), "f4"), np.zeros(plain.weight_shape, "f4")
    with pytest.raises(ValueError, match="give ragged=True"):
        plain.forward_ragged(x, weight, sizes=[3])
    forward = eqc.Layer(group="S", n=None, k=1, l=1, grad=False, ragged=True)
    forward.forward_ragged(x, weight, sizes=[3])
    with pytest.raises(ValueError, match="without gradients"):
        forward.backward_ragged(x, weight, x, sizes=[3])
    schur = eqc.Layer(group="S", n=None, k=2, l=2, plan="schur", ragged=True)
    with pytest.raises(ValueError, match="the schur plan has no functions"):
        schur.forward_ragged(x, weight, sizes=[3])
    chosen = eqc.Layer(group="S", n=None, k=2, l=2, channels=(64, 64), ragged=True)
    assert chosen.plan in ("shared", "factored")


@pytest.mark.parametrize("sizes, error, message", [
    ([3, -1], ValueError, "sizes has -1; expected numbers from 0"),
    ([3.0], TypeError, "expected one axis of integers"),
    ([[3]], TypeError, "2 axes"),
    ([3, 1], ValueError, r"x has shape \[3, 1\]; expected \[4, 1\]"),
])
def test_sizes_that_make_no_sense(sizes, error, message):
    layer = eqc.Layer(group="S", n=None, k=1, l=1, ragged=True)
    weight = np.zeros(layer.weight_shape, "f4")
    with pytest.raises(error, match=message):
        layer.forward_ragged(np.zeros((3, 1), "f4"), weight, sizes=sizes)


def test_sizes_of_padded_samples():
    layer = eqc.Layer(group="Sp", n=None, k=1, l=1, ragged=True)
    x, weight = np.ones((2, 4, 1), "f4"), np.ones(layer.weight_shape, "f4")
    for sizes, message in (([4, 6], "expected even numbers from 0 to 4"),
                           ([4, 3], "expected even numbers from 0 to 4"),
                           ([4], r"x has shape \[2, 4, 1\]; expected \[1, 4, 1\]")):
        with pytest.raises(ValueError, match=message):
            layer.forward_padded(x, weight, sizes=sizes)
    y = layer.forward_padded(x, weight, sizes=[2, 0])
    np.testing.assert_array_equal(y[..., 0], [[1, 1, 0, 0], [0, 0, 0, 0]])


def test_no_samples(graphs):
    y = graphs.forward_ragged(np.zeros((0, 3)), random(graphs.weight_shape),
                              random(graphs.bias_shape), sizes=[])
    assert y.shape == (0, 5)
    grads = graphs.backward_ragged(np.zeros((0, 3)), random(graphs.weight_shape),
                                   np.zeros((0, 5)), sizes=[])
    assert not grads.weight.any() and not grads.bias.any()
