"""Layers of two inputs for PyTorch, on CPUs.

A bilinear layer is a form of x, z, the weight and the gradient of y that is linear in each. It
and its gradients are four operators, and a gradient of one of them is another one, with what
takes the place of an array that it was differentiated by: so derivatives of every order are
these four.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from eqc import _registry
from eqc._native import Options, check_status, key_of_source, source_for_bias
from eqc._source import Inputs, layer_source
from eqc.bilinear import BilinearLayer
from eqc.initialize import weight_std
from eqc.space import Axes

__all__ = ["EquivariantBilinear", "bilinear"]

#: The arrays of the form, and which of them each operator makes of the others.
_ROLES = {"y": "xzw", "x": "gzw", "z": "gxw", "w": "xzg"}
_NAMES = {"x": "x", "z": "z", "w": "weight", "g": "grad_y"}


def _layer(key: str) -> BilinearLayer:
    layer = _registry.layer_of(key)
    if not isinstance(layer, BilinearLayer):
        raise TypeError(f"{layer!r} has one input: use eqc.torch.linear")
    return layer


def _shape(layer: BilinearLayer, name: str, batch: Any, sizes: Sequence[Any]
           ) -> tuple[Any, ...]:
    """Of x, z, the weight or y's gradient; `sizes` are those that a call of the layer brings."""
    if name == "w":
        return layer.weight_shape
    n = layer.n if layer.n is not None else layer._free.packed(sizes)
    return layer._shape(batch, "y" if name == "g" else name, n)


def _prepared(layer: BilinearLayer, name: str, value: Tensor, batch: int,
              sizes: Sequence[int]) -> Tensor:
    expected = torch.float32 if layer.dtype == "float32" else torch.float64
    what = _NAMES[name]
    if value.dtype != expected:
        raise TypeError(f"{what} is {value.dtype}; the layer takes {expected}: use "
                        f"{what}.to({expected})")
    if value.device.type != "cpu":
        raise TypeError(f"{what} is on {value.device}; layers of two inputs compute on the CPU")
    if tuple(value.shape) != tuple(_shape(layer, name, batch, sizes)):
        raise ValueError(f"{what} has shape {list(value.shape)}; expected "
                         f"{list(_shape(layer, name, batch, sizes))}")
    return value.detach().contiguous()


def _compute(result: str, key: str, arrays: dict[str, Tensor], bias: Tensor | None, batch: int,
             sizes: Sequence[int]) -> Tensor:
    """One of the four, by the functions of the layer."""
    layer = _layer(key)
    given = {name: _prepared(layer, name, value, batch, sizes) for name, value in arrays.items()}
    made = torch.empty(_shape(layer, "g" if result == "y" else result, batch, sizes),
                       dtype=next(iter(given.values())).dtype)

    def address(name: str) -> int | None:
        return given[name].data_ptr() if name in given else None

    numbers = (*sizes, batch)
    if result == "y":
        ready = None if bias is None else bias.detach().contiguous()
        if ready is None and layer.has_bias:
            ready = made.new_zeros(layer.bias_shape)
        check_status(layer._forward(
            *numbers, address("x"), address("z"), address("w"),
            None if ready is None else ready.data_ptr(), made.data_ptr()))
        return made
    grads = [made.data_ptr() if name == result else None for name in "xzw"]
    check_status(layer._backward(*numbers, *map(address, "xzwg"), *grads, None))
    return made


