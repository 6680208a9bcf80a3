"""Arguments of layers as arrays that a compiled function may read or write.

Nothing is converted behind the user's back, so every message says what to call, and calling
it gives an argument that is accepted.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
# NumPy imports these when they are first used. If a thread did, a child forked amid that would
# wait for the module for ever.
import numpy.ma
import numpy.random

__all__ = ["as_input", "as_output", "describe_shape", "empty", "layout_advice"]

_CACHE_LINE = 64


def describe_shape(shape: Sequence[int | str]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"


def _fits(shape: Sequence[int], expected: Sequence[int | str]) -> bool:
    return len(shape) == len(expected) and all(
        isinstance(want, str) or have == want for have, want in zip(shape, expected))


def layout_advice(name: str, shape: Sequence[int], expected: Sequence[int | str]) -> str:
    """What to do where channels stand at the other end, and nothing else is wrong."""
    if name not in ("x", "grad_y") or len(shape) < 3:
        return ""
    batch, *rest = shape
    moved = ([batch, *rest[1:], rest[0]], [batch, rest[-1], *rest[:-1]])
    if any(_fits(other, expected) for other in moved):
        return "; move its channels to the other end, or make the layer with the other layout, " \
               "'channels_first' or 'channels_last'"
    return ""


def _check_shape(array: np.ndarray, name: str, expected: Sequence[int | str]) -> None:
    if not _fits(array.shape, expected):
        raise ValueError(f"{name} has shape {describe_shape(array.shape)}; expected "
                         f"{describe_shape(expected)}{layout_advice(name, array.shape, expected)}")


def numpy_dtype(word: str) -> np.dtype:
    """The type of x and y of a layer whose `dtype` is this word of the language.

    Raises:
        ImportError: it is "bf16", and ml_dtypes is not there.
    """
    if word != "bf16":
        return np.dtype({"f32": np.float32, "f64": np.float64, "f16": np.float16}[word])
    try:
        import ml_dtypes  # NumPy has no such type of its own
    except ImportError:
        raise ImportError("layers with dtype='bf16' take NumPy arrays of ml_dtypes.bfloat16: "
                          "pip install ml_dtypes") from None
    return np.dtype(ml_dtypes.bfloat16)


def weight_dtype(word: str) -> np.dtype:
    """That of its weights, which is what is computed in."""
    return np.dtype(np.float64 if word == "f64" else np.float32)


def _check_class(array: np.ndarray, name: str, advice: str) -> None:
    """Refuses arrays that are more than their numbers: masked ones, quantities with units.
    Those whose class says nothing about arithmetic (numpy.memmap) are arrays like others."""
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, and layers know no masks: {advice}")
    if type(array).__array_ufunc__ is not np.ndarray.__array_ufunc__:
        raise TypeError(f"{name} is a {type(array).__name__}, and layers know nothing but its "
                        f"numbers: use numpy.asarray({name})")


def _dtype_advice(name: str, found: np.dtype, dtype: np.dtype) -> str:
    """What makes an array of another dtype acceptable."""
    if found.names:
        return f"use one field, numpy.ascontiguousarray({name}[{found.names[0]!r}], numpy.{dtype})"
    if found.kind == "c":
        return (f"use numpy.ascontiguousarray({name}.real, numpy.{dtype}) and, in a call of its "
                f"own, the same of {name}.imag")
    return f"use numpy.ascontiguousarray({name}, numpy.{dtype})"


def _check_tensor(value: Any, name: str) -> None:
    """Refuses tensors of PyTorch that DLPack hands out as something else than what they mean."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.Tensor):
        return
    if type(value).__torch_dispatch__ is not torch.Tensor.__torch_dispatch__:
        raise TypeError(f"{name} is a {type(value).__name__}, which is more or less than its "
                        "numbers; expected a plain tensor")
    if value.is_neg():
        raise TypeError(f"{name} is a view that negates: use {name}.resolve_neg()")


def _from_dlpack(value: Any, name: str, dtype: np.dtype) -> np.ndarray:
    if not hasattr(value, "__dlpack__"):
        kind = "None" if value is None else f"a {type(value).__name__}"
        advice = f": use numpy.ascontiguousarray({name}, numpy.{dtype})"
        raise TypeError(f"{name} is {kind}; expected a NumPy array or an array with DLPack"
                        + (advice if value is not None else ""))
    _check_tensor(value, name)
    try:
        return np.from_dlpack(value)
    except (BufferError, RuntimeError, ValueError, TypeError) as error:
        raise TypeError(f"{name}, a {type(value).__name__} of {getattr(value, 'dtype', '?')}, "
                        f"cannot be read through DLPack: {error}") from error


def as_input(value: Any, name: str, expected: Sequence[int | str],
             dtype: np.dtype) -> np.ndarray:
    """`value` as an array of the expected shape; letters in it stand for any extent.

    Raises:
        TypeError: it is no array, or of another dtype.
        ValueError: it has another shape, or is not contiguous.
    """
    array = value if isinstance(value, np.ndarray) else _from_dlpack(value, name, dtype)
    if type(array) is not np.ndarray:
        _check_class(array, name, f"say what masked entries count as, with {name}.filled() or "
                     f"{name}.filled(0)")
    if array.dtype != dtype:
        raise TypeError(f"{name} has dtype {array.dtype}; the layer takes {dtype}: "
                        + _dtype_advice(name, array.dtype, dtype))
    _check_shape(array, name, expected)
    if not array.flags.c_contiguous:
        raise ValueError(f"{name} is not contiguous (strides {array.strides}): "
                         f"use numpy.ascontiguousarray({name})")
    if not array.flags.aligned:
        raise ValueError(f"{name} is not aligned to {dtype.itemsize} bytes: use {name}.copy()")
    return array


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
    if type(out) is not np.ndarray:
        _check_class(out, name, f"use {name}.data")
    _check_shape(out, name, shape)
    # A converted copy would be written in its place, and be lost.
    advice = f"leave out {name}= and assign the result to {name}[...], which converts"
    if out.dtype != dtype:
        raise TypeError(f"{name} has dtype {out.dtype}, but the layer writes {dtype}: {advice}")
    if not out.flags.c_contiguous or not out.flags.aligned:
        raise ValueError(f"{name} is not contiguous and aligned, and the layer writes nothing "
                         f"else: {advice}")
    if not out.flags.writeable:
        raise ValueError(f"{name} is read-only")
    return out
