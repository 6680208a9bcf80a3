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
from reference_jax import dense  # noqa: E402

CASES = [
    dict(group="S", n=3, k=2, l=2, channels=(2, 3), bias=True),
    dict(group="S", n=None, k=2, l=1, channels=(1, 2), normalize="mean", bias=True),
    dict(group="S", n=3, k=1, l=2, channels=(2, 1), layout="channels_first"),
    dict(group="S", n=4, k=0, l=1, channels=(2, 2), bias=True),
    dict(group="O", n=3, k=1, l=1, channels=(2, 3)),
    dict(group="SO", n=3, k=2, l=1, channels=(2, 1)),
    dict(group="A", n=3, k=2, l=2, channels=(2, 1)),
    dict(group="Sp", n=2, k=2, l=2, channels=(1, 2), bias=True),
    dict(group="B", n=None, k=1, l=2, channels=(2, 1), bias=True),
    dict(group="SO(1,2)", k=2, l=1, channels=(2, 1)),
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
    for n in (3.0, "3", True):
        with pytest.raises(TypeError, match=f"n is {n!r}; expected an integer"):
            eqc.jax.linear(layer, x, weight, bias, n=n)
    with pytest.raises(TypeError, match="x is None; expected an array"):
        eqc.jax.linear(layer, None, weight, bias)
    with pytest.raises(TypeError, match="bias is a str; expected an array"):
        eqc.jax.linear(layer, x, weight, "bias")
    with pytest.raises(TypeError, match="layer is a ArrayImpl; expected an eqc.Layer"):
        eqc.jax.linear(x, layer, weight, bias)
    with pytest.raises(TypeError, match="x has dtype float32"):
        eqc.jax.linear(layer, x.astype(jnp.float32), weight, bias)
    with pytest.raises(ValueError, match=r"weight has shape \[1"):
        eqc.jax.linear(layer, x, weight[:1], bias)
    with pytest.raises(ValueError, match="move its channels"):
        eqc.jax.linear(layer, jnp.moveaxis(x, -1, 1), weight, bias)
    with pytest.raises(ValueError, match="expected at least 3"):
        eqc.jax.linear(layer, x[0, 0], weight, bias)
    with pytest.raises(ValueError, match="n is 5, but the layer was compiled for n = 3"):
        eqc.jax.linear(layer, x, weight, bias, n=5)
    with pytest.raises(ValueError, match=r"n is 3; expected a positive even number"):
        eqc.jax.linear(eqc.Layer(group="Sp", n=None, k=1, l=1), jnp.ones((1, 3, 1), jnp.float32),
                       jnp.ones((1, 1, 1), jnp.float32))
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


def test_without_double_precision():
    code = ("import eqc, eqc.jax, jax, jax.numpy as jnp\n"
            "def setting(dtype):\n"
            "    layer = eqc.Layer(group='S', n=3, k=1, l=1, dtype=dtype)\n"
            "    return layer, jnp.arange(3.).reshape(3, 1), jnp.arange(2.).reshape(2, 1, 1)\n"
            "layer, x, w = setting('f32')\n"
            "loss = lambda w: jnp.square(eqc.jax.linear(layer, x, w)).sum()\n"
            "h = jax.hessian(loss)(w)\n"
            "print(h.dtype, h.ravel().tolist(), jax.jvp(loss, (w,), (w,))[1])\n"
            "layer, x, w = setting('f64')\n"
            "try: eqc.jax.linear(layer, x, w)\n"
            "except TypeError as error: print(error)\n")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    # y is w0 (0, 1, 2) + w1 (3, 3, 3): "o1 i1" comes before "o1 | i1".
    assert run.stdout.splitlines() == [
        "float32 [10.0, 18.0, 18.0, 54.0] 54.0",
        "x has dtype float32; the layer takes float64: enable jax_enable_x64"], run.stderr


def test_a_missing_compiler_is_explained(tmp_path):
    code = ("import eqc, eqc.jax, jax.numpy as jnp\n"
            "layer = eqc.Layer(group='S', n=3, k=1, l=1)\n"
            "try: eqc.jax.linear(layer, jnp.ones((3, 1)), jnp.ones((2, 1, 1)))\n"
            "except eqc.Error as error: print(error)\n")
    environment = {**os.environ, "CC": "no-such-compiler", "EQC_CACHE_DIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True,
                         text=True)
    assert "'no-such-compiler' cannot be run" in run.stdout, run.stderr


@pytest.mark.parametrize("sizes", ["4, 5, 5, 2", "b, 5, 5, 2", "b, n, n, 2"])
def test_exported_programs_run_elsewhere(sizes, tmp_path):
    """In a process that never saw the layer, with gradients."""
    pytest.importorskip("flatbuffers")
    layer = eqc.Layer(group="S", n=None, k=2, l=1, channels=(2, 3), bias=True, dtype="f32")
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.standard_normal(shape).astype(np.float32) for shape in
                       (layer.x_shape(4, 5), layer.weight_shape, layer.bias_shape))
    checks = [jax.export.DisabledSafetyCheck.custom_call(f"eqc_xla_{name}")
              for name in ("forward", "backward")]
    shapes = [jax.ShapeDtypeStruct(jax.export.symbolic_shape(sizes), np.float32),
              *(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in (weight, bias))]
    program = jax.export.export(jax.jit(apply_of(layer)), disabled_checks=checks)(*shapes)
    (tmp_path / "program").write_bytes(program.serialize(vjp_order=1))
    np.savez(tmp_path / "arrays.npz", x, weight, bias)
    code = ("import sys, jax, numpy as np, eqc.jax\n"
            "eqc.jax.register()\n"
            "x, w, b = np.load('arrays.npz').values()\n"
            "program = jax.export.deserialize(bytearray(open('program', 'rb').read()))\n"
            "y = program.call(x, w, b)\n"
            "grads = jax.grad(lambda *a: program.call(*a).sum(), (0, 1, 2))(x, w, b)\n"
            "np.savez('results.npz', y, *grads)\n")
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True,
                         text=True)
    assert run.returncode == 0, run.stderr
    y, *grads = np.load(tmp_path / "results.npz").values()
    assert reference.error(y, reference.forward(layer, x, weight, bias, n=5)) <= 3e-5
    expected = reference.backward(layer, x, weight, np.ones_like(y), n=5)
    for got, want in zip(grads, expected, strict=True):
        assert reference.error(got, want) <= 3e-5