def _define(result: str) -> Any:
    """The operator that makes `result`: eqc::bilinear_y(layer, x, z, w, batch, sizes) .."""
    first, second, third = _ROLES[result]

    def call(layer: str, a: Tensor, b: Tensor, c: Tensor, batch: int, sizes: Sequence[int]) -> Tensor:
        return _compute(result, layer, {first: a, second: b, third: c}, None, batch, sizes)

    def fake(layer: str, a: Tensor, b: Tensor, c: Tensor, batch: int, sizes: Sequence[int]) -> Tensor:
        return a.new_empty(_shape(_layer(layer), "g" if result == "y" else result, batch, sizes))

    operator = torch.library.custom_op(f"eqc::bilinear_{result}", mutates_args=())(call)
    operator.register_fake(fake)

    def setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.layer, a, b, c, ctx.batch, ctx.sizes = inputs
        ctx.save_for_backward(a, b, c)

    def backward(context: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        # In the place of what the operator made stands its gradient.
        known = dict(zip(_ROLES[result], context.saved_tensors))
        known["g" if result == "y" else result] = grad
        gradients: list[Tensor | None] = []
        for i, name in enumerate(_ROLES[result]):
            if not context.needs_input_grad[1 + i]:
                gradients.append(None)
                continue
            made = "y" if name == "g" else name
            gradients.append(_OPERATORS[made](
                context.layer, *(known[other] for other in _ROLES[made]), context.batch,
                context.sizes))
        return (None, *gradients, None, None)

    operator.register_autograd(backward, setup_context=setup)

    def vmap(info: Any, dims: tuple[Any, ...], layer: str, a: Tensor, b: Tensor, c: Tensor,
             batch: int, sizes: Sequence[int]) -> tuple[Tensor, int]:
        parts = [(value.movedim(dim, 0).unbind() if dim is not None
                  else (value,) * info.batch_size) for value, dim in zip((a, b, c), dims[1:4])]
        return torch.stack([operator(layer, *each, batch, sizes) for each in zip(*parts)]), 0

    operator.register_vmap(vmap)
    return operator


_OPERATORS: dict[str, Any] = {}
for _result in _ROLES:
    _OPERATORS[_result] = _define(_result)


@torch.library.custom_op("eqc::bilinear_bias", mutates_args=())
def _bias(layer: str, bias: Tensor, batch: int, sizes: Sequence[int]) -> Tensor:
    """What the bias adds to y."""
    kernel = _layer(layer)
    x, z = (torch.zeros(_shape(kernel, name, 1, sizes), dtype=bias.dtype) for name in "xz")
    weight = torch.zeros(kernel.weight_shape, dtype=bias.dtype)
    y = _compute("y", layer, {"x": x, "z": z, "w": weight}, bias, 1, sizes)
    return y.expand(batch, *y.shape[1:]).contiguous()


@_bias.register_fake
def _(layer: str, bias: Tensor, batch: int, sizes: Sequence[int]) -> Tensor:
    return bias.new_empty(_shape(_layer(layer), "g", batch, sizes))


@torch.library.custom_op("eqc::bilinear_bias_backward", mutates_args=())
def _bias_backward(layer: str, grad: Tensor, batch: int, sizes: Sequence[int]) -> Tensor:
    kernel = _layer(layer)
    gradient = torch.empty(kernel.bias_shape, dtype=grad.dtype)
    check_status(kernel._backward(
        *sizes, batch, None, None, None, grad.detach().contiguous().data_ptr(),
        None, None, None, gradient.data_ptr()))
    return gradient


@_bias_backward.register_fake
def _(layer: str, grad: Tensor, batch: int, sizes: Sequence[int]) -> Tensor:
    return grad.new_empty(_layer(layer).bias_shape)


def _register_bias() -> None:
    def setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.layer, _, ctx.batch, ctx.sizes = inputs

    def of(operator: Any) -> Any:
        return lambda context, grad: (
            None, operator(context.layer, grad, context.batch, context.sizes), None, None)

    _bias.register_autograd(of(_bias_backward), setup_context=setup)
    _bias_backward.register_autograd(of(_bias), setup_context=setup)


_register_bias()


def _apply(layer: BilinearLayer, key: str, x: Tensor, z: Tensor, weight: Tensor,
           bias: Tensor | None, n: Any) -> Tensor:
    if layer.has_bias != (bias is not None):
        raise ValueError("bias was given, but the layer has none" if bias is not None else
                         f"the layer has a bias of shape {list(layer.bias_shape)}, but none was "
                         "given")
    axes = len(layer._axes["x"]) + 1
    front, front_z = x.shape[:x.dim() - axes], z.shape[:z.dim() - len(layer._axes["z"]) - 1]
    if front != front_z:
        raise ValueError(f"x has the batch axes {list(front)}, z {list(front_z)}")
    sizes = layer._leading(layer._size(n, *((name, value.reshape(-1, *value.shape[len(front):]), name)
                                            for name, value in (("x", x), ("z", z)))))
    flat = [value.reshape(-1, *value.shape[len(front):]) for value in (x, z)]
    batch = flat[0].shape[0]
    y = _OPERATORS["y"](key, *flat, weight, batch, sizes)
    if bias is not None:
        y = y + _bias(key, bias, batch, sizes)
    return y.reshape(*front, *y.shape[1:])


def bilinear(layer: BilinearLayer, x: Tensor, z: Tensor, weight: Tensor,
             bias: Tensor | None = None, *, n: int | None = None) -> Tensor:
    """Applies a layer of two inputs.

    Args:
        layer: an `eqc.BilinearLayer`.
        x, z: [.., n (k1, k2 times), channels], with the same batch axes; with
            layout="channels_first" the channels come before the axes of size n.
        weight: [diagrams, c] or [diagrams, c1, c2, c3].
        bias: [bias_diagrams, channels of y] if the layer has one.
        n: only for a layer without one of its own where neither x nor z has an axis of it.
    """
    if not isinstance(layer, BilinearLayer):
        raise TypeError(f"layer is {layer!r}; expected an eqc.BilinearLayer")
    return _apply(layer, _registry.key_of(layer), x, z, weight, bias, n)


class EquivariantBilinear(nn.Module):
    """An equivariant bilinear map with trained weights: `eqc.BilinearLayer` as a module.

    Args:
        group, k, l, channels, n, normalize, layout, diagrams, plan, max_diagrams: as of
            `eqc.BilinearLayer`; k is the pair (k1, k2).
        bias: whether to add a trained equivariant bias; None means where the group has one.
        gain: the root mean square of y at the start, for independent x and z of root mean
            square 1.
        init_n: the size the initialisation has in mind when n is None (default 16).
        dtype: torch.float32 or torch.float64.

    Attributes:
        weight: [diagrams, c] or [diagrams, c1, c2, c3], in the order of `layer.diagrams`.
        bias: [bias_diagrams, channels of y] or None.
    """

    def __init__(self, group: str | None, k: tuple[Axes, Axes], l: Axes,  # noqa: E741
                 channels: int | tuple[int, int, int], n: int | None = None,
                 bias: bool | None = None, *, layout: str = "channels_last",
                 normalize: str = "mean", diagrams: str | Sequence[str] = "all",
                 plan: str = "auto", max_diagrams: int | None = None, gain: float = 1.0,
                 init_n: int | None = None, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        options = Options(plan=plan, max_diagrams=max_diagrams)

        def key(dtype: str) -> str:
            return key_of_source(source_for_bias(lambda bias: layer_source(
                name="layer", group=group, n=n, k=Inputs(*k), l=l, channels=channels, bias=bias,
                dtype=dtype, layout=layout, normalize=normalize, diagrams=diagrams, batch=None),
                bias, options), options)

        # The module may be converted to the other type; that code is compiled when used.
        self._keys = {torch.float32: key("f32"), torch.float64: key("f64")}
        dtype = dtype or torch.get_default_dtype()
        if dtype not in self._keys:
            raise TypeError(f"dtype is {dtype}; layers compute in torch.float32 and "
                            "torch.float64")
        layer = _layer(self._keys[dtype])
        self.gain, self.init_n = gain, init_n
        self.weight = nn.Parameter(torch.empty(layer.weight_shape, dtype=dtype))
        if layer.has_bias:
            self.bias = nn.Parameter(torch.empty(layer.bias_shape, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _key(self) -> str:
        if self.weight.dtype not in self._keys:
            raise TypeError(f"the weights are {self.weight.dtype}; layers compute in "
                            "torch.float32 and torch.float64")
        return self._keys[self.weight.dtype]

    @property
    def layer(self) -> BilinearLayer:
        """The compiled layer for the present type of the weights."""
        return _layer(self._key())

    @property
    def diagrams(self) -> tuple[str, ...]:
        """The diagrams in the order of the weights."""
        return self.layer.diagrams

    def reset_parameters(self) -> None:
        """Draws new weights, and sets the bias to zero."""
        std = torch.from_numpy(weight_std(
            self.layer, n=self.init_n, gain=self.gain, inputs="centred"))
        with torch.no_grad():
            self.weight.normal_().mul_(
                std.to(self.weight).reshape(-1, *[1] * (self.weight.dim() - 1)))
            if self.bias is not None:
                self.bias.zero_()

    def forward(self, x: Tensor, z: Tensor, n: int | None = None) -> Tensor:
        """Applies the layer; see `bilinear`."""
        return _apply(self.layer, self._key(), x, z, self.weight, self.bias, n)

    def extra_repr(self) -> str:
        layer = self.layer
        return (f"{layer.group}, k={layer.k1} * {layer.k2}, l={layer.l}, "
                f"channels={layer.channels}, diagrams={self.weight.shape[0]}, "
                f"bias={self.bias is not None}")
