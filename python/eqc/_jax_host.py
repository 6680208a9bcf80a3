"""Layers that JAX calls on the host: those of two inputs, and those that take several sizes.

As for PyTorch there is an operator for y, and one for the gradient of each input and of the
weight. Each is linear in what it takes, so that a derivative of one in reverse mode is another
one. Calls go through host callbacks, under jit, grad of every order and vmap.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy as np
from jax import Array

from eqc.bilinear import BilinearLayer
from eqc.layer import Layer

__all__ = ["add_bias", "apply", "shape_of"]

#: What each operator takes, in the order of its arguments: g is the gradient of y.
_OF_ONE = {"y": "xw", "x": "gw", "w": "xg"}
_OF_TWO = {"y": "xzw", "x": "gzw", "z": "gxw", "w": "xzg"}


def _roles(layer: Layer) -> dict[str, str]:
    return _OF_TWO if isinstance(layer, BilinearLayer) else _OF_ONE


def shape_of(layer: Layer, name: str, batch: int, n: Any) -> tuple[int, ...]:
    """Of x, z, y and its gradient, g, or of the weight, w."""
    if name == "w":
        return layer.weight_shape
    return layer._shape(batch, "y" if name in "gy" else name, n)  # type: ignore


def _type_of(layer: Layer, name: str) -> Any:
    return layer.weight_dtype if name == "w" else layer.dtype


def _on_host(layer: Layer, result: str, n: Any, *arrays: Any) -> np.ndarray:
    of = dict(zip(_roles(layer)[result], (np.ascontiguousarray(array) for array in arrays)))
    inputs = [of.get(name) for name in _roles(layer)["y"]]
    if result == "y":
        bias = np.zeros(layer.bias_shape, layer.weight_dtype) if layer.has_bias else None
        return layer.forward(*inputs, bias, n=n)  # type: ignore
    name = "weight" if result == "w" else result
    return getattr(layer.backward(*inputs, of["g"], wrt=[name], n=n), name)  # type: ignore


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def apply(layer: Layer, result: str, n: Any, *arrays: Array) -> Array:
    """The operator that makes `result`, of the arrays that it takes."""
    batch = next(array.shape[0] for name, array in zip(_roles(layer)[result], arrays)
                 if name != "w")
    like = jax.ShapeDtypeStruct(shape_of(layer, result, batch, n), _type_of(layer, result))
    return jax.pure_callback(functools.partial(_on_host, layer, result, n), like, *arrays,
                             vmap_method="sequential")


def _forward(layer: Layer, result: str, n: Any, *arrays: Array
             ) -> tuple[Array, tuple[Array, ...]]:
    return apply(layer, result, n, *arrays), arrays


def _backward(layer: Layer, result: str, n: Any, saved: tuple[Array, ...],
              grad: Array) -> tuple[Array, ...]:
    roles = _roles(layer)
    known = dict(zip(roles[result], saved))
    known["g" if result == "y" else result] = grad
    made = ("y" if name == "g" else name for name in roles[result])
    return tuple(apply(layer, name, n, *(known[other] for other in roles[name]))
                 for name in made)


apply.defvjp(_forward, _backward)


def _bias_on_host(layer: Layer, n: Any, bias: Any) -> np.ndarray:
    zeros = (np.zeros(shape_of(layer, name, 1, n), _type_of(layer, name))
             for name in _roles(layer)["y"])
    return layer.forward(*zeros, np.ascontiguousarray(bias), n=n)


def _bias_grad_on_host(layer: Layer, n: Any, grad: Any) -> np.ndarray:
    nothing = (None,) * len(_roles(layer)["y"])
    return layer.backward(*nothing, np.ascontiguousarray(grad),  # type: ignore
                          wrt=["bias"], n=n).bias


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _bias(layer: Layer, n: Any, bias: Array) -> Array:
    like = jax.ShapeDtypeStruct(shape_of(layer, "y", 1, n), layer.dtype)
    return jax.pure_callback(functools.partial(_bias_on_host, layer, n), like, bias,
                             vmap_method="sequential")


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _bias_grad(layer: Layer, n: Any, grad: Array) -> Array:
    like = jax.ShapeDtypeStruct(layer.bias_shape, layer.weight_dtype)
    return jax.pure_callback(functools.partial(_bias_grad_on_host, layer, n), like, grad,
                             vmap_method="sequential")


_bias.defvjp(lambda layer, n, bias: (_bias(layer, n, bias), ()),
             lambda layer, n, _, grad: (_bias_grad(layer, n, grad),))
_bias_grad.defvjp(lambda layer, n, grad: (_bias_grad(layer, n, grad), ()),
                  lambda layer, n, _, bias: (_bias(layer, n, bias),))


def add_bias(layer: Layer, n: Any, y: Array, bias: Array | None) -> Array:
    """y with what a bias adds to it."""
    return y if bias is None else y + _bias(layer, n, bias)
