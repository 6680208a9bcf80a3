"""Weights that were trained elsewhere.

Invariant Graph Networks (Maron, Ben-Hamu, Shamir, Lipman, ICLR 2019) write a layer from
order k to order l, k and l being 1 or 2, as a sum over basis operations whose order the
usual implementations share (`contractions_2_to_2` and so on). `IGN_ORDER` says which diagram
each operation is; the functions bring coefficients from that order and layout to
`weight[diagrams, c_in, c_out]`, and back.

Their `normalization="inf"` is `normalize="mean"` here, the default of
`eqc.torch.EquivariantLinear`; none is `normalize="none"`, the default of `eqc.Layer`.

`weights_of` finds the weights of any layer that computes a function which is at hand, and
`weights_from_e3nn` those of a linear layer of e3nn; docs/Porting.md goes through the libraries.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from eqc._native import NativeProgram
from eqc.errors import CompileError
from eqc.layer import Layer

if TYPE_CHECKING:
    import torch

__all__ = ["IGN_ORDER", "PELICAN_ORDER", "bias_from_ign", "bias_to_ign", "e3nn_features",
           "e3nn_irreps", "e3nn_tensor", "from_orbit", "to_orbit", "weight_from_ign",
           "weight_from_orbits",
           "weight_from_pelican", "weight_to_ign", "weights_from_e3nn", "weights_of"]

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


def _positions(k: int, l: int, diagrams: Sequence[str],  # noqa: E741
               orders: Mapping[tuple[int, int], Sequence[str]] = IGN_ORDER) -> list[int]:
    """For each of the layer's diagrams, which basis operation it is."""
    order = orders.get((k, l))
    if order is None:
        raise ValueError(f"k = {k}, l = {l}: only orders "
                         + ", ".join(f"{a} to {b}" for a, b in orders) + " have such a basis")
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
    return _reorder(coefficients, _positions(k, l, diagrams))


def _reorder(coefficients: npt.ArrayLike, positions: Sequence[int]) -> np.ndarray:
    array = np.asarray(coefficients)
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


#: What layers of PELICAN (Bogatskiy, Hoffman, Miller, Offermann 2022) list as `eops_2_to_2` and
#: so on, by (k, l): the same operations in another order.
PELICAN_ORDER: dict[tuple[int, int], tuple[str, ...]] = {
    (2, 2): (
        "o1 i1 | o2 i2",      # 1  y[i,j] = x[i,j]
        "o1 i2 | o2 i1",      # 2  y[i,j] = x[j,i]
        "o1 o2 i1 i2",        # 3  y[i,i] = x[i,i]
        "o1 | o2 i1 i2",      # 4  y[i,j] = x[j,j]
        "o1 i1 i2 | o2",      # 5  y[i,j] = x[i,i]
        "o1 o2 i2 | i1",      # 6  y[i,i] = sum x[a,i]
        "o1 | o2 i2 | i1",    # 7  y[i,j] = sum x[a,j]
        "o1 i2 | o2 | i1",    # 8  y[i,j] = sum x[a,i]
        "o1 o2 i1 | i2",      # 9  y[i,i] = sum x[i,b]
        "o1 | o2 i1 | i2",    # 10 y[i,j] = sum x[j,b]
        "o1 i1 | o2 | i2",    # 11 y[i,j] = sum x[i,b]
        "o1 | o2 | i1 i2",    # 12 y[i,j] = sum x[a,a]
        "o1 o2 | i1 i2",      # 13 y[i,i] = sum x[a,a]
        "o1 | o2 | i1 | i2",  # 14 y[i,j] = sum x[a,b]
        "o1 o2 | i1 | i2",    # 15 y[i,i] = sum x[a,b]
    ),
    (2, 1): ("o1 i1 i2", "o1 i1 | i2", "o1 i2 | i1", "o1 | i1 i2", "o1 | i1 | i2"),
    (1, 2): ("o1 o2 i1", "o1 | o2 i1", "o1 i1 | o2", "o1 o2 | i1", "o1 | o2 | i1"),
    (2, 0): ("i1 | i2", "i1 i2"),
    (1, 1): ("o1 i1", "o1 | i1"),
}


