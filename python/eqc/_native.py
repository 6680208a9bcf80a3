"""A source as compiled functions: the steps of eqc/compiler.h, with the cache between."""

from __future__ import annotations

import atexit  # noqa: F401 (which weakref imports when it is first used: see _arrays.py)
import ctypes
import json
import weakref
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields

from eqc import _cache
from eqc._library import CompileOptions, NetworkInfo, fingerprint, interface, library
from eqc.errors import CompileError, Diagnostic, Error, KernelError

__all__ = ["Options", "NativeProgram", "check_status", "key_of_source",
           "source_for_bias"]


@dataclass(frozen=True)
class Options:
    """What the compiler is asked for besides the source."""

    plan: str = "auto"
    cpu: str = "native"
    optimize: int = 3
    max_diagrams: int | None = None
    threads: bool = True
    grad: bool = True
    ragged: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            # bool is an int, but optimize=True is a mistake.
            kinds = {"str": (str,), "int": (int,), "bool": (bool,),
                     "int | None": (int, type(None))}[str(field.type)]
            if not isinstance(value, kinds) or isinstance(value, bool) != (kinds == (bool,)):
                raise TypeError(f"{field.name} is {value!r}; expected {field.type}")
        if not 0 <= self.optimize <= 3:
            raise ValueError(f"optimize is {self.optimize}; expected 0 to 3")
        if self.max_diagrams is not None and not 1 <= self.max_diagrams < 2**63:
            raise ValueError(f"max_diagrams is {self.max_diagrams}; expected a positive number")


def key_of_source(source: str, options: Options) -> str:
    """A text that says all about the one layer of a source."""
    return json.dumps({"source": source, **asdict(options)}, sort_keys=True)


#: The diagnostic for a bias where the group has none.
_NO_BIAS = "E0035"


def source_for_bias(source_of: Callable[[bool], str], bias: bool | None,
                    options: Options) -> str:
    """The source for a layer with a bias, without, or (None) with one where its group has
    one. The compiler knows; it is asked."""
    if bias is None:
        bias = True
        try:
            NativeProgram(source_of(bias), "<layer>", options)
        except CompileError as error:  # others will be raised again, by who compiles
            bias = all(diagnostic.id != _NO_BIAS for diagnostic in error.diagnostics)
    return source_of(bias)


_SEVERITIES = ("error", "note", "help")


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def check_status(status: int) -> None:
    """Raises KernelError for what a compiled function returned, unless it is EQC_OK."""
    if status != 0:
        lib = library()
        name = _text(lib.eqc_status_string(status))
        detail = _text(lib.eqc_last_error())
        raise KernelError(status, f"{name} ({detail})" if detail and detail not in name else name)


