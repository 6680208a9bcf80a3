"""Layers that take the largest or smallest entries of x, for JAX.

They are not linear in x, so the primitives of `_jax_primitives` compute their values and first
derivatives in reverse mode; those of higher order are those of `_pooled`, in operations of JAX.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import PartitionSpec

from eqc import _pooled
from eqc._jax_primitives import Call, _backward_of, linear_p

__all__ = ["linear"]

_framework = _pooled.Framework(
    einsum=jnp.einsum, argmax=lambda array: jnp.argmax(array, -2, keepdims=True),
    take=lambda values, places: jnp.take_along_axis(values, places, -2).squeeze(-2),
    movedim=jnp.moveaxis, stack=jnp.stack,
    eye=lambda n, like: jnp.eye(n, dtype=like.dtype),
    ones=lambda n, like: jnp.ones(n, like.dtype))


def _kept(call: Call, sizes: Array, order: int) -> Array:
    """Which entries of a padded x (order k) or y (order l) count."""
    first = 1 if call.layer.layout == "channels_first" else 0
    rank = sizes.ndim + order + 1
    kept = jnp.ones((1,) * rank, bool)
    for axis in range(order):
        shape = [1] * rank
        shape[sizes.ndim + first + axis] = call.n
        kept &= jnp.arange(call.n).reshape(shape) < sizes.reshape(
            *sizes.shape, *[1] * (order + 1))
    return kept


def _defined(call: Call, sizes: Array | None, x: Array, weight: Array,
             bias: Array | None) -> Array:
    """The layer in operations of JAX."""
    layer = call.layer
    wide = layer.weight_dtype
    keys = values = x.astype(wide)
    if sizes is not None:
        kept = _kept(call, sizes, layer.k)
        values = jnp.where(kept, values, 0)
        keys = jnp.where(kept, keys, -jnp.inf if layer.pool == "max" else jnp.inf)
    y = _pooled.along(layer, call.n, jax.lax.stop_gradient(keys), values, weight, _framework)
    if bias is not None:
        operands = [*([] if sizes is None else [sizes]), bias]
        of_bias = linear_p.bind(*operands, call=call, pairs=0, spec=PartitionSpec(
            *(None,) * ((0 if sizes is None else sizes.ndim) + layer.l + 1)))
        y = y + of_bias.astype(wide)
    if sizes is not None:
        y = jnp.where(_kept(call, sizes, layer.l), y, 0)
    return y.astype(layer.dtype)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def linear(call: Call, spec: PartitionSpec, sizes: Array | None, x: Array, weight: Array,
           bias: Array | None) -> Array:
    """y; sizes and bias may be None."""
    operands = [value for value in (sizes, x, weight, bias) if value is not None]
    return linear_p.bind(*operands, call=call, pairs=1, spec=spec)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _gradients(call: Call, sizes: Array | None, x: Array, weight: Array, bias: Array | None,
               grad_y: Array) -> tuple[Array, Array, Array | None]:
    return _backward_of(call, [] if sizes is None else [sizes], x, weight, grad_y,
                        *(None if value is None else jax.typeof(value)
                          for value in (x, weight, bias)))


def _linear_forward(call: Call, spec: PartitionSpec, *operands: Any) -> tuple[Array, tuple]:
    return linear(call, spec, *operands), operands


def _linear_backward(call: Call, spec: PartitionSpec, saved: tuple, grad_y: Array) -> tuple:
    del spec
    return None, *_gradients(call, *saved, grad_y)


linear.defvjp(_linear_forward, _linear_backward)


def _gradients_forward(call: Call, *operands: Any) -> tuple[tuple, tuple]:
    return _gradients(call, *operands), operands


def _gradients_backward(call: Call, saved: tuple, given: tuple) -> tuple:
    sizes, x, weight, bias, grad_y = saved

    def first(x: Array, weight: Array, bias: Array | None, grad_y: Array) -> tuple:
        return jax.vjp(functools.partial(_defined, call, sizes), x, weight, bias)[1](grad_y)

    return None, *jax.vjp(first, x, weight, bias, grad_y)[1](given)


_gradients.defvjp(_gradients_forward, _gradients_backward)
