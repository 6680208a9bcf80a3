"""Networks as functions and modules of PyTorch: `eqc.torch.network`, `eqc.torch.Network`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from eqc import _registry, _torch_direct, _torch_network, _torch_network_ragged
from eqc._integers import integer
from eqc._native import NativeProgram, Options
from eqc._source import declarations, declared_space, layer_fields, written_axes
from eqc.errors import CompileError
from eqc.initialize import GAIN, INPUTS, weight_std
from eqc.network import Network as CompiledNetwork
from eqc.program import compile  # noqa: A004
from eqc.space import Space

__all__ = ["Network", "linears", "network"]


#: By the names of spaces that no input has an axis of, one size for all samples; or of samples
#: that differ the size of each, for one space or by the names of all that have no size.
Sizes = Mapping[str, "int | Tensor"] | Tensor | None
#: The running sums of the sizes of packed samples, for one space or by names.
Pointers = Mapping[str, Tensor] | Tensor | None


def _by_name(net: CompiledNetwork, name: str, given: Mapping[str, Any] | Tensor
             ) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        if set(given) != set(net._free):
            raise ValueError(f"{name} has {sorted(given)}; expected {sorted(net._free)}")
        return given
    if len(net._free) != 1:
        raise TypeError(f"{name} is no dict; expected a tensor for each of "
                        + ", ".join(net._free))
    return {net._free[0]: given}


def _integers(name: str, value: Any) -> Tensor:
    """Sizes of samples, or sums of them, as the operators take them: on the CPU."""
    if not isinstance(value, Tensor) or value.is_floating_point() or value.is_complex() or (
            value.dtype == torch.bool):
        found = value.dtype if isinstance(value, Tensor) else f"a {type(value).__name__}"
        raise TypeError(f"{name} is {found}; expected a tensor of integers")
    return value.to("cpu", torch.int64)


def _ragged(net: CompiledNetwork) -> tuple[CompiledNetwork, str]:
    """The network with functions for samples of different sizes, and its text."""
    if not net._free:
        raise ValueError("all spaces of the network have a size: sizes= and ptr= of samples are "
                         "for spaces with '?'")
    key = _registry.ragged_key(net)
    return _registry.network_of(key), key


def _apply_packed(net: CompiledNetwork, inputs: Sequence[Tensor], params: Tensor,
                  ptr: Mapping[str, Tensor] | Tensor) -> Tensor | tuple[Tensor, ...]:
    """The operator on packed samples."""
    ragged, key = _ragged(net)
    named = {}
    for name, value in _by_name(net, "ptr", ptr).items():
        value = _integers("ptr", value)
        if value.dim() != 1 or value.shape[0] == 0:
            raise ValueError(f"ptr of '{name}' has shape {list(value.shape)}; expected "
                             "[batch + 1], the running sums of the sizes from 0 on")
        named[name] = value.diff()
    _check_count(net, inputs)
    outputs = _torch_network_ragged.network_ragged(
        list(inputs), params, torch.stack([named[name] for name in ragged._free]),
        key, [0] * len(ragged._free))
    return outputs[0] if len(outputs) == 1 else tuple(outputs)


def _apply_padded(net: CompiledNetwork, flat: Sequence[Tensor], lead: tuple[int, ...],
                  params: Tensor, sizes: Any) -> Sequence[Tensor]:
    """The operator on padded samples, whose axes of a batch are one already."""
    ragged, key = _ragged(net)
    named = {}
    for name, value in _by_name(net, "sizes", sizes).items():
        if not isinstance(value, Tensor):
            value = torch.full(lead, integer(name, value))
        value = _integers("sizes", value)
        if tuple(value.shape) != lead:
            raise ValueError(f"sizes of '{name}' have shape {list(value.shape)}; expected "
                             f"{list(lead)}, one for each sample")
        named[name] = value.reshape(-1)
    read = {space.name for tensor in net.inputs for space in tensor.axes}
    extents = net.sizes_of([value.shape for value in flat], {
        name: max(1, int(value.max())) if value.numel() else 1
        for name, value in named.items() if name not in read})
    return _torch_network_ragged.network_ragged(
        list(flat), params, torch.stack([named[name] for name in ragged._free]), key,
        [extents[name] for name in ragged._free])


def _check_count(net: CompiledNetwork, inputs: Sequence[Any]) -> None:
    if len(inputs) != len(net.inputs):
        names = ", ".join(tensor.name for tensor in net.inputs)
        raise TypeError(f"network '{net.name}' takes {len(net.inputs)} inputs ({names}), not "
                        f"{len(inputs)}")


def _apply(net: CompiledNetwork, key: str, inputs: Sequence[Tensor], params: Tensor,
           sizes: Sizes = None, ptr: Pointers = None) -> Tensor | tuple[Tensor, ...]:
    """The operator on any number of batch axes."""
    if ptr is not None:
        if sizes is not None:
            raise ValueError("ptr= says all sizes: do not give sizes=")
        return _apply_packed(net, inputs, params, ptr)
    of_samples = isinstance(sizes, Tensor) or (
        isinstance(sizes, Mapping) and any(isinstance(size, Tensor) for size in sizes.values()))
    if sizes is None:
        direct = _torch_direct.network(net, key, inputs, params)
        if direct is not None:
            return direct[0] if len(direct) == 1 else direct
    _check_count(net, inputs)
    flat, leads = [], []
    for tensor, value in zip(net.inputs, inputs):
        if not isinstance(value, Tensor):
            raise TypeError(f"{tensor.name} is a {type(value).__name__}; expected a "
                            "torch.Tensor")
        own = len(tensor.axes) + 1
        if value.dim() < own:
            raise ValueError(f"{tensor.name} has {value.dim()} axes; expected at least {own}: "
                             f"any number of batch axes, {len(tensor.axes)} of spaces, and the "
                             "channels")
        leads.append(tuple(value.shape[:value.dim() - own]))
        if leads[-1] != leads[0]:
            raise ValueError(f"{tensor.name} has batch axes {list(leads[-1])}, but "
                             f"{net.inputs[0].name} has {list(leads[0])}")
        flat.append(value.reshape(math.prod(leads[0]), *value.shape[value.dim() - own:]))
    if of_samples:
        outputs = _apply_padded(net, flat, leads[0], params, sizes)
        shaped = tuple(output.reshape(*leads[0], *output.shape[1:]) for output in outputs)
        return shaped[0] if len(shaped) == 1 else shaped
    found = net.sizes_of([value.shape for value in flat], sizes)  # type: ignore
    outputs = _torch_network.network(flat, params, key, [found[name] for name in net._free])
    shaped = tuple(output.reshape(*leads[0], *output.shape[1:]) for output in outputs)
    return shaped[0] if len(shaped) == 1 else shaped


def network(net: CompiledNetwork, *arguments: Tensor,
            sizes: Sizes = None, ptr: Pointers = None) -> Tensor | tuple[Tensor, ...]:
    """Applies a compiled network, differentiably.

    Args:
        net: an `eqc.Network`.
        arguments: its inputs in their order, with any number of batch axes, the same for all;
            then the parameters, [net.size].
        sizes: of spaces that no input has an axis of; or of samples that differ in size the size
            of each, a tensor in the shape of the batch axes, or a dict of such by the names of
            spaces. Of a sample the entries count whose indices are all below its sizes; others
            are not read, and are zero in the result.
        ptr: of packed samples, one after the other without a batch axis, [all entries,
            channels], the running sums of their sizes, [batch + 1]; a dict by names where there
            are several spaces without a size.

    Returns:
        The output; a tuple of them where there are several.

    Raises:
        TypeError, ValueError: an argument has another dtype or shape.
        eqc.KernelError: the computation failed.
    """
    if not isinstance(net, CompiledNetwork):
        raise TypeError(f"net is a {type(net).__name__}; expected an eqc.Network")
    return _apply(net, _registry.network_key(net), arguments[:-1], arguments[-1], sizes, ptr)


class _LayerParameters(nn.Module):
    """Those of one layer: `weight`, and `bias` or None."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        if bias is None:
            self.register_parameter("bias", None)
        else:
            self.bias = nn.Parameter(bias)


