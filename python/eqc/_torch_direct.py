"""Calls that go straight to a layer's functions, past PyTorch's dispatcher.

Dispatching to Python costs more than a small layer does. So where nothing would happen on the
way but the call itself, it is left out: plain tensors of a CPU, in eager mode, with no transform,
mode or tracer that wants to see an operator. Everything else, and whatever is wrong with
arguments, is for the operators of `_torch_operators`, which this falls back to; so results,
derivatives and errors are theirs. The same for networks, where no gradient is wanted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function, forward_ad

from eqc import _registry, _torch_network, _torch_operators
from eqc._native import check_status
from eqc.layer import Layer
from eqc.network import Network

__all__ = ["linear", "network"]

_C = torch._C


def _keys(*names: str) -> Any:
    """A set of dispatch keys."""
    result = _C.DispatchKeySet(getattr(_C.DispatchKey, names[0]))
    for name in names[1:]:
        result = result | _C.DispatchKeySet(getattr(_C.DispatchKey, name))
    return result


# PyTorch promises none of these: a version that lacks one has its operators do everything.
try:
    #: What a tensor without anything special has, and one that was made in inference mode.
    _PLAIN = _keys("CPU", "ADInplaceOrView", "AutogradCPU", "AutocastCPU")
    _INFERENCE = _keys("CPU", "AutocastCPU")
    #: What every call of a thread has that is in no mode, and in inference mode.
    _NO_MODE = _keys("BackendSelect", "ADInplaceOrView")
    _INFERENCE_MODE = _keys("BackendSelect")
    _AUTOGRAD = _C.DispatchKey.AutogradFunctionality

    # Looked up once.
    _keys_of = _C._dispatch_keys
    _included = _C._dispatch_tls_local_include_set
    _is_excluded = _C._dispatch_tls_is_dispatch_key_excluded
    _function_modes = _C._len_torch_function_stack
    _is_profiling = torch.autograd._profiler_enabled
    _is_grad_enabled = torch.is_grad_enabled
    _is_dynamo_compiling = torch.compiler.is_dynamo_compiling
    forward_ad._current_level  # looked up anew in each call
    _IS_AVAILABLE = True
except (AttributeError, TypeError):
    _IS_AVAILABLE = False

_weight_types = (torch.nn.Parameter, Tensor)
_bias_types = (*_weight_types, type(None))

_MOST_SHAPES = 256


def _is_watched() -> bool:
    """Whether anything but automatic differentiation would happen on the way to a kernel:
    transforms of torch.func, modes of __torch_dispatch__, tracing and functionalization are
    among the included keys. (Autocast leaves alone what has a type that layers compute in.)"""
    keys = _included()
    return ((_is_excluded(_AUTOGRAD) if keys == _NO_MODE else keys != _INFERENCE_MODE)
            or _function_modes() != 0 or forward_ad._current_level >= 0 or _is_profiling())


class _Shapes(NamedTuple):
    """What the shape of an x says of a call."""

    leading: tuple[int, ...]  #: the numbers before the arrays
    x: tuple[int, ...]
    y: tuple[int, ...]
    samples_x: tuple[int, ...]  #: the same with one axis for the batch
    samples_y: tuple[int, ...]
    n: int


class _Direct:
    """The functions of a layer, and the shapes that calls had so far."""

    def __init__(self, key: str) -> None:
        self.key, self.layer = key, _registry.layer_of(key)
        layer = self.layer
        self.dtype = _torch_operators.dtype_of(layer)
        self.weight_dtype = _torch_operators.weight_dtype_of(layer)
        self.pools = layer.pool != "sum"
        self.weight_shape, self.bias_shape = layer.weight_shape, layer.bias_shape
        self.zero_bias = torch.zeros(layer.bias_shape, dtype=self.weight_dtype)
        self.shapes: dict[torch.Size, _Shapes] = {}

    def shapes_of(self, x_shape: torch.Size) -> _Shapes | None:
        """None where an operator has to say what is wrong."""
        layer: Layer = self.layer
        lead = tuple(x_shape[:len(x_shape) - layer.k - 1])
        inner = tuple(x_shape[len(lead):])
        if len(inner) != layer.k + 1:
            return None
        n = layer.n if layer.n is not None else layer._sizes_of_x(None, inner)
        try:
            if layer.x_shape(1, n)[1:] != inner:
                return None
        except ValueError:
            return None
        batch, y = math.prod(lead), layer.y_shape(1, n)[1:]
        shapes = _Shapes((*layer._leading(n), batch), (*lead, *inner), (*lead, *y),
                         (batch, *inner), (batch, *y), n)
        if len(self.shapes) >= _MOST_SHAPES:
            self.shapes.clear()
        self.shapes[x_shape] = shapes
        return shapes


_known: dict[str, _Direct] = {}


def linear(keys: dict[torch.dtype, str], x: Tensor, weight: Tensor, bias: Tensor | None
           ) -> Tensor | None:
    """y for x with any number of batch axes, or None if the operator has to be called.

    keys: those of the layer, as of `_registry.key_of`, for the types that x may have."""
    if not _IS_AVAILABLE or _is_dynamo_compiling() or type(x) is not Tensor or type(weight) not in _weight_types or (
            type(bias) not in _bias_types) or _is_watched():
        return None
    key = keys.get(x.dtype)
    if key is None:
        return None
    direct = _known.get(key) or _known.setdefault(key, _Direct(key))
    shapes = direct.shapes.get(x.shape) or direct.shapes_of(x.shape)
    dtype = direct.weight_dtype
    if shapes is None or weight.dtype != dtype or weight.shape != direct.weight_shape or not (
            x.is_contiguous() and weight.is_contiguous()):
        return None
    is_plain = _keys_of(x) == _PLAIN and _keys_of(weight) == _PLAIN
    needs_graph = x.requires_grad or weight.requires_grad
    if bias is not None:
        if bias.dtype != dtype or bias.shape != direct.bias_shape or not bias.is_contiguous():
            return None
        is_plain = is_plain and _keys_of(bias) == _PLAIN
        needs_graph = needs_graph or bias.requires_grad
    if needs_graph and _is_grad_enabled():
        return _apply(x, weight, bias, direct, shapes) if is_plain else None
    if not is_plain and not all(tensor is None or _keys_of(tensor) in (_PLAIN, _INFERENCE)
                                for tensor in (x, weight, bias)):
        return None
    return _call(x, weight, bias, direct, shapes)


def _is_as(tensor: Tensor, dtype: torch.dtype, shape: tuple[int, ...]) -> bool:
    """Whether a function may read it."""
    return (tensor.dtype == dtype and tensor.shape == shape and tensor.is_contiguous()
            and _keys_of(tensor) == _PLAIN)


def _call(x: Tensor, weight: Tensor, bias: Tensor | None, direct: _Direct, shapes: _Shapes
          ) -> Tensor:
    y = x.new_empty(*shapes.y)
    bias = direct.zero_bias if bias is None else bias
    status = direct.layer._forward(*shapes.leading, x.data_ptr(), weight.data_ptr(),
                                   bias.data_ptr(), y.data_ptr())
    if status != 0:
        check_status(status)
    return y


class _Linear(Function):
    """As that of `_torch_operators`, on arguments that were checked."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, direct: _Direct,
                shapes: _Shapes) -> Tensor:
        ctx.call = direct, shapes
        ctx.save_for_backward(x, weight)
        ctx.set_materialize_grads(False)
        return _call(x, weight, bias, direct, shapes)

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor | None) -> tuple[Tensor | None, ...]:
        need_x, need_weight, need_bias, _, _ = ctx.needs_input_grad
        if grad_y is None:
            return None, None, None, None, None
        direct, shapes = ctx.call
        x, weight = ctx.saved_tensors
        function = direct.layer._backward
        # What was saved went through hooks, maybe.
        if (function is None or _is_dynamo_compiling() or _is_grad_enabled() or _is_watched()
                or type(grad_y) is not Tensor or grad_y.dtype != direct.dtype
                or _keys_of(grad_y) != _PLAIN
                or not _is_as(x, direct.dtype, shapes.x)
                or not _is_as(weight, direct.weight_dtype, direct.weight_shape)):
            grads = _torch_operators.linear_backward(
                x.reshape(shapes.samples_x), weight, grad_y.reshape(shapes.samples_y),
                direct.key, shapes.n, need_x, need_weight, need_bias)
            return (grads[0].reshape(shapes.x) if need_x else None,
                    grads[1] if need_weight else None, grads[2] if need_bias else None,
                    None, None)
        grad_y = grad_y.contiguous()
        grad_x = torch.empty_like(x) if need_x else None
        grad_weight = torch.empty_like(weight) if need_weight else None
        grad_bias = weight.new_empty(*direct.bias_shape) if need_bias else None
        status = function(
            *shapes.leading,
            x.data_ptr() if need_weight or (need_x and direct.pools) else None,
            weight.data_ptr() if need_x else None, grad_y.data_ptr(),
            None if grad_x is None else grad_x.data_ptr(),
            None if grad_weight is None else grad_weight.data_ptr(),
            None if grad_bias is None else grad_bias.data_ptr())
        if status != 0:
            check_status(status)
        return grad_x, grad_weight, grad_bias, None, None


