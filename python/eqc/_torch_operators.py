"""The operators `eqc::linear` and `eqc::linear_backward` of PyTorch, with their derivatives.

Each has a kernel for CPUs and GPUs, and an `autograd.Function` around it that knows its derivatives of
both modes and what one more axis means. A layer is linear in x and in the weight, so every
derivative of the two operators is again a call of the two; all orders follow. One that takes
largest or smallest entries of x is linear in others at the same places: `_pooled`.

All tensors of a call may have the same axes in front of their own, those of vmap over weights:
each point of them is a layer with its own weights, and a batch.

The dispatcher sends a call to the Function where automatic differentiation or a transform of
`torch.func` wants it, and to the kernel else. So an operator means the same whoever calls
it: a module, a graph of `torch.compile`, or a program that was exported.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.autograd import Function, forward_ad

from eqc import _cuda, _pooled, _registry
from eqc._arrays import layout_advice
from eqc._native import check_status
from eqc.layer import Layer

__all__ = ["autocast_dtypes", "autocast_device", "backward_arguments", "check_devices",
           "crossed", "dtype_of", "forward_arguments", "front_of", "library", "linear",
           "linear_backward", "register", "shape_of", "tangent"]

#: Whether libeqc_torch (docs/TorchCpp.md) was first to define them: it computes for Python too.
_are_there = torch._C._dispatch_has_kernel("eqc::linear")
library = torch.library.Library("eqc", "DEF")
for _schema in () if _are_there else (
        # No bias for a layer that has one is a zero bias.
        "linear(Tensor x, Tensor weight, Tensor? bias, str layer, SymInt n) -> Tensor",
        # Empty tensors take the place of gradients that are not needed.
        "linear_backward(Tensor x, Tensor weight, Tensor grad_y, str layer, SymInt n, "
        "bool need_x, bool need_weight, bool need_bias) -> (Tensor, Tensor, Tensor)"):
    library.define(_schema, tags=torch.Tag.pt2_compliant_tag)
# The same of layers that take several sizes.
library.define("linear_sized(Tensor x, Tensor weight, Tensor? bias, str layer, SymInt[] n) -> Tensor",
               tags=torch.Tag.pt2_compliant_tag)
library.define("linear_backward_sized(Tensor x, Tensor weight, Tensor grad_y, str layer, SymInt[] n, "
               "bool need_x, bool need_weight, bool need_bias) -> (Tensor, Tensor, Tensor)",
               tags=torch.Tag.pt2_compliant_tag)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None, layer: str, n: Any) -> Tensor:
    """The operator for a size, or for several."""
    operators = torch.ops.eqc
    operator = operators.linear_sized if isinstance(n, Sequence) else operators.linear
    return operator.default(x, weight, bias, layer, n)


def linear_backward(x: Tensor, weight: Tensor, grad_y: Tensor, layer: str, n: Any,
                    *needs: bool) -> tuple[Tensor, Tensor, Tensor]:
    operators = torch.ops.eqc
    operator = (operators.linear_backward_sized if isinstance(n, Sequence)
                else operators.linear_backward)
    return operator.default(x, weight, grad_y, layer, n, *needs)

#: The types of 16 bits: x and y may have them, and are computed in float32; weights may not.
autocast_dtypes = (torch.bfloat16, torch.float16)

_DTYPES = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.bfloat16,
           "float16": torch.float16}


def dtype_of(layer: Layer) -> torch.dtype:
    """Of x, y and their gradients."""
    return _DTYPES[layer.dtype.name]


def weight_dtype_of(layer: Layer) -> torch.dtype:
    """Of the weight, the bias and their gradients."""
    return _DTYPES[layer.weight_dtype.name]


def shape_of(layer: Layer, batch: int, n: int, *, output: bool) -> tuple[int, ...]:
    """As x_shape and y_shape, also for sizes that are symbols."""
    return layer._shape(batch, "y" if output else "x", n)  # type: ignore


def front_of(weight: Tensor) -> tuple[int, ...]:
    """The sizes of the axes in front of all tensors of a call."""
    return tuple(weight.shape[:-3])


def _addresses(tensor: Tensor, front: tuple[int, ...]) -> list[int]:
    """Where its part for each point of the axes in front is."""
    result, bytes_each = [tensor.data_ptr()], tensor.element_size()
    for extent, stride in zip(front, tensor.stride()):
        result = [address + i * stride * bytes_each for address in result for i in range(extent)]
    return result


def _checked(tensor: Tensor, name: str, shape: tuple[int, ...], layer: Layer,
             front: tuple[int, ...] = ()) -> Tensor:
    """The tensor as a kernel may read it: each part without gaps."""
    shape = (*front, *shape)
    dtype = (weight_dtype_of if name in ("weight", "bias") else dtype_of)(layer)
    if tensor.dtype != dtype:
        raise TypeError(f"{name} has dtype {tensor.dtype}; the layer takes "
                        f"{dtype}: use {name}.to({dtype})")
    if tuple(tensor.shape) != shape:
        raise ValueError(f"{name} has shape {list(tensor.shape)}; expected {list(shape)}"
                         f"{layout_advice(name, tensor.shape, shape)}")
    if front and 0 not in shape and tensor[(0,) * len(front)].is_contiguous():
        return tensor
    return tensor.contiguous()


def check_devices(*tensors: Tensor | None) -> None:
    devices = {tensor.device for tensor in tensors if tensor is not None}
    if len(devices) > 1:
        raise ValueError("the tensors of a layer are on several devices: "
                         + ", ".join(sorted(map(str, devices)))
                         + "; move them to one with .to(device)")


def _place_of(tensor: Tensor) -> _cuda.Place | None:
    """Where a tensor's work goes: None for the CPU."""
    if tensor.device.type != "cuda":
        return None
    stream = torch.cuda.current_stream(tensor.device)
    return _cuda.Place(tensor.device.index, stream.cuda_stream)


