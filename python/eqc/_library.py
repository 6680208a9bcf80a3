"""libeqc through ctypes: where it is, and the types of its functions.

Mirrors eqc/compiler.h and eqc/runtime.h; the functions of layers and eqc_layer_info are as the
library itself describes them. Nothing else of the package knows a C type.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import hashlib
import json
import os
import sys
import threading
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass
from pathlib import Path

from eqc.errors import LibraryNotFoundError

__all__ = ["DiagnosticEntry", "CompileOptions", "Interface", "LayerFunction", "NetworkInfo",
           "interface", "library", "fingerprint"]


class DiagnosticEntry(ctypes.Structure):
    """eqc_diagnostic."""

    _fields_ = [
        ("severity", c_int64), ("file", c_char_p),
        *((name, c_int64) for name in ("line", "column", "end_line", "end_column")),
        ("id", c_char_p), ("message", c_char_p), ("fix", c_char_p),
    ]


class CompileOptions(ctypes.Structure):
    """eqc_compile_options."""

    _fields_ = [
        ("struct_size", c_uint64), ("file", c_char_p), ("plan", c_char_p),
        ("cpu", c_char_p), ("optimize", c_int64), ("max_diagrams", c_int64),
        ("single_thread", c_int64), ("forward_only", c_int64),
        ("target", c_char_p), ("chip", c_char_p), ("ragged", c_int64),
    ]


class SpaceInfo(ctypes.Structure):
    """eqc_space_info."""

    _fields_ = [("struct_size", c_uint32), ("name", c_char_p), ("group", c_char_p),
                ("n", c_int64), ("q", c_int64)]


class TensorInfo(ctypes.Structure):
    """eqc_tensor_info."""

    _fields_ = [("struct_size", c_uint32), ("name", c_char_p), ("order", c_int64),
                ("axes", POINTER(ctypes.c_int32)), ("channels", c_int64)]


class NetworkLayerInfo(ctypes.Structure):
    """eqc_network_layer."""

    _fields_ = [("struct_size", c_uint32), ("name", c_char_p), ("offset", c_int64),
                ("size", c_int64), ("bias_offset", c_int64), ("bias_size", c_int64),
                ("layer", c_void_p)]


class NetworkInfo(ctypes.Structure):
    """eqc_network_info."""

    _fields_ = [("struct_size", c_uint32), ("abi", c_uint32),
                *((name, c_char_p) for name in ("name", "dtype", "layout", "spec", "version")),
                ("inputs", c_int64), ("input", POINTER(TensorInfo)),
                ("outputs", c_int64), ("output", POINTER(TensorInfo)),
                ("layers", c_int64), ("layer", POINTER(NetworkLayerInfo)),
                ("spaces", c_int64), ("space", POINTER(SpaceInfo)),
                ("params", c_int64), ("has_backward", c_int64), ("packed_size", c_int64),
                ("sums", c_int64)]


_PROTOTYPES = {
    "eqc_parse": (c_void_p, c_char_p, c_size_t, POINTER(CompileOptions)),
    "eqc_program_compile": (c_int, c_void_p),
    "eqc_program_load": (c_int, c_void_p, c_char_p, c_size_t),
    "eqc_program_free": (None, c_void_p),
    "eqc_program_status": (c_int, c_void_p),
    "eqc_program_num_diagnostics": (c_int64, c_void_p),
    "eqc_program_diagnostic": (POINTER(DiagnosticEntry), c_void_p, c_int64),
    "eqc_program_messages": (c_char_p, c_void_p),
    "eqc_program_num_layers": (c_int64, c_void_p),
    "eqc_program_layer": (c_void_p, c_void_p, c_int64),
    "eqc_program_num_networks": (c_int64, c_void_p),
    "eqc_program_network": (POINTER(NetworkInfo), c_void_p, c_int64),
    "eqc_program_diagram": (c_char_p, c_void_p, c_int64, c_int, c_int64),
    "eqc_program_packed_size": (c_int64, c_void_p, c_int64),
    "eqc_program_explain": (c_char_p, c_void_p, c_int),
    "eqc_program_draw": (c_char_p, c_void_p, c_int),
    "eqc_program_code": (c_void_p, c_void_p, POINTER(c_size_t)),
    "eqc_program_function": (c_void_p, c_void_p, c_char_p),
    "eqc_interface_json": (c_char_p,),
    "eqc_native_cpu": (c_char_p,),
    "eqc_cuda_chip": (c_char_p, c_int64),
    "eqc_cuda_device_chip": (c_int, c_int),
    "eqc_cuda_push_device": (c_int, c_int),
    "eqc_cuda_pop_device": (c_int, c_int),
    "eqc_prepare_fork": (None,),
    "eqc_run": (c_int, c_int, POINTER(c_char_p)),
    "eqc_version": (c_char_p,),
    "eqc_last_error": (c_char_p,),
    "eqc_status_string": (c_char_p, c_int),
    "eqc_set_num_threads": (c_int, c_int),
}


def _candidates() -> list[Path]:
    """Where libeqc may be, the likeliest first."""
    package = Path(__file__).resolve().parent
    found = [package / "libeqc.so",
             package.parent.parent / "build" / "lib" / "libeqc.so",
             # Where CMake installs both, and packages of the system.
             package.parents[2] / "libeqc.so.0",
             Path(sys.prefix) / "lib" / "libeqc.so"]
    installed = ctypes.util.find_library("eqc")
    return found + ([Path(installed)] if installed else [])


def _find() -> Path:
    asked = os.environ.get("EQC_LIBRARY")
    if asked:
        if not os.path.isfile(asked):
            raise LibraryNotFoundError(f"EQC_LIBRARY names '{asked}', which is no file")
        return Path(asked)
    places = _candidates()
    for path in places:
        # A bare name is one that the system's loader finds.
        if path.is_file() or path.parent == Path("."):
            return path
    raise LibraryNotFoundError(
        "libeqc was not found; build eqc (scripts/build.sh), or set EQC_LIBRARY to the path "
        "of libeqc.so. Looked at: " + ", ".join(map(str, places)))


#: Held while the library is loaded, and around forks, so that no child starts with half of it.
_loading = threading.Lock()
_loaded: tuple[ctypes.CDLL, Path] | None = None


def _before_fork() -> None:
    """Waits for other threads inside the compiler, which fork would do too, but with Python's
    lock held."""
    _loading.acquire()
    if _loaded is not None:
        _loaded[0].eqc_prepare_fork()


os.register_at_fork(before=_before_fork, after_in_parent=_loading.release,
                    after_in_child=_loading.release)


def _load() -> tuple[ctypes.CDLL, Path]:
    global _loaded
    if _loaded is None:
        with _loading:
            if _loaded is None:
                _loaded = _open(_find())
    return _loaded


def _open(path: Path) -> tuple[ctypes.CDLL, Path]:
    try:
        result = ctypes.CDLL(str(path))
        path = _file_of(result.eqc_version) or path
        for name, (restype, *argtypes) in _PROTOTYPES.items():
            function = getattr(result, name)
            function.restype = restype
            function.argtypes = argtypes
    except (OSError, AttributeError) as error:
        raise LibraryNotFoundError(f"'{path}' is not a usable libeqc: {error}") from error
    return result, path


class _ImageInfo(ctypes.Structure):
    """Dl_info of dlfcn.h."""

    _fields_ = [("file", c_char_p), ("base", c_void_p), ("symbol", c_char_p),
                ("address", c_void_p)]


def _file_of(function: ctypes._CFuncPtr) -> Path | None:
    """The library that a function is in, wherever the system's loader found it."""
    dladdr = ctypes.CDLL(None).dladdr
    dladdr.argtypes = (c_void_p, POINTER(_ImageInfo))
    info = _ImageInfo()
    found = dladdr(ctypes.cast(function, c_void_p), ctypes.byref(info))
    return Path(os.fsdecode(info.file)) if found and info.file else None


