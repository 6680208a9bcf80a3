"""Arguments of layers as arrays that a compiled function may read or write."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["as_input", "as_output", "describe_shape", "empty"]

_CACHE_LINE = 64


def describe_shape(shape: Sequence[int | str]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"


def _fits(shape: Sequence[int], expected: Sequence[int | str]) -> bool:
    return len(shape) == len(expected) and all(
        isinstance(want, str) or have == want for have, want in zip(shape, expected))


def _check(array: np.ndarray, name: str, expected: Sequence[int | str],
           dtype: np.dtype) -> None:
    if array.dtype != dtype:
        raise TypeError(f"{name} has dtype {array.dtype}; the layer computes in {dtype}: "
                        f"use {name}.astype(numpy.{dtype})")
    if not _fits(array.shape, expected):
        raise ValueError(f"{name} has shape {describe_shape(array.shape)}; "
                         f"expected {describe_shape(expected)}")
    if not array.flags.c_contiguous or not array.flags.aligned:
        raise ValueError(f"{name} is not contiguous (strides {array.strides}): "
                         f"use numpy.ascontiguousarray({name})")


def as_input(value: Any, name: str, expected: Sequence[int | str],
             dtype: np.dtype) -> np.ndarray:
    """`value` as an array of the expected shape; letters in it stand for any extent.

    Raises:
        TypeError: it is no array, or of another dtype.
        ValueError: it has another shape, or is not contiguous.
    """
    if not isinstance(value, np.ndarray):
        if not hasattr(value, "__dlpack__"):
            raise TypeError(f"{name} is a {type(value).__name__}; expected a NumPy array or an "
                            f"array with DLPack: use numpy.asarray({name}, numpy.{dtype})")
        try:
            value = np.from_dlpack(value)
        except (BufferError, RuntimeError, ValueError, TypeError) as error:
            raise TypeError(f"{name} cannot be read through DLPack: {error}") from error
    _check(value, name, expected, dtype)
    return value


def empty(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """A new array. A large one begins at a cache line, so that layers can write it past the
    caches; NumPy's own often begin a few bytes after one."""
    size = math.prod(shape) * dtype.itemsize
    if size < 1 << 20:
        return np.empty(shape, dtype)
    data = np.empty(size + _CACHE_LINE, np.uint8)
    start = -data.__array_interface__["data"][0] % _CACHE_LINE
    return data[start:start + size].view(dtype).reshape(shape)


def as_output(out: np.ndarray | None, name: str, shape: Sequence[int],
              dtype: np.dtype) -> np.ndarray:
    """A new array, or `out` if it is one that can be written."""
    if out is None:
        return empty(shape, dtype)
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{name} is a {type(out).__name__}; expected a NumPy array")
    _check(out, name, shape, dtype)
    if not out.flags.writeable:
        raise ValueError(f"{name} is read-only")
    return out
