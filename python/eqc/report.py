"""What a layer consists of and costs, in words, as data and as pictures; nothing is compiled."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqc._native import NativeProgram, Options, source_for_bias
from eqc._source import layer_source
from eqc.errors import CompileError, Diagnostic

__all__ = ["Explanation", "Picture", "Reported", "Support", "supported"]


class Explanation:
    """What `eqc explain` says. `str` is the text, which an interactive session shows;
    `facts` is what `eqc explain --json` prints: "layers" and "networks"."""

    def __init__(self, text: str, facts: dict[str, Any]) -> None:
        self.text = text
        self.facts = facts

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


class Picture:
    """An SVG picture, which notebooks show."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<eqc.Picture of {len(self.svg)} bytes of SVG>"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it to a file.

        Raises:
            OSError: it cannot be written.
        """
        Path(path).write_text(self.svg, encoding="utf-8")


def explain_source(source: str, file: str, options: Options) -> Explanation:
    program = NativeProgram(source, file, options)
    return Explanation(program.explain(as_json=False), json.loads(program.explain(as_json=True)))


class Reported:
    """Layers, networks and programs: what there is to say of their source."""

    def _reported(self) -> tuple[str, str, Options]:
        """The source, how messages name it, and what the compiler was asked for."""
        raise NotImplementedError

    def explain(self) -> Explanation:
        """What it consists of, the plans that were compared and what they cost: what
        `eqc explain` prints."""
        return explain_source(*self._reported())

    def draw(self, *, plan: bool = False) -> Picture:
        """A picture of the diagrams and of networks, or with `plan` of how layers are carried
        out: what is read, mixed and written. What `eqc draw` draws."""
        return Picture(NativeProgram(*self._reported()).draw(plan))


@dataclass(frozen=True)
class Support:
    """Whether there is a layer, and how fast. True in a condition if there is."""

    ok: bool
    why: str = ""  #: there is none
    diagnostics: tuple[Diagnostic, ...] = ()
    plan: str = ""  #: that the layer gets
    batch: int = 0  #: samples of a call, and n, that plans were compared at
    n: int = 0
    machine: str = ""  #: whose rates predict times
    call_ns: float | None = None  #: predicted for a call on one thread; None: it has no rates
    flops: int = 0  #: of a sample
    least_bytes: int = 0  #: that a call moves, whatever the plan
    explanation: Explanation | None = dataclasses.field(default=None, compare=False)

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        if not self.ok:
            return f"<not supported: {self.why}>"
        if self.call_ns is None:
            return f"<supported: plan {self.plan}>"
        return (f"<supported: plan {self.plan}, about {_time(self.call_ns)} a call of "
                f"{self.batch} samples on one thread with {self.machine}>")


def _time(ns: float) -> str:
    for unit, size in ("s", 1e9), ("ms", 1e6), ("us", 1e3):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.3g} ns"


def supported(source: str | None = None, /, **fields: Any) -> Support:
    """Whether eqc has a layer, and about how long it takes here: nothing is compiled.

    Args:
        source: a source with one layer in the .eq language; or none, and
        fields: arguments of `eqc.Layer`: those of the layer, and `plan`, `cpu`, `optimize`,
            `max_diagrams`, `threads`, `grad`, `ragged`.

    Returns:
        A `Support`, which is true if there is such a layer; else `why` says why not. Times are
        those that the cost model predicts, of a call of `batch` samples, else 32; what has an
        `n` of None is compared at 32.

    Raises:
        TypeError, ValueError: an argument cannot be written in the language.
    """
    names = {field.name for field in dataclasses.fields(Options)}
    options = Options(**{"cpu": "native",
                         **{name: fields.pop(name) for name in names & set(fields)}})
    if source is None:
        for name, end in (("k", "input"), ("l", "output")):
            if name not in fields:
                raise TypeError(f"{name} is missing; expected the order of the {end}, or the "
                                "spaces of its axes")
        given = {"name": "layer", "group": None, "n": None, "channels": (1, 1), "bias": False,
                 "dtype": "f32", "layout": "channels_last", "normalize": "none",
                 "diagrams": "all", "batch": None, "in_symmetry": (), "out_symmetry": (),
                 "weights": "diagram", **fields}
        source = source_for_bias(lambda bias: layer_source(**{**given, "bias": bias}),
                                 given["bias"], options)
    elif fields:
        raise TypeError(f"a source has its own fields; {', '.join(fields)} cannot be given")
    try:
        explanation = explain_source(source, "<layer>", options)
    except CompileError as error:
        first = error.diagnostics[0].message if error.diagnostics else str(error)
        return Support(False, first, error.diagnostics)
    layer = explanation.facts["layers"][0]
    compared = layer.get("compared_at", {"batch": 0, "n": 0, "machine": ""})
    own = next((plan for plan in layer.get("plans", ()) if plan["plan"] == layer["plan"]), {})
    least = layer.get("least_bytes", {"per_sample": 0, "per_call": 0})
    return Support(True, plan=layer["plan"], batch=compared["batch"], n=compared["n"],
                   machine=compared["machine"], call_ns=own.get("call_ns"),
                   flops=own.get("flops", 0),
                   least_bytes=least["per_sample"] * compared["batch"] + least["per_call"],
                   explanation=explanation)
