"""Derivatives of eqc.jax.linear, in both modes and of every order, under vmap and jit."""

import functools
import itertools

import eqc
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from test_properties import few, layers

# Every example is compiled by XLA too.
some = settings(few, max_examples=15)

jax = pytest.importorskip("jax")
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)

import eqc.jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from reference_jax import dense  # noqa: E402

S22 = dict(group="S", n=3, k=2, l=2, channels=(2, 3), bias=True, dtype="f64")


def normal(shape, dtype, seed):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape), dtype)


def arguments_of(layer, n=None, batch=2, seed=0, lead=()):
    shapes = [layer.x_shape(batch, n), layer.weight_shape]
    shapes += [layer.bias_shape] if layer.has_bias else []
    return tuple(normal((*lead, *shape), layer.dtype, seed + i) for i, shape in enumerate(shapes))


def apply_of(layer, n=None):
    return functools.partial(eqc.jax.linear, layer, n=None if layer.n else n)


def assert_alike(got, want, dtype, factor=1):
    """Relative to the largest entry of all: some derivatives are zero."""
    got, want = (jax.tree.leaves(values) for values in (got, want))
    largest = max([np.abs(w).max() for w in want if w.size], default=0)
    for g, w in zip(got, want, strict=True):
        assert (g.shape, g.dtype) == (w.shape, np.dtype(dtype))
        assert np.all(np.abs(g - w) <= factor * reference.tolerance(dtype) * largest)


class Wide:
    """A layer in double precision."""

    dtype = np.dtype(np.float64)

    def __init__(self, layer):
        self.layer = layer

    def __getattr__(self, name):
        return getattr(self.layer, name)


def compare(layer, n, computation, *arrays, factor=2):
    """A computation with the layer, and the same with its definition in double precision."""
    got = jax.jit(functools.partial(computation, apply_of(layer, n)))(*arrays)
    wide = jax.tree.map(lambda a: a.astype(np.float64), arrays)
    want = jax.jit(functools.partial(computation, dense(Wide(layer), n)))(*wide)
    assert_alike(got, want, layer.dtype, factor)


def chosen(which, count):
    """Some of several arguments, at least one."""
    wanted = [bool((which + 1) >> i & 1) for i in range(count)]
    return wanted if any(wanted) else [True] * count


def of_some(function, arguments, wanted):
    """A function of the arguments that are wanted."""
    def call(*some):
        values = iter(some)
        return function(*(next(values) if w else a for w, a in zip(wanted, arguments)))

    return call


def derivatives_of(wanted, apply, arguments, tangents, grad_y):
    """y, and its derivatives in both modes with respect to the arguments that are wanted."""
    function = of_some(apply, arguments, wanted)
    some = tuple(itertools.compress(arguments, wanted))
    tangents = tuple(itertools.compress(tangents, wanted))
    y, forward = jax.jvp(function, some, tangents)
    _, linearized = jax.linearize(function, *some)
    grads = jax.vjp(function, *some)[1](grad_y)
    # Of the gradients, forwards.
    _, moved = jax.jvp(lambda some, g: jax.vjp(function, *some)[1](g), (some, grad_y),
                       (tangents, jnp.cos(grad_y)))
    return y, forward, linearized(*tangents), grads, moved


@some
@given(layers(optimize=1), st.integers(0, 3), st.integers(0, 6))
def test_first_derivatives(layer_and_n, batch, which):
    layer, n = layer_and_n
    arguments = arguments_of(layer, n, batch)
    wanted = chosen(which, len(arguments))
    tangents = arguments_of(layer, n, batch, seed=7)
    grad_y = normal(layer.y_shape(batch, n), layer.dtype, 5)

    compare(layer, n, functools.partial(derivatives_of, wanted), arguments, tangents, grad_y)


@some
@given(layers(optimize=1), st.integers(0, 3), st.integers(0, 2), st.integers(0, 6),
       st.sampled_from([0, -1, "twice"]))
