"""Layers that take the largest or smallest entries over inputs that y does not have."""

import itertools

import eqc
import numpy as np
import pytest
from reference import diagram_matrix, error, from_rows, to_rows

CASES = [
    dict(group="S", n=4, k=2, l=2, channels=(3, 5), bias=True),
    dict(group="S", n=5, k=1, l=1, channels=(1, 1), bias=True),
    dict(group="S", n=3, k=3, l=1, channels=(2, 17), layout="channels_first"),
    dict(group="S", n=6, k=2, l=0, channels=(33, 4), bias=True),
    dict(group="S", n=None, k=2, l=1, channels=(4, 3), bias=True),
    dict(group="S", n=None, k=1, l=0, channels=(16, 8), layout="channels_first", bias=True),
    dict(group="S", n=2, k=2, l=2, channels=(1, 2)),
]


def places(diagram, n, k, l):
    """By positions of y the positions of x that the diagram joins with them, in order."""
    matrix = diagram_matrix(diagram, "S", n, k, l).reshape(n**l, n**k)
    return [np.flatnonzero(row) for row in matrix]


def first_extremes(rows, pool):
    """The first largest entry, or NaN, of each column of [places, ..]."""
    return np.argmax(rows if pool == "max" else -rows, axis=0)  # which takes the first NaN


def forward(layer, x, weight, bias, n):
    """y from the definition."""
    rows = to_rows(layer, x, n, layer.k).astype(np.float64)  # [batch, positions, channels]
    y = np.zeros((len(rows), n**layer.l, layer.channels[1]))
    for diagram, w in zip(layer.diagrams, weight):
        for position, of_x in enumerate(places(diagram, n, layer.k, layer.l)):
            if len(of_x) and len(rows):
                taken = np.take_along_axis(
                    rows[:, of_x], np.stack([first_extremes(sample, layer.pool)
                                             for sample in rows[:, of_x]])[:, None], 1)[:, 0]
                y[:, position] += taken @ w
    if bias is not None:
        for diagram, b in zip(layer.bias_diagrams, bias):
            y += diagram_matrix(diagram, "S", n, 0, layer.l).reshape(-1, 1) * b
    return from_rows(layer, y, n, layer.l)


def backward(layer, x, weight, grad_y, n):
    rows = to_rows(layer, x, n, layer.k).astype(np.float64)
    grads = to_rows(layer, grad_y, n, layer.l)
    grad_x, grad_weight = np.zeros(rows.shape), np.zeros(layer.weight_shape)
    channels = np.arange(layer.channels[0])
    for d, diagram in enumerate(layer.diagrams):
        for position, of_x in enumerate(places(diagram, n, layer.k, layer.l)):
            for b in range(len(rows)) if len(of_x) else ():
                at = of_x[first_extremes(rows[b, of_x], layer.pool)]
                grad_x[b, at, channels] += weight[d] @ grads[b, position]
                grad_weight[d] += np.outer(rows[b, at, channels], grads[b, position])
    return from_rows(layer, grad_x, n, layer.k), grad_weight


def arrays(layer, batch, n, ties=False, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=layer.x_shape(batch, n))
    x = np.round(2 * x) if ties else x
    return (x.astype(layer.dtype), rng.normal(size=layer.weight_shape).astype(layer.dtype),
            rng.normal(size=layer.bias_shape).astype(layer.dtype) if layer.has_bias else None,
            rng.normal(size=layer.y_shape(batch, n)).astype(layer.dtype))


@pytest.mark.parametrize("dtype, pool", [("f32", "max"), ("f64", "min")])
@pytest.mark.parametrize("fields", CASES, ids=lambda fields: "-".join(map(str, fields.values())))
def test_values_and_gradients_are_those_of_the_definition(fields, dtype, pool):
    layer = eqc.Layer(**fields, dtype=dtype, pool=pool)
    assert layer.pool == pool and f"pool={pool}" in repr(layer)
    n = layer.n or 4
    options = {"n": n} if layer.n is None else {}
    tolerance = 3e-5 if dtype == "f32" else 1e-11
    for batch, ties in itertools.product((0, 1, 2, 9, 40), (False, True)):
        x, weight, bias, grad_y = arrays(layer, batch, n, ties)
        y = layer(x, weight, bias, **options)
        assert error(y, forward(layer, x, weight, bias, n)) < tolerance
        assert np.array_equal(y, layer(x, layer.pack(weight), bias, **options))
        grads = layer.backward(x, weight, grad_y, **options)
        of_x, of_weight = backward(layer, x, weight, grad_y, n)
        assert error(grads.x, of_x) < tolerance
        assert error(grads.weight, of_weight) < tolerance
        alone = layer.backward(x, weight, grad_y, wrt=["x"], **options)
        assert np.array_equal(alone.x, grads.x)


