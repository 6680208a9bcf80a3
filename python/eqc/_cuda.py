"""Layers on NVIDIA GPUs: compiled for a device's chip on first use, called on its memory.

`call` is all that a framework needs: a function of a layer, sizes, device pointers, which device,
which stream, and where the workspace comes from. Nothing here knows a framework.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from eqc._library import library
from eqc._native import NativeProgram, Options, check_status
from eqc._registry import Once
from eqc.errors import Error

__all__ = ["DeviceLayer", "Place", "call", "chip_of", "layer_for"]


class Place(NamedTuple):
    """Where a call computes."""

    device: int  #: its number, as CUDA counts
    stream: int  #: a CUstream; 0 for the legacy default stream


class DeviceLayer:
    """The functions of the one layer of a source, for GPUs of one chip."""

    def __init__(self, source: str, options: Options, chip: str) -> None:
        self._program = NativeProgram(source, "<layer>", options, chip)
        self._program.load()
        info = self._program.info(0)
        self.name: str = info.name.decode()
        self.sized: bool = info.n == -1

    @functools.lru_cache(maxsize=None)  # noqa: B019 (layers are kept for good)
    def function(self, name: str) -> Any:
        """NAME_<name>; None where there is none."""
        return self._program.function(self.name, name, int(self.sized))

    def address(self, name: str) -> int:
        return self._program.address(f"{self.name}_{name}")


_layers: Once[DeviceLayer] = Once()


def layer_for(key: str, chip: str) -> DeviceLayer:
    """The layer of `_registry.key_of`, for a chip; compiled on first use."""
    def compiled() -> DeviceLayer:
        options = json.loads(key)
        source = options.pop("source")
        return DeviceLayer(source, Options(**{**options, "ragged": False}), chip)

    return _layers.get(f"{chip} {key}", compiled)


@functools.lru_cache(maxsize=None)
def chip_of(device: int) -> str:
    """The chip whose code a device runs.

    Raises:
        KernelError: there is no such device, or no driver.
        Error: the device is older than all that eqc compiles for.
    """
    number = library().eqc_cuda_device_chip(device)
    check_status(min(number, 0))
    chip = library().eqc_cuda_chip(number)
    if not chip:
        raise Error(f"GPU {device} has compute capability {number // 10}.{number % 10}; layers "
                    "are compiled for 7.5 and newer")
    return chip.decode()


def call(key: str, name: str, n: int, batch: int, arrays: Sequence[int | None], place: Place,
         allocate: Callable[[int], int]) -> None:
    """Enqueues NAME_forward or NAME_backward.

    Args:
        key: as of `_registry.key_of`.
        name: "forward" or "backward".
        arrays: device pointers, as the header has them.
        allocate: device memory for a workspace of so many bytes, at least 1. It stays until
            the work is done, or is only given to others whose work comes later on the stream.

    Raises:
        KernelError: an argument was refused, or the driver reported an error.
        CompileError: the layer cannot be compiled for the device.
    """
    layer = layer_for(key, chip_of(place.device))
    sizes = (n, batch) if layer.sized else (batch,)
    lib = library()
    check_status(lib.eqc_cuda_push_device(place.device))
    try:
        count = layer.function("workspace_bytes")(*sizes, name == "backward")
        check_status(min(count, 0))
        workspace = allocate(count) if count > 0 else None
        check_status(layer.function(f"{name}_in")(*sizes, *arrays, workspace, place.stream))
    finally:
        lib.eqc_cuda_pop_device(place.device)
