"""Layers of two inputs in JAX."""

from __future__ import annotations

import numpy as np
import pytest

import eqc

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402

import eqc.jax  # noqa: E402


def test_transformations() -> None:
    layer = eqc.BilinearLayer(group="S", n=3, k=(2, 1), l=1, channels=2, bias=True)
    weight, _ = eqc.jax.bilinear_init(layer, jax.random.key(0))
    bias = jnp.ones(layer.bias_shape, jnp.float32)
    x = jax.random.normal(jax.random.key(1), layer.x_shape(2), jnp.float32)
    z = jax.random.normal(jax.random.key(2), layer.z_shape(2), jnp.float32)

    def call(x: jax.Array, z: jax.Array, weight: jax.Array, bias: jax.Array) -> jax.Array:
        return eqc.jax.bilinear(layer, x, z, weight, bias)

    expected = layer(*map(np.asarray, (x, z, weight, bias)))
    np.testing.assert_allclose(jax.jit(call)(x, z, weight, bias), expected, atol=1e-5)
    grad_y = jax.random.normal(jax.random.key(3), layer.y_shape(2), jnp.float32)
    grads = jax.grad(lambda *a: (call(*a) * grad_y).sum(), argnums=(0, 1, 2, 3))(
        x, z, weight, bias)
    wanted = layer.backward(*map(np.asarray, (x, z, weight, grad_y)))
    for found, right in zip(grads, wanted):
        np.testing.assert_allclose(found, right, atol=1e-4)
    # Of second order: that of z of the gradient of x is the layer on what it is taken along.
    along = jax.random.normal(jax.random.key(4), x.shape, jnp.float32)
    second = jax.grad(lambda z: (jax.grad(
        lambda x: (call(x, z, weight, bias) * grad_y).sum())(x) * along).sum())(z)
    right = layer.backward(*map(np.asarray, (along, z, weight, grad_y)), wrt=["z"]).z
    np.testing.assert_allclose(second, right, atol=1e-4)
    mapped = jax.vmap(lambda x, z: call(x, z, weight, bias))(x[None], z[None])
    np.testing.assert_allclose(mapped[0], expected, atol=1e-5)
