"""eqc.Layer on NumPy arrays."""

import threading

import eqc
import numpy as np
import pytest
import reference
from reference import error, tolerance

LAYERS = [
    dict(group="S", n=4, k=2, l=2, channels=(3, 5), bias=True),
    dict(group="S", n=4, k=2, l=2, channels=(3, 5), bias=True, normalize="mean"),
    dict(group="S", n=3, k=1, l=2, channels=(2, 2), layout="channels_first", bias=True),
    dict(group="S", n=5, k=3, l=0, channels=(2, 3), dtype="f64", bias=True),
    dict(group="S", n=3, k=0, l=2, channels=(2, 3), dtype="f64"),
    dict(group="O", n=3, k=2, l=2, channels=(4, 1), bias=True),
    dict(group="SO", n=3, k=2, l=1, channels=(1, 4), dtype="f64"),
    dict(group="Sp", n=4, k=2, l=2, channels=(2, 3), bias=True, dtype="f64"),
    dict(group="O", n=2, k=3, l=3, channels=(2, 2), diagrams="basis"),
    dict(group="H", n=3, k=2, l=2, channels=(2, 3), bias=True),
    dict(group="H", n=3, k=3, l=3, dtype="f64", diagrams="basis"),
    dict(group="B", n=4, k=2, l=1, channels=(3, 2), bias=True, normalize="mean"),
    dict(group="S'", n=3, k=2, l=2, channels=(2, 2), bias=True),
    dict(group="B'", n=3, k=1, l=3, channels=(2, 2), layout="channels_first"),
    dict(group="O(1,3)", k=2, l=2, channels=(3, 2), bias=True),
    dict(group="SO(1,2)", k=2, l=1, channels=(1, 4), dtype="f64"),
    dict(group="SO(1,3)", k=3, l=1, channels=(2, 3), dtype="f64", normalize="mean"),
    dict(group="S", n=4, k=2, l=1, diagrams=["o1 i2 | i1", "o1 i1 i2"]),
    dict(group="GL", n=3, k=2, l=2, channels=(3, 2), dtype="f64"),
    dict(group="A", n=4, k=2, l=2, channels=(3, 2), bias=True, dtype="f64"),
    dict(group="A", n=3, k=3, l=1, channels=(2, 3), normalize="mean"),
]


def arguments(layer, batch, n=None, seed=0):
    rng = np.random.default_rng(seed)

    def draw(shape):
        return rng.standard_normal(shape).astype(layer.dtype)

    return (draw(layer.x_shape(batch, n)), draw(layer.weight_shape),
            draw(layer.bias_shape) if layer.has_bias else None)


def name_of(options):
    return "-".join(str(value) for value in options.values())


@pytest.mark.parametrize("options", LAYERS, ids=name_of)
def test_forward_is_the_definition(options):
    layer = eqc.Layer(**options)
    for batch in (1, 3):
        x, weight, bias = arguments(layer, batch)
        expected = reference.forward(layer, x, weight, bias)
        y = layer(x, weight, bias)
        assert y.dtype == layer.dtype
        assert error(y, expected) <= tolerance(layer.dtype)
        np.testing.assert_array_equal(layer(x, layer.pack(weight), bias), y)
        out = np.full_like(y, np.nan)
        assert layer.forward(x, weight, bias, out=out) is out
        np.testing.assert_array_equal(out, y)


def test_large_results_begin_at_a_cache_line():
    layer = eqc.Layer(group="S", n=8, k=1, l=1, channels=(16, 16))
    x, weight, bias = arguments(layer, 2100)
    y = layer(x, weight, bias)
    assert y.nbytes > 1 << 20 and y.ctypes.data % 64 == 0
    assert y.flags.c_contiguous and y.flags.writeable
    np.testing.assert_array_equal(y[:3], layer(x[:3], weight, bias))
    assert layer.backward(x, weight, y).x.ctypes.data % 64 == 0


@pytest.mark.parametrize("options", LAYERS, ids=name_of)
def test_backward_is_the_definition(options):
    layer = eqc.Layer(**options)
    for batch in (1, 3):
        x, weight, _ = arguments(layer, batch)
        grad_y = np.random.default_rng(1).standard_normal(layer.y_shape(batch))
        grad_y = grad_y.astype(layer.dtype)
        expected = reference.backward(layer, x, weight, grad_y)
        grads = layer.backward(x, weight, grad_y)
        for got, want in zip(grads, expected):
            assert (got is None) == (want is None)
            if want is not None:
                assert error(got, want) <= tolerance(layer.dtype)
        only = layer.backward(x, None, grad_y, wrt=["weight"])
        assert only.x is None and only.bias is None
        assert error(only.weight, expected[1]) <= tolerance(layer.dtype)
        only = layer.backward(None, weight, grad_y, wrt=["x"])
        assert only.weight is None
        np.testing.assert_array_equal(only.x, grads.x)


