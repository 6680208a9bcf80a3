"""Layers given as keywords, as text of the .eq language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from eqc._integers import integer
from eqc.space import Axes, Space, are_spaces

__all__ = ["Inputs", "declarations", "declared_space", "dtype_name", "layer_fields",
           "layer_source", "written_axes"]

#: Names that NumPy and the frameworks have for the language's.
_DTYPES = {"float32": "f32", "float64": "f64", "bfloat16": "bf16", "float16": "f16"}


def _word(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}; expected a string")
    if not value.isidentifier() or not value.isascii():
        raise ValueError(f"{name} is {value!r}; expected a plain word")
    return value


def _group(value: Any) -> str:
    """A word, maybe with an apostrophe, maybe with sizes, or strings, in parentheses: S', O(1,3),
    Perm(3, "(0 1 2)")."""
    if not isinstance(value, str):
        raise TypeError(f"group is {value!r}; expected a string")
    if not re.fullmatch(r"[A-Za-z_]\w*'?\s*(\(([\w\s,?-]|\"[^\"\n\r]*\")*\))?", value, re.ASCII):
        raise ValueError(f"group is {value!r}; expected a group such as S, S' or O(1,3)")
    return value


def dtype_name(value: Any) -> str:
    """A dtype of NumPy, PyTorch or JAX, or the name of one, in the language's word. What the
    language has no word for keeps its name."""
    name = value
    if str(value).startswith("torch."):
        name = str(value).removeprefix("torch.")
    elif value is not None and not isinstance(value, str):
        try:
            name = np.dtype(value).name
        except TypeError:
            raise TypeError(f"dtype is {value!r}; expected a type such as 'f32' or "
                            "numpy.float64") from None
    return _word("dtype", _DTYPES.get(name, name))


def _strings(name: str, values: Sequence[str], what: str, example: str) -> str:
    """A list of the language."""
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{name} contains {value!r}; expected strings such as {example!r}")
        if any(c in value for c in '"\n\r'):
            raise ValueError(f"{name} contains {value!r}, which is no {what}")
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def _diagrams(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return _word("diagrams", value)
    return _strings("diagrams", value, "diagram", "o1 i1 | o2 i2")


def _symmetry(name: str, generators: Sequence[str]) -> str:
    """Permutations of axes."""
    if isinstance(generators, str) or not isinstance(generators, Sequence):
        raise TypeError(f"{name} is {generators!r}; expected a list such as ['(1 2)']")
    return _strings(name, generators, "permutation", "(1 2)")


def declared_space(name: str, group: str, n: int | None) -> str:
    """The declaration of a space."""
    size = "" if "(" in _group(group) and n is None else (
        f"({'?' if n is None else integer('n', n)})")
    return f"space {_word('name', name)} = {group}{size}\n"


def declarations(spaces: dict[str, Space]) -> str:
    """Those of all spaces."""
    return "".join(f"space {_word('name', space.name)} = {space.group}\n" if space.summands
                   else declared_space(space.name, space.group, space.n)
                   for space in spaces.values())


def written_axes(name: str, axes: Any, spaces: dict[str, Space]) -> str:
    """The axes of one side, whose spaces are added."""
    if not isinstance(axes, Sequence) or isinstance(axes, str):
        if integer(name, axes) != 0:
            raise TypeError(f"{name} is {axes!r}, but other axes are those of spaces; expected a "
                            "list of spaces")
        return "0"
    for space in axes:
        if not isinstance(space, Space):
            raise TypeError(f"{name} contains {space!r}; expected eqc.Space")
        plain = space.dual if space.is_dual else space
        for named in (*plain.summands, plain):
            if spaces.setdefault(named.name, named) != named:
                raise ValueError(f"two spaces are called '{named.name}': {spaces[named.name]} and "
                                 f"{named}")
    return " ".join(space.axis for space in axes) or "0"


class Inputs(NamedTuple):
    """The orders, or the axes, of two inputs."""

    x: Axes
    z: Axes


def _product(name: str, axes: Any, write: Any) -> str:
    """One input, or two of them."""
    return " * ".join(map(write, axes)) if isinstance(axes, Inputs) else write(axes)


def _channels(channels: Any, two: bool) -> str:
    if two and isinstance(channels, (int, np.integer)):
        return str(integer("channels", channels))
    try:
        if two:
            first, second, out = channels
            return (f"{integer('channels', first)} * {integer('channels', second)} -> "
                    f"{integer('channels', out)}")
        c_in, c_out = channels
    except (TypeError, ValueError):
        expected = "a number or (c1, c2, c3)" if two else "a pair (c_in, c_out)"
        raise TypeError(f"channels is {channels!r}; expected {expected}") from None
    return f"{integer('channels', c_in)} -> {integer('channels', c_out)}"


def _acting(group: str | None, n: int | None, k: Axes, l: Axes) -> tuple[str, list[str]]:  # noqa: E741
    """What acts on the axes: declarations before the layer, and its fields."""
    inputs = tuple(k) if isinstance(k, Inputs) else (k,)
    if any(are_spaces(axes, l) for axes in inputs):
        for name, value in (("group", group), ("n", n)):
            if value is not None:
                raise TypeError(f"{name} is {value!r}, but the axes are those of spaces, which "
                                "have it")
        spaces: dict[str, Space] = {}
        written = _product("k", k, lambda axes: written_axes("k", axes, spaces))
        fields = [f"  k = {written}", f"  l = {written_axes('l', l, spaces)}"]
        return declarations(spaces), fields
    fields = [f"  group = {_group(group)}"]
    if n is not None or "(" not in group:  # else the group has its size
        fields.append(f"  n = {'?' if n is None or n == '?' else integer('n', n)}")
    written = _product("k", k, lambda order: str(integer("k", order)))
    return "", [*fields, f"  k = {written}", f"  l = {integer('l', l)}"]


def layer_source(*, name: str, group: str | None, n: int | None, k: Axes, l: Axes,  # noqa: E741
                 channels: tuple[int, int], bias: bool, dtype: Any, layout: str,
                 normalize: str, diagrams: str | Sequence[str], batch: int | None,
                 in_symmetry: Sequence[str] = (), out_symmetry: Sequence[str] = (),
                 weights: str = "diagram", pool: str = "sum") -> str:
    """The layer in the language, one field a line; values are checked by the compiler.

    Raises:
        TypeError, ValueError: something could not be written down.
    """
    declared, acting = _acting(group, n, k, l)
    return declared + layer_fields(name, acting, channels=channels,
                                   two=isinstance(k, Inputs), bias=bias, dtype=dtype,
                                   layout=layout, normalize=normalize, diagrams=diagrams,
                                   batch=batch, in_symmetry=in_symmetry,
                                   out_symmetry=out_symmetry, weights=weights, pool=pool)


def layer_fields(name: str, acting: list[str], *, channels: Any, bias: bool,
                 dtype: Any, layout: str, normalize: str, diagrams: str | Sequence[str],
                 batch: int | None, two: bool = False, in_symmetry: Sequence[str] = (),
                 out_symmetry: Sequence[str] = (), weights: str = "diagram",
                 pool: str = "sum") -> str:
    """The layer alone, with the fields of its axes."""
    written_channels = _channels(channels, two)
    if not isinstance(bias, bool):
        raise TypeError(f"bias is {bias!r}; expected True or False")
    lines = [
        f"layer {_word('name', name)} {{",
        *acting,
        f"  channels = {written_channels}",
        f"  bias = {'true' if bias else 'false'}",
        f"  dtype = {dtype_name(dtype)}",
        f"  layout = {_word('layout', layout)}",
        f"  normalize = {_word('normalize', normalize)}",
        f"  diagrams = {_diagrams(diagrams)}",
    ]
    if weights != "diagram":
        lines.append(f"  weights = {_word('weights', weights)}")
    if pool != "sum":
        lines.append(f"  pool = {_word('pool', pool)}")
    for field, generators in (("in_symmetry", in_symmetry), ("out_symmetry", out_symmetry)):
        if generators != ():
            lines.append(f"  {field} = {_symmetry(field, generators)}")
    if batch is not None:
        lines.append(f"  batch = {integer('batch', batch)}")
    return "\n".join([*lines, "}"]) + "\n"