def weight_from_pelican(coefficients: npt.ArrayLike, k: int, l: int,  # noqa: E741
                        diagrams: Sequence[str]) -> np.ndarray:
    """The weight of a layer that computes what these coefficients of PELICAN do.

    Their `aggregation="mean"` is `normalize="mean"`, `"max"` and `"min"` are `pool`. Under
    `"sum"` each sum is divided by `nobj_avg`: scale the coefficients, and take
    `normalize="none"`. There is no `"var"`.

    Args:
        coefficients: [c_in, c_out, basis], `coefs` of Eq2to2, Eq2to1, Eq1to2, Eq2to0.
        k, l: orders of the input and of the output.
        diagrams: the layer's, `layer.diagrams`.

    Returns:
        [diagrams, c_in, c_out], contiguous.
    """
    return _reorder(coefficients, _positions(k, l, diagrams, PELICAN_ORDER))


def weight_from_orbits(coefficients: npt.ArrayLike, diagrams: Sequence[str]) -> np.ndarray:
    """The weight of a layer of S from coefficients of the orbits of entries.

    Maron et al. (2019) define their layers so, and higher-order transformers (Kim, Oh, Hong
    2021) have them so: the coefficient of a pattern multiplies x[i] in y[j] where the indices
    that the pattern joins are equal and all others differ. A diagram says nothing of the
    others, so it is the sum of the orbits of all coarser patterns, and an orbit is a sum of
    diagrams by the Moebius function of partitions.

    Args:
        coefficients: [diagrams, c_in, c_out], the orbit of each diagram of the layer.
        diagrams: the layer's, all of S with n >= k + l; sums, not means.

    Returns:
        [diagrams, c_in, c_out], contiguous.
    """
    array = np.asarray(coefficients)
    keys = [_key(diagram) for diagram in diagrams]
    if array.ndim != 3 or array.shape[0] != len(keys):
        raise ValueError(f"coefficients have shape {list(array.shape)}; "
                         f"expected [{len(keys)}, c_in, c_out]")
    where = {key: number for number, key in enumerate(keys)}
    if len(where) != _bell_number(sum(map(len, keys[0])) if keys else 0):
        raise ValueError(f"these are {len(where)} diagrams, not all of a layer of S with "
                         "n >= k + l")
    return _multiplied(_moebius(keys), array)


def _joined(fine: frozenset[frozenset[str]],
            coarse: frozenset[frozenset[str]]) -> list[int] | None:
    """How many blocks of `fine` each block of `coarse` is made of, if it is."""
    if not all(any(block <= large for large in coarse) for block in fine):
        return None
    counts = [sum(block <= large for block in fine) for large in coarse]
    return counts if all(counts) else None


def _moebius(keys: Sequence[frozenset[frozenset[str]]]) -> np.ndarray:
    """[diagram, orbit]: in which sum of diagrams an orbit is."""
    matrix = np.zeros((len(keys), len(keys)))
    for orbit, fine in enumerate(keys):
        for number, coarse in enumerate(keys):
            if (joined := _joined(fine, coarse)) is not None:
                matrix[number, orbit] = math.prod(
                    (-1) ** (count - 1) * math.factorial(count - 1) for count in joined)
    return matrix


def _multiplied(matrix: np.ndarray, array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.tensordot(matrix, array, 1).astype(array.dtype))


def _check_orbits(layer: Layer) -> None:
    """Raises ValueError where there is no such layer with weights of orbits, as the compiler
    knows: it reads the layer with them."""
    source = re.sub(r"(?m)^  diagrams = .*", lambda field: field[0] + "\n  weights = orbit",
                    layer.spec)
    try:
        NativeProgram(source, f"<layer {layer.name}>", layer.options)
    except CompileError as error:
        raise ValueError(error.diagnostics[0].message if error.diagnostics
                         else str(error)) from None


