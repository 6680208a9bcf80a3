"""How large random weights should be.

For an x of independent entries with mean 0 and variance 1, and independent weights, the
variance of y at a position is sum_d sd_d^2 c_in r_d over the diagrams d that write there,
where r_d is the squared norm of a nonzero row of D_d. A diagram writes to a share f_d of all
positions (one that joins two outputs, to a diagonal). With

    sd_d^2 = gain^2 / (c_in r_d sum_e f_e)

every diagram contributes the same where it writes, and the variance of y, averaged over all
positions, is gain^2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from eqc.layer import Layer

__all__ = ["weight_std"]

#: The n that layers without one are initialised for.
NOMINAL_N = 16


def _row_and_share(diagram: str, n: int, mean: bool) -> tuple[float, float]:
    """r_d and f_d of a diagram in the compiler's notation."""
    row, share = 1.0, 1.0
    for block in diagram.split("|"):
        vertices = block.split()
        outputs = sum(vertex.startswith("o") for vertex in vertices)
        inputs = sum(vertex.startswith("i") for vertex in vertices)
        if vertices[0] == "*":  # the Levi-Civita symbol
            row *= math.factorial(inputs)
            share *= math.perm(n, outputs) / float(n)**outputs
        elif outputs:  # one value for all its outputs
            share *= float(n)**(1 - outputs)
        elif inputs:  # summed over
            row *= 1.0 / n if mean else n
    return row, share


def weight_std(layer: Layer, *, n: int | None = None, gain: float = 1.0) -> np.ndarray:
    """The standard deviation of each diagram's weights that keeps the variance.

    Args:
        layer: whose diagrams, channels and normalisation count.
        n: the size to have in mind for a layer without an n of its own (default 16).
        gain: the standard deviation that y shall have.

    Returns:
        [diagrams], float64.
    """
    size = layer.n or n or NOMINAL_N
    mean = layer.normalize == "mean"
    parts = [_row_and_share(diagram, size, mean) for diagram in layer.diagrams]
    rows = np.array([row for row, _ in parts])
    total = sum(share for _, share in parts)
    return gain / np.sqrt(layer.channels[0] * rows * total)
