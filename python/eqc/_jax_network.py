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
from eqc.network import Network, Tensor

__all__ = ["apply", "apply_padded", "composed", "padded_composed"]


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


# Samples of different sizes, padded: the same with a list of sizes of each sample, [batch, spaces
# without a size], as one more array with a batch.


def _kept(net: Network, tensor: Any, lists: Array, extents: Mapping[str, int]) -> Array:
    """Which entries of a padded tensor count, with an axis of length 1 for the channels."""
    rank = len(tensor.axes) + 2
    first = 1 if net.layout == "channels_last" else 2
    kept = jnp.ones((lists.shape[0],) + (1,) * (rank - 1), bool)
    for i, space in enumerate(tensor.axes):
        if space.name not in net._free:
            continue
        shape = [1] * rank
        shape[first + i] = extents[space.name]
        each = lists[:, net._free.index(space.name)]
        kept &= jnp.arange(extents[space.name]).reshape(shape) < each.reshape(
            -1, *[1] * (rank - 1))
    return kept


def _padded_numbers(net: Network, lists: np.ndarray, extents: Mapping[str, int]
                    ) -> tuple[list[np.ndarray], tuple[int, ...]]:
    """The lists of sizes, which a call needs, and its numbers."""
    columns = [np.ascontiguousarray(column, np.int64) for column in lists.T]
    for name, column in zip(net._free, columns):
        if ((column < 0) | (column > extents[name])).any():
            raise ValueError(f"sizes of '{name}' are not all 0 to {extents[name]}")
    return columns, (*(extents[name] for name in net._free), lists.shape[0],
                     *(column.ctypes.data for column in columns))


def _ranks(tensors: Sequence[Any]) -> list[int]:
    return [2] + [len(tensor.axes) + 2 for tensor in tensors]


def _padded_forward(net: Network, extents: Extents, lists: Array, inputs: Sequence[Array],
                    params: Array) -> list[Array]:
    named = dict(extents)
    function = net._ragged("forward_padded")

    def call(arrays: list[np.ndarray], shared: list[np.ndarray]) -> list[np.ndarray]:
        columns, numbers = _padded_numbers(net, arrays[0], named)
        outputs = [np.empty(net.shape(tensor, arrays[0].shape[0], named), net.dtype)
                   for tensor in net.outputs]
        check_status(function(*numbers, *(
            array.ctypes.data for array in (*arrays[1:], *shared, *outputs))))
        return outputs

    def callback(*arrays: Any) -> list[np.ndarray]:
        *values, flat = map(np.asarray, arrays)
        return _folded(values, [flat], _ranks(net.inputs), call, 1)

    return jax.pure_callback(callback, _shapes(net, net.outputs, lists.shape[0], named), lists,
                             *inputs, params, vmap_method="expand_dims")


def _padded_backward(net: Network, extents: Extents, lists: Array, inputs: Sequence[Array],
                     params: Array, grads: Sequence[Array]) -> list[Array]:
    named, count = dict(extents), len(net.inputs)
    function = net._ragged("backward_padded")

    def call(arrays: list[np.ndarray], shared: list[np.ndarray]) -> list[np.ndarray]:
        columns, numbers = _padded_numbers(net, arrays[0], named)
        values, given = arrays[1:1 + count], arrays[1 + count:]
        results = [np.empty(value.shape, net.dtype) for value in (*values, *shared)]
        check_status(function(*numbers, *(
            None if array is None else array.ctypes.data
            for array in (*values, *shared, *given, None, *results))))
        return results

    def callback(*arrays: Any) -> list[np.ndarray]:
        values = list(map(np.asarray, arrays))
        flat = values.pop(1 + count)
        return _folded(values, [flat], _ranks((*net.inputs, *net.outputs)), call, 0)

    shapes = [jax.ShapeDtypeStruct(value.shape, net.dtype) for value in (*inputs, params)]
    return jax.pure_callback(callback, shapes, lists, *inputs, params, *grads,
                             vmap_method="expand_dims")


def padded_composed(net: Network, extents: Mapping[str, int], lists: Array,
                    inputs: Sequence[Array], params: Array) -> list[Array]:
    """The same outputs, by operations of JAX and of its layers. What lies outside of samples is
    not read by layers; elsewhere it is masked."""
    from eqc.jax import linear  # which imports this module

    def layer(name: str, values: list[Array], weight: Array, bias: Array | None,
              n: int | None) -> Array:
        kernel = net.layers[name]
        if isinstance(kernel, BilinearLayer):
            raise NotImplementedError("networks with layers of two inputs have no derivatives of "
                                      "higher order for samples of different sizes")
        if kernel.n is not None or not kernel.spaces:
            return linear(kernel, *values, weight, bias)
        if kernel._is_product:
            raise NotImplementedError("networks with layers of several spaces have no derivatives "
                                      "of higher order for samples of different sizes")
        sizes = lists[:, net._free.index(kernel.spaces[0].name)]
        return linear(kernel, *values, weight, bias, n=n, sizes=sizes)

    def masked(array: Array, axes: Sequence[str]) -> Array:
        tensor = Tensor("", tuple(net.kinds[name] for name in axes), 0)
        return jnp.where(_kept(net, tensor, lists, extents), array, 0)

    outputs = compose(net, inputs, params, extents, layer=layer, functions=_FUNCTIONS,
                      axes=Axes(norm=lambda x, dims: jnp.sqrt(jnp.sum(x * x, dims) + 1e-12),
                                concat=lambda values, dim: jnp.concatenate(values, dim),
                                insert=lambda x, dim: jnp.expand_dims(x, dim)), masked=masked)
    return [masked(value, [space.name for space in tensor.axes])
            for tensor, value in zip(net.outputs, outputs)]


#: The lengths of axes by the names of spaces, as a constant of a computation.
Extents = tuple[tuple[str, int], ...]


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def apply_padded(net: Network, extents: Extents, lists: Array, inputs: list[Array],
                 params: Array) -> list[Array]:
    """The outputs of a network for padded samples."""
    return _padded_forward(net, extents, lists, inputs, params)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _padded_gradients(net: Network, extents: Extents, lists: Array, inputs: list[Array],
                      params: Array, grads: list[Array]) -> list[Array]:
    return _padded_backward(net, extents, lists, inputs, params, grads)


def _apply_padded_forward(net: Network, extents: Extents, lists: Array, inputs: list[Array],
                          params: Array) -> tuple:
    return apply_padded(net, extents, lists, inputs, params), (lists, inputs, params)


def _apply_padded_backward(net: Network, extents: Extents, saved: tuple, grads: list[Array]
                           ) -> tuple:
    *of_inputs, of_params = _padded_gradients(net, extents, *saved, list(grads))
    return None, of_inputs, of_params


apply_padded.defvjp(_apply_padded_forward, _apply_padded_backward)


def _padded_gradients_forward(net: Network, extents: Extents, *arguments: Any) -> tuple:
    return _padded_gradients(net, extents, *arguments), arguments


def _padded_gradients_backward(net: Network, extents: Extents, saved: tuple, given: list[Array]
                               ) -> tuple:
    lists, *rest = saved

    def first(inputs: list[Array], params: Array, grads: list[Array]) -> list[Array]:
        _, pull = jax.vjp(lambda i, p: padded_composed(net, dict(extents), lists, i, p), inputs,
                          params)
        of_inputs, of_params = pull(grads)
        return [*of_inputs, of_params]

    return (None, *jax.vjp(first, *rest)[1](list(given)))


_padded_gradients.defvjp(_padded_gradients_forward, _padded_gradients_backward)
