"""Layers whose x and y lie in memory in 16 bits."""

import ctypes

import eqc
import numpy as np
import pytest

ml_dtypes = pytest.importorskip("ml_dtypes")
TYPES = {"bf16": np.dtype(ml_dtypes.bfloat16), "f16": np.dtype(np.float16)}
LAYERS = [
    dict(group="S", n=None, k=2, l=2, channels=(5, 17), bias=True),
    dict(group="S", n=40, k=2, l=2, channels=(33, 32), bias=True),
    dict(group="S", n=6, k=2, l=1, channels=(3, 4), bias=True, layout="channels_first",
         normalize="mean"),
    dict(group="O", n=3, k=2, l=2, channels=(16, 16), bias=True),
    dict(group="SO", n=3, k=2, l=1, channels=(2, 3)),
    dict(group="Sp", n=4, k=1, l=3, channels=(1, 2)),
    dict(group="S", n=5, k=0, l=0, channels=(8, 4), bias=True),
]


def arrays(layer, batch, n, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=layer.x_shape(batch, n)).astype(layer.dtype),
            rng.normal(size=layer.weight_shape).astype(np.float32),
            rng.normal(size=layer.bias_shape).astype(np.float32) if layer.has_bias else None,
            rng.normal(size=layer.y_shape(batch, n)).astype(layer.dtype))


def size(layer, n=7):
    return n if layer.n is None else None


@pytest.mark.parametrize("word", TYPES)
@pytest.mark.parametrize("fields", LAYERS, ids=lambda fields: "-".join(map(str, fields.values())))
def test_the_numbers_are_those_of_f32_rounded_once(fields, word):
    short, plain = eqc.Layer(**fields, dtype=word), eqc.Layer(**fields, dtype="f32")
    assert short.dtype == TYPES[word] and short.weight_dtype == np.float32
    assert f"dtype = {word}" in short.spec
    for batch in (0, 1, 3, 70):
        if batch == 70 and short.n == 40:
            continue
        n = size(short)
        x, weight, bias, grad_y = arrays(short, batch, n)
        options = {"n": n} if short.n is None else {}
        wide = x.astype(np.float32)
        y = short(x, weight, bias, **options)
        assert y.dtype == short.dtype
        assert np.array_equal(y, plain(wide, weight, bias, **options).astype(short.dtype))
        packed = short.pack(weight)
        assert np.array_equal(y, short(x, packed, bias, **options))
        ours = short.backward(x, weight, grad_y, **options)
        theirs = plain.backward(wide, weight, grad_y.astype(np.float32), **options)
        assert ours.x.dtype == short.dtype and ours.weight.dtype == np.float32
        assert np.array_equal(ours.x, theirs.x.astype(short.dtype))
        assert np.array_equal(ours.weight, theirs.weight)
        assert ours.bias is None or np.array_equal(ours.bias, theirs.bias)


@pytest.mark.parametrize("word", TYPES)
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("k, l", [(2, 2), (1, 0), (0, 2), (2, 0)])
def test_samples_of_different_sizes(k, l, layout, word):  # noqa: E741
    fields = dict(group="S", k=k, l=l, channels=(3, 5), bias=True, layout=layout, ragged=True)
    short, plain = eqc.Layer(**fields, dtype=word), eqc.Layer(**fields, dtype="f32")
    sizes = np.array([3, 0, 5, 1, 5, 5, 2])
    rng = np.random.default_rng(1)
    weight = rng.normal(size=short.weight_shape).astype(np.float32)
    bias = rng.normal(size=short.bias_shape).astype(np.float32)
    for kind, shapes in (
            ("ragged", (short._packed(sizes, k, 3), short._packed(sizes, l, 5))),
            ("padded", (short.x_shape(7, 6), short.y_shape(7, 6)))):
        x, grad_y = (rng.normal(size=shape).astype(short.dtype) for shape in shapes)
        extent = {"n": 6} if kind == "padded" and k == 0 else {}
        y = getattr(short, f"forward_{kind}")(x, weight, bias, sizes=sizes, **extent)
        wide = getattr(plain, f"forward_{kind}")(x.astype(np.float32), weight, bias, sizes=sizes,
                                                 **extent)
        assert np.array_equal(y, wide.astype(short.dtype))
        extent = {"n": 6} if kind == "padded" and k == l == 0 else {}
        ours = getattr(short, f"backward_{kind}")(x, weight, grad_y, sizes=sizes, **extent)
        theirs = getattr(plain, f"backward_{kind}")(
            x.astype(np.float32), weight, grad_y.astype(np.float32), sizes=sizes, **extent)
        assert np.array_equal(ours.x, theirs.x.astype(short.dtype))
        assert np.array_equal(ours.weight, theirs.weight)
        assert np.array_equal(ours.bias, theirs.bias)