def library() -> ctypes.CDLL:
    """libeqc, loaded on first use.

    Raises:
        LibraryNotFoundError: there is none, or it is not one this package can use.
    """
    return _load()[0]


@dataclass(frozen=True)
class LayerFunction:
    """A function that layers have, NAME_<name>."""

    name: str
    takes_sizes: bool
    takes_batch: bool
    arrays: int
    in_bytes: bool = False  #: it returns bytes, not a status
    takes_backward: bool = False
    takes_workspace: bool = False
    takes_stream: bool = False
    takes_sample_sizes: bool = False  #: of ragged batches
    takes_report: bool = False  #: a text that is written, and its size

    @classmethod
    def of(cls, f: dict) -> LayerFunction:
        """From its description by libeqc."""
        return cls(f["name"], f["sizes"], f["batch"], len(f["arrays"]), f["result"] == "bytes",
                   f.get("backward", False), f.get("workspace", False), f.get("stream", False),
                   f["ragged"], f["report"])

    def prototype(self, sizes: int) -> type:
        """Its type, for a layer that is given so many sizes in every call."""
        numbers = (sizes if self.takes_sizes else 0) + self.takes_batch
        pointers = (self.takes_sample_sizes + self.arrays + self.takes_workspace
                    + self.takes_stream)
        return ctypes.CFUNCTYPE(
            c_int64 if self.in_bytes else c_int, *[c_int64] * numbers,
            *[c_int] * self.takes_backward, *[c_void_p] * pointers,
            *[ctypes.c_char_p, ctypes.c_size_t] * self.takes_report)


@dataclass(frozen=True)
class Interface:
    """How layers are called and described, as libeqc says."""

    functions: dict[str, LayerFunction]  #: those to call, by name
    cuda_functions: dict[str, LayerFunction]  #: of layers for GPUs
    bilinear_functions: dict[str, LayerFunction]  #: of layers of two inputs
    layer_info: type[ctypes.Structure]  #: eqc_layer_info
    size_units: dict[str, int]  #: what n is a multiple of, by group


_FIELD_TYPES = {"uint32": c_uint32, "int64": c_int64, "text": c_char_p,
                "spaces": ctypes.POINTER(SpaceInfo), "axes": ctypes.POINTER(ctypes.c_int32)}


@functools.cache
def interface() -> Interface:
    """The interface of the library's layers."""
    described = json.loads(library().eqc_interface_json())
    functions, cuda_functions, bilinear_functions = (
        {f["name"]: LayerFunction.of(f) for f in described[kind] if f["result"] != "info"}
        for kind in ("functions", "cuda_functions", "bilinear_functions"))
    fields = [(field["name"], _FIELD_TYPES[field["type"]]) for field in described["info"]]
    layer_info = type("LayerInfo", (ctypes.Structure,), {"_fields_": fields})
    return Interface(functions, cuda_functions, bilinear_functions, layer_info,
                     {group["name"]: group["size_unit"] for group in described["groups"]})


@functools.cache
def fingerprint() -> str:
    """Tells two builds of libeqc apart: a hash of the file."""
    _, path = _load()
    return hashlib.sha256(library().eqc_version() + path.read_bytes()).hexdigest()
