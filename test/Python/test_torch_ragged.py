"""Batches whose samples differ in size, in PyTorch."""

import pytest

torch = pytest.importorskip("torch")

import eqc  # noqa: E402
import eqc.torch  # noqa: E402

SIZES = [3, 0, 1, 4, 4, 2]


def module(layout="channels_last", k=2, l=1, **keywords):  # noqa: E741
    torch.manual_seed(0)
    layer = eqc.torch.EquivariantLinear("S", k, l, 2, 3, bias=True, dtype=torch.float64,
                                        layout=layout, **keywords)
    torch.nn.init.normal_(layer.bias)
    return layer


def shape(layout, order, n, channels):
    return [*[n] * order, channels] if layout == "channels_last" else [channels, *[n] * order]


def samples(layout, order=2, channels=2, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape(layout, order, n, channels), dtype=torch.float64,
                        generator=generator) for n in SIZES]


def pack(layout, values):
    if layout == "channels_last":
        return torch.cat([value.flatten(0, -2) for value in values])
    return torch.cat([value.flatten() for value in values])


def pad(layout, values, order, n, channels, outside=float("nan")):
    padded = torch.full([len(values), *shape(layout, order, n, channels)], outside,
                        dtype=torch.float64)
    for i, value in enumerate(values):
        padded[i][tuple(slice(0, extent) for extent in value.shape)] = value
    return padded


def ptr():
    return torch.tensor([0, *SIZES]).cumsum(0)


def alone(layer, values):
    """The plain module on each sample; nothing of those without entries."""
    return [layer(value[None])[0] if n else value.new_zeros(shape(layer.layout, layer.l, 0, 3))
            for value, n in zip(values, SIZES)]


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("form", ["sizes", "ptr"])
def test_samples_are_computed_as_alone(layout, form):
    layer = module(layout)
    values = [value.requires_grad_() for value in samples(layout)]
    expected = alone(layer, values)
    if form == "ptr":
        y = layer(pack(layout, values), ptr=ptr())
        want = pack(layout, expected)
    else:
        y = layer(pad(layout, values, 2, 5, 2), sizes=torch.tensor(SIZES))
        want = pad(layout, expected, 1, 5, 3, 0.0)
    torch.testing.assert_close(y, want)
    like = torch.randn_like(y)
    got = torch.autograd.grad((y * like).sum(), [*values, layer.weight, layer.bias])
    wanted = torch.autograd.grad((want * like).sum(), [*values, layer.weight, layer.bias],
                                 allow_unused=True)
    for a, b in zip(got, wanted):
        torch.testing.assert_close(a, torch.zeros_like(a) if b is None else b)


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_derivatives(layout):
    layer = eqc.Layer(group="S", n=None, k=1, l=2, channels=(2, 3), bias=True, dtype="f64",
                      layout=layout, normalize="mean", ragged=True)
    weight = torch.randn(layer.weight_shape, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(layer.bias_shape, dtype=torch.float64, requires_grad=True)
    values = pack(layout, samples(layout, order=1)).requires_grad_()

    def packed(values, weight, bias):
        return eqc.torch.linear_ragged(layer, values, ptr(), weight, bias)

    assert torch.autograd.gradcheck(packed, (values, weight, bias))
    assert torch.autograd.gradgradcheck(packed, (values, weight, bias))
    some = module(layout, k=1, l=1)
    x = pad(layout, samples(layout, order=1), 1, 4, 2, 0.0).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: some(x, sizes=torch.tensor(SIZES)), (x,))
    assert torch.autograd.gradgradcheck(lambda x: some(x, sizes=torch.tensor(SIZES)), (x,))


def test_batch_vectors_of_graph_libraries():
    layer = module(k=1, l=1)
    batch = torch.repeat_interleave(torch.arange(len(SIZES)), torch.tensor(SIZES))
    x = torch.randn(sum(SIZES), 2, dtype=torch.float64)
    sizes = torch.bincount(batch, minlength=len(SIZES))
    sums = torch.nn.functional.pad(sizes.cumsum(0), (1, 0))
    torch.testing.assert_close(sums, ptr())
    y = layer(x, ptr=sums)
    for i, n in enumerate(SIZES):
        if n:
            torch.testing.assert_close(y[batch == i], layer(x[batch == i][None])[0])