def test_the_examples_of_the_language():
    layer = eqc.Layer(group="S", n=2, k=2, l=1, pool="max", diagrams=["o1 i1 | i2"])
    x = np.array([[1, 5], [3, 2]], np.float32).reshape(1, 2, 2, 1)
    weight = np.ones((1, 1, 1), np.float32)
    assert layer(x, weight).ravel().tolist() == [5, 3]
    least = eqc.Layer(group="S", n=2, k=2, l=1, pool="min", diagrams=["o1 i1 | i2"])
    assert least(x, weight).ravel().tolist() == [1, 2]
    # Of equal entries the first one gets the gradient.
    x = np.array([[4, 4], [7, 7]], np.float32).reshape(1, 2, 2, 1)
    grad_y = np.array([10, 20], np.float32).reshape(1, 2, 1)
    assert layer.backward(x, weight, grad_y).x.ravel().tolist() == [10, 0, 20, 0]
    # Over two blocks the first in the order of memory, whatever other diagrams there are.
    for diagrams in ["o1 | i1 | i2"], ["o1 | i1 | i2", "o1 i2 | i1"], ["o1 i1 | i2", "o1 | i1 | i2"]:
        layer = eqc.Layer(group="S", n=2, k=2, l=1, pool="max", diagrams=diagrams)
        weight = np.array([float(d == "o1 | i1 | i2") for d in diagrams], np.float32)
        x = np.array([[1, 9], [9, 2]], np.float32).reshape(1, 2, 2, 1)
        found = layer.backward(x, weight.reshape(-1, 1, 1), grad_y).x
        assert found.ravel().tolist() == [0, 30, 0, 0]


@pytest.mark.parametrize("channels", [(1, 1), (3, 2), (17, 16)])
def test_nan_and_infinity(channels):
    layer = eqc.Layer(group="S", n=4, k=2, l=1, channels=channels, pool="max",
                      diagrams=["o1 i1 | i2"])
    x, weight, _, grad_y = arrays(layer, 3, 4)
    x[1, 2, 1, 0] = np.nan
    x[0] = -np.inf
    y = layer(x, weight)
    assert np.isnan(y[1, 2]).all() and np.isfinite(y[1, [0, 1, 3]]).all()
    assert np.isfinite(y[2]).all() and not np.isfinite(y[0]).any()
    found = layer.backward(x, weight, grad_y).x
    assert np.isfinite(found).all()
    assert error(found, backward(layer, x, weight, grad_y, 4)[0]) < 1e-5
    assert found[1, 2, 1, 0] != 0 and not found[1, 2, [0, 2, 3], 0].any()