def test_a_program_with_a_layer_that_cannot_be_had_says_so(tmp_path):
    layer = eqc.Layer(group="S", n=3, k=1, l=1)
    name, source = "f" * 64, '{"source": "layer a {"}'
    eqc.jax.register()
    call = jax.ffi.ffi_call("eqc_xla_forward", jax.ShapeDtypeStruct((1, 3, 1), np.float32))
    with pytest.raises(Exception, match="the program's layer cannot be had here: .*expected"):
        call(np.ones((1, 3, 1), np.float32), np.ones(layer.weight_shape, np.float32), layer=name,
             source=source, mapped=np.int64(0))


def test_dlpack_in_numpy_layers():
    layer = eqc.Layer(group="S", n=3, k=1, l=1)
    x, weight = jnp.ones((2, 3, 1), jnp.float32), jnp.ones(layer.weight_shape, jnp.float32)
    assert layer(x, weight).ravel().tolist() == [4.0] * 6


def test_weights_start_as_x_asks_for():
    layer = eqc.Layer(group="S", n=9, k=1, l=1, channels=(2, 3))
    assert layer.diagrams == ("o1 i1", "o1 | i1")
    key = jax.random.key(0)
    means, _ = eqc.jax.init(layer, key)
    centred, _ = eqc.jax.init(layer, key, inputs="centred")
    # A sum of 9 equal numbers is 9 times one of them; of independent ones, 3 times.
    np.testing.assert_allclose(means * np.array([1, 3])[:, None, None], centred, rtol=1e-5)
    np.testing.assert_allclose(eqc.jax.init(layer, key, gain=1.0)[0] * 2**0.5, means, rtol=1e-5)


def test_n_does_not_matter_where_no_axis_has_it():
    layer = eqc.Layer(group="Sp", n=None, k=0, l=0, bias=True)
    x, weight, bias = (jnp.ones(shape, jnp.float32) for shape in ((3, 1), (1, 1, 1), (1, 1)))
    y = eqc.jax.linear(layer, x, weight, bias)
    assert y.ravel().tolist() == [2.0] * 3