@pytest.mark.parametrize("word", TYPES)
def test_numbers_that_are_not_usual(word):
    layer = eqc.Layer(group="S", n=2, k=1, l=1, diagrams=["o1 i1"], dtype=word)
    every = np.arange(1 << 16, dtype=np.uint16).view(TYPES[word]).reshape(-1, 2, 1)
    one = np.ones(layer.weight_shape, np.float32)
    # Every number comes through as it is; a NaN stays one.
    y = layer(every, one)
    nan = np.isnan(every.astype(np.float32))
    assert np.array_equal(y.astype(np.float32)[~nan], every.astype(np.float32)[~nan])
    assert np.isnan(y.astype(np.float32)[nan]).all()
    # What is too large is infinite, and ties go to even.
    for factor in (3.0, 1 + 2.0**-9, 1 + 2.0**-12, 2.0**-20, 2.0**60):
        with np.errstate(over="ignore"):
            expected = (every.astype(np.float32) * np.float32(factor)).astype(TYPES[word])
        y = layer(every, one * np.float32(factor))
        assert np.array_equal(y.astype(np.float32)[~nan], expected.astype(np.float32)[~nan])


def test_the_bits_do_not_depend_on_threads():
    layer = eqc.Layer(group="S", n=60, k=2, l=2, channels=(32, 32), bias=True, dtype="bf16")
    for batch in (1, 9):
        x, weight, bias, grad_y = arrays(layer, batch, None)
        results = []
        for threads in (1, 2, 5):
            eqc.set_num_threads(threads)
            results.append((layer(x, weight, bias), *layer.backward(x, weight, grad_y)))
        eqc.set_num_threads(0)
        for other in results[1:]:
            assert all(np.array_equal(a, b) for a, b in zip(results[0], other))


def test_what_is_wrong_is_said():
    layer = eqc.Layer(group="S", n=3, k=1, l=1, dtype="bf16")
    weight = np.ones(layer.weight_shape, np.float32)
    with pytest.raises(TypeError, match="x has dtype float32; the layer takes bfloat16"):
        layer(np.ones((1, 3, 1), np.float32), weight)
    with pytest.raises(TypeError, match="weight has dtype bfloat16; the layer takes float3"):
        layer(np.ones((1, 3, 1), layer.dtype), weight.astype(layer.dtype))
    with pytest.raises(eqc.CompileError, match="E0074"):
        eqc.BilinearLayer(group="S", n=3, k=(1, 1), l=1, channels=2,
                                   dtype="bf16")


