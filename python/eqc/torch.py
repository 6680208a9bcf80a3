"""Layers for PyTorch, on CPU.

    layer = eqc.torch.EquivariantLinear("S", 2, 2, in_channels=16, out_channels=32, n=34)
    y = layer(x)                                    # [batch, 34, 34, 32]

Tensors are handed over without copies. Derivatives of every order work, in both modes, and so
do the transforms of torch.func, torch.compile and torch.export.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from eqc import _registry, _torch_operators as _operators
from eqc._native import Options, key_of_source
from eqc._source import layer_source
from eqc.initialize import weight_std
from eqc.layer import Layer

__all__ = ["EquivariantLinear", "linear"]

_DTYPES = {torch.float32: "f32", torch.float64: "f64"}


def _apply(key: str, x: Tensor, weight: Tensor, bias: Tensor | None, *, order: int,
           size: int | None, channels_last: bool) -> Tensor:
    """The operator on any number of batch axes."""
    if x.dim() <= order:
        raise ValueError(f"x has {x.dim()} axes; expected at least {order + 1}: any number of "
                         f"batch axes, {order} of size n, and the channels")
    lead = x.shape[:x.dim() - order - 1]
    if size is None:
        if order == 0:
            raise ValueError("n is unknown: x has no axis of it; give n=")
        size = x.shape[-2] if channels_last else x.shape[-1]
    inner = x.shape[x.dim() - order - 1:]
    y = _operators.linear(x.reshape(math.prod(lead), *inner), weight, bias, key, size)
    return y.reshape(*lead, *y.shape[1:])


def linear(layer: Layer, x: Tensor, weight: Tensor, bias: Tensor | None = None, *,
           n: int | None = None) -> Tensor:
    """Applies a compiled layer, differentiably.

    Args:
        layer: an `eqc.Layer`.
        x: [.., n (k times), c_in], or [.., c_in, n (k times)] with channels first, with any
            number of batch axes; need not be contiguous.
        weight: [diagrams, c_in, c_out].
        bias: [bias_diagrams, c_out], or None for a zero bias.
        n: only for a layer without an n of its own and of order k = 0.

    Returns:
        [.., n (l times), c_out], or [.., c_out, n (l times)].

    Raises:
        TypeError, ValueError: an argument has another dtype or shape.
        eqc.KernelError: the computation failed.
    """
    if bias is not None and not layer.has_bias:
        raise ValueError("bias was given, but the layer has none")
    return _apply(_registry.key_of(layer), x, weight, bias, order=layer.k,
                  size=layer.n if layer.n is not None else n,
                  channels_last=layer.layout == "channels_last")


class EquivariantLinear(nn.Module):
    """An equivariant linear map between tensors over R^n, with trained weights: `eqc.Layer`
    as a module.

    Args:
        group: "S", "O", "SO" or "Sp".
        k, l: orders of the input and of the output.
        in_channels, out_channels: features at both sides.
        n: the size; None means that every call brings its own.
        bias: whether to add a trained equivariant bias; needs a group that has one of order l.
        layout, normalize, diagrams, batch, plan, max_diagrams: as of `eqc.Layer`.
        gain: the standard deviation of y at the start, for an x of deviation 1.
        init_n: the size the initialisation has in mind when n is None (default 16).
        dtype: of the parameters, torch.float32 or torch.float64.

    Attributes:
        weight: [diagrams, in_channels, out_channels], in the order of `diagrams`.
        bias: [bias_diagrams, out_channels] or None.

    Raises:
        eqc.CompileError: there is no such layer; the exception says why.

    Shape:
        x: [.., n (k times), in_channels] -> [.., n (l times), out_channels], with any number
        of batch axes; with layout="channels_first" the channels come before the axes of
        size n.

    The weights start as independent normal numbers whose deviation differs from diagram to
    diagram, so that the variance of y is gain^2 (docs/Python.md); the bias starts at zero.
    """

    def __init__(self, group: str, k: int, l: int, in_channels: int,  # noqa: E741
                 out_channels: int, n: int | None = None, bias: bool = True, *,
                 layout: str = "channels_last", normalize: str = "none",
                 diagrams: str | Sequence[str] = "all", batch: int | None = None,
                 plan: str = "auto", max_diagrams: int | None = None, gain: float = 1.0,
                 init_n: int | None = None, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        dtype = dtype or torch.get_default_dtype()
        if dtype not in _DTYPES:
            raise TypeError(f"dtype is {dtype}; expected torch.float32 or torch.float64")
        options = Options(plan=plan, max_diagrams=max_diagrams)
        # The module may be converted to the other type; that code is compiled when used.
        self._keys = {
            kind: key_of_source(layer_source(
                name="layer", group=group, n=n, k=k, l=l, channels=(in_channels, out_channels),
                bias=bias, dtype=name, layout=layout, normalize=normalize, diagrams=diagrams,
                batch=batch), options)
            for kind, name in _DTYPES.items()}
        layer = _registry.layer_of(self._keys[dtype])
        self.group, self.k, self.l, self.n = group, k, l, n
        self.in_channels, self.out_channels = in_channels, out_channels
        self.layout, self.normalize, self.gain, self.init_n = layout, normalize, gain, init_n
        self.weight = nn.Parameter(torch.empty(layer.weight_shape, dtype=dtype))
        if bias:
            self.bias = nn.Parameter(torch.empty(layer.bias_shape, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    @property
    def layer(self) -> Layer:
        """The compiled layer for the present type of the weights."""
        dtype = self.weight.dtype
        if dtype not in self._keys:
            raise TypeError(f"the weights are {dtype}; layers compute in torch.float32 and "
                            "torch.float64")
        return _registry.layer_of(self._keys[dtype])

    @property
    def diagrams(self) -> tuple[str, ...]:
        """The diagrams in the order of the weights."""
        return self.layer.diagrams

    def reset_parameters(self) -> None:
        """Draws new weights, and sets the bias to zero."""
        std = weight_std(self.layer, n=self.init_n, gain=self.gain)
        with torch.no_grad():
            self.weight.normal_().mul_(torch.from_numpy(std).to(self.weight)[:, None, None])
            if self.bias is not None:
                self.bias.zero_()

    def forward(self, x: Tensor, n: int | None = None) -> Tensor:
        """Applies the layer. `n` is only for a layer without one of its own and k = 0."""
        dtype = self.weight.dtype
        if dtype not in self._keys:
            raise TypeError(f"the weights are {dtype}; layers compute in torch.float32 and "
                            "torch.float64")
        return _apply(self._keys[dtype], x, self.weight, self.bias, order=self.k,
                      size=self.n if self.n is not None else n,
                      channels_last=self.layout == "channels_last")

    def extra_repr(self) -> str:
        parts = [self.group, f"n={'?' if self.n is None else self.n}", f"k={self.k}",
                 f"l={self.l}", f"{self.in_channels} -> {self.out_channels}",
                 f"diagrams={self.weight.shape[0]}", f"bias={self.bias is not None}"]
        if self.layout != "channels_last":
            parts.append(self.layout)
        if self.normalize != "none":
            parts.append(f"normalize={self.normalize}")
        return ", ".join(parts)
