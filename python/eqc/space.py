"""Spaces that axes of a layer are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Axes", "Space", "are_spaces", "space_of"]


@dataclass(frozen=True)
class Space:
    """R^n with a group acting on it: what axes of `Layer` may be of, each its own.

        users, items = eqc.Space("S", 943, name="users"), eqc.Space("S", 1682, name="items")
        layer = eqc.Layer(k=[users, items], l=[users], channels=(4, 8))

    Args:
        group: as of `Layer`: "S", "O(1,3)" ..
        n: the size; None means that it is taken from the arguments of every call, unless the
            group comes with a size.
        name: what the language, and diagnostics, call it.
    """

    group: str
    n: int | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise TypeError(f"name is {self.name!r}; expected a string such as 'users'")


def space_of(described: Any) -> Space | None:
    """That of an eqc_space_info; None for the one without a name, of a layer's `group` and n."""
    group, name = described.group.decode(), described.name.decode()
    if not name:
        return None
    if described.q:
        return Space(f"{group}({described.n - described.q},{described.q})", None, name)
    return Space(group, None if described.n < 0 else described.n, name)


#: The axes of x or of y: how many there are, or the space of each.
Axes = int | Sequence[Space]


def are_spaces(k: Any, l: Any) -> bool:  # noqa: E741
    """Whether the axes of a layer are those of spaces."""
    return any(isinstance(axes, Sequence) and not isinstance(axes, str) for axes in (k, l))