def _run(key: str, kernel: Layer, name: str, n: int, batch: int, front: tuple[int, ...],
         *tensors: Tensor | None) -> None:
    """NAME_forward or NAME_backward of a layer, on tensors of one device."""
    calls = zip(*(itertools.repeat(None) if tensor is None else _addresses(tensor, front)
                  for tensor in tensors))
    like = next(tensor for tensor in tensors if tensor is not None)
    place = _place_of(like)
    if place is None:
        function, leading = getattr(kernel, f"_{name}"), (*kernel._leading(n), batch)
        for arrays in calls:
            check_status(function(*leading, *arrays))
        return
    # Of PyTorch's allocator. It may be let go while it is in use: others who get it
    # work on this stream after us.
    kept = []

    def allocate(count: int) -> int:
        kept[:] = [like.new_empty(count, dtype=torch.uint8)]
        return kept[0].data_ptr()

    for arrays in calls:
        _cuda.call(key, name, n, batch, arrays, place, allocate)


def forward_arguments(kernel: Layer, x: Tensor, weight: Tensor, bias: Tensor | None,
                      x_shape: tuple[int, ...], front: tuple[int, ...] = ()
                      ) -> tuple[Tensor, Tensor, Tensor | None]:
    """Those of a forward function as it may read them. No bias is a zero bias."""
    x = _checked(x, "x", x_shape, kernel, front)
    weight = _checked(weight, "weight", kernel.weight_shape, kernel, front)
    if kernel.has_bias:
        bias = (weight.new_zeros(kernel.bias_shape).expand(*front, *kernel.bias_shape)
                if bias is None else _checked(bias, "bias", kernel.bias_shape, kernel, front))
    return x, weight, bias


def reads_x(kernel: Layer, need_x: bool, need_weight: bool) -> bool:
    """Whether the backward function wants x for these gradients."""
    return need_weight or (need_x and kernel.pool != "sum")


def backward_arguments(kernel: Layer, x: Tensor, weight: Tensor, grad_y: Tensor,
                       x_shape: tuple[int, ...], y_shape: tuple[int, ...],
                       needs: tuple[bool, bool, bool], front: tuple[int, ...] = ()
                       ) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    """Those of a backward function, and the gradients that it writes, empty where they are
    not needed."""
    need_x, need_weight, _ = needs
    if reads_x(kernel, need_x, need_weight):
        x = _checked(x, "x", x_shape, kernel, front)
    if need_x:
        weight = _checked(weight, "weight", kernel.weight_shape, kernel, front)
    grad_y = _checked(grad_y, "grad_y", y_shape, kernel, front)
    types = dtype_of(kernel), weight_dtype_of(kernel), weight_dtype_of(kernel)
    grads = [grad_y.new_empty((*front, *shape) if need else 0, dtype=dtype)
             for need, shape, dtype in
             zip(needs, (x_shape, kernel.weight_shape, kernel.bias_shape), types)]
    return x, weight, grad_y, grads


