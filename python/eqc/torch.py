"""Layers for PyTorch, on CPUs and NVIDIA GPUs.

    layer = eqc.torch.EquivariantLinear("S", 2, 2, in_channels=16, out_channels=32, n=34)
    y = layer(x)                                    # [batch, 34, 34, 32]

Tensors are handed over without copies. Derivatives of every order work, in both modes, and so
do the transforms of torch.func, torch.compile and torch.export.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from eqc import _registry, _torch_direct, _torch_operators, _torch_ragged
from eqc._torch_modules import Network, _integers, linears, network
from eqc._native import Options, key_of_source, source_for_bias
from eqc._torch_bilinear import EquivariantBilinear, bilinear
from eqc._sizes import SizesOfInput
from eqc._source import dtype_name, layer_source
from eqc.initialize import GAIN, INPUTS, weight_std
from eqc.layer import Layer
from eqc.space import Axes

__all__ = ["EquivariantBilinear", "EquivariantLinear", "Network", "bilinear", "linear", "linear_ragged", "network"]

_DTYPES = {torch.float32: "f32", torch.float64: "f64"}


def _check_tensors(**tensors: Tensor | None) -> None:
    for name, value in tensors.items():
        if not isinstance(value, Tensor) and not (name == "bias" and value is None):
            found = "None" if value is None else f"a {type(value).__name__}"
            advice = f": use torch.as_tensor({name})" if hasattr(value, "__array__") else ""
            raise TypeError(f"{name} is {found}; expected a torch.Tensor{advice}")


def _apply(key: str, x: Tensor, weight: Tensor, bias: Tensor | None, *, order: int,
           size: int | None, find: SizesOfInput, n: Any, sizes: Tensor | None = None) -> Tensor:
    """The operator on any number of batch axes. `order` and `size` are the layer's k and n, `n`
    that of the call, `find` says how x shows it; `sizes` those of the samples where they
    differ."""
    _check_tensors(x=x, weight=weight, bias=bias)
    if weight.dim() != 3:
        raise ValueError(f"weight has shape {list(weight.shape)}; expected 3 axes: [diagrams, "
                         "c_in, c_out]")
    if x.dim() <= order:
        raise ValueError(f"x has {x.dim()} axes; expected at least {order + 1}: any number of "
                         f"batch axes, {order} of size n, and the channels")
    lead, inner = x.shape[:x.dim() - order - 1], x.shape[x.dim() - order - 1:]
    if n is not None and not isinstance(n, torch.SymInt):
        n = find.free.checked_part(n)
    if size is None:
        size = find(n, inner)
    elif n is not None and n != size:
        raise ValueError(f"n is {n}, but the layer was compiled for n = {size}")
    if size is None:
        raise ValueError("n is unknown: x has no axis of it; give n=")
    samples = x.reshape(math.prod(lead), *inner)
    if sizes is None:
        y = _torch_operators.linear(samples, weight, bias, key, size)
    else:
        if size < 1:
            raise ValueError("x has axes of size 0; padded samples need at least 1")
        sizes = _integers("sizes", sizes)
        if sizes.shape != lead:
            raise ValueError(f"sizes has shape {list(sizes.shape)}; expected {list(lead)}, one "
                             "for each sample")
        y = _torch_ragged.linear_ragged(samples, weight, bias, sizes.reshape(-1), key, size)
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
    if not isinstance(layer, Layer):
        raise TypeError(f"layer is a {type(layer).__name__}; expected an eqc.Layer")
    if bias is not None and not layer.has_bias:
        raise ValueError("bias was given, but the layer has none")
    key = _registry.key_of(layer)
    if n is None:
        y = _torch_direct.linear({_torch_operators.dtype_of(layer): key}, x, weight, bias)
        if y is not None:
            return y
    return _apply(key, x, weight, bias, order=layer.k, size=layer.n,
                  find=layer._sizes_of_x, n=n)


def _apply_packed(key: str, values: Tensor, ptr: Tensor, weight: Tensor,
                  bias: Tensor | None) -> Tensor:
    """The operator on packed samples."""
    _check_tensors(values=values, weight=weight, bias=bias)
    ptr = _integers("ptr", ptr)
    if ptr.dim() != 1 or ptr.shape[0] == 0:
        raise ValueError(f"ptr has shape {list(ptr.shape)}; expected [batch + 1], the running "
                         "sums of the sizes from 0 on")
    return _torch_ragged.linear_ragged(values, weight, bias, ptr.diff(), key, 0)


def linear_ragged(layer: Layer, values: Tensor, ptr: Tensor, weight: Tensor,
                  bias: Tensor | None = None) -> Tensor:
    """Applies a compiled layer to samples of different sizes, differentiably.

    Args:
        layer: an `eqc.Layer` with n=None and ragged=True.
        values: [sum of n^k, c_in], the samples one after the other: for k = 1 the
            `[all nodes, channels]` of graph libraries. With channels first, where each sample
            is [c_in, n (k times)], all numbers in one axis.
        ptr: [batch + 1], the running sums of the sizes: 0, n[0], n[0] + n[1], ..
        weight: [diagrams, c_in, c_out].
        bias: [bias_diagrams, c_out], or None for a zero bias.

    Returns:
        [sum of n^l, c_out], or one axis with channels first.

    Raises:
        TypeError, ValueError: an argument has another dtype or shape, or the layer has no
            functions for this.
        eqc.KernelError: the computation failed.
    """
    if not isinstance(layer, Layer):
        raise TypeError(f"layer is a {type(layer).__name__}; expected an eqc.Layer")
    if bias is not None and not layer.has_bias:
        raise ValueError("bias was given, but the layer has none")
    layer._ragged("forward_ragged")  # says why there is none
    return _apply_packed(_registry.key_of(layer), values, ptr, weight, bias)


def _module_dtype(dtype: Any) -> torch.dtype:
    """What the parameters of a module shall be."""
    if dtype is None:
        dtype = torch.get_default_dtype()
    for known, name in _DTYPES.items():
        if dtype_name(dtype) == name:
            return known
    raise TypeError(f"dtype is {dtype}; layers compute in torch.float32 ('f32') and "
                    "torch.float64 ('f64')")


def _module_device(device: Any) -> torch.device:
    """Where the parameters of a module shall be."""
    device = torch.get_default_device() if device is None else torch.device(device)
    if device.type not in ("cpu", "cuda", "meta"):
        raise ValueError(f"device is {device}; layers compute on 'cpu' and 'cuda' (a module can "
                         "be made on 'meta' too, without memory)")
    return device


def _are_orders(axes: Any) -> bool:
    """Whether these are the orders of several tensors: (0, 1, 2); or the axes of each, by their
    spaces: ([users, items], [users])."""
    return isinstance(axes, Sequence) and not isinstance(axes, str) and len(axes) > 0 and all(
        isinstance(order, (int, list, tuple)) for order in axes)


def _normalize(normalize: str | None, weights: str, pool: str, diagrams: Any = "all") -> str:
    """What a module takes where nothing is said: weights of orbits, pooling, and graph maps,
    which have letters behind '=' or edges behind ':', are not for means."""
    texts = () if isinstance(diagrams, str) else diagrams
    are_maps = any(re.search(r"=\s*[A-Za-z_]|^\s*:", text) for text in texts)
    are_plain = weights != "orbit" and pool == "sum" and not are_maps
    return normalize or ("mean" if are_plain else "none")


class EquivariantLinear(nn.Module):
    """An equivariant linear map between tensors over R^n, with trained weights: `eqc.Layer`
    as a module.

    Args:
        group: "S", "O", "SO", "Sp" or another of `eqc.Layer`; None where the axes are those of
            spaces.
        k, l: orders of the input and of the output, or the `eqc.Space` of each axis.
        in_channels, out_channels: features at both sides.
        n: the size; None means that every call brings its own (not for SO), unless
            the group comes with a size.
        bias: whether to add a trained equivariant bias; None means where the group has one
            of order l.
        normalize: "mean" divides each diagram by n for each of its blocks of inputs only;
            "none", the default of the language and of `eqc.Layer`, sums. None means "mean",
            but "none" with weights="orbit", with pool, and with graph maps.
        layout, diagrams, in_symmetry, out_symmetry, weights, pool, batch, plan, max_diagrams: as of
            `eqc.Layer`.
        gain: the root mean square of y at the start, for an x of root mean square 1; sqrt 2,
            for a ReLU after the layer, unless given (see torch.nn.init.calculate_gain).
        inputs: what x is at the start: "uncentred", entries that may have a mean (0/1
            adjacency, what a ReLU gives), or "centred", independent entries of mean 0.
        init_n: the size the initialisation has in mind when n is None (default 16).
        device, dtype: of the parameters, as of torch.nn.Linear: "cpu", "cuda" or "meta";
            torch.float32 or torch.float64. On CPUs an x of torch.bfloat16 or torch.float16 is
            read as it is, beside parameters of torch.float32, and so is y; under
            torch.autocast x is cast.

    With lists of orders and channels, `EquivariantLinear("S", (0, 1, 2), (1, 2), (4, 8, 8),
    (16, 16))`, it is one network from tensors of all orders k to tensors of all orders l: each
    output is the sum of a layer on every input that has maps to it, and has one bias. Called
    with the inputs, one by one or as a list, it returns a tuple; it is an `eqc.torch.Network`,
    whose `layers` are called w0_1 for the first output and the second input; like all networks it
    refuses an x of 16 bits outside of torch.autocast. A list of spaces
    in the place of each order, `EquivariantLinear(k=([users, items], [users]), l=..)`, and no
    group, is the same for tensors with axes of several spaces, such as the weights and biases of
    a network whose widths are the spaces.

    Attributes:
        weight: [diagrams, in_channels, out_channels], in the order of `diagrams`.
        bias: [bias_diagrams, out_channels] or None.

    Raises:
        eqc.CompileError: there is no such layer; the exception says why.
        TypeError, ValueError: layers do not compute in this dtype, or on this device.

    Shape:
        x: [.., n (k times), in_channels] -> [.., n (l times), out_channels], with any number
        of batch axes; with layout="channels_first" the channels come before the axes of
        size n.

    The weights start as independent normal numbers whose deviation differs from diagram to
    diagram, so that y starts as `gain` says (docs/Python.md); the bias starts at zero.
    """

    # With defaults for whoever copies or unpickles a module.
    def __new__(cls, group: str | None = None, k: Any = 0, l: Any = 0,  # noqa: E741
                in_channels: Any = None, out_channels: Any = None, n: int | None = None,
                bias: bool | None = None, **options: Any) -> Any:
        if not _are_orders(k) and not _are_orders(l):
            return super().__new__(cls)
        chosen = dict(layout="channels_last", normalize=None, diagrams="all", weights="diagram", pool="sum",
                      batch=None, plan="auto", max_diagrams=None, gain=GAIN, inputs=INPUTS, init_n=None,
                      device=None, dtype=None)
        unknown = set(options) - set(chosen)
        if unknown or not (_are_orders(k) and _are_orders(l)):
            raise TypeError(f"unexpected {', '.join(sorted(unknown))}" if unknown else
                            f"k is {k!r} and l is {l!r}; expected two lists of orders")
        of_spaces = any(not isinstance(order, int) for order in (*k, *l))
        if of_spaces == (group is not None) or (of_spaces and n is not None):
            raise TypeError("the axes are those of spaces, which have group and n" if of_spaces
                            else "expected a group, or the spaces of all axes")
        chosen.update(options)
        chosen["normalize"] = _normalize(chosen["normalize"], chosen["weights"],
                                         chosen["pool"], chosen["diagrams"])
        place = {"device": _module_device(chosen.pop("device")),
                 "dtype": _module_dtype(chosen.pop("dtype"))}
        return linears(group, k, l, in_channels, out_channels, n, bias, dtype=place["dtype"],
                       **chosen).to(**place)

    def __init__(self, group: str | None, k: Axes, l: Axes, in_channels: int,  # noqa: E741
                 out_channels: int, n: int | None = None, bias: bool | None = None, *,
                 layout: str = "channels_last", normalize: str | None = None,
                 diagrams: str | Sequence[str] = "all", in_symmetry: Sequence[str] = (),
                 out_symmetry: Sequence[str] = (), weights: str = "diagram", pool: str = "sum",
                 batch: int | None = None, plan: str = "auto", max_diagrams: int | None = None, gain: float = GAIN,
                 inputs: str = INPUTS, init_n: int | None = None,
                 device: torch.device | str | int | None = None,
                 dtype: torch.dtype | str | None = None) -> None:
        super().__init__()
        place = {"device": _module_device(device), "dtype": _module_dtype(dtype)}
        normalize = _normalize(normalize, weights, pool, diagrams)
        options = Options(plan=plan, max_diagrams=max_diagrams)

        def key(dtype: torch.dtype) -> str:
            return key_of_source(source_for_bias(lambda bias: layer_source(
                name="layer", group=group, n=n, k=k, l=l, channels=(in_channels, out_channels),
                bias=bias, dtype=dtype, layout=layout, normalize=normalize, diagrams=diagrams,
                batch=batch, in_symmetry=in_symmetry, out_symmetry=out_symmetry,
                weights=weights, pool=pool), bias, options), options)

        # By the type of x. The module may be converted to another, and x may have 16 bits;
        # that code is compiled when used.
        types = (*_DTYPES, *_torch_operators.autocast_dtypes)
        self._keys = {dtype: key(dtype) for dtype in types}
        layer = _registry.layer_of(self._keys[place["dtype"]])
        if n is None and layer.n is None and not layer._is_product:
            options = Options(plan=plan, max_diagrams=max_diagrams, ragged=True)
        #: The same layer for samples of different sizes.
        self._ragged_keys = {dtype: key(dtype) for dtype in types}
        self.group, self.k, self.l, self.n = layer.group, layer.k, layer.l, layer.n
        self.in_channels, self.out_channels = in_channels, out_channels
        self.layout, self.normalize, self.weights, self.pool = layout, normalize, weights, pool
        self._sizes_of_x, self._several = layer._sizes_of_x, layer._is_product
        self.gain, self.inputs, self.init_n = gain, inputs, init_n
        self.weight = nn.Parameter(torch.empty(layer.weight_shape, **place))
        if layer.has_bias:
            self.bias = nn.Parameter(torch.empty(layer.bias_shape, **place))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _key(self, x: Tensor | None = None, *, ragged: bool = False) -> str:
        """That of the layer for the present type of the weights and of an x."""
        dtype, short = self.weight.dtype, _torch_operators.autocast_dtypes
        device = _torch_operators.autocast_device(self.weight)
        if dtype != torch.float64 and torch.is_autocast_enabled(device):
            # Parameters stay as they are; there is no code for 16 bits on GPUs.
            chosen = torch.get_autocast_dtype(device)
            dtype = chosen if chosen in short and device == "cpu" else torch.float32
        elif dtype in short or dtype not in self._keys:
            raise TypeError(f"the weights are {dtype}; layers compute in torch.float32 and "
                            "torch.float64")
        elif x is not None and x.dtype in short and dtype == torch.float32 and device == "cpu":
            dtype = x.dtype
        return (self._ragged_keys if ragged else self._keys)[dtype]

    @property
    def layer(self) -> Layer:
        """The compiled layer for the present type of the weights."""
        return _registry.layer_of(self._key())

    @property
    def diagrams(self) -> tuple[str, ...]:
        """The diagrams in the order of the weights."""
        return self._described().diagrams

    def _described(self) -> Layer:
        """A layer that is this one but for its type, whatever the weights are."""
        dtype = torch.float64 if self.weight.dtype == torch.float64 else torch.float32
        return _registry.layer_of(self._keys[dtype])

    def reset_parameters(self) -> None:
        """Draws new weights, and sets the bias to zero."""
        std = weight_std(self._described(), n=self.init_n, gain=self.gain, inputs=self.inputs)
        with torch.no_grad():
            self.weight.normal_().mul_(torch.from_numpy(std).to(self.weight)[:, None, None])
            if self.bias is not None:
                self.bias.zero_()

    def forward(self, x: Tensor, n: int | None = None, *, sizes: Tensor | None = None,
                ptr: Tensor | None = None) -> Tensor:
        """Applies the layer.

        Args:
            x: see the class; with `ptr` samples one after the other, as `linear_ragged` takes
                them.
            n: only for a layer without one of its own and k = 0.
            sizes: of the samples where they differ, in the shape of the batch axes: of a sample
                the entries count whose indices are all below its size. Others are not read, and
                are zero in the result.
            ptr: [batch + 1], the running sums of the sizes of packed samples.
        """
        parameters = self._parameters
        if n is None and sizes is None and ptr is None and (
                "weight" in parameters and "bias" in parameters  # else they are computed
                ) and not torch.is_autocast_enabled("cpu"):
            y = _torch_direct.linear(self._keys, x, parameters["weight"], parameters["bias"])
            if y is not None:
                return y
        ragged = sizes is not None or ptr is not None
        if ragged and self._several:
            raise ValueError("a layer whose axes are of several spaces takes no samples of "
                             "different sizes: a network of it does")
        if ragged and self.n is not None:
            raise ValueError(f"the layer was made for n = {self.n}: sizes= and ptr= are for "
                             "layers that take n from their arguments")
        if ptr is not None:
            if sizes is not None or n is not None:
                raise ValueError("ptr= says all sizes: give neither sizes= nor n=")
            return _apply_packed(self._key(x, ragged=True), x, ptr, self.weight, self.bias)
        return _apply(self._key(x, ragged=ragged), x, self.weight, self.bias, order=self.k,
                      size=self.n, find=self._sizes_of_x, n=n, sizes=sizes)

    def __prepare_scriptable__(self) -> NoReturn:
        raise NotImplementedError(
            "torch.jit.script cannot compile an EquivariantLinear, nor a module that holds "
            "one: use torch.export.export to store it, or torch.compile to run it faster")

    def extra_repr(self) -> str:
        # Of axes of several spaces the group says all.
        size = [] if self._several else [f"n={'?' if self.n is None else self.n}"]
        parts = [self.group, *size, f"k={self.k}",
                 f"l={self.l}", f"{self.in_channels} -> {self.out_channels}",
                 f"diagrams={self.weight.shape[0]}", f"bias={self.bias is not None}"]
        if self.layout != "channels_last":
            parts.append(self.layout)
        if self.normalize != "mean":
            parts.append(f"normalize={self.normalize}")
        if self.weights != "diagram":
            parts.append(f"weights={self.weights}")
        if self.pool != "sum":
            parts.append(f"pool={self.pool}")
        return ", ".join(parts)


# What others ask of the class, torch.nn.utils.skip_init for one, is about a single layer.
EquivariantLinear.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    list(inspect.signature(EquivariantLinear.__init__).parameters.values())[1:])
