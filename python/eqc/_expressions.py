"""The statements of a network, read from its text, so that what is no kernel (derivatives of
higher order) can be composed of the operators of its layers.

The text is the one that the compiler writes, which it has checked: one statement a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from eqc.network import Network

__all__ = ["Axes", "Statement", "compose", "evaluate", "statements_of"]


class Statement(NamedTuple):
    """`name = expression`."""

    name: str
    #: In postfix order: ("value", name), ("call", name, arguments), ("sum", terms).
    steps: tuple[tuple, ...]


_TOKEN = re.compile(r"\s*(\w+|[(),+])")


def _postfix(text: str) -> tuple[tuple, ...]:
    """An expression, read with a stack of its open parentheses."""
    steps: list[tuple] = []
    open_calls: list[list] = [["", 0, 0]]  # the callee, its arguments, terms of the last one
    tokens = [*_TOKEN.findall(text), ""]
    for token, following in zip(tokens, tokens[1:]):
        if token in (",", ")"):
            call = open_calls[-1]
            if call[2] > 1:
                steps.append(("sum", call[2]))
            call[1], call[2] = call[1] + 1, 0
            if token == ")":
                steps.append(("call", call[0], call[1]))
                open_calls.pop()
                open_calls[-1][2] += 1
        elif token == "(":
            continue
        elif following == "(":
            open_calls.append([token, 0, 0])
        elif token != "+":
            steps.append(("value", token))
            open_calls[-1][2] += 1
    if open_calls[0][2] > 1:
        steps.append(("sum", open_calls[0][2]))
    return tuple(steps)


def statements_of(spec: str, name: str) -> tuple[Statement, ...]:
    """Those of a network that define values, in their order."""
    body = spec.split(f"network {name} {{\n", 1)[1]
    statements = []
    for line in body.splitlines():
        left, equal, right = line.partition(" = ")
        if equal:
            statements.append(Statement(left.split()[-1], _postfix(right)))
    return tuple(statements)


def evaluate(statements: Sequence[Statement], values: dict[str, Any],
             call: Callable[[str, list[Any]], Any], spaces: Sequence[str]) -> None:
    """Adds all values to `values`, which has the inputs. `call(name, arguments)` applies a layer
    or a function; the names of spaces, which norm takes, are passed as they are."""
    for statement in statements:
        stack: list[Any] = []
        for i, step in enumerate(statement.steps):
            if step[0] == "value":
                name = step[1]
                stack.append(values[name] if name in values and not _is_space_of_norm(
                    statement.steps, i, name, spaces) else name)
                continue
            arguments = stack[len(stack) - step[-1]:]
            del stack[len(stack) - step[-1]:]
            if step[0] == "sum":
                total = arguments[0]
                for term in arguments[1:]:
                    total = total + term
                stack.append(total)
            else:
                stack.append(call(step[1], arguments))
        values[statement.name] = stack[0]


def _is_space_of_norm(steps: Sequence[tuple], at: int, name: str,
                      spaces: Sequence[str]) -> bool:
    """Whether the word is one of the spaces that norm sums over: what follows it, up to the call
    that takes it, are words, and it is not the first argument."""
    if name not in spaces:
        return False
    words = 1
    for step in steps[at + 1:]:
        if step[0] == "value":
            words += 1
            continue
        return step[0] == "call" and step[1] == "norm" and words < step[2]
    return False


class Axes(NamedTuple):
    """What a framework does with axes of arrays."""

    norm: Callable[[Any, tuple[int, ...]], Any]  #: the root of 1e-12 and squares, over some
    concat: Callable[[list[Any], int], Any]
    insert: Callable[[Any, int], Any]  #: an axis of length 1


class _Value:
    """An array, and the names of the spaces of its axes."""

    def __init__(self, array: Any, axes: Sequence[str]) -> None:
        self.array, self.axes = array, list(axes)

    def __add__(self, other: _Value) -> _Value:
        return _Value(self.array + other.array, self.axes)


def compose(net: Network, inputs: Sequence[Any], params: Any, sizes: Mapping[str, int], *,
            layer: Callable[[str, list[Any], Any, Any, int | None], Any],
            functions: Mapping[str, Callable[[Any], Any]], axes: Axes,
            masked: Callable[[Any, Sequence[str]], Any] = lambda array, axes: array
            ) -> list[Any]:
    """The outputs of a network by operations of a framework. `layer(name, inputs, weight, bias,
    n)` applies one of its layers, of one input or of two; `masked` makes zero what shall not
    count in sums over axes of an array."""
    parts = net.unpack(params)
    last = net.layout == "channels_last"
    first = 1 if last else 2

    def norm(x: _Value, spaces: Sequence[str]) -> _Value:
        dims = tuple(first + i for i, axis in enumerate(x.axes) if axis in spaces)
        return _Value(axes.norm(masked(x.array, x.axes), dims), [a for a in x.axes if a not in spaces])

    def scale(s: _Value, x: _Value) -> _Value:
        factor = s.array
        for i, axis in enumerate(x.axes):
            if axis not in s.axes:
                factor = axes.insert(factor, first + i)
        return _Value(factor * x.array, x.axes)

    def call(name: str, arguments: list[Any]) -> _Value:
        x = arguments[0]
        if name in net.layers:
            kernel = net.layers[name]
            n = kernel.n
            if n is None and kernel.spaces:
                n = kernel._free.packed([sizes[name] for name in kernel._free.names])
            y = layer(name, [value.array for value in arguments], parts[f"{name}.weight"],
                      parts.get(f"{name}.bias"), n)
            return _Value(y, [space.name for space in kernel.y_axes])
        if name == "norm":
            return norm(x, arguments[1:] or x.axes)
        if name == "scale":
            return scale(x, arguments[1])
        if name == "concat":
            return _Value(axes.concat([value.array for value in arguments],
                                      len(x.axes) + 1 if last else 1), x.axes)
        return _Value(functions[name](x.array), x.axes)

    values: dict[str, Any] = {
        tensor.name: _Value(value, [space.name for space in tensor.axes])
        for tensor, value in zip(net.inputs, inputs)}
    evaluate(statements_of(net.spec, net.name), values, call,
             list(net.kinds))
    return [values[tensor.name].array for tensor in net.outputs]
