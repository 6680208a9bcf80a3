"""Batches whose samples differ in size, in JAX: each sample is what it is alone."""

import functools
import subprocess
import sys

import eqc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_properties import exists, few

jax = pytest.importorskip("jax")
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", 4)

import eqc.jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from jax.sharding import AxisType, NamedSharding  # noqa: E402
from jax.sharding import PartitionSpec as P  # noqa: E402
from reference_jax import dense  # noqa: E402
from test_jax_derivatives import (  # noqa: E402
    Wide, assert_alike, calls, chosen, derivatives_of, normal)

# Every example is compiled by XLA too.
some = settings(few, max_examples=15)

SIZES = [3, 0, 1, 4, 4, 2]
GRAPHS = dict(group="S", n=None, k=2, l=1, channels=(2, 3), bias=True, dtype="f64")


def inner(layer, order, channels, n):
    axes = [n] * order
    return (channels, *axes) if layer.layout == "channels_first" else (*axes, channels)


def alone(layer, sizes):
    """(x, weight[, bias]) -> y by the definition, for samples of these sizes in axes of 4."""
    full = inner(layer, layer.l, layer.channels[1], 4)

    def one(sample, size, *rest):
        corner = tuple(map(slice, inner(layer, layer.k, layer.channels[0], size)))
        y = dense(layer, size)(sample[corner], *rest)
        return jnp.pad(y, [(0, a - b) for a, b in zip(full, y.shape)])

    def apply(x, *rest):
        lead = np.shape(sizes)
        samples = x.reshape(-1, *x.shape[len(lead):])
        results = [one(sample, int(size), *rest)
                   for sample, size in zip(samples, np.ravel(sizes))]
        return jnp.stack(results or [jnp.zeros(full, x.dtype)])[:len(results)].reshape(
            *lead, *full)

    return apply


def apply_of(layer, sizes):
    return functools.partial(eqc.jax.linear, layer, sizes=jnp.asarray(sizes),
                             n=4 if layer.k == 0 else None)


def with_nan(layer, x, sizes):
    """The values outside of the samples are never read."""
    axes = range(1, 1 + layer.k) if layer.layout == "channels_last" else range(2, 2 + layer.k)
    flat = x.reshape(-1, *x.shape[x.ndim - layer.k - 1:])
    inside = np.ones(flat.shape, bool)
    for axis in axes:
        index = np.arange(4).reshape([-1 if a == axis else 1 for a in range(flat.ndim)])
        inside &= index < np.ravel(sizes).reshape(-1, *[1] * (flat.ndim - 1))
    return jnp.where(inside, flat, np.nan).reshape(x.shape)


def arguments_of(layer, sizes, seed=0, lead=()):
    batch = np.shape(sizes)
    x = normal((*batch, *inner(layer, layer.k, layer.channels[0], 4)), layer.dtype, seed)
    rest = [normal((*lead, *shape), layer.dtype, seed + i) for i, shape in
            enumerate([layer.weight_shape] + [layer.bias_shape] * layer.has_bias, 1)]
    return (with_nan(layer, x, sizes), *rest)


def compare(layer, sizes, computation, *arrays, factor=2):
    got = jax.jit(functools.partial(computation, apply_of(layer, sizes)))(*arrays)
    wide = jax.tree.map(lambda a: a.astype(np.float64), arrays)
    want = jax.jit(functools.partial(computation, alone(Wide(layer), sizes)))(*wide)
    assert_alike(got, want, layer.dtype, factor)