def test_gradients_can_be_left_out():
    layer = eqc.Layer(group="S", n=3, k=1, l=1, grad=False)
    assert not layer.has_backward and eqc.Layer(group="S", n=3, k=1, l=1).has_backward
    x = np.ones((1, 3, 1), np.float32)
    weight = np.ones(layer.weight_shape, np.float32)
    with pytest.raises(ValueError, match="without gradients"):
        layer.backward(x, weight, layer(x, weight))


def test_a_size_per_call():
    layer = eqc.Layer(group="S", n=None, k=1, l=1, channels=(2, 3))
    assert layer.n is None
    for n in (1, 4, 7):
        x, weight, _ = arguments(layer, 2, n)
        assert error(layer(x, weight), reference.forward(layer, x, weight, n=n)) <= 3e-5
    outputs = eqc.Layer(group="S", n=None, k=0, l=1)
    x, weight = np.ones((2, 1), np.float32), np.ones((1, 1, 1), np.float32)
    assert outputs(x, weight, n=5).shape == (2, 5, 1)
    assert outputs(x, weight, out=np.empty((2, 6, 1), np.float32)).shape == (2, 6, 1)
    with pytest.raises(ValueError, match="give n="):
        outputs(x, weight)
    with pytest.raises(ValueError, match=r"expected \[batch, n, 2\]"):
        layer(np.ones((3, 2), np.float32), np.ones(layer.weight_shape, np.float32))


@pytest.mark.parametrize("plan", ["shared", "factored", "schur"])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("k, l", [(1, 1), (2, 2), (2, 1), (2, 0), (3, 1)])
def test_sums_do_not_see_padding_and_means_do(plan, layout, k, l):
    """A layer on zeros around x, restricted to x's size, is the layer on x: if it only sums."""
    rng = np.random.default_rng(0)
    last = layout == "channels_last"
    x = rng.standard_normal((1, *[3] * k, 2) if last else (1, 2, *[3] * k))
    margin = [(0, 2) if size == 3 else (0, 0) for size in x.shape]
    for normalize in "none", "mean":
        layer = eqc.Layer(group="S", n=None, k=k, l=l, channels=(2, 3), dtype="f64", bias=True,
                          layout=layout, normalize=normalize, plan=plan)
        weight = rng.standard_normal(layer.weight_shape)
        bias = rng.standard_normal(layer.bias_shape)
        alone = layer(x, weight, bias)
        inner = tuple(slice(size) for size in alone.shape)
        together = layer(np.pad(x, margin), weight, bias)[inner]
        assert np.allclose(together, alone, rtol=1e-11) == (normalize == "none")


def test_an_empty_batch():
    layer = eqc.Layer(group="S", n=3, k=1, l=1)
    weight = np.ones(layer.weight_shape, np.float32)
    assert layer(np.empty((0, 3, 1), np.float32), weight).shape == (0, 3, 1)


@pytest.fixture(scope="module")
def layer():
    return eqc.Layer(group="S", n=4, k=2, l=1, channels=(2, 3), bias=True)


def test_wrong_arguments_are_explained(layer):
    x, weight, bias = arguments(layer, 2)
    for wrong, kind, words in [
        (x.astype(np.float64), TypeError, "x has dtype float64.*float32.*ascontiguous"),
        (x[:, :3], ValueError, r"x has shape \[2, 3, 4, 2\]; expected \[batch, 4, 4, 2\]"),
        (x[0], ValueError, "x has shape"),
        (x[:, ::-1], ValueError, "x is not contiguous.*ascontiguousarray"),
        (x.tolist(), TypeError, "x is a list.*ascontiguousarray"),
        (x.astype(">f4"), TypeError, "dtype"),
    ]:
        with pytest.raises(kind, match=words):
            layer(wrong, weight, bias)
    with pytest.raises(ValueError, match=r"weight has shape \[4, 2, 3\]; expected \[5, 2, 3\]"):
        layer(x, weight[:4], bias)
    with pytest.raises(ValueError, match="bias of shape"):
        layer(x, weight)
    with pytest.raises(ValueError, match="compiled for n = 4"):
        layer(x, weight, bias, n=5)
    out = np.empty(layer.y_shape(2), np.float32)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        layer(x, weight, bias, out=out)
    with pytest.raises(ValueError, match="wrt"):
        layer.backward(x, weight, layer(x, weight, bias), wrt="y")


