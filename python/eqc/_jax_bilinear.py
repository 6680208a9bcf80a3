"""Layers of two inputs for JAX, on CPUs."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from eqc._jax_host import add_bias, apply, shape_of
from eqc.bilinear import BilinearLayer
from eqc.initialize import weight_std

__all__ = ["bilinear", "bilinear_init"]

def bilinear(layer: BilinearLayer, x: Any, z: Any, weight: Any, bias: Any = None, *,
             n: Any = None) -> Array:
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
        expected = shape_of(layer, name, batch, size)
        if array.shape != expected:
            raise ValueError(f"{'weight' if name == 'w' else name} has shape "
                             f"{list(array.shape)}; expected {list(expected)}")
        if array.dtype != layer.dtype:
            raise TypeError(f"{'weight' if name == 'w' else name} has dtype {array.dtype}; the "
                            f"layer takes {layer.dtype}")
    y = apply(layer, "y", size, arrays["x"], arrays["z"], arrays["w"])
    return add_bias(layer, size, y, None if bias is None else jnp.asarray(bias))


def bilinear_init(layer: BilinearLayer, key: Array, *, gain: float = 1.0,
                  n: int | None = None) -> tuple[Array, Array | None]:
    """Random weights and a zero bias, as `BilinearLayer.init` draws them."""
    std = jnp.asarray(weight_std(layer, n=n, gain=gain, inputs="centred"), layer.dtype)
    normal = jax.random.normal(key, layer.weight_shape, layer.dtype)
    weight = normal * std.reshape(-1, *[1] * (len(layer.weight_shape) - 1))
    return weight, jnp.zeros(layer.bias_shape, layer.dtype) if layer.has_bias else None