@st.composite
def ragged_layers(draw):
    group = draw(st.sampled_from(["S", "S", "O", "Sp", "H", "B", "S'"]))
    k, l = draw(st.sampled_from([(k, l) for k in range(3) for l in range(3)
                                 if exists(group, 4, k, l)]))
    layer = eqc.Layer(
        group=group, n=None, k=k, l=l, channels=(draw(st.integers(1, 5)),
                                                 draw(st.integers(1, 5))),
        bias=exists(group, 4, 0, l) and draw(st.booleans()),
        dtype=draw(st.sampled_from(["f32", "f64"])),
        layout=draw(st.sampled_from(["channels_last", "channels_first"])),
        normalize=draw(st.sampled_from(["none", "mean"])),
        plan=draw(st.sampled_from(["auto", "factored", "shared"])), ragged=True, optimize=1)
    unit = 2 if group == "Sp" else 1
    sizes = draw(st.lists(st.integers(0, 4 // unit).map(lambda i: i * unit), max_size=4))
    return layer, np.array(sizes, np.int32)


def loss_of(apply):
    return lambda *arguments: jnp.sin(apply(*arguments)).sum()


@some
@given(ragged_layers(), st.integers(0, 6))
def test_samples_are_computed_as_alone(layer_and_sizes, which):
    layer, sizes = layer_and_sizes
    arguments = arguments_of(layer, sizes)
    tangents = arguments_of(layer, sizes, seed=7)
    grad_y = normal((len(sizes), *inner(layer, layer.l, layer.channels[1], 4)), layer.dtype, 5)
    wanted = chosen(which, len(arguments))

    compare(layer, sizes, functools.partial(derivatives_of, wanted), arguments, tangents, grad_y)


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("k, l", [(2, 1), (1, 0), (0, 1)])
def test_second_derivatives(layout, k, l):
    layer = eqc.Layer(**{**GRAPHS, "k": k, "l": l, "channels": (1, 2)}, layout=layout,
                      normalize="mean", ragged=True)
    sizes = [2, 0, 4]
    arguments = arguments_of(layer, sizes)
    where = tuple(range(len(arguments)))

    def computation(apply, arguments):
        loss = loss_of(apply)
        gradient = jax.grad(loss, where)
        third = jax.grad(lambda *a: sum((g**2).sum() for g in gradient(*a)), where)
        return (jax.hessian(loss, where[1:])(*arguments), third(*arguments),
                [jacobian(apply, where)(*arguments) for jacobian in (jax.jacfwd, jax.jacrev)])

    compare(layer, sizes, computation, arguments, factor=10)


def test_with_and_without_jit():
    layer = eqc.Layer(**GRAPHS, ragged=True)
    arguments = arguments_of(layer, SIZES)
    want = jax.jit(alone(layer, SIZES))(*arguments)
    y = apply_of(layer, SIZES)(*arguments)
    assert_alike(y, want, layer.dtype)
    # The package on NumPy arrays, to the bit; sizes as arguments, and as constants.
    np.testing.assert_array_equal(y, layer.forward_padded(*map(np.asarray, arguments),
                                                          sizes=SIZES))
    for dtype in (np.int32, np.int64, np.uint8, np.uint32):
        sizes = jnp.asarray(SIZES, dtype)
        jitted = jax.jit(lambda sizes, *a: eqc.jax.linear(layer, *a, sizes=sizes))
        np.testing.assert_array_equal(jitted(sizes, *arguments), y)
        np.testing.assert_array_equal(jax.jit(apply_of(layer, sizes))(*arguments), y)
    with jax.disable_jit():
        got = jax.grad(loss_of(apply_of(layer, SIZES)), (0, 1, 2))(*arguments)
    assert_alike(got, jax.grad(loss_of(alone(layer, SIZES)), (0, 1, 2))(*arguments),
                 layer.dtype)


def test_nothing_is_computed_that_nobody_needs():
    layer = eqc.Layer(**GRAPHS, ragged=True)
    arguments = arguments_of(layer, SIZES)
    for which in ((0,), (1,), (2,), (0, 1), (0, 1, 2)):
        needs = sum(1 << i for i in which)
        assert calls(lambda *a: [g for i, g in enumerate(
            jax.grad(loss_of(apply_of(layer, SIZES)), (0, 1, 2))(*a)) if i in which],
            *arguments) == [f"backward_padded{needs}", "forward_padded"]


@pytest.mark.parametrize("over", ["x", "x and sizes", "sizes", "weights", "all"])
def test_vmap(over):
    layer = eqc.Layer(**GRAPHS, ragged=True)
    several = np.array([SIZES, SIZES[::-1], [4] * 6])
    each = several if over in ("x and sizes", "sizes", "all") else np.array([SIZES] * 3)
    x, weight, bias = arguments_of(layer, each)
    weights, biases = jnp.stack([weight, 2 * weight, -weight]), jnp.stack([bias, bias, -bias])
    axes = {"x": (0, None, None, None), "x and sizes": (0, None, None, 0),
            "sizes": (None, None, None, 0), "weights": (None, 0, 0, None),
            "all": (0, 0, 0, 0)}[over]
    # Where one x serves all sizes, there is nothing outside of it.
    x = jnp.nan_to_num(x) if over == "sizes" else x
    arguments = tuple(value if axis == 0 else value[0] for value, axis in
                      zip((x, weights, biases, jnp.asarray(each)), axes))

    def total(x, weight, bias, sizes):
        return jnp.sin(eqc.jax.linear(layer, x, weight, bias, sizes=sizes)).sum()

    def values(x, weight, bias, sizes):
        apply = functools.partial(eqc.jax.linear, layer, sizes=sizes)
        return (jax.jvp(apply, (x, weight, bias), (x, weight, bias)),
                jax.grad(total, (0, 1, 2))(x, weight, bias, sizes))

    got = jax.jit(jax.vmap(values, axes))(*arguments)
    single = [values(*(value[i] if axis == 0 else value for value, axis in
                       zip(arguments, axes))) for i in range(3)]
    assert_alike(got, jax.tree.map(lambda *parts: np.stack(parts), *single), layer.dtype)
    # And the other way round, where arguments that are not mapped get a sum.
    got = jax.grad(lambda *a: jax.vmap(total, axes)(*a).sum(), (0, 1, 2))(*arguments)
    want = [np.sum(parts, 0) if axis is None else np.stack(parts) for axis, *parts in
            zip(axes, *(one[1] for one in single))]
    assert_alike(got, want, layer.dtype)


def test_vmap_over_x_is_one_call():
    """Also that of a Jacobian, where sizes and x stay."""
    layer = eqc.Layer(**GRAPHS, ragged=True)
    x, weight, bias = arguments_of(layer, [SIZES] * 3)
    sizes = jnp.array(SIZES)
    text = jax.jit(jax.vmap(lambda x: eqc.jax.linear(layer, x, weight, bias, sizes=sizes))).lower(
        x).as_text()
    assert "mapped = 0" in text and "mapped = 1" not in text


def test_several_batch_axes():
    layer = eqc.Layer(**GRAPHS, ragged=True)
    x, weight, bias = arguments_of(layer, SIZES)
    y = apply_of(layer, SIZES)(x, weight, bias)
    twice = eqc.jax.linear(layer, x.reshape(2, 3, *x.shape[1:]), weight, bias,
                           sizes=np.reshape(SIZES, (2, 3)))
    np.testing.assert_array_equal(twice.reshape(y.shape), y)
    one = eqc.jax.linear(layer, x[3], weight, bias, sizes=SIZES[3])
    np.testing.assert_array_equal(one, y[3])


def test_no_samples():
    layer = eqc.Layer(**GRAPHS, ragged=True)
    x, weight, bias = arguments_of(layer, np.zeros(0, int))
    for jit in (jax.jit, lambda f: f):
        function = jit(jax.value_and_grad(loss_of(apply_of(layer, np.zeros(0, int))), (0, 1, 2)))
        value, grads = function(x, weight, bias)
        assert value == 0
        assert [g.shape for g in grads] == [(0, 4, 4, 2), weight.shape, bias.shape]
        assert not any(np.any(g) for g in grads)


def test_what_is_refused():
    layer = eqc.Layer(**GRAPHS, ragged=True)
    x, weight, bias = arguments_of(layer, [2, 1])
    for sizes, error, message in (
            ([2], ValueError, r"sizes has shape \[1\]; expected \[2\], one for each sample"),
            ([2, 5], ValueError, "sizes has 5; expected numbers from 0 to 4"),
            ([2, -1], ValueError, "sizes has -1; expected numbers from 0 to 4"),
            ([2.0, 1.0], TypeError, "sizes has dtype float64; expected integers"),
            ([True, False], TypeError, "sizes has dtype bool; expected integers"),
            ("2 1", TypeError, "sizes is a str; expected an array")):
        with pytest.raises(error, match=message):
            eqc.jax.linear(layer, x, weight, bias, sizes=sizes)
    even = eqc.Layer(group="Sp", n=None, k=1, l=1, ragged=True)
    with pytest.raises(ValueError, match="sizes has 3; expected even numbers from 0 to 4"):
        eqc.jax.linear(even, jnp.ones((1, 4, 1), jnp.float32), jnp.ones((1, 1, 1), jnp.float32),
                       sizes=[3])
    for options, message in ((dict(n=4), "compiled for n = 4"), (dict(n=None), "ragged=True"),
                             (dict(n=None, plan="schur", ragged=True), "the schur plan")):
        plain = eqc.Layer(**{**GRAPHS, **options})
        with pytest.raises(ValueError, match=message):
            eqc.jax.linear(plain, x, jnp.ones(plain.weight_shape), bias, sizes=[2, 1])
    forward = eqc.Layer(**GRAPHS, grad=False, ragged=True)
    with pytest.raises(ValueError, match="compiled without gradients"):
        jax.grad(loss_of(apply_of(forward, [2, 1])))(x, weight, bias)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_sizes_that_only_the_run_knows_are_refused_there(dtype):
    layer = eqc.Layer(**GRAPHS, ragged=True)
    arguments = arguments_of(layer, [2, 1])
    function = jax.jit(lambda sizes, *a: eqc.jax.linear(layer, *a, sizes=sizes))
    with pytest.raises(Exception, match=r"'sizes\[1\]' is 5, must be 0 to 4"):
        jax.block_until_ready(function(jnp.array([2, 5], dtype), *arguments))
    gradient = jax.jit(jax.grad(lambda x, sizes: jnp.square(eqc.jax.linear(
        layer, x, *arguments[1:], sizes=sizes)).sum()))
    with pytest.raises(Exception, match=r"'sizes\[0\]' is -1, must be 0 to 4"):
        jax.block_until_ready(gradient(arguments[0], jnp.array([-1, 2], dtype)))


def test_unsigned_sizes_do_not_wrap_into_good_ones():
    layer = eqc.Layer(**GRAPHS, ragged=True)
    arguments = arguments_of(layer, [2, 1])
    function = jax.jit(lambda sizes, *a: eqc.jax.linear(layer, *a, sizes=sizes))
    for size, dtype in ((2**32 - 3, np.uint32), (2**64 - 3, np.uint64), (2**32 + 2, np.int64)):
        with pytest.raises(Exception, match="must be 0 to 4"):
            jax.block_until_ready(function(jnp.array([2, size], dtype), *arguments))


def test_without_double_precision():
    code = ("import eqc, eqc.jax, jax, jax.numpy as jnp\n"
            "layer = eqc.Layer(group='S', n=None, k=1, l=1, bias=True, ragged=True)\n"
            "w, b = jnp.array([1., 10.]).reshape(2, 1, 1), jnp.array([[0.5]])\n"
            "x = jnp.array([[1., 2.], [5., jnp.nan]])[..., None]\n"
            "f = jax.jit(lambda x, w, sizes: eqc.jax.linear(layer, x, w, b, sizes=sizes))\n"
            "sizes = jnp.array([2, 1])\n"
            "print(sizes.dtype, f(x, w, sizes).ravel().tolist())\n"
            "grad = jax.grad(lambda w: f(x, w, sizes).sum())(w)\n"
            "print(grad.ravel().tolist())\n")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.splitlines() == ["int32 [31.5, 32.5, 55.5, 0.0]", "[8.0, 11.0]"], run.stderr


@pytest.mark.parametrize("kind", ["manual", "auto", "explicit"])
def test_several_devices(kind):
    layer = eqc.Layer(**GRAPHS, ragged=True)
    sizes = np.array([3, 0, 1, 4])
    arguments = arguments_of(layer, sizes)
    where = (0, 1, 2)
    mesh = jax.make_mesh((2,), ("d",), devices=jax.devices()[:2], axis_types=(
        AxisType.Explicit if kind == "explicit" else AxisType.Auto,))

    def apply(sizes, *arguments):
        return eqc.jax.linear(layer, *arguments, sizes=sizes)

    specs = (P("d"), P("d"), P(), P())
    given = (jnp.asarray(sizes), *arguments)
    if kind == "manual":
        apply = jax.shard_map(apply, mesh=mesh, in_specs=specs, out_specs=P("d"))
    else:
        given = tuple(jax.device_put(a, NamedSharding(mesh, s)) for a, s in zip(given, specs))

    def derivatives(apply, arguments):
        gradient = jax.grad(loss_of(apply), where)
        return (jax.jvp(apply, arguments, arguments), gradient(*arguments),
                jax.grad(lambda *a: sum((g**2).sum() for g in gradient(*a)), where)(*arguments))

    got = jax.jit(lambda sizes, *a: derivatives(functools.partial(apply, sizes), a))(*given)
    want = jax.jit(functools.partial(derivatives, alone(layer, sizes)))(arguments)
    if kind != "manual":
        assert got[0][0].sharding.spec[0] == "d"
    assert_alike(jax.device_get(got), jax.device_get(want), layer.dtype, 10)


@pytest.mark.parametrize("x_spec, sizes_spec", [(P(None, "d"), P("d")), (P("d"), P()),
                                                (P("d"), P("d"))])
def test_vmap_over_explicit_axes(x_spec, sizes_spec):
    layer = eqc.Layer(**GRAPHS, ragged=True)
    each = np.array([SIZES[2:], SIZES[2:]]) if x_spec == sizes_spec else np.array(SIZES[2:])
    x, weight, bias = arguments_of(layer, np.array([SIZES[2:]] * 2))
    mesh = jax.make_mesh((2,), ("d",), devices=jax.devices()[:2],
                         axis_types=(AxisType.Explicit,))
    given = [jax.device_put(a, NamedSharding(mesh, spec)) for a, spec in
             ((x, x_spec), (weight, P()), (bias, P()), (jnp.asarray(each), sizes_spec))]

    def total(x, weight, bias, sizes):
        return jnp.sin(jax.vmap(lambda x, s: eqc.jax.linear(layer, x, weight, bias, sizes=s),
                                (0, 0 if sizes.ndim == 2 else None))(x, sizes)).sum()

    got = jax.jit(jax.value_and_grad(total, (0, 1, 2)))(*given)
    want = jax.value_and_grad(total, (0, 1, 2))(x, weight, bias, jnp.asarray(each))
    assert_alike(jax.device_get(got), jax.device_get(want), layer.dtype)


def test_sizes_that_are_sharded_otherwise_are_refused():
    layer = eqc.Layer(**GRAPHS, ragged=True)
    x, weight, bias = arguments_of(layer, [2, 1, 2, 1])
    mesh = jax.make_mesh((2, 2), ("d", "e"), axis_types=(AxisType.Explicit,) * 2)
    x = jax.device_put(x, NamedSharding(mesh, P("d")))
    sizes = jax.device_put(jnp.array([2, 1, 2, 1]), NamedSharding(mesh, P("e")))
    with pytest.raises(ValueError, match="axes of the batch of x and of sizes are sharded over"):
        eqc.jax.linear(layer, x, weight, bias, sizes=sizes)


def test_not_on_gpus():
    layer = eqc.Layer(**GRAPHS, ragged=True)
    arguments = arguments_of(layer, SIZES)
    function = jax.jit(apply_of(layer, SIZES))
    with pytest.raises(NotImplementedError, match="on CPUs only"):
        function.trace(*arguments).lower(lowering_platforms=("cuda",))


@pytest.mark.parametrize("shape", ["4, 5, 5, 2", "b, n, n, 2"])
def test_exported_programs_run_elsewhere(shape, tmp_path):
    pytest.importorskip("flatbuffers")
    layer = eqc.Layer(**GRAPHS, ragged=True)
    sizes = np.array([3, 0, 5, 1])
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.standard_normal(s) for s in
                       (layer.x_shape(4, 5), layer.weight_shape, layer.bias_shape))
    checks = [jax.export.DisabledSafetyCheck.custom_call(f"eqc_xla_{name}_padded")
              for name in ("forward", "backward")]
    extents = jax.export.symbolic_shape(shape)
    shapes = [jax.ShapeDtypeStruct(extents[:1], np.int64),
              jax.ShapeDtypeStruct(extents, np.float64),
              *(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in (weight, bias))]
    program = jax.export.export(jax.jit(lambda sizes, *a: eqc.jax.linear(
        layer, *a, sizes=sizes)), disabled_checks=checks)(*shapes)
    (tmp_path / "program").write_bytes(program.serialize(vjp_order=1))
    np.savez(tmp_path / "arrays.npz", sizes, x, weight, bias)
    code = ("import jax, numpy as np\n"
            "jax.config.update('jax_enable_x64', True)\n"
            "import eqc.jax\n"
            "eqc.jax.register()\n"
            "sizes, *a = np.load('arrays.npz').values()\n"
            "program = jax.export.deserialize(bytearray(open('program', 'rb').read()))\n"
            "grads = jax.grad(lambda *a: program.call(sizes, *a).sum(), (0, 1, 2))(*a)\n"
            "np.savez('results.npz', program.call(sizes, *a), *grads)\n")
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True,
                         text=True)
    assert run.returncode == 0, run.stderr
    y, *grads = np.load(tmp_path / "results.npz").values()
    np.testing.assert_array_equal(y, layer.forward_padded(x, weight, bias, sizes=sizes))
    for got, want in zip(grads, layer.backward_padded(x, weight, np.ones_like(y), sizes=sizes)):
        np.testing.assert_array_equal(got, want)