def test_an_output_over_an_input_is_refused():
    layer = eqc.Layer(group="S", n=4, k=1, l=1)
    x = np.ones((2, 4, 1), np.float32)
    with pytest.raises(eqc.KernelError, match="EQC_ERR_ALIAS") as caught:
        layer(x, np.ones(layer.weight_shape, np.float32), out=x)
    assert caught.value.status == -4


def test_a_bias_nobody_has(layer):
    plain = eqc.Layer(group="S", n=3, k=1, l=1)
    with pytest.raises(ValueError, match="has none"):
        plain(np.ones((1, 3, 1), np.float32), np.ones(plain.weight_shape, np.float32),
              np.ones((1, 1), np.float32))


def test_packed_weights_belong_to_their_layer(layer):
    other = eqc.Layer(group="S", n=4, k=2, l=1, channels=(2, 3), bias=True, plan="dense")
    x, weight, bias = arguments(layer, 2)
    same = eqc.Layer(group="S", n=4, k=2, l=1, channels=(2, 3), bias=True)
    np.testing.assert_array_equal(same(x, layer.pack(weight), bias), layer(x, weight, bias))
    with pytest.raises(ValueError, match="another layer"):
        other(x, layer.pack(weight), bias)


def test_dlpack(layer):
    class Foreign:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    x, weight, bias = arguments(layer, 2)
    np.testing.assert_array_equal(layer(Foreign(x), Foreign(weight), Foreign(bias)),
                                  layer(x, weight, bias))


def test_descriptions(layer):
    assert repr(layer) == (
        "<eqc.Layer layer: S(n=4), order 2 -> 1, channels 2 -> 3, float32, 5 diagrams, "
        f"bias[1]; plan {layer.plan}>")
    assert layer.diagrams[0] == "o1 i1 i2"
    assert len(layer.diagrams) == layer.weight_shape[0] == 5
    assert layer.bias_diagrams == ("o1",)
    assert eqc.compile(layer.spec).layer.diagrams == layer.diagrams


def test_every_plan_and_option():
    for options in (dict(plan="dense"), dict(plan="factored"), dict(plan="shared"),
                    dict(optimize=0), dict(threads=False), dict(cpu="native")):
        layer = eqc.Layer(group="S", n=3, k=2, l=2, channels=(2, 2), **options)
        assert layer.plan == options.get("plan", layer.plan)
        x, weight, _ = arguments(layer, 2)
        assert error(layer(x, weight), reference.forward(layer, x, weight)) <= 3e-5


@pytest.mark.parametrize("options, kind", [
    (dict(plan=3), TypeError), (dict(optimize=True), TypeError), (dict(optimize=7), ValueError),
    (dict(threads=1), TypeError), (dict(max_diagrams=0), ValueError),
    (dict(channels=3), TypeError), (dict(bias="yes"), TypeError), (dict(group="S }"), ValueError),
    (dict(diagrams=['o1 i1"']), ValueError), (dict(n="x"), TypeError), (dict(k=1.5), TypeError),
])
def test_wrong_options(options, kind):
    with pytest.raises(kind):
        eqc.Layer(**{**dict(group="S", n=3, k=1, l=1), **options})


def test_threads_may_share_a_layer(layer):
    x, weight, bias = arguments(layer, 50)
    expected = layer(x, weight, bias)
    results = [None] * 8

    def run(i):
        results[i] = all(np.array_equal(layer(x, weight, bias), expected) for _ in range(20))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(results))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(results)
    eqc.set_num_threads(1)
    np.testing.assert_array_equal(layer(x, weight, bias), expected)
    eqc.set_num_threads(0)
    with pytest.raises(ValueError):
        eqc.set_num_threads(-1)


