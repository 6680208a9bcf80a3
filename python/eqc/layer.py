"""One compiled layer and what can be done with it on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from eqc._arrays import (
    as_input, as_output, describe_shape, empty, numpy_dtype, weight_dtype)
from eqc._integers import integer
from eqc._library import interface
from eqc._native import (
    NativeProgram, Options, check_status, key_of_source, source_for_bias)
from eqc._ragged import FUNCTIONS as RAGGED_FUNCTIONS, RaggedCalls
from eqc._sizes import Extent, FreeSizes, SizesOfInput, extents_of
from eqc._source import layer_source
from eqc._symmetry import symmetry_of
from eqc.initialize import GAIN, INPUTS, weight_std
from eqc.report import Reported
from eqc.space import DUAL_AXIS, Axes, axes_of, spaces_of

__all__ = ["Layer", "Gradients", "PackedWeight"]


class Gradients(NamedTuple):
    """What `Layer.backward` returns; None for what was not asked for."""

    x: np.ndarray | None
    weight: np.ndarray | None
    bias: np.ndarray | None


class PackedWeight:
    """Weights in the order that a layer's kernel reads them, for this machine and this
    process only: it cannot be pickled. Made by `Layer.pack`, and never changed."""

    def __init__(self, layer: Layer, data: np.ndarray) -> None:
        self._layer = layer
        self._data = data

    def __repr__(self) -> str:
        return f"<packed weight of layer {self._layer.name}>"

    def __copy__(self) -> PackedWeight:
        return self

    def __deepcopy__(self, memo: dict) -> PackedWeight:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a packed weight is of use to this process only: pickle the weight, and "
                        "pack it where it is loaded")


class Layer(RaggedCalls, Reported):
    """An equivariant linear map from order-k to order-l tensors over R^n, with channels and
    a batch, compiled for this machine:

        y[b, j1..jl, co] = sum_d sum_ci weight[d, ci, co] (D_d x[b, :, ci])[j1..jl]
                         + sum_e bias[e, co] (D_e 1)[j1..jl]

    Args:
        group: what acts on all axes alike: "S" (permutations), "O", "SO", "Sp", "H" (signed permutations), "B"
            (orthogonal maps that fix the vector of ones), "S'" and "B'" (those up to sign), "GL", "A"
            (even permutations), 'Perm(6, "(0 1 2)(3 4 5)")' (permutations that generators
            make), 'Graph(4, "0-1 1-2 2-3")' (automorphisms of a graph);
            with a signature "O(1,3)" or "SO(1,3)", which is also a size.
        n: the size; None means that it is taken from the arguments of every call, unless the
            group comes with a size.
        k, l: orders of the input and of the output; or the `Space` of each of their axes,
            `k=[users, items], l=[users]`, and then neither group nor n. Of "GL" also
            `V.dual`.
        channels: (c_in, c_out).
        bias: whether there is one; None means where the group has one.
        dtype: "f32" or "f64", or what other libraries call these; "bf16" or "f16" for x and y
            that lie in memory in 16 bits: they are computed in f32, and weights are f32.
        layout: "channels_last" or "channels_first".
        normalize: "none", or "mean" to divide each diagram by n for each of its blocks of
            inputs only.
        diagrams: "all", "basis", or a list such as ["o1 i1 | o2 i2"].
        in_symmetry, out_symmetry: permutations of the axes of x that it is promised to be
            the same under, and of y that it is made the same under, such as ["(1 2)"] for
            symmetric matrices and ["-(1 2)"] for antisymmetric ones. Nothing is checked;
            arrays are stored in full, and diagrams that these take to each other share a
            weight.
        weights: what weight[d] multiplies, of groups of permutations, maybe with signs:
            "diagram", its matrix D_d, or "orbit", that of the tuples whose indices are equal
            exactly within the blocks of the diagram (see `eqc.interop.to_orbit`).
        pool: what is taken over inputs that y does not have: "sum", or of groups of
            permutations the largest ("max") or smallest ("min") entry.
        batch: a batch size to specialise for; others still work.
        name: the layer's name in messages.
        plan: "auto", "dense", "factored", "shared" or "schur": how the maps are multiplied.
        cpu, optimize, max_diagrams, threads, grad: as --cpu, -O, --max-diagrams, --threads and
            --grad. Without gradients compiling takes less time.
        ragged: whether to make the functions for batches whose samples differ in size too,
            of a layer whose n is None.
        cache: whether compiled code may be kept on disk.

    Raises:
        CompileError: there is no such layer; the exception says why.
        TypeError, ValueError: an argument cannot be written in the language.

    A layer may be called from several threads at once. It is immutable; weights are
    arguments of every call. Layers of the same definition, name and options are equal. A
    pickled one carries these, and is compiled where it is loaded.
    """

    def __init__(self, *, group: str | None = None, n: int | None = None,
                 k: Axes, l: Axes,  # noqa: E741
                 channels: tuple[int, int] = (1, 1), bias: bool | None = False,
                 dtype: Any = "f32",
                 layout: str = "channels_last", normalize: str = "none",
                 diagrams: str | Sequence[str] = "all", in_symmetry: Sequence[str] = (),
                 out_symmetry: Sequence[str] = (), weights: str = "diagram",
                 pool: str = "sum", batch: int | None = None, name: str = "layer", plan: str = "auto", cpu: str = "native",
                 optimize: int = 3, max_diagrams: int | None = None, threads: bool = True,
                 grad: bool = True, ragged: bool = False, cache: bool = True) -> None:
        options = Options(plan, cpu, optimize, max_diagrams, threads, grad, ragged)
        source = source_for_bias(lambda bias: layer_source(
            name=name, group=group, n=n, k=k, l=l, channels=channels, bias=bias, dtype=dtype,
            layout=layout, normalize=normalize, diagrams=diagrams, batch=batch,
            in_symmetry=in_symmetry, out_symmetry=out_symmetry, weights=weights, pool=pool),
            bias, options)
        program = NativeProgram(source, f"<layer {name}>", options)
        program.load(cache)
        self._attach(program, 0)

    @classmethod
    def _of(cls, program: NativeProgram, index: int) -> Layer:
        """A layer of a program that was loaded."""
        if program.info(index).k2 >= 0:
            from eqc.bilinear import BilinearLayer  # which imports this module

            cls = BilinearLayer
        layer = cls.__new__(cls)
        layer._attach(program, index)
        return layer

    def _attach(self, program: NativeProgram, index: int) -> None:
        info = program.info(index)
        text = {name: getattr(info, name).decode() for name in
                ("name", "group", "dtype", "layout", "normalize", "plan", "spec", "pool")}
        self._program = program  # keeps the functions alive
        self._index = index
        self.name: str = text["name"]
        self.group: str = text["group"]
        free = [i for i in range(info.spaces) if info.space[i].n < 0]
        #: None: taken from the arguments of calls; -2: axes are of several spaces, whose sizes
        #: are all known.
        self.n: int | None = None if free or info.n == -1 else info.n
        self._is_product: bool = info.n == -2
        self.k: int = info.k
        self.l: int = info.l
        #: The spaces that axes are of, in the order of their first axes, and that of each axis.
        spaces = spaces_of(info, text["spec"])
        self.spaces = spaces[:info.spaces]
        self._axes = {"x": extents_of(info, info.x_axes[:info.k], DUAL_AXIS),
                      "y": extents_of(info, info.y_axes[:info.l], DUAL_AXIS)}
        self.x_axes = axes_of(spaces, info.x_axes[:info.k])
        self.y_axes = axes_of(spaces, info.y_axes[:info.l])
        self.channels: tuple[int, int] = (info.c_in, info.c_out)
        #: The type of x, y and their gradients, and that of weights, which is computed in.
        self.dtype = numpy_dtype(text["dtype"])
        self.weight_dtype = weight_dtype(text["dtype"])
        self.layout: str = text["layout"]
        self.normalize: str = text["normalize"]
        self.plan: str = text["plan"]
        self.spec: str = text["spec"]
        #: The symmetries of x and of y, by generators.
        self.in_symmetry = symmetry_of(self.spec, "in_symmetry")
        self.out_symmetry = symmetry_of(self.spec, "out_symmetry")
        #: "diagram" or "orbit": what a weight multiplies.
        self.weights: str = "orbit" if "\n  weights = orbit\n" in self.spec else "diagram"
        #: "sum", "max" or "min": what is taken over inputs that y does not have. "sum" also
        #: where there is nothing of which a largest entry could be taken.
        self.pool: str = text["pool"]
        self.has_bias: bool = info.bias_diagrams > 0
        self.has_backward: bool = bool(info.has_backward)
        self.weight_shape = (info.diagrams, info.c_in, info.c_out)
        self.bias_shape = (info.bias_diagrams, info.c_out)
        self._functions = interface().functions
        self._attach_inputs(info)
        self._packed_size = program.packed_size(index)
        units = interface().size_units
        #: The sizes that calls bring; "n" is that of the space of `group` and n.
        self._free = FreeSizes([info.space[i].name.decode() or "n" for i in free],
                               [units[info.space[i].group.decode()] for i in free])
        #: What n is a multiple of; as an n, for calls in which no axis has it.
        self._size_unit: int = units[info.space[0].group.decode()] if info.spaces == 1 else 1

        self._sizes_of_x = SizesOfInput(
            self._free, self._axes["x"], self.layout == "channels_last",
            self._size_unit if self.k == self.l == 0 else None)

        def find(name: str) -> Any:
            return program.function(self.name, name, len(free), self._functions)

        self._forward = find("forward")
        self._forward_packed = find("forward_packed")
        self._pack = find("pack")
        self._backward = find("backward")
        for function in RAGGED_FUNCTIONS:
            setattr(self, f"_{function}",
                    find(function) if function in self._functions else None)
        self._key = key_of_source(self.spec, self.options)
        self._is_made = True

    def _attach_inputs(self, info: Any) -> None:
        """What is different where there are two inputs."""

    def __setattr__(self, name: str, value: Any) -> None:
        if "_is_made" in vars(self):
            raise AttributeError(f"cannot set '{name}': layers are immutable")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete '{name}': layers are immutable")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Layer):
            return NotImplemented
        return self is other or (self.spec, self.options) == (other.spec, other.options)

    def __hash__(self) -> int:
        return hash((self.spec, self.options))

    def __copy__(self) -> Layer:
        return self

    def __deepcopy__(self, memo: dict) -> Layer:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        from eqc import _registry  # which imports this module
        return _registry.layer_of, (_registry.key_of(self), self._program.use_cache)

    def _reported(self) -> tuple[str, str, Options]:
        return self.spec, f"<layer {self.name}>", self.options

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        """A value that is made on first use. (functools.cached_property of Python 3.11 holds a
        lock meanwhile, which a forked child would inherit.)"""
        values = vars(self)
        return values[name] if name in values else values.setdefault(name, make())

    @property
    def diagrams(self) -> tuple[str, ...]:
        """The diagrams in the order of the weights; where axes have a symmetry, the first of
        those that share one."""
        return self._once("_diagrams", lambda: self._program.diagrams(self._index, False))

    @property
    def bias_diagrams(self) -> tuple[str, ...]:
        """The diagrams in the order of the rows of the bias."""
        return self._once("_bias_diagrams", lambda: self._program.diagrams(self._index, True))

    @property
    def options(self) -> Options:
        """What the compiler was asked for."""
        return self._program.options

    def __repr__(self) -> str:
        acting = f"{self.group}(n={'?' if self.n is None else self.n})"
        if any(self.spaces) or not self.spaces:
            sides = (" ".join(space.axis for space in axes) or "0"
                     for axes in (self.x_axes, self.y_axes))
            acting = f"axes {' -> '.join(sides)}"
        extras = "".join(f", {text}" for text in (
            f"bias[{self.bias_shape[0]}]" if self.has_bias else "",
            *(f"{name}={list(generators)}" for name, generators in (
                ("in_symmetry", self.in_symmetry), ("out_symmetry", self.out_symmetry))
              if generators),
            f"weights={self.weights}" if self.weights != "diagram" else "",
            f"pool={self.pool}" if self.pool != "sum" else "",
            self.layout if self.layout != "channels_last" else "",
            f"normalize={self.normalize}" if self.normalize != "none" else "") if text)
        return (f"<eqc.Layer {self.name}: {acting}, order {self.k} -> {self.l}, "
                f"channels {self.channels[0]} -> {self.channels[1]}, {self.dtype}, "
                f"{self.weight_shape[0]} diagrams{extras}; plan {self.plan}>")

    def _shape(self, batch: int | str, side: str, n: Any) -> tuple[int | str, ...]:
        """Of x or y, where sizes that calls bring are n."""
        channels = self._channels_of(side)
        axes = (self._free.length(extent, n) for extent in self._axes[side])
        if self.layout == "channels_last":
            return (batch, *axes, channels)
        return (batch, channels, *axes)

    def _channels_of(self, side: str) -> int:
        return self.channels[side == "y"]

    def x_shape(self, batch: int, n: Any = None) -> tuple[int, ...]:
        """The shape of x and of its gradient; `n` as of `forward`."""
        return self._shape(batch, "x", self._size(n))  # type: ignore

    def y_shape(self, batch: int, n: Any = None) -> tuple[int, ...]:
        """The shape of y and of its gradient."""
        return self._shape(batch, "y", self._size(n))  # type: ignore

    def _size(self, n: Any, *candidates: tuple[str, Any, str]) -> Any:
        """The n of a call: the layer's, the one that was given, or what the arrays among
        `candidates` (name, value, "x" or "y") show of it."""
        if self.n is not None:
            if candidates and n is not None:
                n = integer("n", n)
            if n is not None and n != self.n:
                raise ValueError(f"n is {n}, but the layer was compiled for " + (
                    "axes of several spaces" if self.n == -2 else f"n = {self.n}"))
            return self.n
        found = self._free.given(n)
        for name, value, side in candidates:
            extents = self._axes[side]
            if None in found and value is not None and extents:
                expected = self._shape("batch", side, None)
                if not hasattr(value, "shape"):
                    as_input(value, name, expected, self.dtype)  # says what it is instead
                shape = tuple(value.shape)
                if len(shape) != len(extents) + 2:
                    raise ValueError(f"{name} has shape {describe_shape(shape)}; "
                                     f"expected {describe_shape(expected)}")
                lengths = shape[1:-1] if self.layout == "channels_last" else shape[2:]
                found = self._free.solve(self._free.packed(found), [(extents, lengths)])
        if None in found and self._has_no_axis():
            return self._size_unit
        if None in found:
            missing = [name for name, size in zip(self._free.names, found) if size is None]
            raise ValueError(f"the layer has no {' and no '.join(missing)} of its own and no "
                             f"argument has an axis of it: give n=")
        # Without arrays they may be symbols of a framework.
        return self._free.checked(self._free.packed(found), symbols=not candidates)

    def _has_no_axis(self) -> bool:
        return self.k == self.l == 0

    def _leading(self, n: Any) -> tuple[int, ...]:
        """The arguments before the batch."""
        return () if self.n is not None else self._free.each(n)

    def _weight(self, weight: Any) -> np.ndarray:
        if isinstance(weight, PackedWeight):
            raise TypeError("weight is packed, which is for forward only; expected the array "
                            "that was packed")
        return as_input(weight, "weight", self.weight_shape, self.weight_dtype)

    def _forward_by(self, weight: Any) -> tuple[Any, np.ndarray]:
        """The function that takes such weights, and their array."""
        if not isinstance(weight, PackedWeight):
            return self._forward, self._weight(weight)
        if weight._layer != self:
            raise ValueError(f"weight was packed by another layer: {weight._layer!r}")
        return self._forward_packed, weight._data

    def _input_axes(self) -> tuple[Extent, ...]:
        """Those that inputs of diagrams number."""
        return self._axes["x"]

    def _channel_pairs(self) -> int:
        """The weights of a diagram that meet in a channel of y."""
        return self.channels[0]

    def _bias(self, bias: Any) -> np.ndarray | None:
        if not self.has_bias:
            if bias is not None:
                raise ValueError("bias was given, but the layer has none")
            return None
        if bias is None:
            raise ValueError("the layer has a bias of shape "
                             f"{describe_shape(self.bias_shape)}, but none was given")
        return as_input(bias, "bias", self.bias_shape, self.weight_dtype)

    def __call__(self, x: npt.ArrayLike, weight: npt.ArrayLike | PackedWeight,
                 bias: npt.ArrayLike | None = None, *, out: np.ndarray | None = None,
                 n: Any = None) -> np.ndarray:
        """The same as `forward`."""
        return self.forward(x, weight, bias, out=out, n=n)

    def forward(self, x: npt.ArrayLike, weight: npt.ArrayLike | PackedWeight,
                bias: npt.ArrayLike | None = None, *, out: np.ndarray | None = None,
                n: int | None = None) -> np.ndarray:
        """Applies the layer.

        Args:
            x: [batch, n (k times), c_in], or [batch, c_in, n (k times)] with channels first.
            weight: [diagrams, c_in, c_out], or what `pack` made of it.
            bias: [bias_diagrams, c_out] if the layer has one, else None.
            out: where to write; overlaps no other argument.
            n: only for a layer without an n of its own whose x has no axis of it; where calls
                bring several sizes, their names with numbers, `{"users": 5}`.

        All are NumPy arrays or arrays that speak DLPack, of the layer's dtype, contiguous.

        Returns:
            y, which is `out` if that was given: [batch, n (l times), c_out], or
            [batch, c_out, n (l times)].

        Raises:
            TypeError, ValueError: an argument has a wrong dtype, shape or memory layout.
            KernelError: the computation failed, for want of memory or because `out` overlaps.
        """
        size = self._size(n, ("x", x, "x"), ("out", out, "y"))
        xs = as_input(x, "x", self._shape("batch", "x", size), self.dtype)
        batch = xs.shape[0]
        ys = as_output(out, "out", self.y_shape(batch, size), self.dtype)
        bs = self._bias(bias)
        function, ws = self._forward_by(weight)
        check_status(function(*self._leading(size), batch, xs.ctypes.data, ws.ctypes.data,
                              None if bs is None else bs.ctypes.data, ys.ctypes.data))
        return ys

    def pack(self, weight: npt.ArrayLike) -> PackedWeight:
        """Brings weights into the order that the kernel reads, once for many calls.

        Args:
            weight: [diagrams, c_in, c_out].

        Returns:
            What `forward` takes in the place of the weight. Later changes of `weight` do not
            reach it.
        """
        ws = self._weight(weight)
        data = np.empty(self._packed_size, self.weight_dtype)
        check_status(self._pack(ws.ctypes.data, data.ctypes.data))
        return PackedWeight(self, data)

    def backward(self, x: npt.ArrayLike | None, weight: npt.ArrayLike | None,
                 grad_y: npt.ArrayLike, *,
                 wrt: Iterable[str] = ("x", "weight", "bias"),
                 n: int | None = None) -> Gradients:
        """The gradients of a scalar whose gradient with respect to y is `grad_y`.

        Args:
            x: as of `forward`; may be None unless the gradient of the weight is wanted, or the
                layer pools.
            weight: as of `forward`; may be None unless the gradient of x is wanted.
            grad_y: of y's shape.
            wrt: which gradients to compute; "bias" counts only if the layer has one.
            n: only for a layer without an n of its own that no argument has an axis of.

        Returns:
            (x, weight, bias): arrays of the shapes of these, those of weight and bias summed
            over the batch; None for each that was not computed.

        Raises:
            TypeError, ValueError: as `forward`; or the layer was compiled with grad=False.
            KernelError: the computation failed.
        """
        names = self._wanted(wrt)
        if self._backward is None:
            raise ValueError("the layer was compiled without gradients")
        size = self._size(n, ("x", x, "x"), ("grad_y", grad_y, "y"))
        gs = as_input(grad_y, "grad_y", self._shape("batch", "y", size), self.dtype)
        batch = gs.shape[0]
        xs = ws = None
        if "weight" in names or ("x" in names and self.pool != "sum"):
            xs = as_input(x, "x", self.x_shape(batch, size), self.dtype)
        if "x" in names:
            ws = self._weight(weight)
        grads = [empty(shape, self.dtype if name == "x" else self.weight_dtype)
                 if name in names else None for name, shape in
                 (("x", self.x_shape(batch, size)), ("weight", self.weight_shape),
                  ("bias", self.bias_shape))]
        check_status(self._backward(
            *self._leading(size), batch,
            *(None if array is None else array.ctypes.data for array in (xs, ws, gs, *grads))))
        return Gradients(*grads)

    def _wanted(self, wrt: Iterable[str]) -> set[str]:
        """The gradients that are asked for, of those that there are."""
        names = set(wrt)
        if not names <= {"x", "weight", "bias"}:
            raise ValueError(f"wrt is {sorted(names)}; expected some of 'x', 'weight', 'bias'")
        return names if self.has_bias else names - {"bias"}

    #: What backward_ragged and backward_padded return.
    _gradients = Gradients

    def init(self, seed: int | np.random.Generator | None = None, *, gain: float = GAIN,
             inputs: str = INPUTS, n: int | None = None
             ) -> tuple[np.ndarray, np.ndarray | None]:
        """Random weights that keep the mean square (see docs/Python.md), and a zero bias.

        Args:
            seed: for numpy.random.default_rng.
            gain: the root mean square of y for an x of root mean square 1; sqrt 2, for a ReLU
                after the layer, unless given.
            inputs: "uncentred" for an x whose entries may have a mean, "centred" for one of
                independent entries of mean 0.
            n: the size to have in mind, for a layer without an n of its own (default 16).

        Returns:
            (weight, bias); the bias is None if the layer has none.
        """
        std = weight_std(self, n=n, gain=gain, inputs=inputs)
        normal = np.random.default_rng(seed).standard_normal(self.weight_shape)
        weight = (normal * std[:, None, None]).astype(self.weight_dtype)
        return weight, np.zeros(self.bias_shape, self.weight_dtype) if self.has_bias else None