class NativeProgram:
    """Owns an eqc_program: reads the source when made, compiles in `load`. Functions live as
    long as this object.

    chip: of the GPU to compile for, such as "sm_90"; empty for this machine's CPU."""

    def __init__(self, source: str, file: str, options: Options, chip: str = "") -> None:
        data = source.encode("utf-8", "surrogateescape")
        self.source, self.file, self.options, self.chip = source, file, options, chip
        native = CompileOptions(
            struct_size=ctypes.sizeof(CompileOptions),
            file=file.encode("utf-8", "surrogateescape"), plan=options.plan.encode(),
            cpu=None if chip else options.cpu.encode(), optimize=options.optimize + 1,
            max_diagrams=options.max_diagrams or 0, single_thread=not options.threads,
            forward_only=not options.grad, target=b"cuda" if chip else None,
            chip=chip.encode() or None, ragged=options.ragged)
        self._lib = library()
        self._program = self._lib.eqc_parse(data, len(data), ctypes.byref(native))
        if not self._program:
            raise MemoryError("no memory for a program")
        self._finalizer = weakref.finalize(self, self._lib.eqc_program_free, self._program)
        # At exit the process's memory goes anyway, and other threads may be inside.
        self._finalizer.atexit = False
        self.loaded = False
        self.use_cache = True
        self._check()

    def _check(self) -> None:
        status = self._lib.eqc_program_status(self._program)
        if status != 0:
            raise CompileError(self._diagnostics(), status,
                               _text(self._lib.eqc_program_messages(self._program)))

    def _diagnostics(self) -> tuple[Diagnostic, ...]:
        errors: list[dict] = []
        for i in range(self._lib.eqc_program_num_diagnostics(self._program)):
            entry = self._lib.eqc_program_diagnostic(self._program, i).contents
            values = {
                "severity": _SEVERITIES[entry.severity], "message": _text(entry.message),
                "file": _text(entry.file), "line": entry.line, "column": entry.column,
                "end_line": entry.end_line, "end_column": entry.end_column,
                "id": _text(entry.id), "fix": _text(entry.fix) if entry.fix else None}
            if entry.severity == 0 or not errors:
                errors.append({**values, "related": ()})
            else:
                errors[-1]["related"] += (Diagnostic(**values),)
        return tuple(Diagnostic(**values) for values in errors)

    @property
    def layer_count(self) -> int:
        return self._lib.eqc_program_num_layers(self._program)

    def info(self, layer: int) -> ctypes.Structure:
        """eqc_layer_info of a layer."""
        return interface().layer_info.from_address(
            self._lib.eqc_program_layer(self._program, layer))

    def diagrams(self, layer: int, bias: bool) -> tuple[str, ...]:
        info = self.info(layer)
        count = info.bias_diagrams if bias else info.diagrams
        return tuple(_text(self._lib.eqc_program_diagram(self._program, layer, bias, i))
                     for i in range(count))

    def packed_size(self, layer: int) -> int:
        return self._lib.eqc_program_packed_size(self._program, layer)

    def _reported(self, text: bytes | None) -> str:
        if text is None:
            self._check()
        return _text(text)

    def explain(self, as_json: bool) -> str:
        """What `eqc explain` prints, with or without --json."""
        return self._reported(self._lib.eqc_program_explain(self._program, as_json))

    def draw(self, plan: bool) -> str:
        """What `eqc draw` draws, with or without --plan: SVG."""
        return self._reported(self._lib.eqc_program_draw(self._program, plan))

    @property
    def network_count(self) -> int:
        return self._lib.eqc_program_num_networks(self._program)

    def network_info(self, network: int) -> NetworkInfo:
        """eqc_network_info of a network."""
        return self._lib.eqc_program_network(self._program, network).contents

    def _key(self) -> str:
        """Everything that the code depends on."""
        cpu = self.chip or self.options.cpu
        if "native" in cpu.split(","):
            cpu = _text(self._lib.eqc_native_cpu())
        specs = [*(_text(self.info(i).spec) for i in range(self.layer_count)),
                 *(_text(self.network_info(i).spec) for i in range(self.network_count))]
        options = self.options
        return _cache.key_of(fingerprint(), cpu, options.plan, str(options.optimize),
                             str(options.threads), str(options.grad), str(options.ragged),
                             *specs)

    def load(self, use_cache: bool = True) -> None:
        """Makes the functions callable: from the cache, else by compiling."""
        if self.loaded:
            return
        self.use_cache = use_cache
        key = self._key() if use_cache else ""
        code = _cache.read(key) if use_cache else None
        if code is not None and self._lib.eqc_program_load(self._program, code, len(code)) == 0:
            self.loaded = True
            return
        if code is not None:
            raise Error("code of the cache did not load; remove the folder "
                        f"'{_cache.directory()}' and report this as a bug of eqc")
        self._lib.eqc_program_compile(self._program)
        self._check()
        length = ctypes.c_size_t()
        address = self._lib.eqc_program_code(self._program, ctypes.byref(length))
        self._lib.eqc_program_load(self._program, None, 0)
        self._check()
        self.loaded = True
        if use_cache:
            _cache.write(key, ctypes.string_at(address, length.value))

    def function(self, layer: str, name: str, sizes: int,  # noqa: ANN201 (ctypes)
                 functions: dict | None = None):
        """The function NAME_<name> of a layer that takes so many sizes in calls; or None.
        Calls release Python's lock."""
        address = self.address(f"{layer}_{name}")
        if self.chip:
            functions = interface().cuda_functions
        functions = functions or interface().functions
        return functions[name].prototype(sizes)(address) if address else None

    def address(self, name: str) -> int:
        """Where a function is, 0 if there is none."""
        return self._lib.eqc_program_function(self._program, name.encode()) or 0
