"""Diagrams in the canonical order of the weights, and how they split.

A second implementation, on purpose: the weights of every peer are mapped by
this one, so a peer that agrees with eqc's kernel confirms both.
"""

import itertools
from functools import lru_cache

import numpy as np


def growth_strings(size):
    """Restricted growth strings in lexicographic order."""
    def extend(prefix, blocks):
        if len(prefix) == size:
            yield tuple(prefix)
            return
        for label in range(blocks + 1):
            yield from extend(prefix + [label], max(blocks, label + 1))
    yield from extend([], 0)


def matchings(vertices):
    """Perfect matchings of `vertices`, by growth string."""
    if not vertices:
        return [()]
    first, found = vertices[0], []
    for partner in vertices[1:]:
        rest = tuple(v for v in vertices[1:] if v != partner)
        found += [((first, partner),) + m for m in matchings(rest)]

    def key(matching):
        block = {v: sorted(matching).index(p) for p in matching for v in p}
        return [block[v] for v in vertices]
    return sorted((tuple(sorted(m)) for m in found), key=key)


class Diagram:
    """Blocks of vertices 0..l-1 (outputs) and l..l+k-1 (inputs)."""

    def __init__(self, l, k, blocks, free=()):
        self.l, self.k = l, k
        self.blocks = tuple(sorted(tuple(sorted(b)) for b in blocks))
        self.free = tuple(free)

    def split(self):
        """(top pattern, sigma, bottom pattern): top kept block a joins bottom
        kept block sigma[a]."""
        l = self.l
        rows = [[], []]
        joined = []
        for block in self.blocks:
            top = tuple(v for v in block if v < l)
            bottom = tuple(v - l for v in block if v >= l)
            for row, part, other in ((0, top, bottom), (1, bottom, top)):
                if part:
                    rows[row].append((part, bool(other)))
            if top and bottom:
                joined.append((top, bottom))
        free = [tuple(v for v in self.free if v < l),
                tuple(v - l for v in self.free if v >= l)]
        top, bottom = (Pattern(size, row, f) for size, row, f
                       in zip((self.l, self.k), rows, free))
        sigma = tuple(bottom.kept.index(b) for _, b in sorted(joined))
        return top, sigma, bottom


class Pattern:
    """A row of `size` vertices: blocks that run through to the other row and
    blocks that are dropped, ordered by smallest vertex; free vertices."""

    def __init__(self, size, blocks, free=()):
        self.size = size
        self.kept = tuple(sorted(b for b, kept in blocks if kept))
        self.dropped = tuple(sorted(b for b, kept in blocks if not kept))
        self.free = tuple(free)
        self.key = (self.kept, self.dropped, self.free)

    def __eq__(self, other):
        return self.key == other.key

    def __hash__(self):
        return hash(self.key)

    def with_first_dropped_kept(self):
        """The pattern one step finer, and the place of the block in it."""
        block = self.dropped[0]
        blocks = [(b, True) for b in self.kept + (block,)]
        blocks += [(b, False) for b in self.dropped[1:]]
        finer = Pattern(self.size, blocks, self.free)
        return finer, finer.kept.index(block)


def diagrams(group, n, l, k):
    """All (l,k)-diagrams of a group, in canonical order."""
    vertices = tuple(range(l + k))
    if group == "S":
        found = []
        for string in growth_strings(l + k):
            count = max(string) + 1 if string else 0
            if count <= n:
                found.append(Diagram(l, k, [
                    [v for v in vertices if string[v] == b]
                    for b in range(count)]))
        return found
    found = []
    if (l + k) % 2 == 0:
        found = [Diagram(l, k, m) for m in matchings(vertices)]
    if group == "SO":
        for free in itertools.combinations(vertices, n):
            rest = tuple(v for v in vertices if v not in free)
            if len(rest) % 2 == 0:
                found += [Diagram(l, k, m, free) for m in matchings(rest)]
    return found


def symplectic_form(n):
    form = np.zeros((n, n))
    for a in range(0, n, 2):
        form[a, a + 1], form[a + 1, a] = 1, -1
    return form


@lru_cache(maxsize=None)
def levi_civita(n):
    symbol = np.zeros((n,) * n)
    for permutation in itertools.permutations(range(n)):
        inversions = sum(a > b for a, b
                         in itertools.combinations(permutation, 2))
        symbol[permutation] = (-1) ** inversions
    return symbol


def delta(n, size):
    tensor = np.zeros((n,) * size)
    tensor[(np.arange(n),) * size] = 1
    return tensor


def dense(diagram, group, n):
    """The diagram's matrix, as a tensor [n]*l + [n]*k: the definition."""
    operands = []
    for block in diagram.blocks:
        same_row = block[-1] < diagram.l or block[0] >= diagram.l
        tensor = (symplectic_form(n) if group == "Sp" and same_row
                  else delta(n, len(block)))
        operands += [tensor, list(block)]
    if diagram.free:
        operands += [levi_civita(n), list(diagram.free)]
    if not operands:
        return np.ones(())
    return np.einsum(*operands, list(range(diagram.l + diagram.k)))


def dense_layer(layer, weight):
    """The layer's matrix [n^k * c_in, n^l * c_out] (channels last)."""
    group, n, k, l = layer.group, layer.n, layer.k, layer.l
    stack = np.stack([dense(d, group, n).reshape(n ** l, n ** k)
                      for d in diagrams(group, n, l, k)])
    matrix = np.tensordot(stack.astype(weight.dtype), weight, (0, 0))
    matrix = matrix.transpose(1, 2, 0, 3)
    return np.ascontiguousarray(matrix).reshape(
        n ** k * weight.shape[1], n ** l * weight.shape[2])
