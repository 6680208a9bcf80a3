"""Layers as jnp code, from their matrices: JAX differentiates and shards it by itself."""

import jax.numpy as jnp
import reference


def dense(layer, n=None):
    """(x, weight[, bias]) -> y, for any number of batch axes."""
    n = layer.n if n is None else n
    maps, rows = reference.matrices(layer, n), None
    maps = maps.reshape(len(maps), *[n] * (layer.l + layer.k)).astype(layer.dtype)
    if layer.has_bias:
        rows = reference.matrices(layer, n, bias=True)
        rows = rows.reshape(len(rows), *[n] * layer.l).astype(layer.dtype)
    outputs, inputs = "pqrstu"[:layer.l], "ijklmn"[:layer.k]
    last = layer.layout == "channels_last"
    x_axes = f"...{inputs}a" if last else f"...a{inputs}"
    y_axes = f"...{outputs}c" if last else f"...c{outputs}"

    def apply(x, weight, bias=None):
        y = jnp.einsum(f"d{outputs}{inputs},{x_axes},dac->{y_axes}", maps, x, weight)
        if bias is not None:
            y += jnp.einsum(f"d{outputs},dc->{y_axes[3:]}", rows, bias)
        return y

    return apply