def test_vmap_over_everything(layer_and_n, size, batch, which, axis):
    """Over any of the arguments, of values and of derivatives."""
    layer, n = layer_and_n
    arguments = arguments_of(layer, n, batch)
    wanted = chosen(which, len(arguments))
    lead = (size, 3) if axis == "twice" else (size,)

    def repeated(arguments, seed):
        return tuple(jnp.moveaxis(normal((*lead, *a.shape), a.dtype, seed + i), 0,
                                  -1 if axis == -1 else 0) if w else a
                     for i, (a, w) in enumerate(zip(arguments, wanted)))

    axes = tuple((-1 if axis == -1 else 0) if w else None for w in wanted)

    def mapped(function, in_axes):
        function = jax.vmap(function, in_axes)
        return jax.vmap(function, in_axes) if axis == "twice" else function

    def computation(apply, arguments, tangents):
        def single(arguments, tangents):
            def loss(*arguments):
                return jnp.sin(apply(*arguments)).sum()

            return (jax.jvp(apply, arguments, tangents),
                    jax.grad(loss, range(len(arguments)))(*arguments))

        # And the other way round, where arguments that are not mapped get a sum.
        def total(*arguments):
            return jnp.sin(mapped(apply, axes)(*arguments)).sum()

        return (mapped(single, (axes, axes))(arguments, tangents),
                jax.grad(total, range(len(arguments)))(*arguments))

    compare(layer, n, computation, repeated(arguments, 20), repeated(arguments, 30), factor=20)


HESSIANS = [
    dict(group="S", n=None, k=0, l=2, channels=(1, 2), bias=True),
    dict(group="S", n=3, k=1, l=0, channels=(2, 1), bias=True),
    dict(group="S", n=2, k=0, l=0, channels=(2, 2), bias=True),
    dict(group="O", n=3, k=1, l=1, channels=(2, 1), layout="channels_first"),
    dict(group="SO", n=3, k=1, l=2, channels=(1, 1), layout="channels_first"),
    dict(group="Sp", n=2, k=2, l=2, channels=(1, 1), bias=True),
]


@pytest.mark.parametrize("options", HESSIANS, ids=lambda o: f"{o['group']}{o['k']}{o['l']}")
def test_second_derivatives(options):
    layer = eqc.Layer(**options, dtype="f64")
    n = layer.n or 3
    arguments = arguments_of(layer, n)
    where = tuple(range(len(arguments)))

    def loss(apply, *arguments):
        return jnp.sin(1 + apply(*arguments)).sum()

    def computation(apply, arguments):
        function = functools.partial(loss, apply)
        second = [jax.hessian(function, where)(*arguments),
                  jax.jacrev(jax.jacfwd(function, where), where)(*arguments)]
        first = [jacobian(apply, where)(*arguments) for jacobian in (jax.jacfwd, jax.jacrev)]
        return second, first

    compare(layer, n, computation, arguments, factor=10)


@pytest.mark.parametrize("wrap", ["jvp", "vjp"])
def test_fourth_derivatives(wrap):
    layer = eqc.Layer(**HESSIANS[3], dtype="f64")
    arguments = arguments_of(layer)

    def value(apply):
        def function(*arguments):
            return jnp.square(jnp.tanh(apply(*arguments))).sum()

        for _ in range(4):
            def function(*arguments, previous=function):  # noqa: F811
                if wrap == "jvp":
                    return jax.jvp(previous, arguments, arguments)[1]
                return sum(jnp.square(g).sum() for g in
                           jax.grad(previous, range(len(arguments)))(*arguments))
        return jax.jit(function)(*arguments)

    assert_alike(value(apply_of(layer)), value(dense(layer)), layer.dtype, 100)


def test_transposes():
    layer = eqc.Layer(**S22)
    x, weight, bias = arguments_of(layer)
    apply, reference_apply = apply_of(layer), dense(layer)
    grad_y = normal(layer.y_shape(2), layer.dtype, 5)
    for function, at in ((lambda f: lambda x: f(x, weight), x),
                         (lambda f: lambda w: f(x, w), weight),
                         (lambda f: lambda b: f(jnp.zeros_like(x), weight, b), bias),
                         # A derivative's transpose, and the transpose's.
                         (lambda f: jax.linearize(f, x, weight, bias)[1].__call__, None)):
        if at is None:
            some = (x, weight, bias)
            got, want = (jax.linear_transpose(function(f), *some)(grad_y)
                         for f in (apply, reference_apply))
        else:
            got, want = (jax.linear_transpose(function(f), at)(grad_y)
                         for f in (apply, reference_apply))
            back = jax.linear_transpose(
                lambda g: jax.linear_transpose(function(apply), at)(g)[0], grad_y)(at)[0]
            assert_alike(back, function(reference_apply)(at), layer.dtype)
        assert_alike(got, want, layer.dtype)
    with pytest.raises(ValueError, match="linear in x and in"):
        jax.linear_transpose(apply, x, weight, bias)(grad_y)


