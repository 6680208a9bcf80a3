"""Compiled layers of two inputs and what can be done with them on NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from eqc._arrays import as_input, as_output, empty
from eqc._library import interface
from eqc._native import NativeProgram, Options, check_status, source_for_bias
from eqc._sizes import Extent, extents_of
from eqc._source import Inputs, layer_source
from eqc.initialize import weight_std
from eqc.layer import Layer, PackedWeight
from eqc.space import DUAL_AXIS, Axes, axes_of, spaces_of

__all__ = ["BilinearGradients", "BilinearLayer"]


class BilinearGradients(NamedTuple):
    """What `BilinearLayer.backward` returns; None for what was not asked for."""

    x: np.ndarray | None
    z: np.ndarray | None
    weight: np.ndarray | None
    bias: np.ndarray | None


class BilinearLayer(Layer):
    """An equivariant bilinear map: products of a tensor x of order k1 and a tensor z of order
    k2, as a tensor of order l, with channels and a batch:

        y[b, J, c]  = sum_d       weight[d, c]          (D_d (x[b, :, c] (x) z[b, :, c]))[J]
        y[b, J, c3] = sum_d,c1,c2 weight[d, c1, c2, c3] (D_d (x[b, :, c1] (x) z[b, :, c2]))[J]

    Args:
        k: (k1, k2), the orders of x and z, or lists of the spaces of their axes.
        channels: c, for weights on each channel, or (c1, c2, c3), those of x, z and y.
        diagrams: also "connected": those that join x and z.

    The other arguments, what is raised and what can be done are those of `eqc.Layer`.
    """

    def __init__(self, *, group: str | None = None, n: int | None = None,
                 k: tuple[Axes, Axes], l: Axes,  # noqa: E741
                 channels: int | tuple[int, int, int], bias: bool | None = False,
                 dtype: Any = "f32", layout: str = "channels_last", normalize: str = "none",
                 diagrams: str | Sequence[str] = "all", batch: int | None = None,
                 name: str = "layer", plan: str = "auto", cpu: str = "native",
                 optimize: int = 3, max_diagrams: int | None = None, threads: bool = True,
                 grad: bool = True, cache: bool = True) -> None:
        try:
            inputs = Inputs(*k)
        except TypeError:
            raise TypeError(f"k is {k!r}; expected a pair, for x and for z") from None
        options = Options(plan, cpu, optimize, max_diagrams, threads, grad, False)
        source = source_for_bias(lambda bias: layer_source(
            name=name, group=group, n=n, k=inputs, l=l, channels=channels, bias=bias,
            dtype=dtype, layout=layout, normalize=normalize, diagrams=diagrams, batch=batch),
            bias, options)
        program = NativeProgram(source, f"<layer {name}>", options)
        program.load(cache)
        self._attach(program, 0)

    def _attach_inputs(self, info: Any) -> None:
        k1, k2 = info.k, info.k2
        self.k1: int = k1
        self.k2: int = k2
        axes = info.x_axes[:k1 + k2]
        self._axes["z"] = extents_of(info, axes[k1:], DUAL_AXIS)
        self.z_axes = axes_of(spaces_of(info, self.spec), axes[k1:])
        self.depthwise: bool = bool(info.depthwise)
        self.channels = (info.c_in, info.c_in2, info.c_out)  # type: ignore
        self.weight_shape = (  # type: ignore
            (info.diagrams, info.c_out) if self.depthwise
            else (info.diagrams, info.c_in, info.c_in2, info.c_out))
        #: Of each array, which are called alike in every way of computing one of them.
        self._functions = interface().bilinear_functions

    def __repr__(self) -> str:
        acting = f"{self.group}(n={'?' if self.n is None else self.n})"
        channels = (str(self.channels[2]) if self.depthwise
                    else f"{self.channels[0]} * {self.channels[1]} -> {self.channels[2]}")
        bias = f", bias[{self.bias_shape[0]}]" if self.has_bias else ""
        return (f"<eqc.BilinearLayer {self.name}: {acting}, orders {self.k1} * {self.k2} -> "
                f"{self.l}, channels {channels}, {self.dtype}, {self.weight_shape[0]} diagrams"
                f"{bias}; plan {self.plan}>")

    def _channels_of(self, side: str) -> int:
        return self.channels["xzy".index(side)]

    def z_shape(self, batch: int, n: Any = None) -> tuple[int, ...]:
        """The shape of z and of its gradient."""
        return self._shape(batch, "z", self._size(n))  # type: ignore

    def _has_no_axis(self) -> bool:
        return self.k1 == self.k2 == self.l == 0

    def _input_axes(self) -> tuple[Extent, ...]:
        return (*self._axes["x"], *self._axes["z"])

    def _channel_pairs(self) -> int:
        return 1 if self.depthwise else self.channels[0] * self.channels[1]

    def __call__(self, x: npt.ArrayLike, z: npt.ArrayLike,  # type: ignore[override]
                 weight: npt.ArrayLike | PackedWeight, bias: npt.ArrayLike | None = None, *,
                 out: np.ndarray | None = None, n: int | None = None) -> np.ndarray:
        """The same as `forward`."""
        return self.forward(x, z, weight, bias, out=out, n=n)

    def forward(self, x: npt.ArrayLike, z: npt.ArrayLike,  # type: ignore[override]
                weight: npt.ArrayLike | PackedWeight, bias: npt.ArrayLike | None = None, *,
                out: np.ndarray | None = None, n: int | None = None) -> np.ndarray:
        """Applies the layer.

        Args:
            x, z: [batch, n (k1, k2 times), channels], or with the channels first; may be the
                same array.
            weight: [diagrams, c] or [diagrams, c1, c2, c3], or what `pack` made of it.
            bias, out, n: as of `Layer.forward`.

        Returns:
            y, which is `out` if that was given.
        """
        size = self._size(n, ("x", x, "x"), ("z", z, "z"), ("out", out, "y"))
        xs = as_input(x, "x", self._shape("batch", "x", size), self.dtype)
        batch = xs.shape[0]
        zs = as_input(z, "z", self._shape(batch, "z", size), self.dtype)
        ys = as_output(out, "out", self.y_shape(batch, size), self.dtype)
        bs = self._bias(bias)
        function, ws = self._forward_by(weight)
        check_status(function(*self._leading(size), batch, xs.ctypes.data, zs.ctypes.data,
                              ws.ctypes.data, None if bs is None else bs.ctypes.data,
                              ys.ctypes.data))
        return ys

    def backward(self, x: npt.ArrayLike | None,  # type: ignore[override]
                 z: npt.ArrayLike | None, weight: npt.ArrayLike | None, grad_y: npt.ArrayLike,
                 *, wrt: Iterable[str] = ("x", "z", "weight", "bias"),
                 n: int | None = None) -> BilinearGradients:
        """The gradients of a scalar whose gradient with respect to y is `grad_y`.

        Args:
            x: may be None unless the gradients of z or of the weight are wanted.
            z: may be None unless those of x or of the weight are.
            weight: may be None unless those of x or of z are.
            grad_y, wrt, n: as of `Layer.backward`.

        Returns:
            (x, z, weight, bias): arrays of the shapes of these; None for each that was not
            computed.
        """
        names = self._wanted(wrt)
        if self._backward is None:
            raise ValueError("the layer was compiled without gradients")
        size = self._size(n, ("x", x, "x"), ("z", z, "z"), ("grad_y", grad_y, "y"))
        gs = as_input(grad_y, "grad_y", self._shape("batch", "y", size), self.dtype)
        batch = gs.shape[0]
        xs = zs = ws = None
        if names & {"z", "weight"}:
            xs = as_input(x, "x", self.x_shape(batch, size), self.dtype)
        if names & {"x", "weight"}:
            zs = as_input(z, "z", self.z_shape(batch, size), self.dtype)
        if names & {"x", "z"}:
            ws = self._weight(weight)
        grads = [empty(shape, self.dtype) if name in names else None for name, shape in
                 (("x", self.x_shape(batch, size)), ("z", self.z_shape(batch, size)),
                  ("weight", self.weight_shape), ("bias", self.bias_shape))]
        check_status(self._backward(
            *self._leading(size), batch,
            *(None if a is None else a.ctypes.data for a in (xs, zs, ws, gs, *grads))))
        return BilinearGradients(*grads)

    def _wanted(self, wrt: Iterable[str]) -> set[str]:
        names = set(wrt)
        if not names <= {"x", "z", "weight", "bias"}:
            raise ValueError(f"wrt is {sorted(names)}; expected some of 'x', 'z', 'weight', "
                             "'bias'")
        return names if self.has_bias else names - {"bias"}

    def init(self, seed: int | np.random.Generator | None = None, *,  # type: ignore[override]
             gain: float = 1.0, inputs: str = "centred", n: int | None = None
             ) -> tuple[np.ndarray, np.ndarray | None]:
        """Random weights that keep the mean square, and a zero bias.

        Args:
            seed: for numpy.random.default_rng.
            gain: the root mean square of y for x and z of root mean square 1.
            inputs: "centred" for x and z whose entries are independent and of mean 0,
                "uncentred" for those whose products may have a mean.
            n: the size to have in mind, for a layer without an n of its own (default 16).

        Returns:
            (weight, bias); the bias is None if the layer has none.
        """
        std = weight_std(self, n=n, gain=gain, inputs=inputs)
        normal = np.random.default_rng(seed).standard_normal(self.weight_shape)
        weight = normal * std.reshape(-1, *[1] * (len(self.weight_shape) - 1))
        return (weight.astype(self.dtype),
                np.zeros(self.bias_shape, self.dtype) if self.has_bias else None)