@pytest.mark.parametrize("batch, n, k", [(1, 60, 2), (5, 9, 3), (300, 5, 2)])
def test_the_same_bits_with_any_number_of_threads(batch, n, k):
    layer = eqc.Layer(group="S", n=n, k=k, l=1, channels=(5, 7), pool="max")
    x, weight, _, grad_y = arrays(layer, batch, n, ties=True)
    results = []
    for threads in 1, 3, 4, 0:
        eqc.set_num_threads(threads)
        grads = layer.backward(x, weight, grad_y)
        results.append([array.tobytes() for array in (layer(x, weight), grads.x, grads.weight)])
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("k, l", [(2, 2), (2, 0), (1, 1), (1, 0)])
def test_samples_of_different_sizes(k, l, layout):  # noqa: E741
    layer = eqc.Layer(group="S", k=k, l=l, channels=(3, 5), bias=True, pool="max", layout=layout,
                      ragged=True)
    sizes = np.array([3, 0, 5, 1, 5, 5, 2])
    rng = np.random.default_rng(1)
    weight = rng.normal(size=layer.weight_shape).astype(np.float32)
    bias = rng.normal(size=layer.bias_shape).astype(np.float32)
    samples = [arrays(layer, 1, n, seed=n) if n else None for n in sizes]
    expected = [None if s is None else (layer(s[0], weight, bias, n=n),
                                        layer.backward(s[0], weight, s[3], n=n))
                for s, n in zip(samples, sizes)]
    # Packed.
    def packed(parts, channels, order):
        shape = layer._packed(sizes, order, channels)
        return np.concatenate([part.reshape(-1, *shape[1:]) for part in parts])

    nothing = np.ones((l == 0) * 5, np.float32)  # grad_y of a sample without entries
    x = packed([s[0] for s in samples if s], 3, k)
    y = layer.forward_ragged(x, weight, bias, sizes=sizes)
    assert np.array_equal(y, packed([bias if e is None else e[0] for e in expected
                                     if e or l == 0], 5, l))
    grad_y = packed([nothing if s is None else s[3] for s in samples if s or l == 0], 5, l)
    grads = layer.backward_ragged(x, weight, grad_y, sizes=sizes)
    assert error(grads.x, packed([e[1].x for e in expected if e], 3, k)) < 1e-5
    assert error(grads.weight, sum(e[1].weight for e in expected if e)) < 1e-5
    # Padded: what lies outside must not win, and may be NaN.
    wide, wide_gradient = (np.full(shape(7, 6), np.nan, np.float32)
                           for shape in (layer.x_shape, layer.y_shape))

    def corner(order, n):
        return (slice(None),) * (layout == "channels_first") + (slice(0, n),) * order

    for b, (sample, n) in enumerate(zip(samples, sizes)):
        if sample is not None:
            wide[b][corner(k, n)] = sample[0][0]
            wide_gradient[b][corner(l, n)] = sample[3][0]
        elif l == 0:
            wide_gradient[b] = 1
    y = layer.forward_padded(wide, weight, bias, sizes=sizes)
    grads = layer.backward_padded(wide, weight, wide_gradient, sizes=sizes)
    for b, (e, n) in enumerate(zip(expected, sizes)):
        of_y, of_x = np.zeros_like(y[b]), np.zeros_like(wide[b])
        if e is not None:
            of_y[corner(l, n)], of_x[corner(k, n)] = e[0][0], e[1].x[0]
        elif l == 0:
            of_y[:] = bias[0]
        assert np.array_equal(y[b], of_y)
        assert error(grads.x[b], of_x) < 1e-5 or not of_x.any()


def test_x_of_16_bits():
    pytest.importorskip("ml_dtypes")
    for word in "bf16", "f16":
        short, plain = (eqc.Layer(group="S", n=5, k=2, l=1, channels=(3, 4), bias=True,
                                  pool="min", dtype=dtype) for dtype in (word, "f32"))
        x, weight, bias, grad_y = arrays(plain, 7, 5)
        x, grad_y = x.astype(short.dtype), grad_y.astype(short.dtype)
        wide = x.astype(np.float32)
        assert np.array_equal(short(x, weight, bias), plain(wide, weight, bias).astype(x.dtype))
        ours = short.backward(x, weight, grad_y)
        theirs = plain.backward(wide, weight, grad_y.astype(np.float32))
        assert np.array_equal(ours.x, theirs.x.astype(x.dtype))
        assert np.array_equal(ours.weight, theirs.weight)


def test_where_nothing_is_left_out_it_is_no_pooling():
    layer = eqc.Layer(group="S", n=3, k=1, l=1, pool="max", diagrams=["o1 i1"])
    assert layer.pool == "sum"
    grad_y = np.ones((2, 3, 1), np.float32)
    assert layer.backward(None, np.ones((1, 1, 1), np.float32), grad_y,
                          wrt=["x"]).x.tolist() == grad_y.tolist()


def test_errors():
    for wrong in dict(group="O"), dict(normalize="mean"), dict(weights="orbit"), dict(group="H"):
        with pytest.raises(eqc.CompileError, match="E0047"):
            eqc.Layer(**{**dict(group="S", n=3, k=2, l=2, pool="max"), **wrong})
    layer = eqc.Layer(group="S", n=3, k=1, l=0, pool="max")
    with pytest.raises((TypeError, ValueError), match="x"):
        layer.backward(None, np.ones(layer.weight_shape, np.float32),
                       np.ones((1, 1), np.float32), wrt=["x"])