# No transform of torch.func is there, which Function.apply looks for.
_apply = super(Function, _Linear).apply


class _NetworkShapes(NamedTuple):
    """What the shapes of the inputs of a network say of a call."""

    numbers: tuple[int, ...]  #: before the arrays
    outputs: tuple[tuple[int, ...], ...]


class _DirectNetwork:
    """A network, and the shapes that calls had so far."""

    def __init__(self, net: Network) -> None:
        self.net, self.dtype = net, _torch_network.dtype_of(net)
        self.params_shape = (net.size,)
        self.shapes: dict[tuple[torch.Size, ...], _NetworkShapes] = {}

    def shapes_of(self, inputs: tuple[torch.Size, ...]) -> _NetworkShapes | None:
        """None where an operator has to say what is wrong."""
        net = self.net
        if len(inputs) != len(net.inputs):
            return None
        lead = inputs[0][:len(inputs[0]) - len(net.inputs[0].axes) - 1]
        batch = math.prod(lead)
        flat = [(batch, *shape[len(lead):]) for shape in inputs]
        try:
            sizes = net.sizes_of(flat)
        except ValueError:
            return None
        if any(shape[:len(lead)] != lead or inner != net.shape(tensor, batch, sizes)
               for shape, inner, tensor in zip(inputs, flat, net.inputs)):
            return None
        shapes = _NetworkShapes(net._numbers(sizes, batch), tuple(
            (*lead, *net.shape(tensor, batch, sizes)[1:])  # type: ignore
            for tensor in net.outputs))
        if len(self.shapes) >= _MOST_SHAPES:
            self.shapes.clear()
        self.shapes[inputs] = shapes
        return shapes


_known_networks: dict[str, _DirectNetwork] = {}


def network(net: Network, key: str, inputs: Sequence[Any], params: Tensor
            ) -> tuple[Tensor, ...] | None:
    """The outputs for inputs with any number of batch axes, or None if the operator has to be
    called."""
    given = (*inputs, params)
    if not _IS_AVAILABLE or _is_dynamo_compiling() or _is_watched():
        return None
    direct = _known_networks.get(key) or _known_networks.setdefault(key, _DirectNetwork(net))
    needs_graph = _is_grad_enabled()
    for tensor in given:
        if (type(tensor) not in _weight_types or tensor.dtype != direct.dtype
                or not tensor.is_contiguous() or (needs_graph and tensor.requires_grad)
                or _keys_of(tensor) not in (_PLAIN, _INFERENCE)):
            return None
    found = tuple(tensor.shape for tensor in inputs)
    shapes = direct.shapes.get(found) or direct.shapes_of(found)
    if shapes is None or params.shape != direct.params_shape:
        return None
    outputs = tuple(params.new_empty(shape) for shape in shapes.outputs)
    status = direct.net._forward(
        *shapes.numbers, *[tensor.data_ptr() for tensor in (*given, *outputs)])
    if status != 0:
        check_status(status)
    return outputs
