"""How large random weights should be.

Let x have entries of mean square at most 1, and the weights be independent. The mean square
of y at a position is at most sum_d sd_d^2 c_in r_d over the diagrams d that write there.
What r_d is depends on what is known of x, with D_d[j] a nonzero row of D_d:

    centred      |D_d[j]|_2^2, the sum of squares: entries of mean 0, independent of each other
    uncentred    |D_d[j]|_1^2, the square of the sum of absolute values: any entries, those
                 with a mean for example, whose sums over n grow with n and not its root

A diagram writes to a share f_d of all positions (one that joins two outputs, to a diagonal).
With

    sd_d^2 = gain^2 / (c_in r_d sum_e f_e)

every diagram contributes the same where it writes, and the mean square of y, averaged over
all positions, is gain^2: for centred x of variance 1; for uncentred ones at most, and exactly
for equal entries where no signs cancel.

Of a layer that takes largest or smallest entries a row of D_d has one of these, as if all were
equal.

Where axes have a symmetry, D_d is a sum over an orbit. Members that the symmetry of x takes to
each other are the same map of x, up to sign; others add up where they write to one position,
and of a centred x are taken to be independent there.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from eqc._integers import integer
from eqc._symmetry import orbit_of

if TYPE_CHECKING:
    from eqc.layer import Layer
    from eqc.space import Space

__all__ = ["GAIN", "INPUTS", "weight_std"]

#: The n that layers without one are initialised for.
NOMINAL_N = 16

#: The default gain: a ReLU after the layer halves the mean square.
GAIN = math.sqrt(2.0)

#: The default of what is known of x.
INPUTS = "uncentred"


def _row_and_share(diagram: str, size_of: Callable[[str], int], mean: bool,
                   is_leg: Callable[[str], bool], pools: bool = False
                   ) -> tuple[float, float, float]:
    """How many entries of a nonzero row of the diagram are not zero, their size, and f_d. The
    axis of a vertex has the length `size_of` says; the head of a jellyfish, `*`, has a leg to
    the blocks of those that `is_leg` names."""
    entries, size, share = 1.0, 1.0, 1.0
    blocks = [block.split() for block in diagram.split("|")]
    has_head = blocks[0] == ["*"]
    if has_head:
        legs = [vertices for vertices in blocks[1:] if is_leg(vertices[0])]
        n = size_of(legs[0][0])
        in_outputs = sum(vertices[0].startswith("o") for vertices in legs)
        outputs = sum(vertex.startswith("o") for vertices in legs for vertex in vertices)
        # Those of inputs alone take values that are left, in any order.
        entries *= math.factorial(n - in_outputs)
        share *= math.perm(n, in_outputs) / float(n)**outputs
    for vertices in blocks[has_head:]:
        if vertices[-1] == "1" or (has_head and is_leg(vertices[0])):  # without vertices
            continue
        n = size_of(vertices[-1])
        outputs = sum(vertex.startswith("o") for vertex in vertices)
        inputs = sum(vertex.startswith("i") for vertex in vertices)
        if vertices[0] == "*":  # the Levi-Civita symbol
            entries *= math.factorial(inputs)
            share *= math.perm(n, outputs) / float(n)**outputs
        elif outputs:  # one value for all its outputs
            share *= float(n)**(1 - outputs)
        elif inputs and not pools:  # summed over
            entries *= n
            size /= n if mean else 1
    return entries, size, share


def _row_and_share_of_distinct(diagram: str, size_of: Callable[[str], int],
                               space_of: Callable[[str], object]) -> tuple[float, float, float]:
    """The same where indices of different blocks differ."""
    blocks: dict[object, list[list[str]]] = {}
    for text in diagram.split("|"):
        if vertices := [v for v in text.split() if v != "1"]:
            blocks.setdefault(space_of(vertices[0]), []).append(vertices)
    entries, share = 1.0, 1.0
    for of_space in blocks.values():
        n = size_of(of_space[0][0])
        tops = [vertices for vertices in of_space if vertices[0].startswith("o")]
        outputs = sum(v.startswith("o") for vertices in tops for v in vertices)
        share *= math.perm(n, len(tops)) / float(n)**outputs
        entries *= math.perm(max(n - len(tops), 0), len(of_space) - len(tops))
    return entries, 1.0, share


def _orbit(layer: Layer, diagram: str, size_of: Callable[[str], int],
           space_of: Callable[[str], object], inputs: str) -> tuple[float, float]:
    """The mean square of what a weight of 1 makes of x, over all positions, and the share of
    positions that it writes to."""
    def is_leg(vertex: str) -> bool:
        return len(layer.spaces) < 2 or space_of(vertex).group == "A"

    differ = layer.weights == "orbit" and not diagram.startswith("* |")
    if differ:
        entries, size, share = _row_and_share_of_distinct(diagram, size_of, space_of)
    else:
        entries, size, share = _row_and_share(diagram, size_of, layer.normalize == "mean", is_leg,
                                              layer.pool != "sum")
    centred = inputs == "centred"
    rows = size**2 * (entries if centred else entries**2)
    if not (layer.in_symmetry or layer.out_symmetry):
        return rows * share, share
    classes = orbit_of(diagram, layer.l, layer.k, layer.in_symmetry, layer.out_symmetry)
    if centred:
        # Equal entries of x meet in one sum where its blocks change places.
        square = rows * share * sum(len(members.labels) * members.ways for members in classes)
    else:
        # Of two members, the share of positions that both write to.
        tops = [labels[:layer.l] for members in classes for labels in members.labels]
        square = rows * sum(_shared(a, b, share, size_of, differ or diagram.startswith("* |"))
                            for a in tops for b in tops)
    return square, min(1.0, share * len({members.labels[0][:layer.l] for members in classes}))


def _length_of(space: Space) -> int | None:
    """That of the axes of a space, whose group may come with it."""
    if space.n is not None:
        return space.n
    sizes = re.match(r"\w+\((\d+)(?:,(\d+))?", space.group)
    return int(sizes[1]) + int(sizes[2] or 0) if sizes else None


def _of_map(layer: Layer, norms: dict[str, float], inputs: str) -> tuple[float, float]:
    """The same of a graph map."""
    positions = math.prod(extent.fixed for extent in layer._axes["y"])
    square = norms["squares_of_entries" if inputs == "centred" else "squares_of_row_sums"]
    return square / positions, norms["rows"] / positions


def _of_tuples(layer: Layer, diagram: str, tuples: dict[str, int], size_of: Callable[[str], int],
               space_of: Callable[[str], object], inputs: str) -> tuple[float, float]:
    """The same of an orbit of tuples of permutations that are spelled out, and of the blocks of
    other spaces beside it."""
    blocks = diagram.split(" | ")
    others = [block for block in blocks if "=" not in block]
    mean = layer.normalize == "mean"
    entries, size, share = 1.0, 1.0, 1.0
    if others and layer.weights == "orbit":
        entries, size, share = _row_and_share_of_distinct(" | ".join(others), size_of, space_of)
    elif others:
        entries, size, share = _row_and_share(" | ".join(others), size_of, mean,
                                              lambda vertex: False, pools=False)
    of_orbit = tuples["size"] / tuples["rows"]
    entries *= of_orbit
    size /= of_orbit if mean else 1
    share *= tuples["rows"]
    for block in blocks:
        for vertex in block.split():
            if "=" in vertex and vertex.startswith("o"):
                share /= size_of(vertex.partition("=")[0])
    return size**2 * (entries if inputs == "centred" else entries**2) * share, share


def _shared(a: tuple[int, ...], b: tuple[int, ...], share: float,
            size_of: Callable[[str], int], differ: bool) -> float:
    """The share of positions whose indices are equal within the blocks of both."""
    if differ:  # between blocks, or legs
        return share if a == b else 0.0
    if 0 in a or 0 in b:  # a Levi-Civita symbol
        return share if a == b else share**2
    joined = list(range(len(a)))
    for labels in (a, b):
        for v, label in enumerate(labels):
            first, other = joined[labels.index(label)], joined[v]
            joined = [first if block == other else block for block in joined]
    shared = 1.0
    for v, block in enumerate(joined):
        if joined.index(block) != v:
            shared /= size_of(f"o{v + 1}")
    return shared


def weight_std(layer: Layer, *, n: int | None = None, gain: float = GAIN,
               inputs: str = INPUTS) -> np.ndarray:
    """The standard deviation of each diagram's weights that keeps the mean square.

    Args:
        layer: whose diagrams, channels and normalisation count.
        n: the size to have in mind for a layer without an n of its own (default 16).
        gain: the root mean square that y shall have for an x of root mean square 1.
        inputs: "uncentred" for an x whose entries may have a mean, "centred" for one of
            independent entries of mean 0.

    Returns:
        [diagrams], float64.

    Raises:
        TypeError: n is no integer, or gain no number.
        ValueError: inputs is none of the two; n is not positive; gain is negative or not finite.
    """
    if n is not None and integer("n to initialise for", n) < 1:
        raise ValueError(f"n to initialise for is {n}; expected a positive number")
    if isinstance(gain, str):
        raise TypeError(f"gain is {gain!r}; expected a number, such as what "
                        "torch.nn.init.calculate_gain gives for a name")
    if isinstance(gain, numbers.Real) and not 0 <= gain < math.inf:
        raise ValueError(f"gain is {gain}; expected a finite number that is not negative")
    if inputs not in ("uncentred", "centred"):
        raise ValueError(f"inputs is {inputs!r}; expected 'uncentred' or 'centred'")

    summands = {space.name: space for space in layer.spaces if space}

    def size_of(vertex: str) -> int:
        vertex, _, summand = vertex.partition(":")
        axes = layer._axes["y"] if vertex[0] == "o" else layer._input_axes()
        extent = axes[int(vertex[1:]) - 1]
        length = (_length_of(summands[summand]) if summand
                  else None if extent.sizes else extent.fixed)
        return length or n or NOMINAL_N

    def space_of(vertex: str) -> object:
        vertex, _, summand = vertex.partition(":")
        axes = layer.y_axes if vertex[0] == "o" else layer.x_axes
        if len(layer.spaces) < 2:
            return None
        return summands[summand] if summand else axes[int(vertex[1:]) - 1]

    def slice_of(diagram: str) -> tuple[tuple[str, ...], int]:
        """The summands of the outputs, and how many slices of y have these: each is as large as
        if it were alone."""
        written = sorted((int(number), name) for number, name in
                         re.findall(r"o(\d+):(\w+)", diagram))
        return (tuple(name for _, name in written),
                math.prod([space.name for space in layer.y_axes[number - 1].summands].count(name)
                          for number, name in written))

    def part_of(diagram: str, described: dict[str, Any]) -> tuple[float, float]:
        if "map" in described:
            return _of_map(layer, described["map"], inputs)
        if "tuples" in described:
            return _of_tuples(layer, diagram, described["tuples"], size_of, space_of, inputs)
        return _orbit(layer, diagram, size_of, space_of, inputs)

    # What the notation does not tell.
    are_spelled_out = any("=" in diagram for diagram in layer.diagrams)
    facts = (layer.explain().facts["layers"][0]["diagrams"] if are_spelled_out
             else [{}] * len(layer.diagrams))
    parts = np.array([part_of(diagram, described)
                      for diagram, described in zip(layer.diagrams, facts)])
    # A matrix has no entries where blocks that differ are more than n.
    square, share = np.maximum(parts.T, 1e-300)
    slices = [slice_of(diagram) for diagram in layer.diagrams]
    total: dict[tuple[str, ...], float] = {}
    for (names, count), part in zip(slices, share):
        total[names] = total.get(names, 0.0) + part / count
    return gain / np.sqrt(layer._channel_pairs() * (square / share)
                          * np.array([total[names] for names, _ in slices]))