def _batch_of(tensor: Tensor, name: str, front: tuple[int, ...]) -> int:
    if tensor.dim() <= len(front):
        raise ValueError(f"{name} has {tensor.dim()} axes; expected more than {len(front)}")
    return tensor.shape[len(front)]


def _forward(x: Tensor, weight: Tensor, bias: Tensor | None, layer: str, n: int) -> Tensor:
    kernel = _registry.layer_of(layer)
    check_devices(x, weight, bias)
    front = front_of(weight)
    batch = _batch_of(x, "x", front)
    x, weight, bias = forward_arguments(kernel, x, weight, bias, kernel.x_shape(batch, n), front)
    y = x.new_empty((*front, *kernel.y_shape(batch, n)))
    _run(layer, kernel, "forward", n, batch, front, x, weight, bias, y)
    return y


def _backward(x: Tensor, weight: Tensor, grad_y: Tensor, layer: str, n: int,
              need_x: bool, need_weight: bool, need_bias: bool
              ) -> tuple[Tensor, Tensor, Tensor]:
    kernel = _registry.layer_of(layer)
    if kernel._backward is None:
        raise ValueError("the layer was compiled without gradients")
    check_devices(x, weight, grad_y)
    front = front_of(weight)
    batch = _batch_of(grad_y, "grad_y", front)
    needs = (need_x, need_weight, need_bias)
    x, weight, grad_y, grads = backward_arguments(
        kernel, x, weight, grad_y, kernel.x_shape(batch, n), kernel.y_shape(batch, n), needs,
        front)
    if any(needs):
        _run(layer, kernel, "backward", n, batch, front,
             x if reads_x(kernel, need_x, need_weight) else None,
             weight if need_x else None, grad_y,
             *(grad if need else None for need, grad in zip(needs, grads)))
    return grads[0], grads[1], grads[2]


def _fake(x: Tensor, weight: Tensor, bias: Tensor | None, layer: str, n: int) -> Tensor:
    check_devices(x, weight, bias)
    front = front_of(weight)
    y_shape = shape_of(_registry.layer_of(layer), _batch_of(x, "x", front), n, output=True)
    return x.new_empty((*front, *y_shape))


def _backward_fake(x: Tensor, weight: Tensor, grad_y: Tensor, layer: str, n: int,
                   need_x: bool, need_weight: bool, need_bias: bool
                   ) -> tuple[Tensor, Tensor, Tensor]:
    check_devices(x, weight, grad_y)
    kernel, front = _registry.layer_of(layer), front_of(weight)
    x_shape = shape_of(kernel, _batch_of(grad_y, "grad_y", front), n, output=False)
    dtype = weight_dtype_of(kernel)
    return (grad_y.new_empty((*front, *x_shape) if need_x else 0),
            grad_y.new_empty((*front, *kernel.weight_shape) if need_weight else 0, dtype=dtype),
            grad_y.new_empty((*front, *kernel.bias_shape) if need_bias else 0, dtype=dtype))


def _elsewhere(*arguments: Any) -> NoReturn:
    """For tensors that are no dense tensors of a CPU, a CUDA device or `meta`."""
    found = ", ".join(f"{value.layout} on {value.device}" for value in arguments
                      if isinstance(value, Tensor))
    raise NotImplementedError(f"layers compute on CPUs and CUDA devices, on dense tensors; "
                              f"there are {found}")


def _primals(ctx: Any) -> tuple[Tensor, ...]:
    """The saved tensors without tangents. A jvp runs with forward mode turned off, so that
    these do not matter, but with it those of transforms further out (a jvp of a jvp) are
    lost; it is turned on again with these."""
    return tuple(forward_ad.unpack_dual(value, level=0).primal for value in ctx.saved_tensors)


def _folded(value: Tensor, dim: int | None, size: int, at: int) -> tuple[Tensor, tuple[int, int]]:
    """The axis of vmap and that of the batch, `at`, as one, and their sizes."""
    whole = _in_front(value, dim, size).movedim(0, at)
    return whole.flatten(at, at + 1), (size, whole.shape[at + 1])


def _in_front(value: Tensor | None, dim: int | None, size: int) -> Tensor | None:
    """The axis of vmap as the first one; without a copy where the value does not have it."""
    if value is None:
        return None
    return value.expand(size, *value.shape) if dim is None else value.movedim(dim, 0)


