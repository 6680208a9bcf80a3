"""Axes with a symmetry: the diagrams of a layer that share a weight."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

__all__ = ["Members", "orbit_of", "symmetry_of"]

#: Labels of the vertices, outputs first: equal within a block. 0 is the Levi-Civita symbol.
Labels = tuple[int, ...]


def symmetry_of(spec: str, field: str) -> tuple[str, ...]:
    """The generators that the source of a layer has in a field."""
    found = re.search(rf"^  {field} = \[(.*)\]$", spec, re.MULTILINE)
    return tuple(re.findall(r'"([^"]*)"', found[1])) if found else ()


def _images(generator: str, order: int) -> list[int]:
    """Where a product of cycles takes each axis."""
    images = list(range(order))
    for cycle in re.findall(r"\(([^)]*)\)", generator):
        axes = [int(axis) - 1 for axis in cycle.split()]
        for a, b in zip(axes, axes[1:] + axes[:1]):
            images[a] = b
    return images


def _labels(diagram: str, l: int, k: int) -> Labels:  # noqa: E741
    labels = [0] * (l + k)
    for number, block in enumerate(diagram.split("|"), 1):
        vertices = block.split()
        free = vertices[:1] == ["*"]
        for vertex in vertices:
            if vertex[0] in "oi":
                at = int(vertex[1:]) - 1 + (l if vertex[0] == "i" else 0)
                labels[at] = 0 if free else number
    return _numbered(labels)


def _numbered(labels: Sequence[int]) -> Labels:
    """The same blocks, numbered by their first vertices."""
    known = {0: 0}
    return tuple(known.setdefault(label, len(known)) for label in labels)


def _closure(first: Labels, moves: Sequence[Sequence[int]],
             renumber: Callable[[Sequence[int]], Labels] = _numbered) -> list[Labels]:
    """What permutations of the vertices take labels to."""
    members, seen = [first], {first}
    for member in members:
        for images in moves:
            moved = [0] * len(images)
            for vertex, image in enumerate(images):
                moved[image] = member[vertex]
            if (new := renumber(moved)) not in seen:
                seen.add(new)
                members.append(new)
    return members


class Members(NamedTuple):
    """Diagrams that the symmetry of x takes to each other: on an x that has it, they are equal
    up to sign. `ways` counts those that permute the blocks of one too."""

    labels: list[Labels]
    ways: int


def orbit_of(diagram: str, l: int, k: int, in_symmetry: Sequence[str],  # noqa: E741
             out_symmetry: Sequence[str]) -> list[Members]:
    """The orbit of a diagram, in classes that the symmetry of x alone makes."""
    inputs = [[*range(l), *(l + a for a in _images(g, k))] for g in in_symmetry]
    outputs = [[*_images(g, l), *range(l, l + k)] for g in out_symmetry]
    members = _closure(_labels(diagram, l, k), inputs + outputs)
    classes, seen = [], set()
    for member in members:
        if member not in seen:
            labels = _closure(member, inputs)
            classes.append(Members(labels, len(_closure(member, inputs, tuple))))
            seen.update(labels)
    return classes
