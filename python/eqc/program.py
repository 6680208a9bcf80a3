"""The layers of a source."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from eqc._native import NativeProgram, Options
from eqc.layer import Layer

__all__ = ["Program", "compile", "compile_file"]


class Program(Mapping[str, Layer]):
    """Compiled layers by name, in the order of their source. `program["graph"]` is a `Layer`;
    so is `program.layer`, if there is only one."""

    def __init__(self, native: NativeProgram) -> None:
        layers = (Layer._of(native, i) for i in range(native.layer_count))
        self._layers = {layer.name: layer for layer in layers}

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

    def __repr__(self) -> str:
        lines = "".join(f"\n  {layer!r}" for layer in self._layers.values())
        return f"<eqc.Program of {len(self)} layer{'s' * (len(self) != 1)}:{lines}>"


def compile(source: str, *, file: str = "<string>", plan: str = "auto",  # noqa: A001
            cpu: str = "native", optimize: int = 3, max_diagrams: int | None = None,
            threads: bool = True, grad: bool = True,
            cache: bool = True) -> Program:
    """Compiles a source in the .eq language for this machine.

    Args:
        source: the text.
        file: how messages name it.
        plan, cpu, optimize, max_diagrams, threads, grad: as --plan, --cpu, -O,
            --max-diagrams, --threads, --grad of the command line.
        cache: whether compiled code may be kept on disk.

    Raises:
        CompileError: the source was refused; the exception knows where and why.
    """
    if not isinstance(source, str):
        raise TypeError(f"source is a {type(source).__name__}; expected a string")
    native = NativeProgram(source, file,
                           Options(plan, cpu, optimize, max_diagrams, threads, grad))
    native.load(cache)
    return Program(native)


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