def _orbit_keys(layer: Layer, weight: npt.ArrayLike,
                of_bias: bool) -> tuple[np.ndarray, list[frozenset[frozenset[str]]]]:
    """The weight as an array, and keys that only coarser diagrams are made of."""
    diagrams = layer.bias_diagrams if of_bias else layer.diagrams
    array = np.asarray(weight)
    shape = layer.bias_shape if of_bias else layer.weight_shape
    if array.shape != tuple(shape):
        raise ValueError(f"the {'bias' if of_bias else 'weight'} has shape {list(array.shape)}; "
                         f"expected {list(shape)}")
    if layer.weights != "orbit":
        _check_orbits(layer)
    if layer.in_symmetry or layer.out_symmetry:
        raise ValueError("the axes have a symmetry; convert the weights of the layer without")

    def space_of(block: frozenset[str]) -> Any:
        vertex, _, summand = min(block).partition(":")
        axes = layer.y_axes if vertex[0] == "o" else layer.x_axes
        if len(layer.spaces) < 2:
            return None
        if summand:
            return next(space for space in layer.spaces if space.name == summand)
        return axes[int(vertex[1:]) - 1]

    def is_leg(block: frozenset[str]) -> bool:
        return space_of(block) is None or space_of(block).group == "A"

    def key(diagram: str) -> frozenset[frozenset[str]]:
        if "=" in diagram:  # an orbit already
            return frozenset({frozenset({diagram})})
        blocks = _key(diagram)
        if frozenset({"*"}) not in blocks:
            return blocks
        # Legs are not joined: each set of them is of its own.
        legs = [block for block in blocks if block != {"*"} and is_leg(block)]
        name = "|".join(sorted(" ".join(sorted(block)) for block in legs))
        return frozenset([block for block in blocks if block not in legs and block != {"*"}]
                         + [frozenset({f"* {name}"})])

    return array, [key(diagram) for diagram in diagrams]


def from_orbit(layer: Layer, weight: npt.ArrayLike, *, of_bias: bool = False) -> np.ndarray:
    """What `weight` of a layer with `weights="orbit"` is in one with `weights="diagram"`.

    Args:
        layer: either of the two, of sums; its diagrams count.
        weight: [diagrams, c_in, c_out], of the orbits of tuples whose indices are equal
            exactly within the blocks; or, with `of_bias`, [bias_diagrams, c_out].

    Returns:
        An array of the same shape and dtype, contiguous: of each diagram the sum over the finer
        ones p of mu(p, diagram) weight[p].

    Raises:
        ValueError: the group has no such weights, the layer takes means, its axes have a
            symmetry or its list lacks coarser diagrams, or the shape is another.
    """
    array, keys = _orbit_keys(layer, weight, of_bias)
    return _multiplied(_moebius(keys), array)


def to_orbit(layer: Layer, weight: npt.ArrayLike, *, of_bias: bool = False) -> np.ndarray:
    """The inverse of `from_orbit`: the sum over each diagram and all finer ones."""
    array, keys = _orbit_keys(layer, weight, of_bias)
    finer = [[float(_joined(fine, coarse) is not None) for fine in keys] for coarse in keys]
    return _multiplied(np.array(finer), array)


def _bell_number(size: int) -> int:
    """How many partitions a set has."""
    row = [1]
    for _ in range(size):
        last = [row[-1]]
        for value in row:
            last.append(last[-1] + value)
        row = last
    return row[0]


