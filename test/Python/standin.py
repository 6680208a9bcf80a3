"""The CUDA driver without a GPU (compiler/Check/StandIn), whose memory is that of this process
and which executes kernels as their PTX says."""

import ctypes
import os

import numpy as np

from eqc import _cuda

driver = ctypes.CDLL(os.environ["EQC_CUDA_DRIVER"])
driver.standin_allocate.restype = ctypes.c_void_p
driver.standin_allocate.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
driver.standin_release.argtypes = [ctypes.c_void_p]
driver.standin_violations.restype = ctypes.c_char_p
driver.standin_live_modules.restype = ctypes.c_size_t


def start(chip=90):
    driver.standin_interpret(chip)
    _cuda.chip_of.cache_clear()


def violations():
    return driver.standin_violations().decode()


class Array:
    """Device memory for an array of the host, between pages that nobody may touch."""

    def __init__(self, values, offset=0):
        self.values = np.ascontiguousarray(values)
        self.pointer = driver.standin_allocate(max(self.values.nbytes, 1), offset)
        ctypes.memmove(self.pointer, self.values.ctypes.data, self.values.nbytes)

    def read(self):
        result = np.empty_like(self.values)
        ctypes.memmove(result.ctypes.data, self.pointer, self.values.nbytes)
        return result

    def release(self):
        driver.standin_release(self.pointer)


def call_on_device(key, name, n, batch, arrays, place, allocate, call=_cuda.call):
    """`_cuda.call` for arrays of the host, given as (pointer, bytes): they are copied there, and
    all of them back. `allocate` is not asked: its memory is the host's too."""
    views = [None if array is None else
             np.ctypeslib.as_array((ctypes.c_ubyte * array[1]).from_address(array[0]))
             if array[1] else np.empty(0, np.uint8) for array in arrays]
    device = [None if view is None else Array(view) for view in views]
    work = []

    def workspace(count):
        work.append(Array(np.full(count, 0xff, np.uint8)))
        return work[0].pointer

    try:
        call(key, name, n, batch, [None if array is None else array.pointer
                                   for array in device], place, workspace)
        for view, array in zip(views, device):
            if view is not None and view.size:
                view[:] = array.read()
    finally:
        for array in [*device, *work]:
            if array is not None:
                array.release()
