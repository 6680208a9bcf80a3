"""What counts as an integer in arguments."""

from __future__ import annotations

from typing import Any

__all__ = ["integer", "integers"]


def _is_integer(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def integer(name: str, value: Any) -> int:
    """What counts as an integer, as one; a truth value or a number with a point does not."""
    if not _is_integer(value):
        raise TypeError(f"{name} is {value!r}; expected an integer")
    return value.__index__()


def integers(values: Any) -> list[int] | None:
    """Those of a sequence; None if it is none, or has other members."""
    try:
        listed = list(values)
    except TypeError:
        return None
    return [value.__index__() for value in listed] if all(map(_is_integer, listed)) else None
