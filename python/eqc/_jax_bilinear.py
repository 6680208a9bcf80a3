"""Layers of two inputs for JAX, on CPUs.

The same four operators as for PyTorch: y, and the gradients of x, z and the weight, each linear
in what it takes, so that a derivative of one of them in reverse mode is another one. Calls go
through host callbacks, under jit, grad of every order and vmap.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from eqc.bilinear import BilinearLayer
from eqc.initialize import weight_std

__all__ = ["bilinear", "bilinear_init"]

#: What each operator takes, in the order of its arguments: g is the gradient of y.
_ROLES = {"y": "xzw", "x": "gzw", "z": "gxw", "w": "xzg"}


def _shape(layer: BilinearLayer, name: str, batch: int, n: int) -> tuple[int, ...]:
    if name == "w":
        return layer.weight_shape
    return layer._shape(batch, "y" if name in "gy" else name, n)  # type: ignore


def _on_host(layer: BilinearLayer, result: str, n: int, *arrays: Any) -> np.ndarray:
    of = dict(zip(_ROLES[result], (np.ascontiguousarray(array) for array in arrays)))
    if result == "y":
        bias = np.zeros(layer.bias_shape, layer.dtype) if layer.has_bias else None
        return layer.forward(of["x"], of["z"], of["w"], bias, n=n)
    name = "weight" if result == "w" else result
    return getattr(layer.backward(of.get("x"), of.get("z"), of.get("w"), of["g"], wrt=[name],
                                  n=n), name)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _operator(layer: BilinearLayer, result: str, n: int, a: Array, b: Array, c: Array) -> Array:
    batch = a.shape[0]
    like = jax.ShapeDtypeStruct(_shape(layer, result, batch, n), layer.dtype)
    return jax.pure_callback(functools.partial(_on_host, layer, result, n), like, a, b, c,
                             vmap_method="sequential")


def _forward(layer: BilinearLayer, result: str, n: int, a: Array, b: Array,
             c: Array) -> tuple[Array, tuple[Array, ...]]:
    return _operator(layer, result, n, a, b, c), (a, b, c)


def _backward(layer: BilinearLayer, result: str, n: int, saved: tuple[Array, ...],
              grad: Array) -> tuple[Array, ...]:
    known = dict(zip(_ROLES[result], saved))
    known["g" if result == "y" else result] = grad
    made = ("y" if name == "g" else name for name in _ROLES[result])
    return tuple(_operator(layer, name, n, *(known[other] for other in _ROLES[name]))
                 for name in made)


_operator.defvjp(_forward, _backward)


def _bias_on_host(layer: BilinearLayer, n: int, bias: Any) -> np.ndarray:
    zeros = (np.zeros(_shape(layer, name, 1, n), layer.dtype) for name in "xzw")
    return layer.forward(*zeros, np.ascontiguousarray(bias), n=n)


def _bias_grad_on_host(layer: BilinearLayer, n: int, grad: Any) -> np.ndarray:
    return layer.backward(None, None, None, np.ascontiguousarray(grad), wrt=["bias"], n=n).bias


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _bias(layer: BilinearLayer, n: int, bias: Array) -> Array:
    like = jax.ShapeDtypeStruct(_shape(layer, "y", 1, n), layer.dtype)
    return jax.pure_callback(functools.partial(_bias_on_host, layer, n), like, bias,
                             vmap_method="sequential")


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _bias_grad(layer: BilinearLayer, n: int, grad: Array) -> Array:
    like = jax.ShapeDtypeStruct(layer.bias_shape, layer.dtype)
    return jax.pure_callback(functools.partial(_bias_grad_on_host, layer, n), like, grad,
                             vmap_method="sequential")


_bias.defvjp(lambda layer, n, bias: (_bias(layer, n, bias), ()),
             lambda layer, n, _, grad: (_bias_grad(layer, n, grad),))
_bias_grad.defvjp(lambda layer, n, grad: (_bias_grad(layer, n, grad), ()),
                  lambda layer, n, _, bias: (_bias(layer, n, bias),))


def bilinear(layer: BilinearLayer, x: Any, z: Any, weight: Any, bias: Any = None, *,
             n: int | None = None) -> Array:
    """Applies a layer of two inputs.

    Args:
        layer: an `eqc.BilinearLayer`.
        x, z, weight, bias, n: as of `eqc.BilinearLayer.forward`.
    """
    if not isinstance(layer, BilinearLayer):
        raise TypeError(f"layer is {layer!r}; expected an eqc.BilinearLayer")
    if layer.has_bias != (bias is not None):
        raise ValueError("the layer has a bias, but none was given" if layer.has_bias
                         else "bias was given, but the layer has none")
    arrays = {"x": jnp.asarray(x), "z": jnp.asarray(z), "w": jnp.asarray(weight)}
    size = layer._size(n, ("x", arrays["x"], "x"), ("z", arrays["z"], "z"))
    batch = arrays["x"].shape[0]
    for name, array in arrays.items():
        expected = _shape(layer, name, batch, size)
        if array.shape != expected:
            raise ValueError(f"{'weight' if name == 'w' else name} has shape "
                             f"{list(array.shape)}; expected {list(expected)}")
        if array.dtype != layer.dtype:
            raise TypeError(f"{'weight' if name == 'w' else name} has dtype {array.dtype}; the "
                            f"layer takes {layer.dtype}")
    y = _operator(layer, "y", size, arrays["x"], arrays["z"], arrays["w"])
    return y if bias is None else y + _bias(layer, size, jnp.asarray(bias))


def bilinear_init(layer: BilinearLayer, key: Array, *, gain: float = 1.0,
                  n: int | None = None) -> tuple[Array, Array | None]:
    """Random weights and a zero bias, as `BilinearLayer.init` draws them."""
    std = jnp.asarray(weight_std(layer, n=n, gain=gain, inputs="centred"), layer.dtype)
    normal = jax.random.normal(key, layer.weight_shape, layer.dtype)
    weight = normal * std.reshape(-1, *[1] * (len(layer.weight_shape) - 1))
    return weight, jnp.zeros(layer.bias_shape, layer.dtype) if layer.has_bias else None