NETWORK = """
space p = S(?)
layer up { k = p p; l = p; channels = 2 -> 4; bias = true; pool = max; dtype = f64 }
layer down { k = p; l = 0; channels = 4 -> 3; bias = true; pool = min; dtype = f64 }
layer all { k = p; l = 0; channels = 4 -> 3; dtype = f64 }
network net {
  input x : p p, 2
  h = tanh(up(x))
  output y = down(h) + all(h)
}
"""


def test_networks():
    net = eqc.compile(NETWORK).network("net")
    layers = {name: net.layers[name] for name in ("up", "down", "all")}
    params = net.init(seed=0)
    parts = net.unpack(params)
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, 4, 4, 2))

    def layer(name, value):
        return layers[name](value, parts[f"{name}.weight"], parts.get(f"{name}.bias"))

    h = np.tanh(layer("up", x))
    assert error(net(x, params), layer("down", h) + layer("all", h)) < 1e-12
    grad_y = rng.normal(size=(3, 3))
    grads = net.backward(x, params, grads=[grad_y])
    of_x, of_params = grads.inputs[0], grads.params
    direction = rng.normal(size=x.shape), rng.normal(size=params.shape)
    step = 1e-6
    change = (net(x + step * direction[0], params + step * direction[1])
              - net(x - step * direction[0], params - step * direction[1])) / (2 * step)
    assert abs((grad_y * change).sum() - (of_x * direction[0]).sum()
               - (of_params * direction[1]).sum()) < 1e-6


# Frameworks.


@pytest.mark.parametrize("fields", CASES, ids=lambda fields: "-".join(map(str, fields.values())))
def test_torch(fields):
    torch = pytest.importorskip("torch")
    import eqc.torch
    layer = eqc.Layer(**fields, dtype="f64", pool="max")
    n = layer.n or 3
    x, weight, bias, grad_y = (None if a is None else torch.tensor(a)
                               for a in arrays(layer, 2, n))
    y = eqc.torch.linear(layer, x, weight, bias)
    assert torch.equal(y, torch.tensor(layer(x.numpy(), weight.numpy(),
                                             None if bias is None else bias.numpy())))
    inputs = [value.requires_grad_() for value in (x, weight, bias) if value is not None]
    if weight.numel() > 400:
        return

    def apply(*values):
        return eqc.torch.linear(layer, *values)

    assert torch.autograd.gradcheck(apply, inputs, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(apply, inputs, check_fwd_over_rev=True)


def test_torch_module_compiled_and_transformed():
    torch = pytest.importorskip("torch")
    import eqc.torch
    module = eqc.torch.EquivariantLinear("S", 2, 1, 3, 4, pool="max")
    assert module.normalize == "none" and "pool=max" in repr(module)
    x = torch.randn(5, 6, 6, 3)
    expected = module(x)
    assert torch.allclose(torch.compile(module)(x), expected)
    weight, bias = (value.detach() for value in (module.weight, module.bias))
    layer = eqc.Layer(group="S", k=2, l=1, channels=(3, 4), bias=True, pool="max")

    def value(x, weight):
        return eqc.torch.linear(layer, x, weight, bias).square().sum()

    each = torch.func.vmap(torch.func.grad(value), (0, None))(x[:, None], weight)
    assert torch.allclose(each[:, 0], torch.func.grad(value)(x, weight), atol=1e-5)
    many = torch.randn(2, *weight.shape)
    found = torch.func.vmap(torch.func.grad(value, (0, 1)), (None, 0))(x, many)
    for i in range(2):
        for a, b in zip(found, torch.func.grad(value, (0, 1))(x, many[i])):
            assert torch.allclose(a[i], b, atol=1e-4)


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("l", [1, 0])
def test_torch_samples_of_different_sizes(l, layout):  # noqa: E741
    torch = pytest.importorskip("torch")
    import eqc.torch
    layer = eqc.Layer(group="S", k=2, l=l, channels=(2, 3), bias=True, dtype="f64", pool="max",
                      ragged=True, layout=layout)
    sizes = torch.tensor([3, 0, 2, 3])
    generator = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=generator, requires_grad=True)

    weight, bias = normal(*layer.weight_shape), normal(*layer.bias_shape)
    ptr = torch.cat([torch.zeros(1, dtype=torch.int64), sizes.cumsum(0)])
    values = normal(*layer._packed(sizes.numpy(), 2, 2))
    packed = lambda *given: eqc.torch.linear_ragged(layer, given[0], ptr, *given[1:])  # noqa: E731
    padded = lambda *given: torch.ops.eqc.linear_ragged(  # noqa: E731
        *given, sizes, eqc._registry.key_of(layer), 4)
    for apply, x in (packed, values), (padded, normal(*layer.x_shape(4, 4))):
        assert torch.autograd.gradcheck(apply, (x, weight, bias))
        assert torch.autograd.gradgradcheck(apply, (x, weight, bias))


