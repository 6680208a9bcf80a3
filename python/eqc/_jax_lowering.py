"""How the primitives of `_jax_primitives` become calls of the compiled functions.

On several devices a computation is split along the axes of the batch and the mapped axes;
gradients that are sums over the batch are then summed over the devices that share it. All
other axes are gathered first where they are sharded.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import ShapedArray
from jax.experimental.custom_partitioning import custom_partitioning
from jax.interpreters import mlir
from jax.sharding import NamedSharding, PartitionSpec

from eqc._jax_primitives import (Call, backward_p, backward_shapes, full_sizes, gradient_dtype,
                                 linear_p, linear_shape, pairs_of, sizes_first)
from eqc._registry import key_of
from eqc._xla import name_of, register


def _call(call: Call, name: str, shapes: Sequence[Sequence[Any]], types: Sequence[Any],
          *operands: Array, **attributes: Any) -> list[Array]:
    """A call of a handler of _xla.c."""
    target = f"eqc_xla_{name}{'_padded' if call.padded else ''}"
    results = [jax.ShapeDtypeStruct(tuple(shape), dtype) for shape, dtype in zip(shapes, types)]
    if isinstance(call.n, int):  # otherwise the shapes show it
        attributes["n"] = np.int64(call.n)
    attributes |= dict(layer=name_of(call.layer), source=key_of(call.layer),
                       mapped=np.int64(call.mapped))
    return jax.ffi.ffi_call(target, results)(*operands, **attributes)


def _linear(*operands: Array, call: Call, pairs: int) -> list[Array]:
    layer, ones = call.layer, (1,) * call.mapped
    sizes, others = sizes_first(call, operands)
    terms, bias = pairs_of(others, pairs)
    if not terms:
        batch = sizes[0].shape[call.mapped:] if sizes else ()
        terms = [tuple(jnp.zeros((*ones, *shape), dtype) for shape, dtype in
                       (((*batch, *layer.x_shape(1, call.n)[1:]), layer.dtype),
                        (layer.weight_shape, layer.weight_dtype)))]
    y = None
    for term in terms:
        if layer.has_bias and not bias:
            bias = [jnp.zeros((*ones, *layer.bias_shape), layer.weight_dtype)]
        arguments = (*sizes, *term, *bias)
        part, = _call(call, "forward", [linear_shape(arguments, call, 1)], [layer.dtype],
                      *arguments)
        y, bias = part if y is None else y + part, []
    return [y]


def _backward(*operands: Array, call: Call, needs: str) -> list[Array]:
    return _call(call, "backward", backward_shapes(operands, call, needs),
                 [gradient_dtype(call, need) for need in needs], *operands,
                 needs=np.int64(sum(1 << "xwb".index(need) for need in needs)))


class _Axes:
    """The axes of an array: a name for those that a computation may be split along, which is
    the same in all arrays; None for the others.

    order: of an x or a y, -1 for sizes; None for weights and biases, which have no batch.
    """

    def __init__(self, call: Call, shape: Sequence[int], order: int | None,
                 sizes: Sequence[int]) -> None:
        mapped = [f"m{axis}" if size == full else None
                  for axis, (size, full) in enumerate(zip(shape, sizes))]
        batch = 0 if order is None else len(shape) - call.mapped - order - 1
        rest = len(shape) - call.mapped - batch
        self.names = (*mapped, *(f"b{axis}" for axis in range(batch)), *(None,) * rest)
        self.shape = tuple(shape)


def _partitioned(function: Callable[..., list[Array]], operands: Sequence[_Axes],
                 results: Sequence[_Axes]) -> Callable[..., list[Array]]:
    """`function` for arrays that are spread over several devices."""
    count = itertools.count()
    gathered: list[str] = []

    def factors(axes: _Axes) -> str:
        names = []
        for name in axes.names:
            if name is None:
                name = f"f{next(count)}"
                gathered.append(name)
            names.append(name)
        return " ".join(names)

    def partition(mesh: Any, arguments: Any, outputs: Any) -> Any:
        split: dict[str, tuple[str, ...]] = {}
        for axes, like in zip((*operands, *results), (*arguments, *outputs)):
            spec = tuple(like.sharding.spec)
            for name, size, devices in zip(axes.names, axes.shape, spec):
                if name is None or name in split or not devices:
                    continue
                devices = devices if isinstance(devices, tuple) else (devices,)
                taken = set(itertools.chain(*split.values()))
                # XLA would fill up what the devices do not divide, and sums would have it.
                if not taken & set(devices) and size % math.prod(map(mesh.shape.get, devices)) == 0:
                    split[name] = devices

        def sharding(axes: _Axes) -> NamedSharding:
            return NamedSharding(mesh, PartitionSpec(*(split.get(name) for name in axes.names)))

        def whole(value: Array, axes: _Axes) -> Array:
            summed = [d for name, d in split.items() if name not in axes.names]
            return jax.lax.psum(value, tuple(itertools.chain(*summed))) if summed else value

        def lower(*local: Array) -> list[Array]:
            return list(map(whole, function(*local), results))

        return (mesh, lower, [sharding(axes) for axes in results],
                tuple(sharding(axes) for axes in operands))

    rule = f"{', '.join(map(factors, operands))} -> {', '.join(map(factors, results))}"
    wrapped = custom_partitioning(function)
    wrapped.def_partition(partition, sharding_rule=rule,
                          need_replication_factors=tuple(gathered))
    return wrapped


try:  # No public name. Without it calls are not split, which changes no result.
    from jax._src.dispatch import prim_requires_devices_during_lowering
    prim_requires_devices_during_lowering |= {linear_p, backward_p}
except ImportError:
    pass


def _is_split(ctx: mlir.LoweringRuleContext) -> bool:
    """Whether XLA may spread the arrays of this computation over several devices."""
    module = ctx.module_context
    context = module.axis_context
    return (isinstance(context, mlir.ShardingContext) and context.num_devices > 1
            and context.abstract_mesh is not None
            and not module.lowering_parameters.for_export)  # needs this process


def _lower(ctx: mlir.LoweringRuleContext, *operands: Any, platform: str,
           function: Callable[..., list[Array]],
           orders: Callable[..., tuple[list[int | None], list[int | None]]], call: Call,
           **params: Any) -> Any:
    if call.padded and platform != "cpu":
        raise NotImplementedError("samples of different sizes are computed on CPUs only: put "
                                  "the arguments there, with "
                                  "jax.device_put(.., jax.devices('cpu')[0])")
    for name in ("spec", "specs"):
        params.pop(name, None)
    register(call.layer)
    of_operands, of_results = orders(call, len(operands), **params)

    def run(*arrays: Array) -> list[Array]:
        return function(*arrays, call=call, **params)

    if _is_split(ctx):
        sizes = full_sizes(ctx.avals_in, call.mapped)
        run = _partitioned(run, *(
            [_Axes(call, aval.shape, order, sizes) for aval, order in zip(avals, some)]
            for avals, some in ((ctx.avals_in, of_operands), (ctx.avals_out, of_results))))
    # Types of shapes alone: sharding is settled.
    plain = [ShapedArray(aval.shape, aval.dtype) for aval in ctx.avals_in]
    with jax.sharding.use_abstract_mesh(jax.sharding.AbstractMesh((), ())):
        return mlir.lower_fun(run, multiple_results=True)(ctx.replace(avals_in=plain), *operands)


def _linear_orders(call: Call, operands: int, pairs: int) -> Any:
    layer = call.layer
    biases = operands - call.padded - 2 * pairs
    return [-1] * call.padded + [layer.k, None] * pairs + [None] * biases, [layer.l]


def _backward_orders(call: Call, operands: int, needs: str) -> Any:
    del operands
    layer = call.layer
    orders = {"x": layer.k, "w": None, "b": None}
    return ([-1] * call.padded
            + [orders[o] for o in "xw" if {"x": "w", "w": "x"}[o] in needs] + [layer.l],
            [orders[need] for need in needs])


def _elsewhere(ctx: mlir.LoweringRuleContext, *operands: Any, **params: Any) -> Any:
    raise NotImplementedError(
        "eqc.jax computes on CPUs and NVIDIA GPUs: put its arguments there, with "
        "jax.device_put(.., jax.devices('cpu')[0])")


for _primitive, _function, _orders in ((linear_p, _linear, _linear_orders),
                                       (backward_p, _backward, _backward_orders)):
    mlir.register_lowering(_primitive, _elsewhere)
    for _platform in "cpu", "cuda":
        mlir.register_lowering(
            _primitive, functools.partial(_lower, platform=_platform, function=_function,
                                          orders=_orders), platform=_platform)