def weights_of(layer: Layer, function: Callable[[np.ndarray], npt.ArrayLike], *,
               n: int | None = None, tolerance: float | None = None,
               prepare: Callable[[np.ndarray], np.ndarray] | None = None,
               ) -> tuple[np.ndarray, np.ndarray | None]:
    """The weight and the bias with which a layer computes an affine function.

    The function is called on random numbers; where it is what the layer can compute, these
    determine the weights, and other numbers confirm them. So anything linear that respects
    the group can be ported without a word about how its authors order or scale their basis.

    Args:
        layer: with diagrams that are linearly independent (`diagrams="basis"` where n is small).
        function: takes x, [batch, ..] as the layer does, to y, [batch, ..]; in float64.
        n: the size to call it with, of a layer with `n=None`.
        prepare: makes an x that the layer accepts of any array of its shape, and is linear: for
            axes that have a symmetry.
        tolerance: how far the layer may be from the function, relative to the largest number
            of y; by default 1e-9, or 1e-4 for layers of float32.

    Returns:
        The weight, and the bias or None, of the layer's dtype.

    Raises:
        ValueError: the layer cannot compute the function, which does not respect the group,
            is not affine, or has a bias that the layer has not; or the diagrams depend on
            each other.
    """
    rng = np.random.default_rng(0)
    last = layer.layout == "channels_last"
    c_in, c_out = layer.channels
    # [.., channels]
    x_entries, y_entries = (math.prod(shape(1, n)) // channels for shape, channels in
                            ((layer.x_shape, c_in), (layer.y_shape, c_out)))
    samples = 2 * -(-max(len(layer.diagrams), 1) // y_entries) + 2

    size = {"n": n} if layer.n is None else {}

    def lawful(x: np.ndarray) -> np.ndarray:
        return x if prepare is None else np.ascontiguousarray(prepare(x))

    def place(values: np.ndarray, channel: int) -> np.ndarray:
        """[batch, entries] into one channel of an x that is zero elsewhere."""
        x = np.zeros((*values.shape, c_in))
        x[..., channel] = values
        x = np.ascontiguousarray(x if last else np.moveaxis(x, -1, 1))
        return lawful(x.reshape(layer.x_shape(len(values), n)))

    def entries(y: npt.ArrayLike) -> np.ndarray:
        """[batch, entries, c_out]."""
        y = np.asarray(y, np.float64)
        if y.shape != layer.y_shape(len(y), n):
            raise ValueError(f"the function gives shape {list(y.shape)}; "
                             f"expected {list(layer.y_shape(len(y), n))}")
        if last:
            return y.reshape(len(y), y_entries, c_out)
        return np.moveaxis(y.reshape(len(y), c_out, y_entries), 1, -1)

    def call(values: np.ndarray, channel: int) -> np.ndarray:
        return entries(function(place(values, channel)))

    def solve(columns: np.ndarray, wanted: np.ndarray, what: str) -> np.ndarray:
        """[rows, unknowns] and [rows, c_out] to [unknowns, c_out]."""
        found, _, rank, _ = np.linalg.lstsq(columns, wanted, rcond=1e-5)
        if rank < columns.shape[1]:
            raise ValueError(f"the {what} diagrams depend on each other; take a larger n, or "
                             'diagrams="basis"')
        return found

    # What each diagram makes of the numbers, and what the layer's bias is made of.
    def column(values: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
        x = place(values, 0).astype(layer.dtype)
        return entries(layer(x, weight, bias, **size))[..., 0].ravel()

    numbers = rng.standard_normal((samples, x_entries))
    weight = np.zeros(layer.weight_shape, layer.dtype)
    bias = np.zeros(layer.bias_shape, layer.dtype) if layer.has_bias else None
    columns, rows = [], []
    for d in range(len(layer.diagrams)):
        weight[d, 0, 0] = 1
        columns.append(column(numbers, weight, bias))
        weight[d, 0, 0] = 0
    zero = np.zeros((1, x_entries))
    offset = call(zero, 0)
    if bias is not None:
        for d in range(len(bias)):
            bias[d, 0] = 1
            rows.append(column(zero, weight, bias))
            bias[d, 0] = 0
        bias[:] = solve(np.stack(rows, 1), offset[0], "bias")
    for channel in range(c_in):
        wanted = (call(numbers, channel) - offset).reshape(-1, c_out)
        weight[:, channel] = solve(np.stack(columns, 1), wanted, "layer's")

    x = lawful(rng.standard_normal(layer.x_shape(3, n)))
    wanted = np.asarray(function(x), np.float64)
    error = np.abs(layer(x.astype(layer.dtype), weight, bias, **size) - wanted).max(initial=0)
    scale = np.abs(wanted).max(initial=0)
    if tolerance is None:
        tolerance = 1e-9 if layer.dtype == np.float64 else 1e-4
    if not error <= tolerance * scale:
        raise ValueError(f"the layer is off by {error / scale if scale else error:.1e} of the "
                         "function, which is not affine, does not respect the group, or has a "
                         "bias that the layer has not")
    return weight, bias


def e3nn_features(tensor: torch.Tensor, formula: str) -> torch.Tensor:
    """Cartesian tensors in e3nn's irreps.

    Args:
        tensor: [.., 3 (for each index), channels], as layers of O(3) and SO(3) have them.
        formula: e3nn's, such as "ij=ji", "" for a scalar.

    Returns:
        [.., dim of `e3nn_irreps(formula, channels)`].
    """
    if not formula:
        return tensor
    from e3nn.io import CartesianTensor

    cartesian = CartesianTensor(formula)
    features = cartesian.from_cartesian(tensor.movedim(-1, -1 - len(cartesian.indices)))
    parts = [features[..., part].unflatten(-1, (mul, irrep.dim)).flatten(-3)
             for part, (mul, irrep) in zip(cartesian.slices(), cartesian)]
    return _torch().cat(parts, dim=-1)


def e3nn_tensor(features: torch.Tensor, formula: str, channels: int) -> torch.Tensor:
    """The inverse of `e3nn_features`, on tensors of the formula's symmetry."""
    if not formula:
        return features
    from e3nn.io import CartesianTensor

    cartesian = CartesianTensor(formula)
    parts, start = [], 0
    for mul, irrep in cartesian:
        size = channels * mul * irrep.dim
        parts.append(features[..., start:start + size].unflatten(-1, (channels, mul * irrep.dim)))
        start += size
    tensor = cartesian.to_cartesian(_torch().cat(parts, dim=-1))
    return tensor.movedim(-1 - len(cartesian.indices), -1)


def e3nn_irreps(formula: str, channels: int) -> str:
    """The irreps that channels of a Cartesian tensor are in e3nn: "8x0e+8x2e"."""
    if not formula:
        return f"{channels}x0e"
    from e3nn.io import CartesianTensor

    return "+".join(f"{channels * mul}x{irrep}" for mul, irrep in CartesianTensor(formula))


def weights_from_e3nn(layer: Layer, linear: torch.nn.Module, x: str, y: str,
                      ) -> tuple[np.ndarray, np.ndarray | None]:
    """The weight and the bias of a layer of O or SO, n = 3, that computes what an
    `e3nn.o3.Linear` does with Cartesian tensors.

    Args:
        layer: of order k to l; where the formulas have a symmetry, so have its axes. Channels
            last.
        linear: from `e3nn_irreps(x, c_in)` to `e3nn_irreps(y, c_out)`.
        x, y: e3nn's formulas of the two tensors, "ij=ji".

    Raises:
        ValueError: as of `weights_of`; so where `linear` joins irreps of other parity, by the
            layer's group or not at all.
    """
    torch = _torch()
    if layer.layout != "channels_last":
        raise ValueError("layout is channels_first; expected channels_last")

    kind = next(linear.parameters()).dtype

    def function(tensor: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            features = e3nn_features(torch.from_numpy(tensor).to(kind), x)
            return e3nn_tensor(linear(features), y, layer.channels[1]).double().numpy()

    def prepare(tensor: np.ndarray) -> np.ndarray:
        features = e3nn_features(torch.from_numpy(tensor), x)
        return e3nn_tensor(features, x, layer.channels[0]).numpy()

    # e3nn keeps its changes of basis in single precision unless that is not the default.
    exact = kind == torch.float64 and layer.dtype == np.float64
    return weights_of(layer, function, prepare=prepare, tolerance=1e-6 if exact else 1e-4)


def _torch():
    import torch

    return torch
