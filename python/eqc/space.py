"""Spaces that axes of a layer are of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eqc._integers import integers
from eqc.errors import CompileError

__all__ = ["Axes", "Space", "are_spaces", "axes_of", "lengths_of", "space_of",
           "spaces_of"]

#: EQCDUAL_AXIS: what is added to the number of a space on axes of its dual.
DUAL_AXIS = 65536


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
    #: Of a sum, whose group is "carbon + oxygen".
    summands: tuple[Space, ...] = ()

    @classmethod
    def graph(cls, n: int, edges: Iterable[Sequence[int]] | str, *, name: str) -> Space:
        """A graph on the vertices 0..n-1, with its automorphisms acting on R^n.

        Args:
            n: the number of vertices.
            edges: pairs (a, b) or, with an integer label, (a, b, label); or text as in the
                language, which also has arcs `a>b` and labelled vertices `a:1`.
            name: as of `Space`.
        """
        text = edges if isinstance(edges, str) else _edges(edges)
        # Lines of a file are no lines of a string in the language.
        return cls(f'Graph({n}, "{_one_line(text, "edges")}")', None, name)

    @classmethod
    def perm(cls, n: int, generators: Iterable[str | Sequence[int]], *, name: str) -> Space:
        """A group of permutations of 0..n-1 acting on R^n.

        Args:
            n: the number of points.
            generators: cycles such as "(0 1 2)(3 4)", or the images of all points.
            name: as of `Space`.
        """
        if isinstance(generators, str):
            raise TypeError(f"generators is {generators!r}; expected a list, such as [{generators!r}]")
        listed = list(generators)
        if not listed:
            raise ValueError('generators is empty; expected permutations that make the others; '
                             'the identity is ["()"]')
        texts = ", ".join(f'"{_one_line(g, "generators") if isinstance(g, str) else _cycles(n, g)}"'
                          for g in listed)
        return cls(f"Perm({n}, {texts})", None, name)

    @classmethod
    def sum(cls, summands: Sequence[Space], *, name: str) -> Space:
        """The direct sum of spaces: one axis of the entries of the first, then of the second ..

            atoms = eqc.Space.sum([carbon, oxygen], name="atoms")

        Args:
            summands: at least two spaces, none of them a sum; one may stand twice.
            name: as of `Space`.
        """
        listed = tuple(summands)
        for space in listed:
            if not isinstance(space, Space):
                raise TypeError(f"summands contains {space!r}; expected eqc.Space")
            if space.summands or space.is_dual:
                raise ValueError(f"summand '{space.axis}' is "
                                 f"{'a sum itself' if space.summands else 'a dual'}; expected a "
                                 "space that is neither")
        return cls(" + ".join(space.name for space in listed), None, name, False, listed)

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
        if isinstance(self.group, str) and self.group.startswith(("Perm(", "Graph(")):
            object.__setattr__(self, "group", _canonical(self.group))


def _canonical(group: str) -> str:
    """A group that is spelled out, as the compiler writes it: equal ones are equal. What it
    refuses stays as it is: who makes a layer of it is told why."""
    from eqc._native import NativeProgram, Options
    try:
        program = NativeProgram(f"layer f {{\n  group = {group}\n  k = 0\n  l = 0\n}}",
                                "<space>", Options())
    except CompileError:
        return group
    written = re.search(r"^  group = (.*)$", program.info(0).spec.decode(), re.MULTILINE)
    return written[1] if written else group


def _one_line(text: str, name: str) -> str:
    if '"' in text:
        raise ValueError(f"{name} has a quotation mark: {text!r}")
    return " ".join(text.split())


def _edges(edges: Iterable[Sequence[int]]) -> str:
    """Pairs, some with a label, as the language writes them."""
    read = []
    for edge in edges:
        numbers = integers(edge)
        if numbers is None or len(numbers) not in (2, 3):
            raise TypeError(f"edges has {edge!r}; expected pairs (a, b) or, with a label, "
                            "(a, b, label) of integers; those of an adjacency matrix are "
                            "np.argwhere(np.triu(matrix))")
        a, b, *label = numbers
        read.append(f"{a}-{b}" + "".join(f":{w}" for w in label))
    return " ".join(read)


def _cycles(n: int, images: Sequence[int]) -> str:
    """The permutation that takes each point to its image, as cycles."""
    points = integers(images)
    if not points:
        raise TypeError(f"generators has {images!r}; expected cycles such as '(0 1 2)(3 4)', or the "
                        f"images of 0..{n - 1}")
    if sorted(points) != list(range(n)):
        raise ValueError(f"{images!r} are not the images of 0..{n - 1} under a permutation")
    text, seen = "", set()
    for first in range(n):
        cycle = []
        point = first
        while point not in seen:
            seen.add(point)
            cycle.append(str(point))
            point = points[point]
        text += f"({' '.join(cycle)})" if len(cycle) > 1 else ""
    return text or "()"


def spaces_of(info: Any, spec: str) -> tuple[Space | None, ...]:
    """Those of an eqc_layer_info, sums behind the others: what numbers of axes are of."""
    spaces = [space_of(space, spec) for space in info.space[:info.spaces]]
    by_name = {space.name: space for space in spaces if space}
    for described in info.space[info.spaces:info.spaces + info.sums]:
        group = described.group.decode()
        spaces.append(Space(group, None, described.name.decode(), False,
                            tuple(by_name[name] for name in group.split(" + "))))
    return tuple(spaces)


def space_of(described: Any, spec: str = "") -> Space | None:
    """That of an eqc_space_info; None for the one without a name, of a layer's `group` and n.
    Permutations and graphs are those that the source of the layer spells out."""
    group, name = described.group.decode(), described.name.decode()
    if not name:
        return None
    if spelled := re.search(rf"^space {name} = ((?:Perm|Graph)\(.*\))$", spec, re.MULTILINE):
        return Space(spelled[1], None, name)
    if described.q:
        return Space(f"{group}({described.n - described.q},{described.q})", None, name)
    return Space(group, None if described.n < 0 else described.n, name)


def axes_of(spaces: Sequence[Any], numbers: Sequence[int]) -> tuple[Any, ...]:
    """The space of each axis, from the numbers of an eqc_layer_info."""
    return tuple(spaces[i % DUAL_AXIS].dual if i >= DUAL_AXIS else spaces[i] for i in numbers)


#: The axes of x or of y: how many there are, or the space of each.
Axes = int | Sequence[Space]


def are_spaces(k: Any, l: Any) -> bool:  # noqa: E741
    """Whether the axes of a layer are those of spaces."""
    return any(isinstance(axes, Sequence) and not isinstance(axes, str) for axes in (k, l))