def test_torch_networks():
    torch = pytest.importorskip("torch")
    import eqc.torch
    model = eqc.torch.Network(NETWORK, "net").double()
    x = torch.randn(2, 3, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(model, x)
    assert torch.autograd.gradgradcheck(model, x)
    assert torch.allclose(torch.compile(model)(x), model(x))


def test_jax():
    jax = pytest.importorskip("jax")
    import eqc.jax
    layer = eqc.Layer(group="S", n=4, k=2, l=1, channels=(2, 3), bias=True, pool="max",
                      ragged=False)
    x, weight, bias, grad_y = arrays(layer, 3, 4)

    def value(x, weight, bias):
        return (eqc.jax.linear(layer, x, weight, bias) * grad_y).sum()

    assert error(jax.jit(eqc.jax.linear, static_argnums=0)(layer, x, weight, bias),
                 layer(x, weight, bias)) < 1e-6
    grads = jax.jit(jax.grad(value, (0, 1, 2)))(x, weight, bias)
    for ours, theirs in zip(grads, layer.backward(x, weight, grad_y)):
        assert error(np.asarray(ours), theirs) < 1e-5
    alone = jax.grad(value)(x, weight, bias)
    assert np.array_equal(alone, grads[0])
    each = jax.vmap(jax.grad(value, 1), (0, None, None))(x[:, None], weight, bias)
    assert each.shape == (3, *layer.weight_shape)

    # Second derivatives, as differences of first ones.
    rng = np.random.default_rng(3)
    v = rng.normal(size=x.shape).astype(np.float32)

    def slope(x, weight):
        return (jax.grad(lambda *a: value(*a, bias) ** 2, 0)(x, weight) * v).sum()

    second = jax.grad(slope, 1)(x, weight)
    direction = rng.normal(size=weight.shape).astype(np.float32)
    step = 1e-2
    change = (slope(x, weight + step * direction) - slope(x, weight - step * direction)) / (
        2 * step)
    assert abs((second * direction).sum() - change) < 1e-2 * abs(change)


def test_jax_samples_of_different_sizes():
    jax = pytest.importorskip("jax")
    import eqc.jax
    layer = eqc.Layer(group="S", k=2, l=1, channels=(2, 3), bias=True, pool="max", ragged=True)
    sizes = np.array([3, 0, 4])
    x, weight, bias, grad_y = arrays(layer, 3, 4)

    def value(x, weight):
        return (eqc.jax.linear(layer, x, weight, bias, sizes=sizes) * grad_y).sum()

    grads = jax.grad(value, (0, 1))(x, weight)
    theirs = layer.backward_padded(x, weight, grad_y, sizes=sizes)
    assert error(np.asarray(grads[0]), theirs.x) < 1e-5
    assert error(np.asarray(grads[1]), theirs.weight) < 1e-5
    v = np.random.default_rng(3).normal(size=x.shape).astype(np.float32)
    mixed = jax.grad(lambda w: (jax.grad(value)(x, w) * v).sum())(weight)
    step = 0.5  # the gradient of x is linear in the weight
    direction = np.random.default_rng(4).normal(size=weight.shape).astype(np.float32)
    change = ((jax.grad(value)(x, weight + step * direction)
               - jax.grad(value)(x, weight - step * direction)) * v).sum() / (2 * step)
    assert abs((mixed * direction).sum() - change) < 1e-3 * max(1, abs(change))


def test_jax_networks():
    jax = pytest.importorskip("jax")
    import eqc.jax
    net = eqc.compile(NETWORK.replace("; dtype = f64", "")).network("net")
    params = net.init(seed=0)
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 2)).astype(np.float32)
    first = jax.grad(lambda x: eqc.jax.network(net, x, params).sum())
    ours = net.backward(x, params, grads=[np.ones((2, 3), np.float32)])
    assert error(np.asarray(first(x)), ours.inputs[0]) < 1e-5
    assert np.isfinite(jax.grad(lambda x: (first(x) ** 2).sum())(x)).all()