class _Layers(nn.Module, Mapping[str, _LayerParameters]):
    """Parameters by the names of layers, any of them: nn.ModuleDict keeps `half` and others for
    itself."""

    def __init__(self, parts: Mapping[str, _LayerParameters]) -> None:
        super().__init__()
        self._modules.update(parts)

    def __getitem__(self, name: str) -> _LayerParameters:
        return self._modules[name]  # type: ignore

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    # Those of nn.Module, not the comparison of mappings.
    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Network(nn.Module):
    """A network of equivariant layers with trained parameters, compiled from a source.

        net = eqc.torch.Network(text, "ppgn")
        y = net(h, a)

    Args:
        source: a text of the .eq language.
        name: which of its networks; may be left out where there is only one.
        gain, inputs, init_n: how weights start, as of `eqc.torch.EquivariantLinear`.
        terms: by the names of layers that are terms of a sum of how many; their weights start
            smaller, so that the sum has the gain.
        options: those of `eqc.compile`.

    Attributes:
        layers: by the name of each layer its `weight` and its `bias`, which is None where it has
            none.

    Raises:
        eqc.CompileError: the source was refused; the exception says where and why.

    Shape:
        Every input is [.., sizes of its axes.., channels], with any number of batch axes; with
        layout = channels_first the channels come before the axes of spaces.
    """

    def __init__(self, source: str, name: str | None = None, *, gain: float = GAIN,
                 inputs: str = INPUTS, init_n: int | None = None,
                 terms: Mapping[str, int] | None = None, **options: Any) -> None:
        super().__init__()
        program = compile(source, **options)
        if name is None:
            if len(program.networks) != 1:
                raise ValueError(f"the source has {len(program.networks)} networks: say which")
            name = next(iter(program.networks))
        net = program.network(name)
        self._key = _registry.network_key(net)
        self.gain, self.inputs, self.init_n = gain, inputs, init_n
        #: By how many layers the sum is that a layer is a term of, where it is one.
        self._terms = dict(terms or {})
        dtype = _torch_network.dtype_of(net)
        self.layers = _Layers({layer_name: _LayerParameters(
            torch.empty(layer.weight_shape, dtype=dtype),
            torch.empty(layer.bias_shape, dtype=dtype) if layer.has_bias else None)
            for layer_name, layer in net.layers.items()})
        self.reset_parameters()

    @property
    def network(self) -> CompiledNetwork:
        """The compiled network."""
        return _registry.network_of(self._key)

    def reset_parameters(self) -> None:
        """Draws new weights, and sets biases to zero."""
        for name, layer in self.network.layers.items():
            part = self.layers[name]
            std = weight_std(layer, n=self.init_n, gain=self.gain / math.sqrt(
                self._terms.get(name, 1)), inputs=self.inputs)
            with torch.no_grad():
                part.weight.normal_().mul_(torch.from_numpy(std).to(part.weight).reshape(
                    -1, *[1] * (part.weight.dim() - 1)))
                if part.bias is not None:
                    part.bias.zero_()

    def flat_parameters(self) -> Tensor:
        """All parameters as the network takes them, one after the other."""
        return torch.cat([value.reshape(-1) for part in self.layers.values()
                          for value in (part.weight, part.bias) if value is not None])

    def forward(self, *inputs: Tensor, sizes: Sizes = None, ptr: Pointers = None
                ) -> Tensor | tuple[Tensor, ...]:
        """Applies the network.

        Args:
            inputs: in their order.
            sizes, ptr: as of `eqc.torch.network`.
        """
        return _apply(self.network, self._key, inputs, self.flat_parameters(), sizes, ptr)

    def extra_repr(self) -> str:
        return repr(self.network)


