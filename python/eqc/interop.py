"""Weights that were trained elsewhere.

Invariant Graph Networks (Maron, Ben-Hamu, Shamir, Lipman, ICLR 2019) write a layer from
order k to order l, k and l being 1 or 2, as a sum over basis operations whose order the
usual implementations share (`contractions_2_to_2` and so on). `IGN_ORDER` says which diagram
each operation is; the functions bring coefficients from that order and layout to
`weight[diagrams, c_in, c_out]`, and back.

Their `normalization="inf"` is `normalize="mean"` here, the default of
`eqc.torch.EquivariantLinear`; none is `normalize="none"`, the default of `eqc.Layer`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["IGN_ORDER", "weight_from_ign", "weight_to_ign", "bias_from_ign", "bias_to_ign"]

#: The diagram of every basis operation, by (k, l). In the comments x is the input and y the
#: output; sums run over every index that only x has.
IGN_ORDER: dict[tuple[int, int], tuple[str, ...]] = {
    (2, 2): (
        "o1 o2 i1 i2",        # 1  y[i,i] = x[i,i]
        "o1 o2 | i1 i2",      # 2  y[i,i] = sum x[a,a]
        "o1 o2 i1 | i2",      # 3  y[i,i] = sum x[i,b]
        "o1 o2 i2 | i1",      # 4  y[i,i] = sum x[a,i]
        "o1 o2 | i1 | i2",    # 5  y[i,i] = sum x[a,b]
        "o1 i2 | o2 | i1",    # 6  y[i,j] = sum x[a,i]
        "o1 i1 | o2 | i2",    # 7  y[i,j] = sum x[i,b]
        "o1 | o2 i2 | i1",    # 8  y[i,j] = sum x[a,j]
        "o1 | o2 i1 | i2",    # 9  y[i,j] = sum x[j,b]
        "o1 i1 | o2 i2",      # 10 y[i,j] = x[i,j]
        "o1 i2 | o2 i1",      # 11 y[i,j] = x[j,i]
        "o1 i1 i2 | o2",      # 12 y[i,j] = x[i,i]
        "o1 | o2 i1 i2",      # 13 y[i,j] = x[j,j]
        "o1 | o2 | i1 i2",    # 14 y[i,j] = sum x[a,a]
        "o1 | o2 | i1 | i2",  # 15 y[i,j] = sum x[a,b]
    ),
    (2, 1): (
        "o1 i1 i2",           # 1  y[i] = x[i,i]
        "o1 | i1 i2",         # 2  y[i] = sum x[a,a]
        "o1 i1 | i2",         # 3  y[i] = sum x[i,b]
        "o1 i2 | i1",         # 4  y[i] = sum x[a,i]
        "o1 | i1 | i2",       # 5  y[i] = sum x[a,b]
    ),
    (1, 2): (
        "o1 o2 i1",           # 1  y[i,i] = x[i]
        "o1 o2 | i1",         # 2  y[i,i] = sum x[a]
        "o1 | o2 i1",         # 3  y[i,j] = x[j]
        "o1 i1 | o2",         # 4  y[i,j] = x[i]
        "o1 | o2 | i1",       # 5  y[i,j] = sum x[a]
    ),
    (1, 1): (
        "o1 i1",              # 1  y[i] = x[i]
        "o1 | i1",            # 2  y[i] = sum x[a]
    ),
}


def _key(diagram: str) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(block.split()) for block in diagram.split("|"))


def _positions(k: int, l: int, diagrams: Sequence[str]) -> list[int]:  # noqa: E741
    """For each of the layer's diagrams, which basis operation it is."""
    order = IGN_ORDER.get((k, l))
    if order is None:
        raise ValueError(f"k = {k}, l = {l}: only orders 1 and 2 have such a basis")
    where = {_key(diagram): i for i, diagram in enumerate(order)}
    try:
        positions = [where[_key(diagram)] for diagram in diagrams]
    except KeyError:
        raise ValueError(f"the diagrams are not those of order {k} to {l}: "
                         + ", ".join(diagrams)) from None
    if len(positions) != len(order):
        raise ValueError(f"the layer has {len(positions)} of the {len(order)} diagrams; only "
                         "layers with diagrams=\"all\" and n >= k + l correspond")
    return positions


def weight_from_ign(coefficients: npt.ArrayLike, k: int, l: int,  # noqa: E741
                    diagrams: Sequence[str]) -> np.ndarray:
    """The weight of a layer that computes what these coefficients do.

    Args:
        coefficients: [c_in, c_out, basis], as the usual ports keep them ("dsb,ndbij->nsij").
        k, l: orders of the input and of the output, 1 or 2.
        diagrams: the layer's, `layer.diagrams`.

    Returns:
        [diagrams, c_in, c_out], contiguous.
    """
    array = np.asarray(coefficients)
    positions = _positions(k, l, diagrams)
    if array.ndim != 3 or array.shape[2] != len(positions):
        raise ValueError(f"coefficients have shape {list(array.shape)}; "
                         f"expected [c_in, c_out, {len(positions)}]")
    return np.ascontiguousarray(np.moveaxis(array, 2, 0)[positions])


def weight_to_ign(weight: npt.ArrayLike, k: int, l: int,  # noqa: E741
                  diagrams: Sequence[str]) -> np.ndarray:
    """The inverse of `weight_from_ign`.

    Args:
        weight: [diagrams, c_in, c_out].

    Returns:
        [c_in, c_out, basis], contiguous.
    """
    array = np.asarray(weight)
    positions = _positions(k, l, diagrams)
    if array.ndim != 3 or array.shape[0] != len(positions):
        raise ValueError(f"weight has shape {list(array.shape)}; "
                         f"expected [{len(positions)}, c_in, c_out]")
    result = np.empty_like(array)
    result[positions] = array
    return np.ascontiguousarray(np.moveaxis(result, 0, 2))


def bias_from_ign(everywhere: npt.ArrayLike, diagonal: npt.ArrayLike | None = None, *,
                  l: int) -> np.ndarray:  # noqa: E741
    """The bias of a layer to order l.

    Args:
        everywhere: what is added to every entry (`all_bias`, `bias`), c_out numbers in any
            shape.
        diagonal: what is added to the diagonal besides (`diag_bias`, for l = 2).
        l: 1 or 2.

    Returns:
        [bias_diagrams, c_out]: one row for l = 1; for l = 2 the diagonal's first.
    """
    rows = [np.asarray(everywhere).reshape(-1)]
    if l == 2:
        rows.insert(0, np.zeros_like(rows[0]) if diagonal is None
                    else np.asarray(diagonal).reshape(-1))
    elif l != 1 or diagonal is not None:
        raise ValueError(f"l is {l}; expected 2, or 1 without a diagonal")
    return np.stack(rows)


def bias_to_ign(bias: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray | None]:
    """The inverse of `bias_from_ign`: (everywhere, diagonal), each [c_out]; the diagonal is
    None for a bias of one row."""
    array = np.asarray(bias)
    if array.ndim != 2 or array.shape[0] not in (1, 2):
        raise ValueError(f"bias has shape {list(array.shape)}; expected [1 or 2, c_out]")
    return (array[0], None) if array.shape[0] == 1 else (array[1], array[0])
