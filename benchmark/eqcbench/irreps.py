"""e3nn's linear layer on the irreducible parts that a layer's tensors have.

An order-k tensor over R^3 is a sum of irreducible parts; in that basis an
equivariant layer multiplies the copies of each part by a matrix, which is what
e3nn's Linear does. The change of basis is not timed, in e3nn's favour.
"""

import numpy as np

from . import algebra
from .peers import Unavailable, _to_device, _to_host, _torch


def coupling_basis(order, wigner_3j):
    """[(degree, rows)]: orthonormal rows [2 degree + 1, 3^order], coupled one
    axis at a time, sorted by degree."""
    parts = [(0, np.ones((1, 1)))]
    for _ in range(order):
        coupled = []
        for degree, rows in parts:
            for new in range(abs(degree - 1), degree + 2):
                c = wigner_3j(degree, 1, new) * np.sqrt(2 * new + 1)
                product = np.einsum("mI,maM->MIa", rows, c)
                coupled.append((new, product.reshape(2 * new + 1, -1)))
        parts = coupled
    return sorted(parts, key=lambda part: part[0])


def by_degree(parts):
    """degree -> [copies, 2 degree + 1, 3^order]."""
    return {degree: np.stack([rows for other, rows in parts
                              if other == degree])
            for degree in sorted({d for d, _ in parts})}


def e3nn_linear(layer, x, weight, bias, threads):
    torch = _torch(threads)
    try:
        from e3nn import o3
    except ImportError:
        raise Unavailable("e3nn is not installed")
    if layer.group not in ("O", "SO") or layer.n != 3 or bias is not None:
        raise Unavailable("e3nn has O(3) and SO(3) only")
    dtype = torch.from_numpy(x).dtype

    def wigner(a, b, c):
        return o3.wigner_3j(a, b, c, dtype=torch.float64).numpy()
    inputs = by_degree(coupling_basis(layer.k, wigner))
    outputs = by_degree(coupling_basis(layer.l, wigner))
    # Without reflections there is nothing that a parity would forbid.
    def irreps(parts, channels, order):
        parity = "e" if layer.group == "SO" or order % 2 == 0 else "o"
        return "+".join(f"{len(rows) * channels}x{degree}{parity}"
                        for degree, rows in parts.items())
    linear = o3.Linear(irreps(inputs, layer.c_in, layer.k),
                       irreps(outputs, layer.c_out, layer.l)).to(dtype)

    # Diagram d takes copy i of a degree to copy o times matrix[d, i, o].
    dense = np.stack([
        algebra.dense(d, layer.group, 3).reshape(3 ** layer.l, 3 ** layer.k)
        for d in algebra.diagrams(layer.group, 3, layer.l, layer.k)])
    flat = []
    for instruction in linear.instructions:
        degree = linear.irreps_in[instruction.i_in].ir.l
        rows_in, rows_out = inputs[degree], outputs[degree]
        blocks = np.einsum("omJ,dJI,inI->diomn", rows_out, dense, rows_in,
                           optimize=True)
        scalars = np.einsum("diomm->dio", blocks) / (2 * degree + 1)
        unit = np.eye(2 * degree + 1)
        if not np.allclose(blocks, scalars[..., None, None] * unit,
                           atol=1e-5):
            raise Unavailable("the bases of e3nn and eqc do not fit")
        mixed = np.einsum("dio,dcp->icop", scalars, weight.astype(np.float64))
        # Linear divides by the root of its fan-in.
        flat.append(mixed.reshape(-1) / instruction.path_weight)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(np.concatenate(flat)))

    batch = x.shape[0]

    def to_parts(array, parts, order):
        array = array.reshape(batch, 3 ** order, -1)
        return np.concatenate([
            np.einsum("imI,bIc->bicm", rows.astype(array.dtype), array)
            .reshape(batch, -1) for rows in parts.values()], 1)

    def from_parts(array, parts, order, channels):
        result, at = 0, 0
        for degree, rows in parts.items():
            size = len(rows) * channels * (2 * degree + 1)
            part = array[:, at:at + size].reshape(
                batch, len(rows), channels, 2 * degree + 1)
            result = result + np.einsum("omJ,bocm->bJc",
                                        rows.astype(array.dtype), part)
            at += size
        return result.reshape((batch,) + (3,) * order + (channels,))
    tensor = _to_device(torch)(to_parts(x, inputs, layer.k))
    linear = linear.to(tensor.device)
    return (lambda: linear(tensor),
            lambda: from_parts(_to_host(linear(tensor)), outputs, layer.l,
                               layer.c_out))
