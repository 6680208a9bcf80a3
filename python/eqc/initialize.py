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
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from eqc._source import integer

if TYPE_CHECKING:
    from eqc.layer import Layer

__all__ = ["GAIN", "INPUTS", "weight_std"]

#: The n that layers without one are initialised for.
NOMINAL_N = 16

#: The default gain: a ReLU after the layer halves the mean square.
GAIN = math.sqrt(2.0)

#: The default of what is known of x.
INPUTS = "uncentred"


def _row_and_share(diagram: str, size_of: Callable[[str], int],
                   mean: bool) -> tuple[float, float, float]:
    """How many entries of a nonzero row of the diagram are not zero, their size, and f_d. The
    axis of a vertex has the length `size_of` says."""
    entries, size, share = 1.0, 1.0, 1.0
    for block in diagram.split("|"):
        vertices = block.split()
        if vertices[-1] == "1":  # the diagram without vertices
            continue
        n = size_of(vertices[-1])
        outputs = sum(vertex.startswith("o") for vertex in vertices)
        inputs = sum(vertex.startswith("i") for vertex in vertices)
        if vertices[0] == "*":  # the Levi-Civita symbol
            entries *= math.factorial(inputs)
            share *= math.perm(n, outputs) / float(n)**outputs
        elif outputs:  # one value for all its outputs
            share *= float(n)**(1 - outputs)
        elif inputs:  # summed over
            entries *= n
            size /= n if mean else 1
    return entries, size, share


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

    def size_of(vertex: str) -> int:
        lengths = layer._lengths["y"] if vertex[0] == "o" else layer._input_lengths()
        length = lengths[int(vertex[1:]) - 1]
        return length if length > 0 else n or NOMINAL_N

    parts = np.array([_row_and_share(diagram, size_of, layer.normalize == "mean")
                      for diagram in layer.diagrams])
    entries, size, share = parts.T
    rows = size**2 * (entries if inputs == "centred" else entries**2)
    return gain / np.sqrt(layer._channel_pairs() * rows * share.sum())
