"""Layers for JAX, on CPUs and NVIDIA GPUs.

    layer = eqc.Layer(group="S", n=34, k=2, l=2, channels=(16, 32), bias=True)
    weight, bias = eqc.jax.init(layer, jax.random.key(0))
    y = eqc.jax.linear(layer, x, weight, bias)

Calls go through XLA's foreign function interface, without copies, under every transformation:
jit, derivatives of every order in both modes, vmap, and sharding over several devices. The
handlers are a small C file that is compiled with the system's C compiler (CC, else cc) on
first use, and kept with the compiled layers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, export
from jax.sharding import PartitionSpec

from eqc import _jax_host, _jax_lowering, _jax_network, _jax_pooled, _xla  # noqa: F401
from eqc._arrays import layout_advice
from eqc._integers import integer
from eqc._jax_bilinear import bilinear, bilinear_init
from eqc._jax_primitives import Call, batch_axes, linear_p
from eqc.initialize import GAIN, INPUTS, weight_std
from eqc.layer import Layer
from eqc.network import Network

__all__ = ["bilinear", "bilinear_init", "init", "linear", "network", "register"]


def _array(value: Any, name: str) -> Array:
    if value is None or isinstance(value, (str, Layer)):
        found = "None" if value is None else f"a {type(value).__name__}"
        raise TypeError(f"{name} is {found}; expected an array")
    return jnp.asarray(value)


def _checked(value: Array, name: str, shape: tuple[int, ...],
             layer: Layer | Network) -> Array:
    value = _array(value, name)
    dtype = layer.weight_dtype if name in ("weight", "bias") else layer.dtype
    if value.dtype != dtype:
        narrow = dtype == np.float64 and not jax.config.jax_enable_x64
        advice = "enable jax_enable_x64" if narrow else f"use {name}.astype(jax.numpy.{dtype})"
        raise TypeError(f"{name} has dtype {value.dtype}; the layer takes "
                        f"{dtype}: {advice}")
    if value.shape != shape:
        raise ValueError(f"{name} has shape {list(value.shape)}; expected {list(shape)}"
                         f"{layout_advice(name, value.shape, shape)}")
    return value


def _checked_sizes(value: Any, shape: tuple[int, ...], layer: Layer, n: Any) -> Array:
    """Sizes of samples as the handlers take them. Those that are known are checked here."""
    sizes = _array(value, "sizes")
    if not jnp.issubdtype(sizes.dtype, jnp.integer):
        raise TypeError(f"sizes has dtype {sizes.dtype}; expected integers")
    if sizes.shape != shape:
        raise ValueError(f"sizes has shape {list(sizes.shape)}; expected {list(shape)}, one for "
                         "each sample")
    if not isinstance(sizes, jax.core.Tracer) and sizes.is_fully_addressable:
        layer._sizes(np.asarray(sizes).reshape(-1), n if isinstance(n, int) else None)
    wide = jax.config.jax_enable_x64 and sizes.dtype.itemsize >= 4
    return sizes.astype(jnp.int64 if wide else jnp.int32)


def linear(layer: Layer, x: Array, weight: Array, bias: Array | None = None, *,
           n: int | None = None, sizes: Array | None = None) -> Array:
    """Applies a compiled layer.

    Args:
        layer: an `eqc.Layer`; a constant of the computation.
        x: [.., n (k times), c_in], or [.., c_in, n (k times)] with channels first, with any
            number of batch axes.
        weight: [diagrams, c_in, c_out].
        bias: [bias_diagrams, c_out], or None for a zero bias.
        n: only for a layer without an n of its own and of order k = 0.
        sizes: of the samples where they differ, integers in the shape of the batch axes, of a
            layer that was compiled with n=None and ragged=True. Of a sample the entries count
            whose indices are all below its size. Others are not read, and are zero in the
            result and in the gradient of x.

    Returns:
        [.., n (l times), c_out], or [.., c_out, n (l times)].

    Raises:
        TypeError, ValueError: an argument has another dtype or shape, a size is not from 0 to
            n, or the layer has no functions for sizes. Sizes that are computed under jit are
            checked where it runs, and JAX reports what is wrong with them.
        eqc.Error: the handlers could not be compiled.

    vmap over x runs as one larger batch; over weights, and for gradients of the weight of each
    sample, the layer is called once a sample.
    """
    if not isinstance(layer, Layer):
        raise TypeError(f"layer is a {type(layer).__name__}; expected an eqc.Layer")
    x = _array(x, "x")
    if x.ndim < layer.k + 1:
        raise ValueError(f"x has {x.ndim} axes; expected at least {layer.k + 1}: any number of "
                         f"batch axes, {layer.k} of size n, and the channels")
    batch, inner = x.shape[:x.ndim - layer.k - 1], x.shape[x.ndim - layer.k - 1:]
    if n is not None and not export.is_symbolic_dim(n):
        n = layer._free.checked_part(n)
    if layer.n is None:
        n = layer._sizes_of_x(n, inner)
        if n is None:
            raise ValueError("n is unknown: x has no axis of it; give n=")
    x = _checked(x, "x", (*batch, *layer.x_shape(1, n)[1:]), layer)
    arguments = [x, _checked(weight, "weight", layer.weight_shape, layer)]
    if bias is not None:
        if not layer.has_bias:
            raise ValueError("bias was given, but the layer has none")
        arguments.append(_checked(bias, "bias", layer.bias_shape, layer))
    if layer._free.several:
        return _of_several_sizes(layer, n, batch, *arguments)
    call = Call(layer, n if layer.n is None else layer.n, 0, sizes is not None)
    if sizes is not None:
        layer._ragged("forward_padded")  # says why there is none
        sizes = _checked_sizes(sizes, batch, layer, n)
    spec = _spec_of_y(call, sizes, *arguments)
    if layer.pool != "sum":
        operands = _varying_alike([*([] if sizes is None else [sizes]), *arguments])
        return _jax_pooled.linear(call, spec, None if sizes is None else operands.pop(0),
                                  *operands, *([] if bias is not None else [None]))
    return linear_p.bind(*_varying_alike([*([] if sizes is None else [sizes]), *arguments]),
                         call=call, pairs=1, spec=spec)


def _of_several_sizes(layer: Layer, n: Any, batch: tuple[int, ...], x: Array, weight: Array,
                      bias: Array | None = None) -> Array:
    """A layer whose calls bring several sizes, called on the host."""
    if layer.pool != "sum":
        raise NotImplementedError("JAX has no layers that take largest entries where calls "
                                  "bring several sizes: give the spaces their sizes")
    flat = x.reshape(-1, *x.shape[len(batch):])
    y = _jax_host.apply(layer, "y", n, flat, weight)
    y = _jax_host.add_bias(layer, n, y, bias)
    return y.reshape(*batch, *y.shape[1:])


def _size_lists(net: Network, sizes: Any, lead: tuple[int, ...]
                ) -> Array:
    """The sizes of all samples, [batch, spaces without a size]."""
    net._ragged("forward_padded")  # says why there is none
    if not isinstance(sizes, Mapping):
        if len(net._free) != 1:
            raise TypeError("sizes is no dict; expected sizes of each of " + ", ".join(net._free))
        sizes = {net._free[0]: sizes}
    if set(sizes) != set(net._free):
        raise ValueError(f"sizes has {sorted(sizes)}; expected {sorted(net._free)}")
    read = {space.name for tensor in net.inputs for space in tensor.axes}
    lists = []
    for name in net._free:
        each = _array(sizes[name], "sizes")
        if not jnp.issubdtype(each.dtype, jnp.integer):
            raise TypeError(f"sizes of '{name}' have dtype {each.dtype}; expected integers")
        if each.shape != lead:
            raise ValueError(f"sizes of '{name}' have shape {list(each.shape)}; expected "
                             f"{list(lead)}, one for each sample")
        if name not in read:
            raise ValueError(f"no input has an axis of space {name}, so that padded samples have "
                             "no length there")
        lists.append(each.reshape(-1).astype(jnp.int32))
    return jnp.stack(lists, axis=1)


def network(net: Network, *arguments: Array,
            sizes: Mapping[str, int | Array] | Array | None = None
            ) -> Array | tuple[Array, ...]:
    """Applies a compiled network, on CPUs, under jit, vmap, and derivatives of every order in
    reverse mode.

    Args:
        net: an `eqc.Network`; a constant of the computation.
        arguments: its inputs in their order, [.., sizes of the axes.., channels] each, or
            [.., channels, sizes..] with channels first, with any number of batch axes, the same
            for all; then the parameters, [net.size].
        sizes: of spaces that no input has an axis of, by their names; or of samples that differ
            in size, of a network that was compiled with ragged=True, the size of each, integers
            in the shape of the batch axes, or a dict of such by the names of spaces. Of a sample
            the entries count whose indices are all below its sizes; others are not read, and are
            zero in the result.

    Returns:
        The output; a tuple of them where there are several.

    Raises:
        TypeError, ValueError: an argument has another dtype or shape. Sizes that are computed
            under jit are checked where it runs, and JAX reports what is wrong with them.
        NotImplementedError: derivatives of higher order with sizes of samples, of a network with
            layers of two inputs.
    """
    if not isinstance(net, Network):
        raise TypeError(f"net is a {type(net).__name__}; expected an eqc.Network")
    if len(arguments) != len(net.inputs) + 1:
        names = ", ".join(tensor.name for tensor in net.inputs)
        raise TypeError(f"network '{net.name}' takes {len(net.inputs) + 1} arguments ({names}, "
                        f"params), not {len(arguments)}")
    values = [_array(value, tensor.name) for tensor, value in zip(net.inputs, arguments)]
    inner = [len(tensor.axes) + 1 for tensor in net.inputs]
    for tensor, value, own in zip(net.inputs, values, inner):
        if value.ndim < own:
            raise ValueError(f"{tensor.name} has {value.ndim} axes; expected at least {own}")
    lead = values[0].shape[:values[0].ndim - inner[0]]
    shapes = [(1, *value.shape[value.ndim - own:]) for value, own in zip(values, inner)]
    lists = None
    if sizes is not None and (not isinstance(sizes, Mapping) or any(
            getattr(size, "ndim", 0) > 0 for size in sizes.values())):
        lists, sizes = _size_lists(net, sizes, lead), None
    found = net.sizes_of(shapes, sizes)
    flat = []
    for tensor, value in zip(net.inputs, values):
        shape = net.shape(tensor, math.prod(lead), found)
        flat.append(_checked(value, tensor.name, (*lead, *shape[1:]), net).reshape(shape))
    params = _checked(arguments[-1], "params", (net.size,), net)
    constant = tuple(sorted(found.items()))
    outputs = (_jax_network.apply(net, constant, flat, params) if lists is None else
               _jax_network.apply_padded(net, constant, lists, flat, params))
    shaped = tuple(value.reshape(*lead, *value.shape[1:]) for value in outputs)
    return shaped[0] if len(shaped) == 1 else shaped


def _varying_alike(arrays: list[Array]) -> list[Array]:
    """The arrays, made to vary over the manual axes of shard_map that any of them varies over.
    The transpose of this sums the gradient of a replicated array over the devices."""
    axes = [jax.typeof(a).manual_axis_type.varying for a in arrays]
    all_axes = frozenset().union(*axes)
    return [jax.lax.pcast(a, tuple(sorted(all_axes - own)), to="varying") if all_axes - own
            else a for a, own in zip(arrays, axes)]


def _spec_of_y(call: Call, sizes: Array | None, x: Array, weight: Array,
               bias: Array | None = None) -> PartitionSpec:
    """How y is sharded on explicit axes of a mesh: as x and the sizes over the batch, and as the
    weight and the bias over the channels. It is what jnp.einsum says of the same sums."""
    layer = call.layer
    named = {name: value for name, value in
             dict(x=x, weight=weight, bias=bias, sizes=sizes).items() if value is not None}
    specs = {}
    for name, array in named.items():
        spec = jax.typeof(array).sharding.spec
        if spec.unreduced or spec.reduced or jax.typeof(array).manual_axis_type.unreduced:
            raise ValueError(f"{name} is sharded as {spec}; layers take no partial sums: call "
                             f"jax.sharding.reshard first")
        specs[name] = tuple(spec) + (None,) * (array.ndim - len(spec))
    last = layer.layout == "channels_last"

    def agreed(what: str, *names: tuple[str, int], summed: bool = False) -> Any:
        found = {name: specs[name][axis] for name, axis in names
                 if name in specs and specs[name][axis] is not None}
        if len(set(found.values())) > 1 or (summed and len(found) > 1):
            raise ValueError(
                f"{what} of {' and of '.join(found)} are sharded over "
                f"{' and '.join(map(repr, found.values()))}; expected "
                f"{'at most one of them to be' if summed else 'them to be alike'}: call "
                f"jax.sharding.reshard first")
        return next(iter(found.values()), None)

    agreed("the input channels", ("x", -1 if last else x.ndim - layer.k - 1), ("weight", 1),
           summed=True)
    batch = [agreed("axes of the batch", ("x", axis), ("sizes", axis))
             for axis in range(x.ndim)[batch_axes(call, x, layer.k)]]
    channels = agreed("the output channels", ("weight", 2), ("bias", 1))
    used = [axis for name in batch for axis in (name if isinstance(name, tuple) else (name,))]
    if channels is not None and set(used) & set(
            channels if isinstance(channels, tuple) else (channels,)):
        raise ValueError(f"the batch of x and the output channels are both sharded over "
                         f"{channels!r}: call jax.sharding.reshard first")
    inner = (None,) * layer.l
    return PartitionSpec(*batch, *((*inner, channels) if last else (channels, *inner)))


def register() -> None:
    """Makes the functions of layers known to XLA, which otherwise happens when the first
    computation with a layer is compiled. A process that runs programs of `jax.export` needs
    it first; it compiles their layers itself.

    Raises:
        eqc.Error: the handlers could not be compiled.
    """
    _xla.handlers()


def init(layer: Layer, key: Array, *, gain: float = GAIN, inputs: str = INPUTS,
         n: int | None = None) -> tuple[Array, Array | None]:
    """Random weights that keep the mean square (docs/Python.md), and a zero bias.

    Args:
        layer: an `eqc.Layer`.
        key: as of jax.random.
        gain: the root mean square of y for an x of root mean square 1; sqrt 2, for a ReLU
            after the layer, unless given.
        inputs: "uncentred" for an x whose entries may have a mean, "centred" for one of
            independent entries of mean 0.
        n: the size to have in mind, for a layer without an n of its own (default 16).

    Returns:
        (weight, bias); the bias is None if the layer has none.
    """
    std = jnp.asarray(weight_std(layer, n=n, gain=gain, inputs=inputs), layer.weight_dtype)
    weight = jax.random.normal(key, layer.weight_shape, layer.weight_dtype) * std[:, None, None]
    return weight, jnp.zeros(layer.bias_shape, layer.weight_dtype) if layer.has_bias else None
