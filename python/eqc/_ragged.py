"""Batches whose samples differ in size, on NumPy arrays: what `eqc.Layer` does with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from eqc._arrays import as_input, as_output, empty
from eqc._integers import integer
from eqc._native import check_status

if TYPE_CHECKING:
    from eqc.layer import Gradients

__all__ = ["RaggedCalls", "packed_shape"]

#: The functions for ragged batches, by what they are called in Python and in C.
FUNCTIONS = ("forward_ragged", "backward_ragged", "forward_padded", "backward_padded")


def packed_shape(layout: str, channels: int, positions: int) -> tuple[int, ...]:
    """Samples one after the other: rows of channels; with channels first, where a sample is
    rows of its own length, plain numbers."""
    return (positions, channels) if layout == "channels_last" else (positions * channels,)


class RaggedCalls:
    """Calls in which each sample has its own size, for layers that were compiled with
    ragged=True and take n from their arguments.

    Sample b is computed as `forward` computes a batch of it alone: sums and means are over its
    own entries, and a bias is added to these only. A size may be 0.

    *Packed* arrays hold the samples one after the other: x is [sum of n^k, c_in], for k = 1 the
    `[all nodes, channels]` of graph libraries; with channels first, where every sample is
    [c_in, n (k times)], all numbers in one axis. *Padded* arrays have the shapes that `forward`
    takes, and of sample b the entries count whose indices are all below sizes[b]: others are
    never read, and are written as zero.
    """

    def _ragged(self: Any, name: str) -> Any:
        function = getattr(self, f"_{name}")
        if function is not None:
            return function
        if self.n is not None:
            raise ValueError(f"the layer was compiled for n = {self.n}: a layer for samples of "
                             "different sizes has n=None and ragged=True")
        if self._is_product:
            raise ValueError("a layer whose axes are of several spaces has no functions for "
                             "samples of different sizes: a network of it has")
        if not self.options.ragged:
            raise ValueError("the layer was compiled without functions for samples of different "
                             "sizes: give ragged=True")
        if name.startswith("backward") and not self.has_backward:
            raise ValueError("the layer was compiled without gradients")
        raise ValueError(f"the {self.plan} plan has no functions for samples of different sizes: "
                         "leave out plan=, or choose 'shared' or 'factored'")

    def _sizes(self: Any, sizes: npt.ArrayLike, most: int | None = None) -> np.ndarray:
        array = np.asarray(sizes)
        if array.size == 0:
            array = array.astype(np.int64)
        if array.dtype.kind not in "iu" or array.ndim != 1:
            raise TypeError(f"sizes has dtype {array.dtype} and {array.ndim} axes; expected one "
                            "axis of integers")
        array = np.ascontiguousarray(array, np.int64)
        unit = self._size_unit
        wrong = (array < 0) | (array % unit != 0)
        if most is not None:
            wrong |= array > most
        if wrong.any():
            kind = {1: "numbers", 2: "even numbers"}.get(unit, f"multiples of {unit}")
            limit = "" if most is None else f" to {most}"
            raise ValueError(f"sizes has {array[wrong][0]}; expected {kind} from 0{limit}")
        return array

    def _packed(self: Any, sizes: np.ndarray, order: int, channels: int) -> tuple[int, ...]:
        # Python's integers: a sum that is too large shall not fit by accident.
        positions = sum(n**order for n in sizes.tolist())
        return packed_shape(self.layout, channels, positions)

    def _forward_each(self: Any, name: str, x: Any, weight: Any, bias: Any, out: Any,
                      sizes: np.ndarray, x_shape: tuple, y_shape: tuple, *n: int) -> np.ndarray:
        function = self._ragged(name)
        xs = as_input(x, "x", x_shape, self.dtype)
        ys = as_output(out, "out", y_shape, self.dtype)
        ws, bs = self._weight(weight), self._bias(bias)
        check_status(function(*n, len(sizes), sizes.ctypes.data, xs.ctypes.data, ws.ctypes.data,
                              None if bs is None else bs.ctypes.data, ys.ctypes.data))
        return ys

    def _backward_each(self: Any, name: str, x: Any, weight: Any, grad_y: Any,
                       wrt: Iterable[str], sizes: np.ndarray, x_shape: tuple, y_shape: tuple,
                       *n: int) -> Gradients:
        names = self._wanted(wrt)
        function = self._ragged(name)
        gs = as_input(grad_y, "grad_y", y_shape, self.dtype)
        xs = as_input(x, "x", x_shape, self.dtype) if "weight" in names or (
            "x" in names and self.pool != "sum") else None
        ws = self._weight(weight) if "x" in names else None
        grads = [empty(shape, self.dtype if name == "x" else self.weight_dtype)
                 if name in names else None for name, shape in
                 (("x", x_shape), ("weight", self.weight_shape), ("bias", self.bias_shape))]
        check_status(function(
            *n, len(sizes), sizes.ctypes.data,
            *(None if array is None else array.ctypes.data for array in (xs, ws, gs, *grads))))
        return self._gradients(*grads)

    def forward_ragged(self: Any, x: npt.ArrayLike, weight: npt.ArrayLike,
                       bias: npt.ArrayLike | None = None, *, sizes: npt.ArrayLike,
                       out: np.ndarray | None = None) -> np.ndarray:
        """Applies the layer to packed samples.

        Args:
            x: [sum of n^k, c_in], sample after sample; one axis with channels first.
            weight, bias: as of `forward`.
            sizes: of each sample, an n or 0.
            out: where to write; overlaps no other argument.

        Returns:
            [sum of n^l, c_out], or one axis with channels first.

        Raises:
            TypeError, ValueError: as `forward`; or the layer has no such function.
            KernelError: the computation failed.
        """
        each = self._sizes(sizes)
        return self._forward_each("forward_ragged", x, weight, bias, out, each,
                                  self._packed(each, self.k, self.channels[0]),
                                  self._packed(each, self.l, self.channels[1]))

    def backward_ragged(self: Any, x: npt.ArrayLike | None, weight: npt.ArrayLike | None,
                        grad_y: npt.ArrayLike, *, sizes: npt.ArrayLike,
                        wrt: Iterable[str] = ("x", "weight", "bias")) -> Gradients:
        """The gradients of `forward_ragged`, as `backward` has them, on packed arrays."""
        each = self._sizes(sizes)
        return self._backward_each("backward_ragged", x, weight, grad_y, wrt, each,
                                   self._packed(each, self.k, self.channels[0]),
                                   self._packed(each, self.l, self.channels[1]))

    def forward_padded(self: Any, x: npt.ArrayLike, weight: npt.ArrayLike,
                       bias: npt.ArrayLike | None = None, *, sizes: npt.ArrayLike,
                       out: np.ndarray | None = None, n: int | None = None) -> np.ndarray:
        """Applies the layer to samples in axes with room for the largest.

        Args:
            x, weight, bias, out, n: as of `forward`.
            sizes: of each sample, 0 to n.

        Returns:
            y, which is zero where an index is not below its sample's size.

        Raises:
            TypeError, ValueError: as `forward`; or the layer has no such function.
            KernelError: the computation failed.
        """
        size = self._size(n, ("x", x, "x"),
                          ("out", out, "y"))
        each = self._sizes(sizes, size)
        return self._forward_each("forward_padded", x, weight, bias, out, each,
                                  self.x_shape(len(each), size), self.y_shape(len(each), size),
                                  integer("n", size))

    def backward_padded(self: Any, x: npt.ArrayLike | None, weight: npt.ArrayLike | None,
                        grad_y: npt.ArrayLike, *, sizes: npt.ArrayLike,
                        wrt: Iterable[str] = ("x", "weight", "bias"),
                        n: int | None = None) -> Gradients:
        """The gradients of `forward_padded`, as `backward` has them: that of x is zero outside
        of the samples, where x and grad_y are never read."""
        size = self._size(n, ("x", x, "x"),
                          ("grad_y", grad_y, "y"))
        each = self._sizes(sizes, size)
        return self._backward_each("backward_padded", x, weight, grad_y, wrt, each,
                                   self.x_shape(len(each), size), self.y_shape(len(each), size),
                                   integer("n", size))