def test_several_batch_axes_and_strides():
    layer = module()
    x = pad("channels_last", samples("channels_last"), 2, 5, 2)
    sizes = torch.tensor(SIZES, dtype=torch.int32)
    y = layer(x, sizes=sizes)
    twice = layer(x.unflatten(0, (2, 3)), sizes=sizes.unflatten(0, (2, 3)))
    torch.testing.assert_close(twice, y.unflatten(0, (2, 3)), rtol=0, atol=0)
    turned = x.movedim(-1, 1).contiguous().movedim(1, -1)
    torch.testing.assert_close(layer(turned, sizes=sizes), y, rtol=0, atol=0)


def test_orders_without_axes():
    pooled = module(k=1, l=0)
    y = pooled(torch.zeros(len(SIZES), 4, 2, dtype=torch.float64), sizes=torch.tensor(SIZES))
    torch.testing.assert_close(y, pooled.bias.expand(len(SIZES), 3), rtol=0, atol=0)
    spread = module(k=0, l=1)
    y = spread(torch.ones(len(SIZES), 2, dtype=torch.float64), n=5, sizes=torch.tensor(SIZES))
    assert y.shape == (len(SIZES), 5, 3)
    assert (y != 0).any(-1).sum(-1).tolist() == SIZES


@pytest.mark.parametrize("form", ["sizes", "ptr"])
def test_torch_compile(form):
    layer = module(k=2, l=2)
    values = samples("channels_last")
    x = (pack("channels_last", values) if form == "ptr" else
         pad("channels_last", values, 2, 5, 2, 0.0)).requires_grad_()
    given = {"ptr": ptr()} if form == "ptr" else {"sizes": torch.tensor(SIZES)}
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    y = compiled(x, **given)
    expected = layer(x, **given)
    torch.testing.assert_close(y, expected, rtol=0, atol=0)
    (got,) = torch.autograd.grad(y.square().sum(), x)
    (wanted,) = torch.autograd.grad(expected.square().sum(), x)
    torch.testing.assert_close(got, wanted, rtol=0, atol=0)


def test_what_is_refused():
    x = torch.zeros(2, 4, 4, 2, dtype=torch.float64)
    layer, fixed = module(), module(n=4)
    for wrong, error, message in (
            ({"sizes": torch.tensor([2])}, ValueError, r"sizes has shape \[1\]; expected \[2\]"),
            ({"sizes": torch.tensor([2, 5])}, ValueError, "sizes has 5"),
            ({"sizes": torch.tensor([2.0, 1.0])}, TypeError, "expected a tensor of integers"),
            ({"sizes": [2, 1]}, TypeError, "sizes is a list"),
            ({"sizes": torch.tensor([2, 1]), "ptr": torch.tensor([0, 2])}, ValueError,
             "give neither sizes= nor n="),
            ({"ptr": torch.tensor([2, 1])}, ValueError, "sizes has -1"),
            ({"ptr": torch.tensor([], dtype=torch.int64)}, ValueError, r"\[batch \+ 1\]")):
        with pytest.raises(error, match=message):
            layer(x, **wrong)
    with pytest.raises(ValueError, match="made for n = 4"):
        fixed(x, sizes=torch.tensor([2, 1]))
    plain = eqc.Layer(group="S", n=None, k=1, l=1)
    with pytest.raises(ValueError, match="give ragged=True"):
        eqc.torch.linear_ragged(plain, torch.zeros(3, 1), torch.tensor([0, 3]),
                                torch.zeros(plain.weight_shape))


def test_autocast():
    layer = eqc.torch.EquivariantLinear("S", 1, 1, 2, 3, bias=True)
    values = torch.randn(sum(SIZES), 2)
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(values.bfloat16(), ptr=ptr())
        assert torch.equal(y, layer(values.bfloat16().float(), ptr=ptr()))
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y, layer(values.bfloat16().float(), ptr=ptr()).bfloat16())