@pytest.mark.parametrize("options", [
    dict(group="S", n=6, k=2, l=2), dict(group="S", n=6, k=2, l=2, normalize="mean"),
    dict(group="S", n=5, k=3, l=1), dict(group="O", n=4, k=2, l=2),
    dict(group="SO", n=3, k=2, l=1), dict(group="SO", n=4, k=3, l=1),
    dict(group="Sp", n=4, k=2, l=2), dict(group="O", n=3, k=0, l=2),
], ids=name_of)
def test_random_weights_keep_the_variance(options):
    layer = eqc.Layer(**options, channels=(64, 96))
    weight, bias = layer.init(seed=3, gain=2.0, inputs="centred")
    assert bias is None
    x = np.random.default_rng(4).standard_normal(layer.x_shape(256)).astype(np.float32)
    assert np.square(layer(x, weight)).mean() == pytest.approx(4.0, rel=0.1)
    np.testing.assert_array_equal(layer.init(seed=3, gain=2.0, inputs="centred")[0], weight)
    # Of inputs that have a mean. No signs cancel with S and O; the root is 2 for ReLU.
    weight, _ = layer.init(seed=3)
    square = np.square(layer(np.ones(layer.x_shape(1), np.float32), weight)).mean()
    assert square == pytest.approx(2.0, rel=0.3) if layer.group in ("S", "O") else square <= 2.6
    with pytest.raises(ValueError, match="'uncentred' or 'centred'"):
        layer.init(inputs="zero")


def test_a_group_comes_with_its_size():
    lorentz = eqc.Layer(group="O(1, 3)", k=1, l=1)
    assert (lorentz.group, lorentz.n) == ("O(1,3)", 4)
    assert "group = O(1,3)" in lorentz.spec and "n = " not in lorentz.spec
    pairs = eqc.Layer(group="S(4)", k=1, l=1)
    assert (pairs.group, pairs.n) == ("S", 4)
    assert pairs == eqc.Layer(group="S", n=4, k=1, l=1)
    assert eqc.Layer(group="S'(?)", k=1, l=1).n is None
    assert eqc.Layer(group="O(3,0)", k=1, l=1) == eqc.Layer(group="O", n=3, k=1, l=1)
    with pytest.raises(eqc.CompileError, match="E0021"):
        eqc.Layer(group="O(1,3)", n=4, k=1, l=1)
    with pytest.raises(eqc.CompileError, match="E0051"):
        eqc.Layer(group="O(1,3)", k=2, l=2, plan="schur")
    for group in ("O(1,3", "O;n", "S(4)\n", "'"):
        with pytest.raises(ValueError, match="expected a group"):
            eqc.Layer(group=group, n=4, k=1, l=1)


def test_a_bias_where_the_group_has_one():
    def biases(l):
        return [eqc.Layer(group=group, n=n, k=1, l=l, bias=None).bias_shape[0]
                for group, n in (("S", 3), ("O", 3), ("SO", 3), ("Sp", 4))]

    assert biases(1) == [1, 0, 0, 0]
    # The cross product's symbol alone: k + l is 4, and the matchings leave no o's over.
    assert biases(3)[::2] == [5, 1]
    with pytest.raises(eqc.CompileError, match="E0035"):
        eqc.Layer(group="O", n=3, k=1, l=1, bias=True)
    with pytest.raises(eqc.CompileError, match="E0031"):  # what else is wrong is said
        eqc.Layer(group="O", n=3, k=2, l=1, bias=None)
    with pytest.raises(TypeError, match="bias"):
        eqc.Layer(group="O", n=3, k=1, l=1, bias="yes")


def test_dtypes_have_several_names():
    options = dict(group="S", n=3, k=1, l=1)
    for dtype in ("f64", "float64", np.float64, np.dtype("f8"), float):
        assert eqc.Layer(**options, dtype=dtype).dtype == np.float64
    for dtype in ("f16", np.float16, "float16"):
        assert eqc.Layer(**options, dtype=dtype).dtype == np.float16
    for dtype in (np.longdouble, "f8", np.int64):
        with pytest.raises(eqc.CompileError, match="'f32', 'f64', 'bf16' or 'f16'"):
            eqc.Layer(**options, dtype=dtype)
    for dtype in (None, 3, "f 32"):
        with pytest.raises((TypeError, ValueError), match="dtype"):
            eqc.Layer(**options, dtype=dtype)


def test_n_does_not_matter_where_no_axis_has_it():
    for group in ("S", "O", "Sp", "H", "B", "S'"):
        layer = eqc.Layer(group=group, n=None, k=0, l=0, channels=(2, 1), bias=True)
        y = layer(np.ones((3, 2), np.float32), np.ones((1, 2, 1), np.float32),
                  np.ones((1, 1), np.float32))
        assert y.ravel().tolist() == [3.0] * 3
