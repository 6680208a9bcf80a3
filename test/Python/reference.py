"""Layers from their definition, entry by entry: what the package is compared with.

Shares nothing with the compiler but the notation of diagrams.
"""

import itertools

import numpy as np


def levi_civita(n):
    symbol = np.zeros((n,) * n)
    for order in itertools.permutations(range(n)):
        inversions = sum(order[a] > order[b] for a in range(n) for b in range(a + 1, n))
        symbol[order] = (-1)**inversions
    return symbol


def symplectic(n):
    form = np.zeros((n, n))
    for a in range(0, n, 2):
        form[a, a + 1], form[a + 1, a] = 1, -1
    return form


def form(group, n):
    """What joins a pair of inputs, or of outputs."""
    if group == "Sp":
        return symplectic(n)
    diagonal = np.ones(n)
    if "," in group:
        diagonal[int(group.split("(")[1].split(",")[0]):] = -1
    return np.diag(diagonal)


def vertex_number(vertex, l):
    return int(vertex[1:]) - 1 + (0 if vertex[0] == "o" else l)


def diagram_matrix(diagram, group, n, k, l, mean=False):
    """D_d as an array [n (l times), n (k times)]."""
    grid = np.indices((n,) * (l + k))
    result = np.ones((n,) * (l + k))
    blocks = [block.split() for block in diagram.split("|")]
    if blocks[0] == ["*"]:  # a jellyfish
        del blocks[0]
        symbol = levi_civita(n)
        if len(blocks) < n:
            symbol = symbol.sum(axis=-1)
        result *= symbol[tuple(grid[min(vertex_number(word, l) for word in block)]
                               for block in blocks)]
        mean = False
    for words in blocks:
        if words == ["1"]:
            continue
        free = words[0] == "*"
        vertices = sorted(vertex_number(word, l) for word in words[free:])
        if free:
            result *= levi_civita(n)[tuple(grid[v] for v in vertices)]
            for v in vertices:
                if v >= l:
                    result *= form(group, n)[grid[v], grid[v]]
            continue
        inside = [v >= l for v in vertices]
        if len(vertices) == 2 and all(inside) | (not any(inside)):
            result *= form(group, n)[grid[vertices[0]], grid[vertices[1]]]
        else:
            for v in vertices[1:]:
                result *= grid[vertices[0]] == grid[v]
        if mean and all(inside):
            result /= n
    return result


def matrices(layer, n, bias=False):
    """All D_d, [diagrams, n^l, n^k]; those of the bias with k = 0."""
    diagrams = layer.bias_diagrams if bias else layer.diagrams
    k = 0 if bias else layer.k
    mean = layer.normalize == "mean"
    return np.stack([diagram_matrix(d, layer.group, n, k, layer.l, mean)
                     .reshape(n**layer.l, n**k) for d in diagrams])


def to_rows(layer, array, n, order):
    """An x or y as [batch, n^order, channels], in double precision."""
    array = np.asarray(array, np.float64)
    if layer.layout == "channels_first":
        array = np.moveaxis(array, 1, -1)
    return array.reshape(array.shape[0], n**order, array.shape[-1])


def from_rows(layer, rows, n, order):
    array = rows.reshape(rows.shape[0], *(n,) * order, rows.shape[-1])
    return np.moveaxis(array, -1, 1) if layer.layout == "channels_first" else array


def forward(layer, x, weight, bias=None, n=None):
    n = n or layer.n
    rows = to_rows(layer, x, n, layer.k)
    y = np.einsum("dji,bic,dco->bjo", matrices(layer, n), rows,
                  np.asarray(weight, np.float64), optimize=True)
    if bias is not None:
        y += np.einsum("eji,eo->jo", matrices(layer, n, True), np.asarray(bias, np.float64))
    return from_rows(layer, y, n, layer.l)


def backward(layer, x, weight, grad_y, n=None):
    """(x, weight, bias), the bias None without."""
    n = n or layer.n
    maps, xs = matrices(layer, n), to_rows(layer, x, n, layer.k)
    gs = to_rows(layer, grad_y, n, layer.l)
    grad_x = np.einsum("dji,bjo,dco->bic", maps, gs, np.asarray(weight, np.float64),
                       optimize=True)
    grad_weight = np.einsum("dji,bic,bjo->dco", maps, xs, gs, optimize=True)
    grad_bias = None
    if layer.has_bias:
        grad_bias = np.einsum("eji,bjo->eo", matrices(layer, n, True), gs)
    return from_rows(layer, grad_x, n, layer.k), grad_weight, grad_bias


def error(actual, expected):
    """Largest absolute error over largest absolute value."""
    actual = np.asarray(actual, np.float64)
    assert actual.shape == expected.shape
    if expected.size == 0:
        return 0.0
    return np.abs(actual - expected).max() / max(np.abs(expected).max(), 1e-30)


def tolerance(dtype):
    return 3e-5 if np.dtype(dtype) == np.float32 else 1e-11
