"""The operators `eqc::linear_ragged` and `eqc::linear_ragged_backward` of PyTorch.

As those of `_torch_operators`, for batches whose samples differ in size: `sizes` has the n of
each, and the arrays are packed where `n` is 0, else padded to it. A layer is linear in x and in
the weight whatever the sizes, so derivatives of every order are calls of the two again.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from eqc import _registry, _torch_operators
from eqc._native import check_status
from eqc._ragged import packed_shape
from eqc._torch_operators import (
    backward_arguments, check_devices, crossed, forward_arguments, library, register, shape_of,
    tangent, weight_dtype_of)
from eqc.layer import Layer

__all__ = ["linear_ragged", "linear_ragged_backward"]

for _schema in (
        "linear_ragged(Tensor x, Tensor weight, Tensor? bias, Tensor sizes, str layer, SymInt n) "
        "-> Tensor",
        "linear_ragged_backward(Tensor x, Tensor weight, Tensor grad_y, Tensor sizes, str layer, "
        "SymInt n, bool need_x, bool need_weight, bool need_bias) -> (Tensor, Tensor, Tensor)"):
    library.define(_schema, tags=torch.Tag.pt2_compliant_tag)
linear_ragged = torch.ops.eqc.linear_ragged.default
linear_ragged_backward = torch.ops.eqc.linear_ragged_backward.default


class _Call:
    """What the sizes say of the arrays of a call."""

    def __init__(self, key: str, n: int, sizes: Tensor, *tensors: Tensor | None) -> None:
        check_devices(*tensors)
        for tensor in tensors:
            if tensor is not None and tensor.device.type != "cpu":
                raise NotImplementedError("samples of different sizes are computed on CPUs only, "
                                          f"and there are tensors on {tensor.device}")
        self.layer = _registry.layer_of(key)
        # Contiguous integers of 64 bits, kept while the call runs.
        self.sizes = self.layer._sizes(sizes.numpy(), n or None)
        self.kind = "padded" if n else "ragged"
        self.leading = ([n] if n else []) + [len(self.sizes), self.sizes.ctypes.data]
        self.x_shape, self.y_shape = (
            (shape(len(self.sizes), n) if n else self.layer._packed(self.sizes, order, channels))
            for shape, order, channels in (
                (self.layer.x_shape, self.layer.k, self.layer.channels[0]),
                (self.layer.y_shape, self.layer.l, self.layer.channels[1])))

    def run(self, name: str, *tensors: Tensor | None) -> None:
        function = self.layer._ragged(f"{name}_{self.kind}")
        check_status(function(*self.leading, *(None if tensor is None else tensor.data_ptr()
                                               for tensor in tensors)))


def _forward(x: Tensor, weight: Tensor, bias: Tensor | None, sizes: Tensor, layer: str, n: int
             ) -> Tensor:
    call = _Call(layer, n, sizes, x, weight, bias)
    x, weight, bias = forward_arguments(call.layer, x, weight, bias, call.x_shape)
    y = x.new_empty(call.y_shape)
    call.run("forward", x, weight, bias, y)
    return y


def _backward(x: Tensor, weight: Tensor, grad_y: Tensor, sizes: Tensor, layer: str, n: int,
              need_x: bool, need_weight: bool, need_bias: bool
              ) -> tuple[Tensor, Tensor, Tensor]:
    call = _Call(layer, n, sizes, x, weight, grad_y)
    needs = (need_x, need_weight, need_bias)
    x, weight, grad_y, grads = backward_arguments(call.layer, x, weight, grad_y, call.x_shape,
                                                  call.y_shape, needs)
    if any(needs):
        call.run("backward", x, weight, grad_y,
                 *(grad if need else None for need, grad in zip(needs, grads)))
    return grads[0], grads[1], grads[2]


def _fake_shape(kernel: Layer, like: Tensor, sizes: Tensor, n: int, *, output: bool,
                same: bool) -> tuple[Any, ...]:
    """The shape of x or y, next to an array whose order is the same or not."""
    if n:
        return shape_of(kernel, sizes.shape[0], n, output=output)
    if same:
        channels_there = kernel.channels[not output]
        rows = like.shape[0] if kernel.layout == "channels_last" else (
            like.shape[0] // channels_there)
    else:
        rows = torch.library.get_ctx().new_dynamic_size()
    return packed_shape(kernel.layout, kernel.channels[output], rows)


def _fake(x: Tensor, weight: Tensor, bias: Tensor | None, sizes: Tensor, layer: str, n: int
          ) -> Tensor:
    kernel = _registry.layer_of(layer)
    return x.new_empty(_fake_shape(kernel, x, sizes, n, output=True, same=kernel.k == kernel.l))


def _backward_fake(x: Tensor, weight: Tensor, grad_y: Tensor, sizes: Tensor, layer: str, n: int,
                   need_x: bool, need_weight: bool, need_bias: bool
                   ) -> tuple[Tensor, Tensor, Tensor]:
    kernel = _registry.layer_of(layer)
    dtype = weight_dtype_of(kernel)
    return (grad_y.new_empty(x.shape if need_x else 0),
            grad_y.new_empty(kernel.weight_shape if need_weight else 0, dtype=dtype),
            grad_y.new_empty(kernel.bias_shape if need_bias else 0, dtype=dtype))


class _LinearRagged(Function):
    """y = F(x, weight) + B(bias), F the layer without its bias and B its bias alone."""

    @staticmethod
    def forward(*inputs: Any) -> Tensor:
        with torch._C._AutoDispatchBelowAutograd():
            return linear_ragged(*inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        x, weight, _, sizes, ctx.layer, ctx.n = inputs
        ctx.save_for_backward(x, weight, sizes)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor | None) -> tuple[Tensor | None, ...]:
        needs = ctx.needs_input_grad[:3]
        if grad_y is None or not any(needs):
            return (None,) * 6
        x, weight, sizes = ctx.saved_tensors
        grads = linear_ragged_backward(x, weight, grad_y, sizes, ctx.layer, ctx.n, *needs)
        return *(grad if need else None for need, grad in zip(needs, grads)), None, None, None


def _each(x: Tensor, values: Tensor, sizes: Tensor, key: str, n: int) -> list[tuple[Any, ...]]:
    """For every sample with entries its number, its size, and x and other values as a batch of
    one."""
    layer, samples, begin = _registry.layer_of(key), [], 0
    last = layer.layout == "channels_last"
    for number, size in enumerate(sizes.tolist()):
        shape = tuple(layer.x_shape(1, size)) if size else ()
        if n and size:
            corner = (slice(0, size),) * layer.k
            at = (slice(number, number + 1), *corner) if last else (
                slice(number, number + 1), slice(None), *corner)
            samples.append((number, size, x[at], values[at]))
        elif size:
            count = size**layer.k * (1 if last else layer.channels[0])
            samples.append((number, size, *(array[begin:begin + count].reshape(shape)
                                            for array in (x, values))))
            begin += count
    return samples


def _along(x: Tensor, values: Tensor, weight: Tensor, sizes: Tensor, key: str, n: int) -> Tensor:
    """As of the operators without sizes."""
    layer = _registry.layer_of(key)
    last = layer.layout == "channels_last"
    parts: list[Tensor] = []
    if not n and layer.l == 0:
        parts = [x.new_zeros(1, layer.channels[1]) for _ in range(sizes.numel())]
    padded = list(x.new_zeros(layer.y_shape(sizes.numel(), n)).unbind()) if n else []
    for number, size, own, others in _each(x, values, sizes, key, n):
        y = _torch_operators.along(own, others, weight, key, size)
        if n:
            pad = [0, 0] * (last and layer.l > 0) + [0, n - size] * layer.l
            padded[number] = torch.nn.functional.pad(y, pad)[0]
        elif layer.l == 0:
            parts[number] = y
        else:
            parts.append(y.reshape(-1, layer.channels[1]) if last else y.reshape(-1))
    if n:
        return torch.stack(padded)
    shape = packed_shape(layer.layout, layer.channels[1], 0)
    return torch.cat([part.reshape(-1, *shape[1:]) for part in parts]) if parts else (
        x.new_zeros(shape))


def _weights_along(x: Tensor, values: Tensor, grad_y: Tensor, weight: Tensor, sizes: Tensor,
                   key: str, n: int) -> Tensor:
    # Linear in the weight: its gradient is that at any weight.
    further = torch.is_grad_enabled()
    with torch.enable_grad():
        source = weight.detach().requires_grad_()
        y = _along(x, values, source, sizes, key, n)
        return torch.autograd.grad(y, source, grad_y, create_graph=further)[0]


class _LinearRaggedBackward(Function):
    """The gradients at grad_y: those of x and of the weight are linear in grad_y and in the
    other of the two, that of the bias in grad_y."""

    @staticmethod
    def forward(*inputs: Any) -> tuple[Tensor, Tensor, Tensor]:
        with torch._C._AutoDispatchBelowAutograd():
            return linear_ragged_backward(*inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, outputs: tuple[Tensor, ...]) -> None:
        x, weight, grad_y, sizes, ctx.layer, ctx.n, *ctx.needs = inputs
        ctx.mark_non_differentiable(
            *(output for output, need in zip(outputs, ctx.needs) if not need))
        ctx.save_for_backward(x, weight, grad_y, sizes)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *of: Tensor | None) -> tuple[Tensor | None, ...]:
        """As of the operators without sizes: it differentiates

            <of_x, grad_x> + <of_weight, grad_weight> + <of_bias, grad_bias>
                = <grad_y, F(of_x, weight) + F(x, of_weight) + B(of_bias)>.
        """
        x, weight, grad_y, sizes = ctx.saved_tensors
        of_x, of_weight, of_bias = (value if need else None
                                    for value, need in zip(of, ctx.needs))
        for_x, for_weight, for_grad_y = ctx.needs_input_grad[:3]
        call = (sizes, ctx.layer, ctx.n)
        pooled = _torch_operators.pools(ctx.layer)
        grad_x, grad_weight = crossed(linear_ragged_backward, x, weight, grad_y, of_x, of_weight,
                                      for_x, for_weight, *call,
                                      pooled=_weights_along if pooled else None)
        grad_grad_y = None
        if for_grad_y and any(value is not None for value in (of_x, of_weight, of_bias)):
            grad_grad_y = tangent(linear_ragged, x, weight, of_x, of_weight, of_bias, *call,
                                  pooled=_along if pooled else None)
        return grad_x, grad_weight, grad_grad_y, *(None,) * 6


register("linear_ragged", _LinearRagged, _forward, _fake, weights=(1, 2))
register("linear_ragged_backward", _LinearRaggedBackward, _backward, _backward_fake,
         weights=(1,))
