"""Spaces that axes of a layer are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Axes", "Space", "are_spaces", "axes_of", "lengths_of", "space_of"]

#: EQC_DUAL_AXIS: what is added to the number of a space on axes of its dual.
_DUAL_AXIS = 65536


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
    is_dual: bool = False

    @property
    def dual(self) -> Space:
        """V' for the space V, on which the inverse transposes act; V for V'. Spaces of most groups
        are their own dual; those of "GL" are not."""
        return replace(self, is_dual=not self.is_dual)

    @property
    def axis(self) -> str:
        """How the language writes an axis of it."""
        return self.name + "'" * self.is_dual

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


def axes_of(spaces: Sequence[Any], numbers: Sequence[int]) -> tuple[Any, ...]:
    """The space of each axis, from the numbers of an eqc_layer_info."""
    return tuple(spaces[i % _DUAL_AXIS].dual if i >= _DUAL_AXIS else spaces[i] for i in numbers)


def lengths_of(info: Any, numbers: Sequence[int]) -> tuple[int, ...]:
    """The lengths of these axes; -1 for those given at run time."""
    return tuple(info.space[i % _DUAL_AXIS].n for i in numbers)


#: The axes of x or of y: how many there are, or the space of each.
Axes = int | Sequence[Space]


def are_spaces(k: Any, l: Any) -> bool:  # noqa: E741
    """Whether the axes of a layer are those of spaces."""
    return any(isinstance(axes, Sequence) and not isinstance(axes, str) for axes in (k, l))