class _Linear(Function):
    """y = F(x, weight) + B(bias), F the layer without its bias and B its bias alone."""

    @staticmethod
    def forward(*inputs: Any) -> Tensor:
        with torch._C._AutoDispatchBelowAutograd():
            return linear(*inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        x, weight, bias, ctx.layer, ctx.n = inputs
        ctx.has_bias = bias is not None
        ctx.save_for_backward(x, weight)
        ctx.save_for_forward(x, weight)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor | None) -> tuple[Tensor | None, ...]:
        needs = ctx.needs_input_grad[:3]
        if grad_y is None or not any(needs):
            return None, None, None, None, None
        grads = linear_backward(*ctx.saved_tensors, grad_y, ctx.layer, ctx.n, *needs)
        return *(grad if need else None for need, grad in zip(needs, grads)), None, None

    @staticmethod
    def jvp(ctx: Any, of_x: Tensor | None, of_weight: Tensor | None, of_bias: Tensor | None,
            *_: None) -> Tensor:
        with forward_ad._set_fwd_grad_enabled(True):
            return tangent(linear, *_primals(ctx), of_x, of_weight, of_bias, ctx.layer, ctx.n,
                           pooled=along if pools(ctx.layer) else None)

    @staticmethod
    def vmap(info: Any, dims: tuple, x: Tensor, weight: Tensor, bias: Tensor | None,
             layer: str, n: int) -> tuple[Tensor, int]:
        size = info.batch_size
        if dims[1] is None and dims[2] is None:
            at = len(front_of(weight))
            x, sizes = _folded(x, dims[0], size, at)
            return linear(x, weight, bias, layer, n).unflatten(at, sizes), at
        return linear(*(_in_front(value, dim, size) for value, dim in
                        zip((x, weight, bias), dims)), layer, n), 0


def _take(values: Tensor, places: Tensor) -> Tensor:
    return torch.take_along_dim(values, places, -2).squeeze(-2)


#: What `_pooled` computes with.
_framework = _pooled.Framework(
    einsum=torch.einsum, argmax=lambda array: array.argmax(-2, keepdim=True), take=_take,
    movedim=torch.movedim, stack=torch.stack,
    eye=lambda n, like: torch.eye(n, dtype=like.dtype, device=like.device),
    ones=lambda n, like: torch.ones(n, dtype=like.dtype, device=like.device))


def _computed(layer: Layer, *values: Tensor) -> tuple[Tensor, ...]:
    """In the type that is computed in."""
    return tuple(value.to(weight_dtype_of(layer)) for value in values)


def along(x: Tensor, values: Tensor, weight: Tensor, key: str, n: int) -> Tensor:
    """The derivative along `values` of a layer that takes extremes, without its bias."""
    layer = _registry.layer_of(key)
    return _pooled.along(layer, n, *_computed(layer, x, values), weight,
                         _framework).to(x.dtype)


def weights_along(x: Tensor, values: Tensor, grad_y: Tensor, weight: Tensor, key: str,
                  n: int) -> Tensor:
    """The gradient of <grad_y, along(..)> with respect to the weight."""
    layer = _registry.layer_of(key)
    return _pooled.weights_along(layer, n, *_computed(layer, x, values, grad_y),
                                 weight.dim() - 3, _framework)


def pools(key: str) -> bool:
    return _registry.layer_of(key).pool != "sum"


def tangent(operator: Any, x: Tensor, weight: Tensor, of_x: Tensor | None,
            of_weight: Tensor | None, of_bias: Tensor | None, *call: Any,
            pooled: Any = None) -> Tensor:
    """F(of_x, weight) + F(x, of_weight) + B(of_bias), by an operator on x, weight and bias that
    takes `call` besides, of which the last two are the layer and its n. Of one that takes extremes
    F(of_x, weight) is `pooled`, of x, of_x and the weight."""
    if of_x is not None and pooled is not None:
        result = pooled(x, of_x, weight, *call)
        return result if of_weight is None and of_bias is None else result + tangent(
            operator, x, weight, None, of_weight, of_bias, *call)
    if of_x is None and of_weight is None:
        return operator(torch.zeros_like(x), torch.zeros_like(weight), of_bias, *call)
    if of_x is None:
        return operator(x, of_weight, of_bias, *call)
    result = operator(of_x, weight, of_bias, *call)
    return result if of_weight is None else result + operator(x, of_weight, None, *call)


