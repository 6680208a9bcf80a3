"""Networks on samples of different sizes as operators of PyTorch, as `_torch_network` has those
for one size: `sizes` has a list for each space without a size, and arrays are packed where
`extents` are 0, else padded to these. Derivatives of higher order are those of the same network
composed of the operators of its layers, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from eqc import _registry
from eqc._native import check_status
from eqc._ragged import packed_shape
from eqc._torch_network import address, composed, gradients_twice, readable
from eqc.network import Network

__all__ = ["network_ragged"]


class _Call:
    """What the sizes say of the arrays of a call."""

    def __init__(self, key: str, sizes: Tensor, extents: Sequence[int]) -> None:
        self.net = _registry.network_of(key)
        # Kept while the call runs.
        self.lists = self.net.size_lists(dict(zip(self.net._free, sizes.numpy())))
        self.kind = "padded" if any(extents) else "ragged"
        self.extents = dict(zip(self.net._free, extents))
        batch = self.lists.shape[1]
        leading = extents if any(extents) else ()
        self.numbers = (*leading, batch, *(each.ctypes.data for each in self.lists))

    def shapes(self, tensors: Sequence[Any]) -> list[tuple[int, ...]]:
        if self.kind == "padded":
            return [self.net.shape(tensor, self.lists.shape[1], self.extents)  # type: ignore
                    for tensor in tensors]
        return [self.net.packed_shape(tensor, self.lists) for tensor in tensors]

    def read(self, inputs: Sequence[Tensor], params: Tensor) -> tuple[list[Tensor], Tensor]:
        read = [readable(self.net, tensor.name, value, shape) for tensor, value, shape in
                zip(self.net.inputs, inputs, self.shapes(self.net.inputs))]
        return read, readable(self.net, "params", params, (self.net.size,))

    def run(self, name: str, *tensors: Tensor | None) -> None:
        function = self.net._ragged(f"{name}_{self.kind}")
        check_status(function(*self.numbers, *map(address, tensors)))


@torch.library.custom_op("eqc::network_ragged", mutates_args=())
def network_ragged(inputs: Sequence[Tensor], params: Tensor, sizes: Tensor, key: str,
                   extents: Sequence[int]) -> list[Tensor]:
    """The outputs of a network."""
    call = _Call(key, sizes, extents)
    read, flat = call.read(inputs, params)
    outputs = [params.new_empty(shape) for shape in call.shapes(call.net.outputs)]
    call.run("forward", *read, flat, *outputs)
    return outputs


@network_ragged.register_fake
def _(inputs: Sequence[Tensor], params: Tensor, sizes: Tensor, key: str, extents: Sequence[int]
      ) -> list[Tensor]:
    net = _registry.network_of(key)
    if any(extents):
        named = dict(zip(net._free, extents))
        return [params.new_empty(net.shape(tensor, sizes.shape[1], named))  # type: ignore
                for tensor in net.outputs]
    return [params.new_empty(packed_shape(
        net.layout, tensor.channels, torch.library.get_ctx().new_dynamic_size()))
        for tensor in net.outputs]


@torch.library.custom_op("eqc::network_ragged_backward", mutates_args=())
def network_ragged_backward(inputs: Sequence[Tensor], params: Tensor, grads: Sequence[Tensor],
                            sizes: Tensor, key: str, extents: Sequence[int],
                            needs: Sequence[bool]) -> list[Tensor]:
    """The gradients of the inputs and of the parameters that are needed; others are empty."""
    call = _Call(key, sizes, extents)
    read, flat = call.read(inputs, params)
    given = [readable(call.net, f"grad_{tensor.name}", grad, shape) for tensor, grad, shape in
             zip(call.net.outputs, grads, call.shapes(call.net.outputs))]
    results = [params.new_empty(value.shape if need else 0)
               for value, need in zip((*read, flat), needs)]
    wanted = [result if need else None for result, need in zip(results, needs)]
    call.run("backward", *read, flat, *given, None, *wanted)
    return results


@network_ragged_backward.register_fake
def _(inputs: Sequence[Tensor], params: Tensor, grads: Sequence[Tensor], sizes: Tensor, key: str,
      extents: Sequence[int], needs: Sequence[bool]) -> list[Tensor]:
    return [params.new_empty(value.shape if need else 0)
            for value, need in zip((*inputs, params), needs)]


def _setup(ctx: Any, inputs: tuple, output: list[Tensor]) -> None:
    values, params, sizes, ctx.key, ctx.extents = inputs
    ctx.shapes = [value.shape for value in output]
    ctx.save_for_backward(*values, params, sizes)


def _backward(ctx: Any, grads: list[Tensor | None]) -> tuple:
    *inputs, params, sizes = ctx.saved_tensors
    needs = [*(ctx.needs_input_grad[0] if isinstance(ctx.needs_input_grad[0], (list, tuple))
               else [value.requires_grad for value in inputs]), ctx.needs_input_grad[1]]
    given = [params.new_zeros(shape) if grad is None else grad
             for grad, shape in zip(grads, ctx.shapes)]
    results = network_ragged_backward(inputs, params, given, sizes, ctx.key, ctx.extents, needs)
    found = [result if need else None for result, need in zip(results, needs)]
    return found[:-1], found[-1], None, None, None


network_ragged.register_autograd(_backward, setup_context=_setup)


def _lengths(net: Network, tensor: Any, sizes: Mapping[str, int]) -> list[int]:
    return [net.length(space, sizes) for space in tensor.axes]


def _sample(net: Network, value: Tensor, tensor: Any, sizes: Mapping[str, int], at: int,
            padded: bool) -> tuple[Tensor, int]:
    """One sample as a batch of its own, and where the next one begins."""
    lengths = _lengths(net, tensor, sizes)
    last = net.layout == "channels_last"
    if padded:
        corner = tuple(slice(length) for length in lengths)
        channels = (slice(None),)
        return value[(slice(at, at + 1), *(corner + channels if last else channels + corner))
                     ], at + 1
    shape = (1, *lengths, tensor.channels) if last else (1, tensor.channels, *lengths)
    count = torch.Size(shape).numel()
    flat = value.reshape(-1)[at:at + count]
    return flat.reshape(shape), at + count


def _joined(net: Network, parts: Sequence[Tensor], tensor: Any, extents: Mapping[str, int],
            padded: bool) -> Tensor:
    last = net.layout == "channels_last"
    if not padded:
        flat = torch.cat([part.reshape(-1) for part in parts])
        return flat.reshape(-1, tensor.channels) if last else flat
    full = []
    for part in parts:
        lengths = part.shape[1:-1] if last else part.shape[2:]
        missing = [longest - length
                   for longest, length in zip(_lengths(net, tensor, extents), lengths)]
        margins = [] if not last else [0, 0]  # from the last axis on
        for count in reversed(missing):
            margins += [0, count]
        full.append(torch.nn.functional.pad(part, margins))
    return torch.cat(full)


def _composed(net: Network, inputs: Sequence[Tensor], params: Tensor, lists: Tensor,
              extents: Sequence[int]) -> list[Tensor]:
    """The outputs by operations of PyTorch and the operators of layers."""
    at = [0] * len(inputs)
    samples = []
    for column in lists.T.tolist():
        sizes = dict(zip(net._free, column))
        parts = []
        for i, (tensor, value) in enumerate(zip(net.inputs, inputs)):
            part, at[i] = _sample(net, value, tensor, sizes, at[i], any(extents))
            parts.append(part)
        samples.append(composed(net, parts, params, column))
    named = dict(zip(net._free, extents))
    # What has no entries depends on nothing; but gradients shall be zero, not missing.
    nothing = 0 * params.sum()
    return [_joined(net, parts, tensor, named, any(extents)) + nothing
            for tensor, parts in zip(net.outputs, zip(*samples))]


def _setup_twice(ctx: Any, inputs: tuple, output: list[Tensor]) -> None:
    values, params, grads, sizes, ctx.key, ctx.extents, ctx.needs = inputs
    ctx.count = len(values)
    ctx.save_for_backward(*values, params, *grads, sizes)


def _backward_twice(ctx: Any, of_grads: list[Tensor | None]) -> tuple:
    *saved, lists = ctx.saved_tensors
    net = _registry.network_of(ctx.key)
    second = gradients_twice(
        lambda inputs, params: _composed(net, inputs, params, lists, ctx.extents), saved,
        ctx.count, ctx.needs, of_grads)
    return (list(second[:ctx.count]), second[ctx.count], list(second[ctx.count + 1:]), None, None,
            None, None)


network_ragged_backward.register_autograd(_backward_twice, setup_context=_setup_twice)
