"""Layers for PyTorch, on CPU.

    layer = eqc.torch.EquivariantLinear("S", 2, 2, in_channels=16, out_channels=32, n=34)
    y = layer(x)                                    # [batch, 34, 34, 32]

Forward and backward are two custom operators, `eqc::linear` and `eqc::linear_backward`. A
layer is linear in x and in the weight, so the derivatives of each are again calls of the
two; gradients of every order follow. Tensors are handed over without copies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from eqc import _registry
from eqc._native import Options, check_status
from eqc._source import layer_source
from eqc.initialize import weight_std
from eqc.layer import Layer

__all__ = ["EquivariantLinear", "linear"]

_DTYPES = {torch.float32: "f32", torch.float64: "f64"}


def _dtype_of(layer: Layer) -> torch.dtype:
    return torch.float32 if layer.dtype.itemsize == 4 else torch.float64


def _checked(tensor: Tensor, name: str, shape: tuple[int, ...], layer: Layer) -> Tensor:
    """The tensor as a kernel may read it."""
    if tensor.dtype != _dtype_of(layer):
        raise TypeError(f"{name} has dtype {tensor.dtype}; the layer computes in "
                        f"{_dtype_of(layer)}")
    if tuple(tensor.shape) != shape:
        raise ValueError(f"{name} has shape {list(tensor.shape)}; expected {list(shape)}")
    return tensor.contiguous()


@torch.library.custom_op("eqc::linear", mutates_args=(), device_types="cpu")
def _linear(x: Tensor, weight: Tensor, bias: Tensor | None, layer: str, n: int) -> Tensor:
    """y of one batch; without a bias, that of a zero bias."""
    kernel = _registry.layer_of(layer)
    batch = x.shape[0]
    x = _checked(x, "x", kernel.x_shape(batch, n), kernel)
    weight = _checked(weight, "weight", kernel.weight_shape, kernel)
    if kernel.has_bias:
        bias = (x.new_zeros(kernel.bias_shape) if bias is None else
                _checked(bias, "bias", kernel.bias_shape, kernel))
    y = x.new_empty(kernel.y_shape(batch, n))
    check_status(kernel._forward(
        *kernel._leading(n), batch, x.data_ptr(), weight.data_ptr(),
        bias.data_ptr() if bias is not None else None, y.data_ptr()))
    return y


@_linear.register_fake
def _(x: Tensor, weight: Tensor, bias: Tensor | None, layer: str, n: int) -> Tensor:
    return x.new_empty(_shape(_registry.layer_of(layer), x.shape[0], n, output=True))


def _shape(kernel: Layer, batch: int, n: int, *, output: bool) -> tuple[int, ...]:
    """As x_shape and y_shape, also for sizes that are symbols."""
    order = kernel.l if output else kernel.k
    channels = kernel.channels[output]
    if kernel.layout == "channels_last":
        return (batch, *[n] * order, channels)
    return (batch, channels, *[n] * order)


@torch.library.custom_op("eqc::linear_backward", mutates_args=(), device_types="cpu")
def _linear_backward(x: Tensor, weight: Tensor, grad_y: Tensor, layer: str, n: int,
                     need_x: bool, need_weight: bool, need_bias: bool
                     ) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients that are needed; an empty tensor in the place of others."""
    kernel = _registry.layer_of(layer)
    batch = grad_y.shape[0]
    x_shape = kernel.x_shape(batch, n)
    x = _checked(x, "x", x_shape, kernel)
    weight = _checked(weight, "weight", kernel.weight_shape, kernel)
    grad_y = _checked(grad_y, "grad_y", kernel.y_shape(batch, n), kernel)
    if kernel._backward is None:
        raise ValueError("the layer was compiled without gradients")
    shapes = (x_shape, kernel.weight_shape, kernel.bias_shape)
    needs = (need_x, need_weight, need_bias)
    grads = [x.new_empty(shape if need else 0) for need, shape in zip(needs, shapes)]
    if any(needs):
        check_status(kernel._backward(
            *kernel._leading(n), batch, x.data_ptr(), weight.data_ptr(), grad_y.data_ptr(),
            *(grad.data_ptr() if need else None for need, grad in zip(needs, grads))))
    return grads[0], grads[1], grads[2]


@_linear_backward.register_fake
def _(x: Tensor, weight: Tensor, grad_y: Tensor, layer: str, n: int, need_x: bool,
      need_weight: bool, need_bias: bool) -> tuple[Tensor, Tensor, Tensor]:
    kernel = _registry.layer_of(layer)
    return (x.new_empty(_shape(kernel, grad_y.shape[0], n, output=False) if need_x else 0),
            x.new_empty(kernel.weight_shape if need_weight else 0),
            x.new_empty(kernel.bias_shape if need_bias else 0))


