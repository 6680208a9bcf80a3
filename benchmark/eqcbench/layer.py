"""Layers compiled by eqc, called through ctypes."""

import ctypes
import os
import re
import subprocess
import time

import numpy as np


class _Info(ctypes.Structure):
    """eqc_layer_info of <eqc/runtime.h>."""
    _fields_ = ([("struct_size", ctypes.c_uint32), ("abi", ctypes.c_uint32)] +
                [(name, ctypes.c_char_p) for name in (
                    "name", "group", "dtype", "layout", "normalize", "plan",
                    "spec", "version")] +
                [(name, ctypes.c_int64) for name in (
                    "n", "k", "l", "c_in", "c_out", "diagrams",
                    "bias_diagrams", "weight_size", "bias_size", "batch",
                    "has_backward")])


class CompileError(Exception):
    """eqc refused; the message is its first line."""


def layer_sources(text):
    """The layers of a .eq file of the suite: name -> source."""
    return {match.group(1): match.group(0) + "\n" for match
            in re.finditer(r"layer\s+(\w+)\s*\{[^}]*\}", text)}


def first_line(text):
    """What a report says of an error; no folder of this machine belongs there.
    """
    lines = text.strip().splitlines()
    return re.sub(r"\S*/(\S)", r"\1", lines[0]) if lines else ""


def run_eqc(eqc, arguments):
    done = subprocess.run([eqc, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise CompileError(first_line(done.stderr) or
                           f"status {done.returncode}")
    return done.stdout


class Layer:
    """One layer in a shared library of its own."""

    def __init__(self, eqc, source, folder, plan="auto", gradients=False,
                 options=()):
        self.source, self.eqc = source, eqc
        self.name = next(iter(layer_sources(source)))
        base = os.path.join(folder, f"{self.name}-{plan}")
        self.path = base + ".eq"
        with open(self.path, "w") as out:
            out.write(source)
        self.object = base + ".o"
        run_eqc(eqc, ["compile", self.path, f"--plan={plan}", "--emit=shared",
                      "--grad" if gradients else "--no-grad",
                      "-o", base + ".so", *options])
        self._load(base + ".so")

    def _load(self, path):
        self.library = ctypes.CDLL(path)
        info = getattr(self.library, self.name + "_info")
        info.restype = ctypes.POINTER(_Info)
        info = info().contents
        self.n, self.k, self.l = info.n, info.k, info.l
        self.c_in, self.c_out = info.c_in, info.c_out
        self.diagrams, self.bias_diagrams = info.diagrams, info.bias_diagrams
        self.group, self.plan = info.group.decode(), info.plan.decode()
        self.layout = info.layout.decode()
        self.dtype = np.dtype(
            {"f32": np.float32, "f64": np.float64}[info.dtype.decode()])

    def compile_object(self, eqc):
        """(seconds, bytes) of what a user compiles, gradients included."""
        start = time.perf_counter()
        run_eqc(eqc, ["compile", self.path, "-o", self.object])
        return time.perf_counter() - start, os.path.getsize(self.object)

    def set_threads(self, threads):
        self.library.eqc_set_num_threads(threads)

    def x_shape(self, batch):
        return (batch,) + (self.n,) * self.k + (self.c_in,)

    def y_shape(self, batch):
        return (batch,) + (self.n,) * self.l + (self.c_out,)

    def call(self, x, weight, bias, y):
        """A function of no arguments that runs the layer on these arrays; it
        has run once."""
        return self._bound("forward", x, weight, bias, y)

    def call_backward(self, x, weight, grad_y, grad_x, grad_weight,
                      grad_bias=None):
        """The same for the gradients, of layers compiled with them."""
        return self._bound("backward", x, weight, grad_y, grad_x, grad_weight,
                           grad_bias)

    def _bound(self, name, *arrays):
        function = getattr(self.library, f"{self.name}_{name}")
        function.argtypes = [ctypes.c_int64] + [ctypes.c_void_p] * len(arrays)
        arguments = (arrays[0].shape[0], *(
            a.ctypes.data if a is not None else None for a in arrays))
        status = function(*arguments)
        if status != 0:
            raise RuntimeError(f"{self.name}_{name} returned {status}")

        def run(_=arrays):  # alive as long as the function is
            return function(*arguments)
        return run


class LoadedLayer(Layer):
    """A layer of a shared library that exists, for this machine or for GPUs."""

    def __init__(self, path, name):
        self.name = name
        self._load(path)

    def call_at(self, batch, pointers, last=()):
        """A function of no arguments that runs the layer on arrays that lie at
        these addresses; `last` is what it takes besides, the stream of GPUs."""
        function = getattr(self.library, f"{self.name}_forward")
        function.argtypes = ([ctypes.c_int64] +
                             [ctypes.c_void_p] * (len(pointers) + len(last)))
        arguments = (batch, *pointers, *last)

        def run():
            status = function(*arguments)
            if status != 0:
                error = self.library.eqc_last_error
                error.restype = ctypes.c_char_p
                raise RuntimeError(error().decode())
        return run


def aligned(shape, dtype, rng=None):
    """An array on a cache line; normal numbers, or zeros without `rng`."""
    count, dtype = int(np.prod(shape)), np.dtype(dtype)
    raw = np.zeros(count * dtype.itemsize + 64, np.uint8)
    start = -raw.ctypes.data % 64
    array = raw[start:start + count * dtype.itemsize].view(dtype)
    array = array.reshape(shape)
    if rng is not None:
        rng.standard_normal(out=array, dtype=dtype)
    return array
