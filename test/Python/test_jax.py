"""eqc.jax."""

import os
import subprocess
import sys
import threading

import eqc
import numpy as np
import pytest
import reference

jax = pytest.importorskip("jax")
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)

import eqc.jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

CASES = [
    dict(group="S", n=3, k=2, l=2, channels=(2, 3), bias=True),
    dict(group="S", n=None, k=2, l=1, channels=(1, 2), normalize="mean", bias=True),
    dict(group="S", n=3, k=1, l=2, channels=(2, 1), layout="channels_first"),
    dict(group="S", n=4, k=0, l=1, channels=(2, 2), bias=True),
    dict(group="O", n=3, k=1, l=1, channels=(2, 3)),
    dict(group="SO", n=3, k=2, l=1, channels=(2, 1)),
    dict(group="Sp", n=2, k=2, l=2, channels=(1, 2), bias=True),
]


def name_of(options):
    return "-".join(str(value) for value in options.values())


def setting(options, batch=2, dtype="f64"):
    layer = eqc.Layer(**options, dtype=dtype)
    n = layer.n or 3
    keys = jax.random.split(jax.random.key(0), 3)
    x = jax.random.normal(keys[0], layer.x_shape(batch, n), layer.dtype)
    weight, bias = eqc.jax.init(layer, keys[1], n=n)
    if bias is not None:
        bias = jax.random.normal(keys[2], bias.shape, layer.dtype)
    return layer, (x, weight) + (() if bias is None else (bias,))


def apply_of(layer):
    return lambda *arguments: eqc.jax.linear(layer, *arguments)


@pytest.mark.parametrize("options", CASES, ids=name_of)
def test_forward(options):
    layer, arguments = setting(options)
    n = layer.n or 3
    expected = reference.forward(layer, *map(np.asarray, arguments), n=n)
    y = apply_of(layer)(*arguments)
    assert y.dtype == layer.dtype
    assert reference.error(y, expected) <= 1e-11
    np.testing.assert_array_equal(jax.jit(apply_of(layer))(*arguments), y)


@pytest.mark.parametrize("options", CASES, ids=name_of)
def test_gradients(options):
    layer, arguments = setting(options)
    grad_y = jax.random.normal(jax.random.key(5), apply_of(layer)(*arguments).shape,
                               layer.dtype)
    expected = reference.backward(layer, *map(np.asarray, (*arguments[:2], grad_y)),
                                  n=layer.n or 3)

    def loss(*arguments):
        return jnp.vdot(apply_of(layer)(*arguments), grad_y)

    grads = jax.jit(jax.grad(loss, argnums=range(len(arguments))))(*arguments)
    for got, want in zip(grads, expected):
        assert reference.error(got, want) <= 1e-11
    for i, want in enumerate(expected[:len(arguments)]):
        assert reference.error(jax.grad(loss, argnums=i)(*arguments), want) <= 1e-11


def dense(layer, n):
    """The layer as JAX code, from its matrices."""
    maps = reference.matrices(layer, n)
    rows = reference.matrices(layer, n, bias=True) if layer.has_bias else None

    def apply(x, weight, *bias):
        if layer.layout == "channels_first":
            x = jnp.moveaxis(x, 1, -1)
        x = x.reshape(x.shape[0], -1, x.shape[-1])
        y = jnp.einsum("dji,bic,dco->bjo", maps, x, weight)
        if bias:
            y += jnp.einsum("eji,eo->jo", rows, bias[0])
        y = y.reshape(y.shape[0], *[n] * layer.l, y.shape[-1])
        return jnp.moveaxis(y, -1, 1) if layer.layout == "channels_first" else y

    return apply


@pytest.mark.parametrize("options", CASES[::2], ids=name_of)
def test_gradients_of_higher_order(options):
    layer, arguments = setting(options)

    def derivatives(apply, order):
        """Gradients of a loss, of the squared norm of these, and so on."""
        def norm(*arguments):
            return jnp.square(jnp.tanh(apply(*arguments))).sum()

        results = []
        for _ in range(order):
            gradient = jax.grad(norm, argnums=tuple(range(len(arguments))))
            results += gradient(*arguments)

            def norm(*arguments, gradient=gradient):  # noqa: F811
                return sum(jnp.square(g).sum() for g in gradient(*arguments))
        return results

    order = 3 if layer.group == "O" else 2
    expected = derivatives(dense(layer, layer.n or 3), order)
    for got, want in zip(derivatives(apply_of(layer), order), expected):
        assert reference.error(got, np.asarray(want)) <= 1e-10


