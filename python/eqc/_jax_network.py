"""Networks for JAX: values and gradients by callbacks, which call the compiled functions;
derivatives of higher order are those of the same network composed of its layers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from eqc._expressions import Axes, compose
from eqc._jax_bilinear import bilinear
from eqc._native import check_status
from eqc.bilinear import BilinearLayer
from eqc.network import Network

__all__ = ["apply", "composed"]


def _folded(arrays: Sequence[np.ndarray], shared: Sequence[np.ndarray], ranks: Sequence[int],
            call: Callable[..., list[np.ndarray]], results: int) -> list[np.ndarray]:
    """Calls `call` with the axes that vmap put in front of all arrays as part of the batch.
    `shared` are arrays without a batch; where these differ along an axis, once for each."""
    front = len(arrays[0].shape) - ranks[0] if arrays else shared[0].ndim - 1
    if front == 0:
        return call([np.ascontiguousarray(a) for a in arrays],
                    [np.ascontiguousarray(a) for a in shared])
    sizes = np.broadcast_shapes(*(a.shape[:front] for a in (*arrays, *shared)))
    whole = [np.broadcast_to(a, (*sizes, *a.shape[front:])) for a in arrays]
    if results and all(a.shape[:front] == (1,) * front for a in shared):
        flat = [np.ascontiguousarray(a).reshape(-1, *a.shape[front + 1:]) for a in whole]
        found = call(flat, [np.ascontiguousarray(a[(0,) * front]) for a in shared])
        batch = whole[0].shape[front]
        return [a.reshape(*sizes, batch, *a.shape[1:]) for a in found]
    parts = [np.broadcast_to(a, (*sizes, *a.shape[front:])) for a in shared]
    each = [call([np.ascontiguousarray(a[at]) for a in whole],
                 [np.ascontiguousarray(a[at]) for a in parts]) for at in np.ndindex(*sizes)]
    return [np.stack(column).reshape(*sizes, *column[0].shape) for column in zip(*each)]


def _shapes(net: Network, tensors: Sequence[Any], batch: int, sizes: Mapping[str, int]
            ) -> list[jax.ShapeDtypeStruct]:
    return [jax.ShapeDtypeStruct(net.shape(tensor, batch, sizes), net.dtype)
            for tensor in tensors]


def _forward(net: Network, sizes: tuple[tuple[str, int], ...], inputs: Sequence[Array],
             params: Array) -> list[Array]:
    named = dict(sizes)

    def call(arrays: list[np.ndarray], shared: list[np.ndarray]) -> list[np.ndarray]:
        batch = arrays[0].shape[0]
        outputs = [np.empty(net.shape(tensor, batch, named), net.dtype)
                   for tensor in net.outputs]
        check_status(net._forward(*net._numbers(named, batch), *(
            array.ctypes.data for array in (*arrays, *shared, *outputs))))
        return outputs

    def callback(*arrays: Any) -> list[np.ndarray]:
        *values, flat = map(np.asarray, arrays)
        return _folded(values, [flat], [len(t.axes) + 2 for t in net.inputs], call, 1)

    return jax.pure_callback(callback, _shapes(net, net.outputs, inputs[0].shape[0], named),
                             *inputs, params, vmap_method="expand_dims")


def _backward(net: Network, sizes: tuple[tuple[str, int], ...], inputs: Sequence[Array],
              params: Array, grads: Sequence[Array]) -> list[Array]:
    named, count = dict(sizes), len(net.inputs)

    def call(arrays: list[np.ndarray], shared: list[np.ndarray]) -> list[np.ndarray]:
        batch = arrays[0].shape[0]
        values, given = arrays[:count], arrays[count:]
        results = [np.empty(value.shape, net.dtype) for value in (*values, *shared)]
        check_status(net._backward(*net._numbers(named, batch), *(
            None if array is None else array.ctypes.data
            for array in (*values, *shared, *given, None, *results))))
        return results

    def callback(*arrays: Any) -> list[np.ndarray]:
        values = list(map(np.asarray, arrays))
        flat = values.pop(count)
        # The gradient of the parameters is one for each point of vmap's axes.
        return _folded(values, [flat], [len(t.axes) + 2 for t in (*net.inputs, *net.outputs)],
                       call, 0)

    shapes = [jax.ShapeDtypeStruct(value.shape, net.dtype) for value in (*inputs, params)]
    return jax.pure_callback(callback, shapes, *inputs, params, *grads,
                             vmap_method="expand_dims")


_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "relu": jax.nn.relu, "leaky_relu": jax.nn.leaky_relu, "elu": jax.nn.elu,
    "gelu": functools.partial(jax.nn.gelu, approximate=False), "silu": jax.nn.silu,
    "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "tanh": jnp.tanh,
    "softsign": jax.nn.soft_sign, "sin": jnp.sin, "cos": jnp.cos, "exp": jnp.exp,
    "abs": jnp.abs, "square": jnp.square}


def composed(net: Network, sizes: Mapping[str, int], inputs: Sequence[Array],
             params: Array) -> list[Array]:
    """The same outputs, by operations of JAX and of its layers."""
    from eqc.jax import linear  # which imports this module

    def layer(name: str, values: list[Array], weight: Array, bias: Array | None,
              n: int | None) -> Array:
        kernel = net.layers[name]
        apply = bilinear if isinstance(kernel, BilinearLayer) else linear
        return apply(kernel, *values, weight, bias, n=n if kernel.n is None else None)

    return compose(net, inputs, params, sizes, layer=layer, functions=_FUNCTIONS,
                   axes=Axes(norm=lambda x, dims: jnp.sqrt(jnp.sum(x * x, dims) + 1e-12),
                             concat=lambda values, dim: jnp.concatenate(values, dim),
                             insert=lambda x, dim: jnp.expand_dims(x, dim)))


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def apply(net: Network, sizes: tuple[tuple[str, int], ...], inputs: list[Array],
          params: Array) -> list[Array]:
    """The outputs of a network."""
    return _forward(net, sizes, inputs, params)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _gradients(net: Network, sizes: tuple[tuple[str, int], ...], inputs: list[Array],
               params: Array, grads: list[Array]) -> list[Array]:
    return _backward(net, sizes, inputs, params, grads)


def _apply_forward(net: Network, sizes: Any, inputs: list[Array], params: Array) -> tuple:
    return apply(net, sizes, inputs, params), (inputs, params)


def _apply_backward(net: Network, sizes: Any, saved: tuple, grads: list[Array]) -> tuple:
    *of_inputs, of_params = _gradients(net, sizes, *saved, list(grads))
    return of_inputs, of_params


apply.defvjp(_apply_forward, _apply_backward)


def _gradients_forward(net: Network, sizes: Any, inputs: list[Array], params: Array,
                       grads: list[Array]) -> tuple:
    return _gradients(net, sizes, inputs, params, grads), (inputs, params, grads)


def _gradients_backward(net: Network, sizes: Any, saved: tuple, given: list[Array]) -> tuple:
    def first(inputs: list[Array], params: Array, grads: list[Array]) -> list[Array]:
        _, pull = jax.vjp(lambda i, p: composed(net, dict(sizes), i, p), inputs, params)
        of_inputs, of_params = pull(grads)
        return [*of_inputs, of_params]

    return jax.vjp(first, *saved)[1](list(given))


_gradients.defvjp(_gradients_forward, _gradients_backward)