def test_scan_checkpoint_and_shapes():
    layer = eqc.Layer(group="S", n=3, k=2, l=2, channels=(2, 2), bias=True, dtype="f64")
    x, weight, bias = arguments_of(layer)

    def loss(apply, policy, x, weight, bias):
        @functools.partial(jax.checkpoint, policy=policy)
        def step(x, scale):
            return jnp.tanh(apply(x, scale * weight, bias)), x.sum()

        last, sums = jax.lax.scan(step, x, jnp.linspace(0.5, 1, 4))
        return last.sum() + sums.sum()

    for policy in (None, jax.checkpoint_policies.dots_saveable,
                   jax.checkpoint_policies.everything_saveable):
        results = [jax.jit(jax.value_and_grad(functools.partial(loss, apply, policy), (0, 1, 2)))(
            x, weight, bias) for apply in (apply_of(layer), dense(layer))]
        assert_alike(*results, layer.dtype, 10)
        results = [jax.jvp(functools.partial(loss, apply, policy), (x, weight, bias),
                           (x, weight, bias)) for apply in (apply_of(layer), dense(layer))]
        assert_alike(*results, layer.dtype, 10)
    shapes = jax.eval_shape(apply_of(layer), x, weight, bias)
    assert (shapes.shape, shapes.dtype) == (x.shape, x.dtype)


def calls(function, *arguments):
    """The handlers that a compiled function calls, with which gradients are needed."""
    text = jax.jit(function).lower(*arguments).compile().as_text()
    found = []
    for line in text.splitlines():
        if 'custom_call_target="eqc_xla_' in line:
            name = line.split('custom_call_target="eqc_xla_')[1].split('"')[0]
            found.append(name + (line.split("needs = ")[1][0] if "needs = " in line else ""))
    return sorted(found)


def test_nothing_is_computed_that_nobody_needs():
    layer = eqc.Layer(**S22)
    x, weight, bias = arguments_of(layer)

    def loss(x, weight, bias):
        return jnp.square(eqc.jax.linear(layer, x, weight, bias)).sum()

    # Bits: 1 is the gradient of x, 2 of the weight, 4 of the bias.
    for which in itertools.chain.from_iterable(
            itertools.combinations(range(3), count) for count in (1, 2, 3)):
        needs = sum(1 << i for i in which)
        assert calls(jax.grad(loss, which), x, weight, bias) == [f"backward{needs}", "forward"]
        assert calls(lambda *a: [g for i, g in enumerate(jax.grad(loss, (0, 1, 2))(*a))
                                 if i in which], x, weight, bias) == [
                                     f"backward{needs}", "forward"]
    apply = apply_of(layer)
    assert calls(lambda *a: jax.vjp(apply, *a)[1](a[0].sum() + apply(*a))[1], x, weight,
                 bias) == ["backward2", "forward"]
    for which, count in (((0,), 2), ((1,), 2), ((2,), 2), ((0, 2), 2), ((0, 1, 2), 3)):
        wanted = [i in which for i in range(3)]
        function = of_some(apply, (x, weight, bias), wanted)
        assert calls(lambda *a: jax.jvp(function, a, tuple(map(jnp.cos, a))),
                     *itertools.compress((x, weight, bias), wanted)) == ["forward"] * count


def test_layers_without_gradients_have_tangents():
    layer = eqc.Layer(**S22, grad=False)
    arguments = arguments_of(layer)
    assert_alike(jax.jvp(apply_of(layer), arguments, arguments),
                 jax.jvp(dense(layer), arguments, arguments), layer.dtype)
    with pytest.raises(ValueError, match="compiled without gradients"):
        jax.grad(lambda x: apply_of(layer)(x, *arguments[1:]).sum())(arguments[0])


def test_integers_have_no_tangents():
    layer = eqc.Layer(**S22)
    x, weight, bias = arguments_of(layer)
    whole = jnp.ones(x.shape, jnp.int32)
    tangent = np.zeros(x.shape, jax.dtypes.float0)
    with pytest.raises(TypeError, match="x has dtype int32; the layer takes float64"):
        jax.jvp(lambda x: apply_of(layer)(x, weight, bias), (whole,), (tangent,))
    # As a constant beside what moves, converted.
    y, dy = jax.jvp(lambda i, w: apply_of(layer)(i.astype(jnp.float64), w, bias),
                    (whole, weight), (tangent, weight))
    assert_alike((y, dy), jax.jvp(lambda w: dense(layer)(whole.astype(jnp.float64), w, bias),
                                  (weight,), (weight,)), layer.dtype)


def test_without_jit():
    layer = eqc.Layer(**S22)
    arguments = arguments_of(layer)

    def loss(apply, *arguments):
        return jnp.sin(apply(*arguments)).sum()

    with jax.disable_jit():
        got = jax.grad(functools.partial(loss, apply_of(layer)), (0, 1, 2))(*arguments)
    want = jax.grad(functools.partial(loss, dense(layer)), (0, 1, 2))(*arguments)
    assert_alike(got, want, layer.dtype, 10)
