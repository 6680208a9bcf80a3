"""Networks as operators of PyTorch: one for the values, one for all gradients. Derivatives of
higher order are those of the same network, composed of the operators of its layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from eqc import _registry, _torch_operators
from eqc._expressions import Axes, compose
from eqc._native import check_status
from eqc._torch_bilinear import bilinear
from eqc.bilinear import BilinearLayer
from eqc.layer import Layer
from eqc.network import Network

__all__ = ["address", "composed", "dtype_of", "gradients_twice", "network", "readable"]

_DTYPES = {"float32": torch.float32, "float64": torch.float64}


def dtype_of(net: Network) -> torch.dtype:
    return _DTYPES[net.dtype.name]


def address(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


def readable(net: Network, name: str, tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
    if tensor.device.type != "cpu":
        raise NotImplementedError(f"{name} is on {tensor.device}; networks compute on CPUs")
    if tensor.dtype != dtype_of(net):
        raise TypeError(f"{name} has dtype {tensor.dtype}; the network takes "
                        f"{dtype_of(net)}: use {name}.to({dtype_of(net)})")
    if tuple(tensor.shape) != tuple(shape):
        raise ValueError(f"{name} has shape {list(tensor.shape)}; expected {list(shape)}")
    return tensor.contiguous()


def _shapes(net: Network, tensors: Sequence[Any], batch: int, sizes: Sequence[int]
            ) -> list[tuple[int, ...]]:
    named = dict(zip(net._free, sizes))
    return [net.shape(tensor, batch, named) for tensor in tensors]  # type: ignore


def _inputs(net: Network, inputs: Sequence[Tensor], params: Tensor, sizes: Sequence[int]
            ) -> tuple[list[Tensor], Tensor, int]:
    """Inputs and parameters as the network may read them, and the batch."""
    batch = inputs[0].shape[0]
    shapes = _shapes(net, net.inputs, batch, sizes)
    read = [readable(net, tensor.name, value, shape)
            for tensor, value, shape in zip(net.inputs, inputs, shapes)]
    return read, readable(net, "params", params, (net.size,)), batch


@torch.library.custom_op("eqc::network", mutates_args=())
def network(inputs: Sequence[Tensor], params: Tensor, key: str,
            sizes: Sequence[int]) -> list[Tensor]:
    """The outputs of a network; `sizes` are those of its spaces that have none of their own."""
    net = _registry.network_of(key)
    read, flat, batch = _inputs(net, inputs, params, sizes)
    outputs = [params.new_empty(shape) for shape in _shapes(net, net.outputs, batch, sizes)]
    check_status(net._forward(*sizes, batch, *map(address, (*read, flat, *outputs))))
    return outputs


@network.register_fake
def _(inputs: Sequence[Tensor], params: Tensor, key: str, sizes: Sequence[int]) -> list[Tensor]:
    net = _registry.network_of(key)
    return [params.new_empty(shape)
            for shape in _shapes(net, net.outputs, inputs[0].shape[0], sizes)]


@torch.library.custom_op("eqc::network_backward", mutates_args=())
def network_backward(inputs: Sequence[Tensor], params: Tensor, grads: Sequence[Tensor], key: str,
                     sizes: Sequence[int], needs: Sequence[bool]) -> list[Tensor]:
    """The gradients of the inputs and of the parameters that are needed; others are empty."""
    net = _registry.network_of(key)
    if not net._backward:
        raise ValueError("the network was compiled without gradients")
    read, flat, batch = _inputs(net, inputs, params, sizes)
    given = [readable(net, f"grad_{tensor.name}", grad, shape) for tensor, grad, shape in
             zip(net.outputs, grads, _shapes(net, net.outputs, batch, sizes))]
    results = [params.new_empty(value.shape if need else 0)
               for value, need in zip((*read, flat), needs)]
    wanted = [result if need else None for result, need in zip(results, needs)]
    check_status(net._backward(*sizes, batch, *map(address, (
        *read, flat, *given, None, *wanted))))
    return results


@network_backward.register_fake
def _(inputs: Sequence[Tensor], params: Tensor, grads: Sequence[Tensor], key: str,
      sizes: Sequence[int], needs: Sequence[bool]) -> list[Tensor]:
    return [params.new_empty(value.shape if need else 0)
            for value, need in zip((*inputs, params), needs)]


def _setup(ctx: Any, inputs: tuple, output: list[Tensor]) -> None:
    values, params, ctx.key, ctx.sizes = inputs
    ctx.count = len(values)
    ctx.shapes = [value.shape for value in output]
    ctx.save_for_backward(*values, params)


def _no_gradient(numbers: Sequence[int]) -> list | None:
    """What PyTorch wants for numbers, which have none: it takes an empty list for tensors."""
    return None if numbers else []


def _backward(ctx: Any, grads: list[Tensor | None]) -> tuple:
    *inputs, params = ctx.saved_tensors
    needs = [*(ctx.needs_input_grad[0] if isinstance(ctx.needs_input_grad[0], (list, tuple))
               else [value.requires_grad for value in inputs]), ctx.needs_input_grad[1]]
    given = [params.new_zeros(shape) if grad is None else grad
             for grad, shape in zip(grads, ctx.shapes)]
    results = network_backward(inputs, params, given, ctx.key, ctx.sizes, needs)
    found = [result if need else None for result, need in zip(results, needs)]
    return found[:-1], found[-1], None, _no_gradient(ctx.sizes)


network.register_autograd(_backward, setup_context=_setup)


#: Functions of entries, of plain tensors.
_FUNCTIONS = {
    "relu": torch.relu, "leaky_relu": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu, "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu, "sigmoid": torch.sigmoid,
    "softplus": torch.nn.functional.softplus, "tanh": torch.tanh,
    "softsign": torch.nn.functional.softsign, "sin": torch.sin, "cos": torch.cos,
    "exp": torch.exp, "abs": torch.abs, "square": torch.square}


def _of_nothing(kernel: Layer, n: Any, like: Tensor, bias: Tensor | None) -> Tensor:
    """The result of a layer of samples without entries: sums over them are zero, so what is left
    is what the bias adds, where y has entries at all."""
    batch = like.shape[0]
    shape = kernel._shape(batch, "y", n)
    if bias is None or 0 in shape[1:]:
        return like.new_zeros(shape)
    if not kernel._axes["y"]:
        return bias[0].expand(shape)
    some = kernel._free.packed([size or unit for size, unit in
                                zip(kernel._free.each(n), kernel._free.units)])
    zeros = like.new_zeros(kernel._shape(batch, "x", some))
    weight = like.new_zeros(kernel.weight_shape)
    if isinstance(kernel, BilinearLayer):
        return bilinear(kernel, zeros, like.new_zeros(kernel._shape(batch, "z", some)), weight,
                        bias, n=some)
    return _torch_operators.linear(zeros, weight, bias, _registry.key_of(kernel), some)


def composed(net: Network, inputs: Sequence[Tensor], params: Tensor,
             sizes: Sequence[int]) -> list[Tensor]:
    """The outputs by operations of PyTorch and the operators of layers. Sizes may be 0."""
    def layer(name: str, values: list[Tensor], weight: Tensor, bias: Tensor | None,
              n: int) -> Tensor:
        kernel = net.layers[name]
        if kernel.n is None and 0 in kernel._free.each(n):
            return _of_nothing(kernel, n, values[0], bias)
        if isinstance(kernel, BilinearLayer):
            return bilinear(kernel, *values, weight, bias, n=n)
        return _torch_operators.linear(*values, weight, bias, _registry.key_of(kernel), n)

    return compose(net, inputs, params, dict(zip(net._free, sizes)), layer=layer,
                   functions=_FUNCTIONS, axes=Axes(
                       norm=lambda x, dims: ((x.square().sum(dims) if dims else x.square())
                                             + 1e-12).sqrt(),
                       concat=torch.cat, insert=torch.unsqueeze))


def _setup_twice(ctx: Any, inputs: tuple, output: list[Tensor]) -> None:
    values, params, grads, ctx.key, ctx.sizes, ctx.needs = inputs
    ctx.count = len(values)
    ctx.save_for_backward(*values, params, *grads)


def gradients_twice(apply: Callable[[Sequence[Tensor], Tensor], list[Tensor]],
                    saved: Sequence[Tensor], count: int, needs: Sequence[bool],
                    of_grads: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
    """The gradients with respect to `saved`, `count` inputs, the parameters and the gradients of
    the outputs, of the gradients that are needed at the function `apply`."""
    further = torch.is_grad_enabled()
    with torch.enable_grad():
        # Tensors of their own: the gradients of the outputs may depend on the inputs, which is
        # not for this function to follow.
        sources = [value.view_as(value) if further and value.requires_grad
                   else value.detach().requires_grad_() for value in saved]
        inputs, params, grads = sources[:count], sources[count], sources[count + 1:]
        outputs = apply(inputs, params)
        wanted = [source for source, need in zip((*inputs, params), needs) if need]
        first = torch.autograd.grad(outputs, wanted, grads, create_graph=True,
                                    allow_unused=True)
        pairs = [(value, given) for value, given in zip(
            first, (given for given, need in zip(of_grads, needs) if need))
            if value is not None and given is not None and value.requires_grad]
        if not pairs:
            return (None,) * len(sources)
        values, weights = zip(*pairs)
        return torch.autograd.grad(values, sources, weights, create_graph=further,
                                   allow_unused=True)


def _backward_twice(ctx: Any, of_grads: list[Tensor | None]) -> tuple:
    net = _registry.network_of(ctx.key)
    second = gradients_twice(lambda inputs, params: composed(net, inputs, params, ctx.sizes),
                             ctx.saved_tensors, ctx.count, ctx.needs, of_grads)
    return (list(second[:ctx.count]), second[ctx.count], list(second[ctx.count + 1:]), None,
            _no_gradient(ctx.sizes), None)


network_backward.register_autograd(_backward_twice, setup_context=_setup_twice)