def test_torch_takes_tensors_of_16_bits():
    torch = pytest.importorskip("torch")
    from eqc.torch import EquivariantLinear

    module = EquivariantLinear("S", 2, 2, 3, 4, n=None, bias=True)
    x = torch.randn(2, 5, 5, 3)
    for dtype in (torch.bfloat16, torch.float16):
        short = x.to(dtype).requires_grad_()
        y = module(short)
        assert y.dtype == dtype
        torch.testing.assert_close(y, module(short.float()).to(dtype), rtol=0, atol=0)
        y.float().square().sum().backward()
        assert short.grad.dtype == dtype and module.weight.grad.dtype == torch.float32
        got = module.weight.grad.clone()
        module.zero_grad()
        compiled = torch.compile(module, fullgraph=True)
        torch.testing.assert_close(compiled(short), y, rtol=0, atol=0)
        compiled(short).float().square().sum().backward()
        torch.testing.assert_close(module.weight.grad, got)
        module.zero_grad()
        second = torch.autograd.grad(module(short).float().square().sum(), short,
                                     create_graph=True)[0]
        second.float().square().sum().backward()
        assert torch.isfinite(module.weight.grad).all()
        module.zero_grad()
        for options in (dict(sizes=torch.tensor([3, 5])),):
            assert module(short, **options).dtype == dtype
        assert module(short.detach().reshape(-1, 3), ptr=torch.tensor([0, 5, 10])).dtype == dtype
    with pytest.raises(TypeError, match="the weights are torch.bfloat16"):
        EquivariantLinear("S", 1, 1, 2, 2, n=3).to(torch.bfloat16)(torch.ones(1, 3, 2))


def test_networks_of_torch_refuse_tensors_of_16_bits():
    torch = pytest.importorskip("torch")
    from eqc.torch import EquivariantLinear
    module = EquivariantLinear("S", (1, 2), (1,), (3, 3), (4,))
    inputs = torch.ones(2, 5, 3), torch.ones(2, 5, 5, 3)
    with pytest.raises(TypeError, match="has dtype torch.bfloat16"):
        module(*(x.bfloat16() for x in inputs))
    with torch.autocast("cpu"):
        assert module(*inputs)[0].dtype == torch.float32


def test_jax_takes_arrays_of_16_bits():
    jax = pytest.importorskip("jax")
    import eqc.jax

    layer = eqc.Layer(group="S", n=5, k=2, l=1, channels=(3, 4), bias=True, dtype="bf16")
    plain = eqc.Layer(group="S", n=5, k=2, l=1, channels=(3, 4), bias=True)
    weight, bias = eqc.jax.init(layer, jax.random.key(0))
    assert weight.dtype == jax.numpy.float32
    x = jax.random.normal(jax.random.key(1), (2, 5, 5, 3), jax.numpy.bfloat16)

    def loss(layer, x, weight, bias):
        return eqc.jax.linear(layer, x, weight, bias).astype(jax.numpy.float32).sum()

    y = jax.jit(lambda *a: eqc.jax.linear(layer, *a))(x, weight, bias)
    assert y.dtype == jax.numpy.bfloat16
    wide = eqc.jax.linear(plain, x.astype(jax.numpy.float32), weight, bias)
    assert (y == wide.astype(jax.numpy.bfloat16)).all()
    ours = jax.grad(loss, (1, 2, 3))(layer, x, weight, bias)
    theirs = jax.grad(loss, (1, 2, 3))(plain, x.astype(jax.numpy.float32), weight, bias)
    assert ours[0].dtype == jax.numpy.bfloat16
    assert (ours[0] == theirs[0].astype(jax.numpy.bfloat16)).all()
    for a, b in zip(ours[1:], theirs[1:]):
        assert a.dtype == jax.numpy.float32 and (a == b).all()


def test_the_c_types_have_16_bits():
    layer = eqc.Layer(group="S", n=2, k=1, l=1, dtype="f16")
    x = np.array([[[1.5], [2.5]]], np.float16)
    y = np.zeros((1, 2, 1), np.float16)
    weight = np.array([[[2.0]], [[0.0]]], np.float32)
    assert ctypes.sizeof(ctypes.c_uint16) == layer.dtype.itemsize
    assert layer(x, weight, out=y) is y and y.ravel().tolist() == [3.0, 5.0]