#: The diagnostics of a layer that could only be zero, and of a bias that could.
_NO_MAPS, _NO_BIAS = "E0031", "E0035"


def _refused(source: str, id: str, options: Options) -> bool:
    """Whether the compiler says this, and nothing else, of a source."""
    try:
        NativeProgram(source, "<layer>", options)
    except CompileError as error:  # others are raised again by who compiles
        return all(diagnostic.id == id for diagnostic in error.diagnostics)
    return False


class _Linears(Network):
    """What `EquivariantLinear` is for several orders: each output is the sum of a layer on every
    input."""

    def forward(self, *inputs: Any, sizes: Sizes = None, ptr: Pointers = None) -> Any:
        """Applies the layers to all inputs, given one by one or as one sequence; `sizes` and
        `ptr` are as of `Network`."""
        if len(inputs) == 1 and not isinstance(inputs[0], Tensor):
            inputs = tuple(inputs[0])
        outputs = super().forward(*inputs, sizes=sizes, ptr=ptr)
        return outputs if isinstance(outputs, tuple) else (outputs,)


def linears(group: str | None, k: Sequence[Any], l: Sequence[Any],  # noqa: E741
            in_channels: Sequence[int], out_channels: Sequence[int], n: int | None,
            bias: bool | None, *, dtype: Any, max_diagrams: int | None, plan: str, gain: float,
            inputs: str, init_n: int | None, **fields: Any) -> Network:
    """Layers from tensors of the orders k to tensors of the orders l, or with axes of these
    spaces, as one network: a layer for each pair that has one, and their sum at each output."""
    for name, orders, channels in (("in_channels", k, in_channels),
                                   ("out_channels", l, out_channels)):
        if not isinstance(channels, Sequence) or len(channels) != len(orders):
            raise ValueError(f"{name} is {channels!r}; expected {len(orders)} numbers, one for "
                             "each order")
    options = Options(plan=plan, max_diagrams=max_diagrams)
    spaces: dict[str, Space] = {}

    def axes(name: str, orders: Sequence[Any]) -> list[str]:
        if group is None:
            return [written_axes(name, order, spaces) for order in orders]
        return [" ".join(["v"] * integer("an order", order)) or "0" for order in orders]

    x_axes, y_axes = axes("k", k), axes("l", l)
    space = declarations(spaces) if group is None else declared_space("v", group, n)

    def layer(i: int, j: int, has_bias: bool) -> str:
        return layer_fields(f"w{j}_{i}", [f"  k = {x_axes[i]}", f"  l = {y_axes[j]}"],
                            channels=(in_channels[i], out_channels[j]), bias=has_bias,
                            dtype=dtype, **fields)

    layers, statements, terms = [], [], {}
    statements += [f"  input x{i} : {written}, {integer('in_channels', in_channels[i])}"
                   for i, written in enumerate(x_axes)]
    for j in range(len(l)):
        pairs = [i for i in range(len(k))
                 if not _refused(space + layer(i, j, False), _NO_MAPS, options)]
        if not pairs:
            raise ValueError(f"there is no map from tensors with axes {', '.join(x_axes)} to one "
                             f"with {y_axes[j]}" if group is None else
                             f"{group} has no map from tensors of order {tuple(k)} to order "
                             f"{l[j]}")
        has_bias = bias is not False
        if bias is None:
            has_bias = not _refused(space + layer(pairs[0], j, True), _NO_BIAS, options)
        for i in pairs:
            layers.append(layer(i, j, has_bias and i == pairs[0]))
            terms[f"w{j}_{i}"] = len(pairs)
        statements.append(f"  output y{j} = " + " + ".join(f"w{j}_{i}(x{i})" for i in pairs))
    source = space + "".join(layers) + "network linears {\n" + "\n".join(statements) + "\n}\n"
    return _Linears(source, "linears", gain=gain, inputs=inputs, init_n=init_n, terms=terms,
                    plan=plan, max_diagrams=max_diagrams)