def crossed(operator: Any, x: Tensor, weight: Tensor, grad_y: Tensor, of_x: Tensor | None,
            of_weight: Tensor | None, need_x: bool, need_weight: bool, *call: Any,
            pooled: Any = None) -> tuple[Tensor | None, Tensor | None]:
    """grad_x with of_weight for the weight, and grad_weight with of_x for x, by an operator for
    gradients that takes `call` besides; None for what is zero or not needed. Of a layer that takes
    extremes the latter is `pooled`, of x, of_x, grad_y and the weight."""
    need_x, need_weight = need_x and of_weight is not None, need_weight and of_x is not None
    if not need_x and not need_weight:
        return None, None
    if pooled is not None:
        return (operator(x, of_weight, grad_y, *call, True, False, False)[0] if need_x else None,
                pooled(x, of_x, grad_y, weight, *call) if need_weight else None)
    grad_x, grad_weight, _ = operator(
        x if of_x is None else of_x, weight if of_weight is None else of_weight, grad_y, *call,
        need_x, need_weight, False)
    return grad_x if need_x else None, grad_weight if need_weight else None


def _sum(terms: tuple[Tensor | None, ...], like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Of those that are there; PyTorch wants a tangent even where it is zero."""
    present = [term for term in terms if term is not None]
    return sum(present[1:], present[0]) if present else like.new_zeros(shape)


class _LinearBackward(Function):
    """The gradients at grad_y: those of x and of the weight are linear in grad_y and in the
    other of the two, that of the bias in grad_y."""

    @staticmethod
    def forward(*inputs: Any) -> tuple[Tensor, Tensor, Tensor]:
        with torch._C._AutoDispatchBelowAutograd():
            return linear_backward(*inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, outputs: tuple[Tensor, ...]) -> None:
        x, weight, grad_y, ctx.layer, ctx.n, *ctx.needs = inputs
        ctx.shapes = [output.shape for output in outputs]
        ctx.mark_non_differentiable(
            *(output for output, need in zip(outputs, ctx.needs) if not need))
        ctx.save_for_backward(x, weight, grad_y)
        ctx.save_for_forward(x, weight, grad_y)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *of: Tensor | None) -> tuple[Tensor | None, ...]:
        """With <,> for the scalar product this differentiates

            <of_x, grad_x> + <of_weight, grad_weight> + <of_bias, grad_bias>
                = <grad_y, F(of_x, weight) + F(x, of_weight) + B(of_bias)>.
        """
        x, weight, grad_y = ctx.saved_tensors
        of_x, of_weight, of_bias = (value if need else None
                                    for value, need in zip(of, ctx.needs))
        for_x, for_weight, for_grad_y = ctx.needs_input_grad[:3]
        pooled = pools(ctx.layer)
        grad_x, grad_weight = crossed(linear_backward, x, weight, grad_y, of_x, of_weight, for_x,
                                      for_weight, ctx.layer, ctx.n,
                                      pooled=weights_along if pooled else None)
        grad_grad_y = None
        if for_grad_y and any(value is not None for value in (of_x, of_weight, of_bias)):
            grad_grad_y = tangent(linear, x, weight, of_x, of_weight, of_bias, ctx.layer,
                                  ctx.n, pooled=along if pooled else None)
        return grad_x, grad_weight, grad_grad_y, None, None, None, None, None

    @staticmethod
    def jvp(ctx: Any, of_x: Tensor | None, of_weight: Tensor | None, of_grad_y: Tensor | None,
            *_: None) -> tuple[Tensor | None, ...]:
        with forward_ad._set_fwd_grad_enabled(True):
            x, weight, grad_y = _primals(ctx)
            terms = [(*crossed(linear_backward, x, weight, grad_y, of_x, of_weight,
                               *ctx.needs[:2], ctx.layer, ctx.n,
                               pooled=weights_along if pools(ctx.layer) else None), None)]
            if of_grad_y is not None:
                grads = linear_backward(x, weight, of_grad_y, ctx.layer, ctx.n, *ctx.needs)
                terms.append(tuple(grad if need else None
                                   for need, grad in zip(ctx.needs, grads)))
            return tuple(_sum(column, grad_y, shape) if need else None for column, shape, need
                         in zip(zip(*terms), ctx.shapes, ctx.needs))

    @staticmethod
    def vmap(info: Any, dims: tuple, x: Tensor, weight: Tensor, grad_y: Tensor, layer: str,
             n: int, need_x: bool, need_weight: bool, need_bias: bool
             ) -> tuple[tuple[Tensor, ...], tuple[int | None, ...]]:
        size = info.batch_size
        grads: list[Tensor] = [grad_y.new_empty(0)] * 3
        where: list[int | None] = [None] * 3
        apart = dims[1] is not None or (pools(layer) and dims[0] is not None)
        if need_x and not apart:
            at = len(front_of(weight))
            # Where extremes are taken x is read, too, which all points share.
            x_of_all = x.expand(size, *x.shape).movedim(0, at).flatten(at, at + 1) if (
                pools(layer)) else x
            folded, sizes = _folded(grad_y, dims[2], size, at)
            grad_x, _, _ = linear_backward(x_of_all, weight, folded, layer, n, True, False,
                                           False)
            grads[0], where[0] = grad_x.unflatten(at, sizes), at
        needs = (need_x and apart, need_weight, need_bias)
        if any(needs):
            each = linear_backward(*(_in_front(value, dim, size) for value, dim in
                                     zip((x, weight, grad_y), dims)), layer, n, *needs)
            for i, need in enumerate(needs):
                if need:
                    grads[i], where[i] = each[i], 0
        return tuple(grads), tuple(where)


def autocast_device(tensor: Tensor) -> str:
    """Whose `torch.autocast` a call is under."""
    return "cuda" if tensor.device.type == "cuda" else "cpu"


def _cast(arguments: tuple, weights: tuple[int, ...]) -> tuple:
    """The arguments under torch.autocast, those at `weights` being weights or a bias: in the
    types of the layer. Those of float64 are left alone, as autocast does."""
    key = next((value for value in arguments if isinstance(value, str)), None)
    dtype = torch.float32
    if weights:
        dtype = dtype_of(_registry.layer_of(key))

    def cast(at: int, value: Any) -> Any:
        if not isinstance(value, Tensor) or value.dtype not in (*autocast_dtypes, torch.float32):
            return value
        return value.to(torch.float32 if at in weights or dtype == torch.float64 else dtype)

    return tuple(cast(at, value) for at, value in enumerate(arguments))


def _register_autocast(name: str, device: str, weights: tuple[int, ...]) -> None:
    """As torch.library.register_autocast, which knows one type for all tensors."""
    operator = getattr(torch.ops.eqc, name).default
    key = getattr(torch._C.DispatchKey, f"Autocast{device.upper()}")

    @operator.py_impl(key)
    def cast(*arguments: Any) -> Any:
        with torch._C._ExcludeDispatchKeyGuard(torch._C.DispatchKeySet(key)):
            return operator(*_cast(arguments, weights))

    def kernel(_: Any, *arguments: Any) -> Any:
        return cast(*arguments)

    library.impl(name, kernel, f"Autocast{device.upper()}", with_keyset=True)


def register(name: str, function: type[Function], kernel: Any, fake: Any,
             weights: tuple[int, ...] = ()) -> None:
    """Makes an operator of a Function; `weights` are those of its arguments that are weights, of
    a layer whose key is another."""
    def transform(*arguments: Any) -> Any:
        # Above autocast, which would come too late: what the Function saves would have the
        # types from before.
        if torch.is_autocast_enabled(autocast_device(arguments[0])):
            arguments = _cast(arguments, weights)
        return function.apply(*arguments)

    qualified = f"eqc::{name}"
    # Transforms of torch.func take the Function apart, level by level. They come first: what
    # remains for the other key is a call without them, which needs nothing of what
    # Function.apply adds for them to that of its base, at twice the time.
    library.impl(name, transform, "FuncTorchDynamicLayerFrontMode")
    library.impl(name, super(Function, function).apply, "Autograd")
    library.impl(name, _elsewhere, "CompositeExplicitAutograd")
    for device in "cpu", "cuda":
        if not torch._C._dispatch_has_kernel_for_dispatch_key(qualified, device.upper()):
            torch.library.register_kernel(qualified, device, kernel, lib=library)
        if weights:
            _register_autocast(name, device, weights)
        else:
            torch.library.register_autocast(qualified, device, torch.float32, lib=library)
    torch.library.register_fake(qualified, fake, lib=library)


register("linear", _Linear, _forward, _fake, weights=(1, 2))
register("linear_backward", _LinearBackward, _backward, _backward_fake, weights=(1,))
register("linear_sized", _Linear, _forward, _fake, weights=(1, 2))
register("linear_backward_sized", _LinearBackward, _backward, _backward_fake, weights=(1,))