@pytest.mark.parametrize("options", CASES[:2], ids=name_of)
def test_vmap(options):
    layer, (x, weight, *bias) = setting(options, batch=4)
    apply = apply_of(layer)
    samples = jax.vmap(lambda sample: apply(sample, weight, *bias))(x)
    np.testing.assert_allclose(samples, apply(x, weight, *bias), rtol=0, atol=1e-13)

    weights = jnp.stack([weight, 2 * weight, -weight])
    each = jax.vmap(lambda w: apply(x, w, *bias))(weights)
    for i in range(3):
        np.testing.assert_allclose(each[i], apply(x, weights[i], *bias), rtol=0, atol=1e-13)
    grid = jax.vmap(lambda sample: jax.vmap(lambda w: apply(sample, w, *bias))(weights))(x)
    np.testing.assert_allclose(jnp.swapaxes(grid, 0, 1), each, rtol=0, atol=1e-13)

    def loss(sample, weight):
        return jnp.square(apply(sample, weight, *bias)).sum()

    for argnum in (0, 1):
        grad = jax.grad(loss, argnum)
        mapped = jax.jit(jax.vmap(grad, (0, None)))(x, weight)
        for i in range(4):
            np.testing.assert_allclose(mapped[i], grad(x[i], weight), rtol=0, atol=1e-11)
    total = jax.grad(lambda w: jax.vmap(loss, (0, None))(x, w).sum())(weight)
    np.testing.assert_allclose(total, jax.grad(loss, 1)(x, weight), rtol=0, atol=1e-10)


def test_batch_axes():
    layer, (x, weight, bias) = setting(CASES[0], batch=6)
    y = eqc.jax.linear(layer, x, weight, bias)
    shaped = eqc.jax.linear(layer, x.reshape(2, 3, *x.shape[1:]), weight, bias)
    np.testing.assert_array_equal(shaped.reshape(y.shape), y)
    assert eqc.jax.linear(layer, x[0], weight, bias).shape == y.shape[1:]
    assert eqc.jax.linear(layer, x[:0], weight, bias).shape == (0, *y.shape[1:])
    np.testing.assert_array_equal(eqc.jax.linear(layer, x, weight),
                                  eqc.jax.linear(layer, x, weight, jnp.zeros_like(bias)))


def test_training_reduces_the_loss():
    layer, (x, weight, bias) = setting(CASES[0], batch=8, dtype="f32")
    target = eqc.jax.linear(layer, x, weight, bias)

    @jax.jit
    def step(parameters):
        def loss(parameters):
            return jnp.square(eqc.jax.linear(layer, x, *parameters) - target).mean()

        value, grads = jax.value_and_grad(loss)(parameters)
        return value, jax.tree.map(lambda p, g: p - 0.02 * g, parameters, grads)

    parameters = (jnp.zeros_like(weight), jnp.zeros_like(bias))
    losses = []
    for _ in range(100):
        value, parameters = step(parameters)
        losses.append(float(value))
    assert losses[-1] < losses[0] / 10


def test_wrong_arguments_are_explained():
    layer, (x, weight, bias) = setting(CASES[0])
    with pytest.raises(TypeError, match="x has dtype float32"):
        eqc.jax.linear(layer, x.astype(jnp.float32), weight, bias)
    with pytest.raises(ValueError, match=r"weight has shape \[1"):
        eqc.jax.linear(layer, x, weight[:1], bias)
    with pytest.raises(ValueError, match="expected at least 3"):
        eqc.jax.linear(layer, x[0, 0], weight, bias)
    plain, (x, weight) = setting(CASES[4])
    with pytest.raises(ValueError, match="has none"):
        eqc.jax.linear(plain, x, weight, bias)


def test_threads_may_call_at_once():
    layer, arguments = setting(CASES[0], batch=16)
    function = jax.jit(apply_of(layer))
    expected = function(*arguments)
    wrong = []

    def run():
        for _ in range(10):
            if not (function(*arguments) == expected).all():
                wrong.append(1)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_missing_compiler_is_explained(tmp_path):
    code = ("import eqc, eqc.jax, jax.numpy as jnp\n"
            "layer = eqc.Layer(group='S', n=3, k=1, l=1)\n"
            "try: eqc.jax.linear(layer, jnp.ones((3, 1)), jnp.ones((2, 1, 1)))\n"
            "except eqc.Error as error: print(error)\n")
    environment = {**os.environ, "CC": "no-such-compiler", "EQC_CACHE_DIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True,
                         text=True)
    assert "'no-such-compiler' cannot be run" in run.stdout, run.stderr


def test_dlpack_in_numpy_layers():
    layer = eqc.Layer(group="S", n=3, k=1, l=1)
    x, weight = jnp.ones((2, 3, 1), jnp.float32), jnp.ones(layer.weight_shape, jnp.float32)
    assert layer(x, weight).ravel().tolist() == [4.0] * 6