def _linear_setup(ctx, inputs, output) -> None:  # noqa: ANN001
    x, weight, _, ctx.layer, ctx.n = inputs
    ctx.save_for_backward(x, weight)
    ctx.set_materialize_grads(False)


def _linear_grad(ctx, grad_y: Tensor | None):  # noqa: ANN001, ANN202
    needs = ctx.needs_input_grad[:3]
    if grad_y is None or not any(needs):
        return None, None, None, None, None
    x, weight = ctx.saved_tensors
    grads = _linear_backward(x, weight, grad_y, ctx.layer, ctx.n, *needs)
    return *(grad if need else None for need, grad in zip(needs, grads)), None, None


def _backward_setup(ctx, inputs, output) -> None:  # noqa: ANN001
    x, weight, grad_y, ctx.layer, ctx.n, *ctx.computed = inputs
    ctx.save_for_backward(x, weight, grad_y)
    ctx.set_materialize_grads(False)


def _backward_grad(ctx, of_x: Tensor | None, of_weight: Tensor | None,  # noqa: ANN001, ANN202
                   of_bias: Tensor | None):
    """With <,> for the scalar product, F the layer without and B with nothing but its bias,
    this differentiates

        <of_x, grad_x> + <of_weight, grad_weight> + <of_bias, grad_bias>
            = <grad_y, F(of_x, weight) + F(x, of_weight) + B(of_bias)>.
    """
    x, weight, grad_y = ctx.saved_tensors
    layer, n = ctx.layer, ctx.n
    of_x, of_weight, of_bias = (
        value if computed else None
        for value, computed in zip((of_x, of_weight, of_bias), ctx.computed))
    need_x, need_weight, need_grad_y = ctx.needs_input_grad[:3]
    grad_x = grad_weight = grad_grad_y = None
    if need_x and of_weight is not None:
        grad_x, _, _ = _linear_backward(x, of_weight, grad_y, layer, n, True, False, False)
    if need_weight and of_x is not None:
        _, grad_weight, _ = _linear_backward(of_x, weight, grad_y, layer, n, False, True,
                                             False)
    if need_grad_y:
        if of_x is not None:
            grad_grad_y = _linear(of_x, weight, of_bias, layer, n)
        elif of_bias is not None:
            grad_grad_y = _linear(torch.zeros_like(x), weight, of_bias, layer, n)
        if of_weight is not None:
            term = _linear(x, of_weight, None, layer, n)
            grad_grad_y = term if grad_grad_y is None else grad_grad_y + term
    return grad_x, grad_weight, grad_grad_y, None, None, None, None, None


_linear.register_autograd(_linear_grad, setup_context=_linear_setup)
_linear_backward.register_autograd(_backward_grad, setup_context=_backward_setup)


def _unbatched(value: Tensor | None, dim: int | None, i: int) -> Tensor | None:
    return value if dim is None else value.select(dim, i)


def _folded(value: Tensor, dim: int | None, size: int) -> Tensor:
    """The axis of vmap and that of the batch as one."""
    whole = value.expand(size, *value.shape) if dim is None else value.movedim(dim, 0)
    return whole.flatten(0, 1)


@torch.library.register_vmap("eqc::linear")
def _(info, dims, x, weight, bias, layer, n):  # noqa: ANN001, ANN202
    size = info.batch_size
    if dims[1] is None and dims[2] is None:
        y = _linear(_folded(x, dims[0], size), weight, bias, layer, n)
        return y.unflatten(0, (size, -1)), 0
    ys = [_linear(*(_unbatched(value, dim, i) for value, dim in zip((x, weight, bias), dims)),
                  layer, n) for i in range(size)]
    return torch.stack(ys), 0


@torch.library.register_vmap("eqc::linear_backward")
def _(info, dims, x, weight, grad_y, layer, n, *needs):  # noqa: ANN001, ANN202
    size = info.batch_size
    if dims[1] is None and not needs[1] and not needs[2]:
        grads = _linear_backward(_folded(x, dims[0], size), weight,
                                 _folded(grad_y, dims[2], size), layer, n, *needs)
        return (grads[0].unflatten(0, (size, -1)) if needs[0] else grads[0], *grads[1:]), \
            (0 if needs[0] else None, None, None)
    each = [_linear_backward(*(_unbatched(value, dim, i) for value, dim in
                               zip((x, weight, grad_y), dims)), layer, n, *needs)
            for i in range(size)]
    return tuple(torch.stack(grads) for grads in zip(*each)), (0, 0, 0)


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
    y = _linear(x.reshape(math.prod(lead), *inner), weight, bias, key, size)
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
            kind: _registry.key_of_source(layer_source(
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
