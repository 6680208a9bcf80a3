"""Sizes that calls bring: which they are, and how axes show them.

A call's `n` is the size itself where a layer takes one, and a tuple of them, in the order of its
spaces, where it takes several.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from eqc._integers import integer

__all__ = ["Extent", "FreeSizes", "SizesOfInput", "extents_of"]


class Extent(NamedTuple):
    """The length of an axis: a number, and the sizes of these numbers beside it."""

    fixed: int
    sizes: tuple[int, ...] = ()


def extents_of(info: Any, numbers: Sequence[int], dual_axis: int) -> tuple[Extent, ...]:
    """Those of the axes with these numbers of an eqc_layer_info."""
    free = [i for i in range(info.spaces) if info.space[i].n < 0]
    by_name = {info.space[i].name.decode(): i for i in range(info.spaces)}

    def extent(number: int) -> Extent:
        number %= dual_axis
        spaces = [number] if number < info.spaces else [
            by_name[name] for name in info.space[number].group.decode().split(" + ")]
        return Extent(sum(info.space[i].n for i in spaces if info.space[i].n >= 0),
                      tuple(free.index(i) for i in spaces if info.space[i].n < 0))
    return tuple(extent(number) for number in numbers)


class FreeSizes:
    """The sizes that calls of a layer bring."""

    def __init__(self, names: Sequence[str], units: Sequence[int]) -> None:
        self.names, self.units = tuple(names), tuple(units)

    @property
    def several(self) -> bool:
        return len(self.names) > 1

    def plain_axis(self, extents: Sequence[Extent]) -> int:
        """An axis that is as long as the only size; -1 where there is none."""
        return -1 if self.several else next(
            (at for at, extent in enumerate(extents) if extent == (0, (0,))), -1)

    def length(self, extent: Extent, n: Any) -> Any:
        """Of an axis; `n` may be what a message calls it."""
        if not extent.sizes:
            return extent.fixed
        if n is None or isinstance(n, str):
            parts = [str(extent.fixed)] * (extent.fixed > 0)
            return " + ".join([*parts, *(self.names[i] for i in extent.sizes)])
        return sum((n[i] if self.several else n for i in extent.sizes), extent.fixed)

    def given(self, n: Any) -> list[Any]:
        """What a caller says: of one size a number, of several their names with numbers, or all
        of them in order; None for those that it does not say."""
        if n is None:
            return [None] * len(self.names)
        if not self.several:
            return [n]
        if isinstance(n, Mapping):
            if unknown := set(n) - set(self.names):
                raise ValueError(f"n has {sorted(unknown)}; the layer takes the sizes "
                                 f"{', '.join(self.names)}")
            return [n.get(name) for name in self.names]
        if not isinstance(n, Sequence) or len(n) != len(self.names):
            raise TypeError(f"n is {n!r}; the layer takes the sizes {', '.join(self.names)}: "
                            f"give n={{'{self.names[0]}': .., ..}}")
        return list(n)

    def solve(self, n: Any, axes: Iterable[tuple[Sequence[Extent], Sequence[Any]]]) -> list[Any]:
        """The sizes as they are given, or as some axes of these lengths show; None for what
        nothing shows."""
        return self.found(self.given(n), axes)

    def found(self, known: Iterable[Any],
              axes: Iterable[tuple[Sequence[Extent], Sequence[Any]]]) -> list[Any]:
        """The same where these are known, or None, in order."""
        found = list(known)
        pairs = [pair for extents, lengths in axes for pair in zip(extents, lengths)]
        for _ in self.names:  # each turn finds one, or none any more
            for extent, length in pairs:
                unknown = [i for i in extent.sizes if found[i] is None]
                if not unknown or unknown.count(unknown[0]) != len(unknown):
                    continue
                rest = length - extent.fixed - sum(
                    found[i] for i in extent.sizes if i != unknown[0])
                found[unknown[0]] = rest if len(unknown) == 1 else rest // len(unknown)
        return found

    def packed(self, found: Sequence[Any]) -> Any:
        """The n of a call."""
        return tuple(found) if self.several else found[0]

    def checked(self, n: Any, *, symbols: bool = False) -> Any:
        """The n of a call, whose sizes are numbers that the groups allow, or maybe symbols."""
        sizes = list(self.each(n)) if symbols else [
            integer(name, size) for name, size in zip(self.names, self.each(n))]
        for name, unit, size in zip(self.names, self.units, sizes):
            if size < 1 or size % unit:
                kind = {1: "number", 2: "even number"}.get(unit, f"multiple of {unit}")
                raise ValueError(f"{name} is {size}; expected a positive {kind}")
        return self.packed(sizes)

    def checked_part(self, n: Any) -> Any:
        """What a caller says of the sizes, maybe not of all."""
        if not self.names:
            return integer("n", n)
        sizes = [size if size is None else integer(name, size)
                 for name, size in zip(self.names, self.given(n))]
        return self.packed(sizes)

    def each(self, n: Any) -> tuple[Any, ...]:
        """The sizes of a call, in order."""
        return tuple(n) if self.several else (n,)


class SizesOfInput:
    """How an x shows the n of a call."""

    def __init__(self, free: FreeSizes, extents: Sequence[Extent], channels_last: bool,
                 any_n: int | None) -> None:
        """any_n: an n that will do where no axis has it, or None where one does."""
        self.free, self.extents, self.channels_last = free, tuple(extents), channels_last
        self.any_n = any_n
        axis = free.plain_axis(extents)
        #: Where in the shape of a sample the only size stands alone, if it does.
        self.plain: int | None = None if axis < 0 else axis + (0 if channels_last else 1)

    def __call__(self, n: Any, inner: Sequence[Any]) -> Any:
        """The n of a call with an x whose shape behind the batch is `inner`, where the caller
        gives `n`; None if both do not show it."""
        if self.plain is not None:
            return n if n is not None else inner[self.plain]
        lengths = inner[:-1] if self.channels_last else inner[1:]
        found = self.free.solve(n, [(self.extents, lengths)])
        return self.any_n if None in found else self.free.packed(found)
