"""Layers that take the largest or smallest entries of x, in the operations of a framework.

Which entries these are does not change with small changes of x, so such a layer is locally one
that takes given entries, and its derivatives of second and higher order are those of that: what
it makes of other values at the places where x has its extremes. Values and first derivatives are
the compiled functions' business.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from eqc.layer import Layer

__all__ = ["Framework", "along", "check", "weights_along"]


class Framework(NamedTuple):
    """Operations on arrays; `like` is an array of the type that is wanted."""

    einsum: Any
    argmax: Any  #: (array) -> the places of the first largest entries of the last axis but one
    take: Any  #: (array, places) -> the entries there, without that axis
    movedim: Any  #: (array, from, to)
    stack: Any  #: (arrays) -> one with a new first axis
    eye: Any  #: (n, like)
    ones: Any  #: (n, like)


def check(layer: Layer) -> None:
    """Raises NotImplementedError where this is not built."""
    if any("*" in diagram for diagram in layer.diagrams) or layer.in_symmetry or (
            layer.out_symmetry):
        raise NotImplementedError(
            "layers with pool='max' or 'min' have derivatives of first order only where there are "
            "jellyfish or axes have a symmetry")


def _blocks(diagram: str) -> list[tuple[list[int], list[int]]]:
    """The outputs and the inputs of each block, counted from 0."""
    blocks = [] if diagram == "1" else [block.split() for block in diagram.split("|")]
    return [([int(v[1:]) - 1 for v in block if v[0] == "o"],
             [int(v[1:]) - 1 for v in block if v[0] == "i"]) for block in blocks]


def _letter(number: int) -> str:
    """One for each number from 0 on; 'Y' and 'Z' are left for batch and channels."""
    return chr(ord("a") + number) if number < 26 else chr(ord("A") + number - 26)


def _taken(layer: Layer, diagram: str, n: int, keys: Any, values: Any, of: Framework) -> Any:
    """D_d of the layer on `values` at the extremes of `keys`: from [batch, axes of x.., c] to
    [batch, axes of y.., c]."""
    blocks = _blocks(diagram)
    inputs, outputs = [""] * layer.k, [""] * layer.l
    kept = dropped = ""
    for number, (tops, bottoms) in enumerate(blocks):
        for vertex in bottoms:
            inputs[vertex] = _letter(number)
        kept += _letter(number) if tops and bottoms else ""
        dropped += _letter(number) if not tops else ""
    if layer.k:
        reduced = f"Y{''.join(inputs)}Z->Y{kept}{dropped}Z"
        keys, values = of.einsum(reduced, keys), of.einsum(reduced, values)
    if dropped:
        shape = (*values.shape[:1 + len(kept)], -1, values.shape[-1])
        places = of.argmax(keys.reshape(shape) if layer.pool == "max" else -keys.reshape(shape))
        values = of.take(values.reshape(shape), places)
    factors, letters, fresh = [], [f"Y{kept}Z"], len(blocks)
    for number, (tops, bottoms) in enumerate(blocks):
        for position, vertex in enumerate(tops):
            length = layer._free.length(layer._axes["y"][vertex], n)
            outputs[vertex] = _letter(number)
            if position > 0:  # equal to the first one
                outputs[vertex] = _letter(fresh)
                letters.append(_letter(number) + _letter(fresh))
                factors.append(of.eye(length, values))
                fresh += 1
            elif not bottoms:
                letters.append(_letter(number))
                factors.append(of.ones(length, values))
    return of.einsum(f"{','.join(letters)}->Y{''.join(outputs)}Z", values, *factors)


def _features(layer: Layer, n: int, x: Any, values: Any, of: Framework) -> tuple[Any, tuple]:
    """[diagrams, batch.., positions of y, c_in], and the lengths of the axes of y. Both arrays
    may have any number of axes of the batch."""
    check(layer)
    if layer.layout == "channels_first":
        x, values = (of.movedim(array, -layer.k - 1, -1) for array in (x, values))
    front = x.shape[:x.ndim - layer.k - 1]
    x, values = (array.reshape((math.prod(front), *array.shape[len(front):]))
                 for array in (x, values))
    each = [_taken(layer, diagram, n, x, values, of) for diagram in layer.diagrams]
    lengths = tuple(each[0].shape[1:-1])
    return of.stack([value.reshape((*front, math.prod(lengths), value.shape[-1]))
                     for value in each]), lengths


def along(layer: Layer, n: int, x: Any, values: Any, weight: Any, of: Framework) -> Any:
    """The derivative of the layer at x along `values`: y, without the bias, of the entries of
    `values` where x has its extremes. x is [front.., batch.., axes.., c_in], the weight
    [front.., diagrams, c_in, c_out]."""
    taken, lengths = _features(layer, n, x, values, of)
    front = weight.ndim - 3
    batch = taken.shape[1 + front:-2]
    taken = taken.reshape((taken.shape[0], *taken.shape[1:1 + front], -1, taken.shape[-1]))
    y = of.einsum("d...pi,...dio->...po", taken, weight)
    y = y.reshape((*y.shape[:front], *batch, *lengths, y.shape[-1]))
    return of.movedim(y, -1, -layer.l - 1) if layer.layout == "channels_first" else y


def weights_along(layer: Layer, n: int, x: Any, values: Any, grad_y: Any, front: int,
                  of: Framework) -> Any:
    """The gradient of <grad_y, along(..)> with respect to the weight."""
    taken, _ = _features(layer, n, x, values, of)
    if layer.layout == "channels_first":
        grad_y = of.movedim(grad_y, -layer.l - 1, -1)
    taken = taken.reshape((taken.shape[0], *taken.shape[1:1 + front], -1, taken.shape[-1]))
    grad_y = grad_y.reshape((*grad_y.shape[:front], -1, grad_y.shape[-1]))
    return of.einsum("d...pi,...po->...dio", taken, grad_y)
