"""Networks on samples that differ in size, on NumPy arrays: what `eqc.Network` does with them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from eqc._arrays import as_input, empty
from eqc._native import check_status
from eqc._ragged import packed_shape

if TYPE_CHECKING:
    from eqc.network import NetworkGradients

__all__ = ["RAGGED_FUNCTIONS", "RaggedNetworkCalls", "SampleSizes"]

#: The functions for ragged batches.
RAGGED_FUNCTIONS = ("forward_ragged", "backward_ragged", "forward_padded", "backward_padded")

#: The size of each sample: of the only space without one of its own, or by the names of such
#: spaces.
SampleSizes = npt.ArrayLike | Mapping[str, npt.ArrayLike]


class RaggedNetworkCalls:
    """Calls in which each sample has its own sizes, for networks that were compiled with
    ragged=True and have spaces whose size is taken from their arguments.

    Each sample is computed as by a call with it alone; a size may be 0. *Packed* arrays hold the
    samples one after the other, [all entries, channels], or with channels first, where each
    sample has rows of its own length, all numbers in one axis. *Padded* arrays have the shapes
    of a call; of a sample the entries count whose indices are all below its sizes. Others are
    never read, and are written as zero.
    """

    def _ragged(self: Any, name: str) -> Any:
        function = self._ragged_functions.get(name)
        if function:
            return function
        if not self._free:
            raise ValueError("all spaces of the network have a size: one for samples of "
                             "different sizes has spaces with '?', and ragged=True")
        if not self.options.ragged:
            raise ValueError("the network was compiled without functions for samples of different "
                             "sizes: give ragged=True")
        raise ValueError("the network was compiled without gradients")

    def size_lists(self: Any, sizes: SampleSizes) -> np.ndarray:
        """The sizes of all samples, [spaces without a size, batch]."""
        if not isinstance(sizes, Mapping):
            if len(self._free) != 1:
                raise TypeError("sizes is no dict; expected a size of each sample for each of "
                                + ", ".join(self._free))
            sizes = {self._free[0]: sizes}
        if set(sizes) != set(self._free):
            raise ValueError(f"sizes has {sorted(sizes)}; expected {sorted(self._free)}")
        lists = []
        for name in self._free:
            array = np.asarray(sizes[name])
            array = array.astype(np.int64) if array.size == 0 else array
            if array.dtype.kind not in "iu" or array.ndim != 1:
                raise TypeError(f"sizes of '{name}' have dtype {array.dtype} and {array.ndim} "
                                "axes; expected one axis of integers")
            lists.append(array.astype(np.int64))
            if len(lists[-1]) != len(lists[0]):
                raise ValueError(f"there are {len(lists[-1])} sizes of '{name}', but "
                                 f"{len(lists[0])} of '{self._free[0]}'")
        return np.ascontiguousarray(np.stack(lists))

    def packed_shape(self: Any, tensor: Any, lists: np.ndarray) -> tuple[int, ...]:
        """The shape of a packed input or output for these sizes."""
        named = [dict(zip(self._free, column)) for column in lists.T.tolist()]
        positions = sum(math.prod(self.length(space, sizes) for space in tensor.axes)
                        for sizes in named)
        return packed_shape(self.layout, tensor.channels, positions)

    def extents(self: Any, shapes: Sequence[Sequence[int] | None],
                lists: np.ndarray) -> dict[str, int]:
        """The lengths of the axes of padded arrays: those of the inputs; of spaces that no input
        has an axis of, the largest size."""
        read = {space.name for tensor in self.inputs for space in tensor.axes}
        given = {name: int(each.max(initial=1)) for name, each in zip(self._free, lists)
                 if name not in read}
        return self.sizes_of(shapes, given)

    def _arrays(self: Any, arguments: Sequence[Any], lists: np.ndarray, padded: bool
                ) -> tuple[list[np.ndarray], np.ndarray, Any, tuple[int, ...]]:
        """Inputs, parameters, the shape of each tensor, and the numbers before the arrays."""
        if len(arguments) != len(self.inputs) + 1:
            names = ", ".join(tensor.name for tensor in self.inputs)
            raise TypeError(f"network '{self.name}' takes {len(self.inputs) + 1} arguments "
                            f"({names}, params), not {len(arguments)}")
        *values, params = arguments
        batch = lists.shape[1]
        numbers: tuple[int, ...] = (batch, *(each.ctypes.data for each in lists))
        if padded:
            extents = self.extents([np.shape(value) for value in values], lists)
            numbers = (*(extents[name] for name in self._free), *numbers)

        def shape(tensor: Any) -> tuple[int, ...]:
            return (self.shape(tensor, batch, extents) if padded
                    else self.packed_shape(tensor, lists))

        inputs = [as_input(value, tensor.name, shape(tensor), self.dtype)
                  for tensor, value in zip(self.inputs, values)]
        return inputs, as_input(params, "params", (self.size,), self.dtype), shape, numbers

    def _forward_each(self: Any, kind: str, arguments: Sequence[Any], sizes: SampleSizes
                      ) -> np.ndarray | tuple[np.ndarray, ...]:
        function, lists = self._ragged(f"forward_{kind}"), self.size_lists(sizes)
        inputs, params, shape, numbers = self._arrays(arguments, lists, kind == "padded")
        outputs = [empty(shape(tensor), self.dtype) for tensor in self.outputs]
        check_status(function(*numbers, *(
            array.ctypes.data for array in (*inputs, params, *outputs))))
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def _backward_each(self: Any, kind: str, arguments: Sequence[Any], sizes: SampleSizes,
                       grads: Sequence[Any], wrt: Iterable[str] | None) -> NetworkGradients:
        from eqc.network import NetworkGradients  # which imports this module

        function, lists = self._ragged(f"backward_{kind}"), self.size_lists(sizes)
        inputs, params, shape, numbers = self._arrays(arguments, lists, kind == "padded")
        wanted = self._wanted(wrt)
        given = self._given(grads, shape)
        results = [empty(array.shape, self.dtype) if tensor.name in wanted else None
                   for tensor, array in zip(self.inputs, inputs)]
        grad_params = empty(params.shape, self.dtype) if "params" in wanted else None
        check_status(function(*numbers, *(
            None if array is None else array.ctypes.data
            for array in (*inputs, params, *given, None, *results, grad_params))))
        return NetworkGradients(tuple(results), grad_params)

    def forward_ragged(self: Any, *arguments: npt.ArrayLike, sizes: SampleSizes
                       ) -> np.ndarray | tuple[np.ndarray, ...]:
        """Applies the network to packed samples.

        Args:
            arguments: the inputs in their order, sample after sample, [all entries, channels]
                each, one axis with channels first; then the parameters.
            sizes: of each sample; a dict of such lists by the names of spaces where several have
                no size of their own.

        Returns:
            The output, packed; a tuple of them where there are several.

        Raises:
            TypeError, ValueError: as a call; or the network has no such function.
            KernelError: the computation failed, or a size is not possible.
        """
        return self._forward_each("ragged", arguments, sizes)

    def forward_padded(self: Any, *arguments: npt.ArrayLike, sizes: SampleSizes
                       ) -> np.ndarray | tuple[np.ndarray, ...]:
        """Applies the network to samples in axes with room for the largest.

        Args:
            arguments: as of a call.
            sizes: as of `forward_ragged`, at most the length of the axes.

        Returns:
            As a call; zero where an index is not below its sample's size.

        Raises:
            TypeError, ValueError: as a call; or the network has no such function.
            KernelError: the computation failed, or a size is not possible.
        """
        return self._forward_each("padded", arguments, sizes)

    def backward_ragged(self: Any, *arguments: npt.ArrayLike, sizes: SampleSizes,
                        grads: Sequence[npt.ArrayLike | None], wrt: Iterable[str] | None = None
                        ) -> NetworkGradients:
        """The gradients of `forward_ragged`, as `backward` has them, on packed arrays."""
        return self._backward_each("ragged", arguments, sizes, grads, wrt)

    def backward_padded(self: Any, *arguments: npt.ArrayLike, sizes: SampleSizes,
                        grads: Sequence[npt.ArrayLike | None], wrt: Iterable[str] | None = None
                        ) -> NetworkGradients:
        """The gradients of `forward_padded`, as `backward` has them: those of inputs are zero
        outside of the samples."""
        return self._backward_each("padded", arguments, sizes, grads, wrt)
