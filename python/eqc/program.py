"""The layers of a source."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from eqc._native import NativeProgram, Options
from eqc.layer import Layer
from eqc.network import Network
from eqc.report import Reported

__all__ = ["Program", "compile", "compile_file"]


class Program(Mapping[str, Layer], Reported):
    """Compiled layers by name, in the order of their source. `program["graph"]` is a `Layer`;
    so is `program.layer`, if there is only one. `program.network("ppgn")` is a `Network`.

    Immutable. Programs of equal layers in the same order are equal; a pickled one carries its
    source and its options, and is compiled where it is loaded."""

    def __init__(self, native: NativeProgram) -> None:
        self._native = native
        layers = (Layer._of(native, i) for i in range(native.layer_count))
        self._layers = {layer.name: layer for layer in layers}
        infos = (native.network_info(i) for i in range(native.network_count))
        networks = (Network(native, info, self._layers) for info in infos)
        self._networks = {network.name: network for network in networks}

    def __getitem__(self, name: str) -> Layer:
        try:
            return self._layers[name]
        except KeyError:
            names = ", ".join(self._layers)
            raise KeyError(f"no layer '{name}'; there are: {names}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Program):
            return NotImplemented
        return (list(self._layers.values()) == list(other._layers.values())
                and list(self._networks.values()) == list(other._networks.values()))

    def __hash__(self) -> int:
        return hash(tuple(self._layers.values()))

    def _reported(self) -> tuple[str, str, Options]:
        return self._native.source, self._native.file, self._native.options

    def __copy__(self) -> Program:
        return self

    def __deepcopy__(self, memo: dict) -> Program:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        native = self._native
        return _compile, (native.source, native.file, asdict(native.options), native.use_cache)

    @property
    def layer(self) -> Layer:
        """The only layer.

        Raises:
            ValueError: there are several.
        """
        if len(self._layers) != 1:
            raise ValueError(f"the program has {len(self._layers)} layers: "
                             + ", ".join(self._layers))
        return next(iter(self._layers.values()))

    @property
    def networks(self) -> Mapping[str, Network]:
        """The networks by name, in the order of the source."""
        return MappingProxyType(self._networks)

    def network(self, name: str) -> Network:
        """A network.

        Raises:
            KeyError: there is none of this name.
        """
        try:
            return self._networks[name]
        except KeyError:
            names = ", ".join(self._networks) or "none"
            raise KeyError(f"no network '{name}'; there are: {names}") from None

    def __repr__(self) -> str:
        lines = "".join(f"\n  {layer!r}" for layer in self._layers.values())
        return f"<eqc.Program of {len(self)} layer{'s' * (len(self) != 1)}:{lines}>"


def _compile(source: str, file: str, options: dict[str, Any], cache: bool) -> Program:
    native = NativeProgram(source, file, Options(**options))
    native.load(cache)
    return Program(native)


def compile(source: str, *, file: str = "<string>", plan: str = "auto",  # noqa: A001
            cpu: str = "native", optimize: int = 3, max_diagrams: int | None = None,
            threads: bool = True, grad: bool = True, ragged: bool = False,
            cache: bool = True) -> Program:
    """Compiles a source in the .eq language for this machine.

    Args:
        source: the text.
        file: how messages name it.
        plan, cpu, optimize, max_diagrams, threads, grad, ragged: as --plan, --cpu, -O,
            --max-diagrams, --threads, --grad, --ragged of the command line.
        cache: whether compiled code may be kept on disk.

    Raises:
        CompileError: the source was refused; the exception knows where and why.
    """
    if not isinstance(source, str):
        raise TypeError(f"source is a {type(source).__name__}; expected a string")
    return _compile(source, file, dict(plan=plan, cpu=cpu, optimize=optimize, threads=threads,
                                       max_diagrams=max_diagrams, grad=grad,
                                       ragged=ragged), cache)


def compile_file(path: str | os.PathLike[str], **options: object) -> Program:
    """Compiles a file; the options are those of `compile`.

    Raises:
        OSError: it cannot be read.
        CompileError: as `compile`.
    """
    with open(path, "rb") as file:
        # Bytes that are no UTF-8 reach the compiler as they are, and it says where.
        source = file.read().decode("utf-8", "surrogateescape")
    return compile(source, file=os.fspath(path), **options)  # type: ignore[arg-type]
