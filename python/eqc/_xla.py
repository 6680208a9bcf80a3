"""The layers' functions as foreign functions of XLA (`_xla.c`)."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shlex
import subprocess
import tempfile
import threading
from pathlib import Path

import jax

from eqc import _cache, _cuda, _registry
from eqc._library import library
from eqc.errors import Error
from eqc.layer import Layer

__all__ = ["handlers", "name_of", "register"]

_SOURCE = Path(__file__).with_name("_xla.c")

#: What XLA calls, on CPUs; the first two on GPUs too.
TARGETS = ("forward", "backward", "forward_padded", "backward_padded")

_lock = threading.Lock()
_loaded: ctypes.CDLL | None = None


@functools.lru_cache(maxsize=4096)
def name_of(layer: Layer) -> str:
    """What XLA programs call a layer."""
    return hashlib.sha256(_registry.key_of(layer).encode()).hexdigest()


class _Entry(ctypes.Structure):
    """eqc_xla_layer."""

    _fields_ = [("name", ctypes.c_char * 80), ("chip", ctypes.c_char * 16),
                *((name, ctypes.c_void_p) for name in
                  ("forward", "backward", "workspace_bytes", "forward_padded",
                   "backward_padded")),
                *((name, ctypes.c_int64) for name in
                  ("sized", "k", "l", "x_axis", "y_axis", "channels_first", "element_bytes",
                   "weight_bytes"))]


def _build(folder: str) -> bytes:
    """The handlers, compiled."""
    compiler = shlex.split(os.environ.get("CC") or "cc")
    output = Path(folder) / "handlers.so"
    command = [*compiler, "-std=c11", "-O2", "-fPIC", "-shared", "-I", jax.ffi.include_dir(),
               str(_SOURCE), "-o", str(output)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Error(f"eqc.jax needs a C compiler on first use; '{compiler[0]}' cannot be run: "
                    f"{error.strerror}. Set CC.") from error
    if run.returncode != 0:
        raise Error(f"eqc.jax could not compile its handlers: {shlex.join(command)}\n"
                    f"{run.stderr}")
    return output.read_bytes()


class _Gpu(ctypes.Structure):
    """eqc_xla_gpu."""

    _fields_ = [(name, ctypes.c_void_p) for name in
                ("push_device", "pop_device", "device_chip", "chip")]


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_char), ctypes.c_int64, ctypes.c_char_p,
                  ctypes.POINTER(ctypes.c_char), ctypes.c_int64)
def _resolve(source, size, chip, message, message_size):  # noqa: ANN001, ANN202
    """resolve_layer: for XLA programs that another process made, and for GPUs."""
    try:
        register(_registry.layer_of(ctypes.string_at(source, size).decode()), chip.decode())
        return 1
    except Exception as error:  # there is no caller in Python to raise it to
        text = f"eqc: the program's layer cannot be had here: {error}".encode()
        ctypes.memmove(message, text[:message_size - 1] + b"\0",
                       min(len(text), message_size - 1) + 1)
        return 0


def handlers() -> ctypes.CDLL:
    """The handlers, registered with XLA."""
    global _loaded
    if _loaded is None:
        loaded = _load()
        with _lock:
            if _loaded is None:
                for platform, prefix, names in (
                        ("cpu", "eqc_xla", TARGETS), ("CUDA", "eqc_xla_cuda", TARGETS[:2])):
                    for name in names:
                        function = getattr(loaded, f"{prefix}_{name}")
                        jax.ffi.register_ffi_target(
                            f"eqc_xla_{name}", jax.ffi.pycapsule(function), platform=platform)
                _loaded = loaded
    return _loaded


def _load() -> ctypes.CDLL:
    header = Path(jax.ffi.include_dir()) / "xla" / "ffi" / "api" / "c_api.h"
    key = _cache.key_of("xla", _SOURCE.read_text(), header.read_text(), os.uname().machine)
    with tempfile.TemporaryDirectory(prefix="eqc-") as folder:
        code = _cache.read(key)
        if code is None:
            code = _build(folder)
            _cache.write(key, code)
        # From a file of our own: that of the cache may change.
        path = Path(folder) / "loaded.so"
        path.write_bytes(code)
        loaded = ctypes.CDLL(str(path))
    loaded.eqc_xla_register.argtypes = [ctypes.POINTER(_Entry)]
    lib = library()
    gpu = _Gpu(*(ctypes.cast(function, ctypes.c_void_p) for function in (
        lib.eqc_cuda_push_device, lib.eqc_cuda_pop_device, lib.eqc_cuda_device_chip,
        lib.eqc_cuda_chip)))
    loaded.eqc_xla_setup(lib.eqc_status_string, lib.eqc_last_error, _resolve, ctypes.byref(gpu))
    return loaded


@functools.lru_cache(maxsize=4096)
def register(layer: Layer, chip: str = "") -> None:
    """Makes a layer known to the handlers, on GPUs of a chip or on the CPU."""
    # The first of equal layers, which is never let go: XLA programs call it.
    layer = _registry.layer_of(_registry.key_of(layer))
    names = ("forward_in", "backward_in") if chip else ("forward", "backward")
    if chip:
        find = _cuda.layer_for(_registry.key_of(layer), chip).address
    else:
        def find(name: str) -> int:
            return layer._program.address(f"{layer.name}_{name}")

    entry = _Entry(name=name_of(layer).encode(), chip=chip.encode(), forward=find(names[0]),
                   backward=find(names[1]) or None,
                   workspace_bytes=find("workspace_bytes") if chip else None,
                   **({} if chip else {name: find(name) or None for name in TARGETS[2:]}),
                   sized=layer.n is None, k=layer.k, l=layer.l,
                   x_axis=layer._free.plain_axis(layer._axes["x"]),
                   y_axis=layer._free.plain_axis(layer._axes["y"]),
                   channels_first=layer.layout == "channels_first",
                   element_bytes=layer.dtype.itemsize,
                   weight_bytes=layer.weight_dtype.itemsize)
    if not handlers().eqc_xla_register(ctypes.byref(entry)):
        raise MemoryError("no memory for a layer")
