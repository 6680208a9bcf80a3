"""One compiled network and what can be done with it on NumPy arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from eqc._arrays import as_input, as_output, describe_shape, empty
from eqc._integers import integer
from eqc._library import NetworkInfo
from eqc._native import NativeProgram, Options, check_status
from eqc._ragged_network import RAGGED_FUNCTIONS, RaggedNetworkCalls
from eqc._sizes import FreeSizes, extents_of
from eqc.initialize import GAIN, INPUTS
from eqc.layer import Layer
from eqc.report import Reported
from eqc.space import DUAL_AXIS, Space, axes_of, spaces_of

__all__ = ["Network", "NetworkGradients", "Tensor"]


class Tensor(NamedTuple):
    """An input or an output of a network."""

    name: str
    axes: tuple[Space, ...]
    channels: int


class NetworkGradients(NamedTuple):
    """What `Network.backward` returns; None for what was not asked for."""

    inputs: tuple[np.ndarray | None, ...]
    params: np.ndarray | None


class _Place(NamedTuple):
    """Where an array of a layer is within the parameters."""

    offset: int
    shape: tuple[int, ...]


def _tensors(kinds: Sequence[Space | None], entries: Iterable[Any]) -> tuple[Tensor, ...]:
    """Those of eqc_tensor_infos; `kinds` are what numbers of axes are of."""
    return tuple(Tensor(entry.name.decode(), axes_of(kinds, entry.axes[:entry.order]),
                        entry.channels) for entry in entries)


class Network(RaggedNetworkCalls, Reported):
    """A network of equivariant layers, compiled for this machine: `compile(text).network("name")`.

    Attributes:
        inputs, outputs: of each its name, the `Space` of each axis, its channels.
        layers: those that it calls, in the order of their first calls, by their names.
        spaces: those of all axes; the sizes of those without an n are taken from the arguments.
        size: how many parameters there are, those of all layers in one flat array: of each layer
            the weight, then the bias if it has one.
        dtype, layout: as of the layers.
        spec: the network and its layers as a source.

    Compiled with ragged=True, and with spaces whose size is taken from the arguments, it has
    `forward_ragged`, `forward_padded`, `backward_ragged` and `backward_padded` for batches whose
    samples differ in size.

    A network may be called from several threads at once. It is immutable; parameters are arguments
    of every call.
    """

    def __init__(self, program: NativeProgram, info: NetworkInfo,
                 layers: Mapping[str, Layer]) -> None:
        self._program = program  # keeps the functions alive
        self.name: str = info.name.decode()
        self.dtype = np.dtype(np.float32 if info.dtype == b"f32" else np.float64)
        self.layout: str = info.layout.decode()
        self.spec: str = info.spec.decode()
        self.has_backward: bool = bool(info.has_backward)
        self.size: int = info.params
        kinds = spaces_of(info, self.spec)
        #: The spaces, and the sums of them that axes are of, by their names.
        self.kinds: dict[str, Space] = {space.name: space for space in kinds if space}
        self.spaces: tuple[Space, ...] = tuple(self.kinds.values())[:info.spaces]
        #: Of axes by the names of their kinds.
        self._extents = dict(zip(self.kinds, extents_of(info, range(len(kinds)), DUAL_AXIS)))
        self.inputs = _tensors(kinds, info.input[:info.inputs])
        self.outputs = _tensors(kinds, info.output[:info.outputs])
        self.layers: dict[str, Layer] = {}
        self._places: dict[str, _Place] = {}
        for entry in info.layer[:info.layers]:
            name = entry.name.decode()
            layer = self.layers[name] = layers[name]
            self._places[f"{name}.weight"] = _Place(entry.offset, layer.weight_shape)
            if layer.has_bias:
                self._places[f"{name}.bias"] = _Place(entry.bias_offset, layer.bias_shape)
        self._free = tuple(space.name for space in self.spaces
                           if self._extents[space.name].sizes)

        def find(name: str, pointers: int, *, in_bytes: bool = False,
                 numbers: int = len(self._free) + 1) -> Any:
            address = program.address(f"{self.name}_{name}")
            return address and ctypes.CFUNCTYPE(
                ctypes.c_int64 if in_bytes else ctypes.c_int,
                *[ctypes.c_int64] * numbers, *[ctypes.c_void_p] * pointers)(address)

        tensors = len(self.inputs) + len(self.outputs)
        self._forward = find("forward", tensors + 1)
        self._forward_tape = find("forward_tape", tensors + 2)
        self._tape_size = find("tape_size", 0, in_bytes=True)
        self._backward = find("backward", tensors + len(self.inputs) + 3)
        #: With a list of sizes for each space without one.
        self._ragged_functions = {
            name: find(name, tensors + len(self._free)
                       + (len(self.inputs) + 3 if name.startswith("backward") else 1),
                       numbers=1 + (len(self._free) if name.endswith("padded") else 0))
            for name in RAGGED_FUNCTIONS}

    def __repr__(self) -> str:
        def texts(tensors: Sequence[Tensor]) -> str:
            return ", ".join(f"{tensor.name}: {' '.join(s.axis for s in tensor.axes) or '0'}, "
                             f"{tensor.channels}" for tensor in tensors)
        return (f"<eqc.Network {self.name}: ({texts(self.inputs)}) -> ({texts(self.outputs)}), "
                f"{self.dtype}, {len(self.layers)} layers, {self.size} parameters>")

    def _reported(self) -> tuple[str, str, Options]:
        return self.spec, f"<network {self.name}>", self.options

    @property
    def options(self) -> Options:
        """What the compiler was asked for."""
        return self._program.options

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return self is other or (self.spec, self.options) == (other.spec, other.options)

    def __hash__(self) -> int:
        return hash((self.spec, self.options))

    def __copy__(self) -> Network:
        return self

    def __deepcopy__(self, memo: dict) -> Network:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        from eqc import _registry  # which imports modules that import this one
        return _registry.network_of, (_registry.network_key(self),)

    #: Sizes by the names of the spaces that have none of their own.
    Sizes = Mapping[str, int]

    def length(self, space: Space, sizes: Sizes) -> Any:
        """Of axes of a space or a sum; in words where its sizes are not all known."""
        extent = self._extents[space.name]
        names = [self._free[i] for i in extent.sizes]
        if all(name in sizes for name in names):
            return sum((sizes[name] for name in names), extent.fixed)
        return " + ".join([*[str(extent.fixed)] * (extent.fixed > 0), *names])

    def shape(self, tensor: Tensor, batch: int | str, sizes: Sizes) -> tuple[int | str, ...]:
        """The shape of an input or an output."""
        axes = tuple(self.length(space, sizes) for space in tensor.axes)
        if self.layout == "channels_last":
            return (batch, *axes, tensor.channels)
        return (batch, tensor.channels, *axes)

    def sizes_of(self, shapes: Sequence[Sequence[int]],
                 given: Sizes | None = None) -> dict[str, int]:
        """The sizes of a call, from the shapes of the inputs; `given` are those that no input
        has an axis of."""
        given = {name: integer(name, size) for name, size in (given or {}).items()}
        for name in given:
            if name not in self._free:
                raise ValueError(f"sizes has '{name}'; the network takes sizes of: "
                                 + (", ".join(self._free) or "no space"))
        axes = []
        for tensor, shape in zip(self.inputs, shapes):
            if len(shape) != len(tensor.axes) + 2:
                raise ValueError(f"{tensor.name} has shape {describe_shape(shape)}; expected "
                                 + describe_shape(self.shape(tensor, "batch", {})))
            axes.append(([self._extents[space.name] for space in tensor.axes],
                         shape[1:-1] if self.layout == "channels_last" else shape[2:]))
        known = FreeSizes(self._free, ()).found([given.get(name) for name in self._free], axes)
        sizes = {name: size for name, size in zip(self._free, known) if size is not None}
        missing = [name for name in self._free if name not in sizes]
        if missing:
            raise ValueError("no input has an axis of space " + ", ".join(missing)
                             + ": give sizes=")
        return sizes

    def _numbers(self, sizes: Sizes, batch: int) -> tuple[int, ...]:
        """The arguments before the arrays."""
        return (*(sizes[name] for name in self._free), batch)

    def _read(self, arguments: Sequence[Any], sizes: Sizes | None
              ) -> tuple[list[np.ndarray], np.ndarray, dict[str, int], int]:
        """Inputs and parameters of a call, its sizes and its batch."""
        if len(arguments) != len(self.inputs) + 1:
            names = ", ".join(tensor.name for tensor in self.inputs)
            raise TypeError(f"network '{self.name}' takes {len(self.inputs) + 1} arguments "
                            f"({names}, params), not {len(arguments)}")
        *values, params = arguments
        shapes = [getattr(value, "shape", None) for value in values]
        for tensor, value, shape in zip(self.inputs, values, shapes):
            if shape is None:  # says what it is instead
                as_input(value, tensor.name, self.shape(tensor, "batch", {}), self.dtype)
        found = self.sizes_of(shapes, sizes)
        batch = shapes[0][0] if shapes else 0
        inputs = [as_input(value, tensor.name, self.shape(tensor, batch, found), self.dtype)
                  for tensor, value in zip(self.inputs, values)]
        return inputs, as_input(params, "params", (self.size,), self.dtype), found, batch

    def __call__(self, *arguments: npt.ArrayLike, sizes: Sizes | None = None
                 ) -> np.ndarray | tuple[np.ndarray, ...]:
        """Applies the network: `net(x, params)`, `net(h, a, params)`.

        Args:
            arguments: the inputs in their order, [batch, sizes of the axes.., channels] each, or
                [batch, channels, ..] with channels first; then the parameters, [size].
            sizes: of spaces that no input has an axis of, by their names.

        All are NumPy arrays or arrays that speak DLPack, of the network's dtype, contiguous.

        Returns:
            The output; a tuple of them where there are several.

        Raises:
            TypeError, ValueError: an argument has a wrong dtype, shape or memory layout.
            KernelError: the computation failed.
        """
        inputs, params, found, batch = self._read(arguments, sizes)
        outputs = [as_output(None, tensor.name, self.shape(tensor, batch, found), self.dtype)
                   for tensor in self.outputs]
        check_status(self._forward(
            *self._numbers(found, batch),
            *(array.ctypes.data for array in (*inputs, params, *outputs))))
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def backward(self, *arguments: npt.ArrayLike, grads: Sequence[npt.ArrayLike | None],
                 wrt: Iterable[str] | None = None, sizes: Sizes | None = None
                 ) -> NetworkGradients:
        """The gradients of a scalar.

        Args:
            arguments: as of a call.
            grads: the gradient with respect to each output; None is zero.
            wrt: the names of the inputs whose gradients to compute, and "params"; all unless
                given. (An input called params is meant by its own name, too.)
            sizes: as of a call.

        Returns:
            (inputs, params): arrays of the shapes of these; None for each that was not computed.

        Raises:
            TypeError, ValueError: as a call; or the network was compiled with grad=False.
            KernelError: the computation failed.
        """
        if not self._backward:
            raise ValueError("the network was compiled without gradients")
        inputs, params, found, batch = self._read(arguments, sizes)
        wanted = self._wanted(wrt)
        given = self._given(grads, lambda tensor: self.shape(tensor, batch, found))
        results = [empty(array.shape, self.dtype) if tensor.name in wanted else None
                   for tensor, array in zip(self.inputs, inputs)]
        grad_params = empty(params.shape, self.dtype) if "params" in wanted else None
        check_status(self._backward(
            *self._numbers(found, batch),
            *(None if array is None else array.ctypes.data
              for array in (*inputs, params, *given, None, *results, grad_params))))
        return NetworkGradients(tuple(results), grad_params)

    def _wanted(self, wrt: Iterable[str] | None) -> set[str]:
        """The names of what gradients are asked for of."""
        names = {tensor.name for tensor in self.inputs} | {"params"}
        wanted = names if wrt is None else set(wrt)
        if not wanted <= names:
            raise ValueError(f"wrt is {sorted(wanted)}; expected some of {sorted(names)}")
        return wanted

    def _given(self, grads: Sequence[npt.ArrayLike | None],
               shape: Callable[[Tensor], tuple[int, ...]]) -> list[np.ndarray | None]:
        """The gradients of the outputs."""
        if len(grads) != len(self.outputs):
            raise ValueError(f"grads has {len(grads)} arrays; expected {len(self.outputs)}, one "
                             "for each output")
        return [None if grad is None else
                as_input(grad, f"grad_{tensor.name}", shape(tensor), self.dtype)
                for tensor, grad in zip(self.outputs, grads)]

    def unpack(self, params: Any) -> dict[str, Any]:
        """Views of the parameters, "LAYER.weight" and "LAYER.bias", each in its shape."""
        if getattr(params, "shape", None) != (self.size,):
            raise ValueError(f"params has shape {describe_shape(getattr(params, 'shape', ()))}; "
                             f"expected [{self.size}]")
        views = {}
        for name, (offset, shape) in self._places.items():
            count = int(np.prod(shape))
            views[name] = params[offset:offset + count].reshape(shape)
        return views

    def init(self, seed: int | np.random.Generator | None = None, *, gain: float = GAIN,
             inputs: str = INPUTS, n: int | None = None) -> np.ndarray:
        """Random parameters: those of each layer as `Layer.init` draws them, one after the other.

        Args:
            seed: for numpy.random.default_rng.
            gain, inputs, n: as of `Layer.init`.
        """
        random = np.random.default_rng(seed)
        params = np.zeros(self.size, self.dtype)
        views = self.unpack(params)
        for name, layer in self.layers.items():
            weight, _ = layer.init(random, gain=gain, inputs=inputs, n=n)
            views[f"{name}.weight"][...] = weight
        return params
