"""The best hand-written form: pooled once, mixed at n^t, channels last.

Written once for every group and order, over torch, jax or numpy: every input
pattern is read once, per propagating order t there is one matrix product, and
broadcasts are added at the smallest size they have. For order 2 -> 2 of S it is
what one writes by hand: sums of rows and columns, diagonal, trace; a product
for x with both of its weights; transpose; broadcasts.

It is the counterpart of eqc's plan `shared`. The plan `factored` is another thing, the
published algorithm that takes one diagram after the other.
"""

import itertools

import numpy as np

from . import algebra

LETTERS = "ijklmnpqrstuvw"


class Structure:
    """Which patterns a layer has, per propagating order."""

    def __init__(self, layer):
        self.group, self.n, self.k, self.l = (layer.group, layer.n, layer.k,
                                              layer.l)
        self.c_in, self.c_out = layer.c_in, layer.c_out
        self.mixes = {}
        for d, diagram in enumerate(
                algebra.diagrams(self.group, self.n, self.l, self.k)):
            top, sigma, bottom = diagram.split()
            # Levi-Civita diagrams mix with their own kind.
            key = (len(sigma), len(bottom.free) if diagram.free else None)
            mix = self.mixes.setdefault(key, Mix())
            mix.entries.append((d, mix.place(mix.tops, top),
                                mix.place(mix.sigmas, sigma),
                                mix.place(mix.bottoms, bottom)))

    def pack(self, weight):
        """weight [d, c_in, c_out] -> per mix [bottoms c_in, tops sigmas c_out].
        """
        packed = {}
        for key, mix in self.mixes.items():
            matrix = np.zeros((len(mix.bottoms), self.c_in, len(mix.tops),
                               len(mix.sigmas), self.c_out), weight.dtype)
            for d, top, sigma, bottom in mix.entries:
                matrix[bottom, :, top, sigma, :] = weight[d]
            packed[key] = matrix.reshape(len(mix.bottoms) * self.c_in, -1)
        return packed

    def unpack(self, packed):
        """The reverse of `pack`."""
        count = sum(len(mix.entries) for mix in self.mixes.values())
        weight = np.empty((count, self.c_in, self.c_out),
                          next(iter(packed.values())).dtype)
        for key, mix in self.mixes.items():
            matrix = packed[key].reshape(
                len(mix.bottoms), self.c_in, len(mix.tops), len(mix.sigmas),
                self.c_out)
            for d, top, sigma, bottom in mix.entries:
                weight[d] = matrix[bottom, :, top, sigma, :]
        return weight

    def keys(self):
        """Lowest propagating order first."""
        return sorted(self.mixes, key=lambda key: (key[0], key[1] or 0))

    def bias_patterns(self):
        """The output pattern of every row of the bias."""
        return [d.split()[0] for d in
                algebra.diagrams(self.group, self.n, self.l, 0)]


class Mix:
    def __init__(self):
        self.tops, self.sigmas, self.bottoms, self.entries = [], [], [], []

    @staticmethod
    def place(items, item):
        if item not in items:
            items.append(item)
        return items.index(item)


class Factored:
    """The layer over `ops`: steps over numbered values, laid out beforehand,
    so that compilers that trace Python see straight code."""

    def __init__(self, structure, ops, bias=False):
        self.s, self.ops = structure, ops
        self.reads, self.read_slots = [], {}
        self.mixes, self.outputs = [], {}
        self.slots = itertools.count()
        for key in structure.keys():
            mix = structure.mixes[key]
            sources = [self.read(b) for b in mix.bottoms]
            targets = []
            for a, top in enumerate(mix.tops):
                terms = []
                for i, sigma in enumerate(mix.sigmas):
                    at = (a * len(mix.sigmas) + i) * structure.c_out
                    same = sigma == tuple(range(len(sigma)))
                    terms.append((at, None if same else sigma))
                targets.append((self.output(top, key[1]), terms))
            self.mixes.append((sources, targets))
        self.biased = ([self.output(top, None) for top in
                        structure.bias_patterns()] if bias else [])
        self.finer = self.lattice() if structure.group == "S" else []
        writes = [(slot, top) for (top, _), slot in self.outputs.items()]
        whole = [slot for (top, kind), slot in self.outputs.items()
                 if kind is None and len(top.kept) == structure.l]
        self.whole = whole[0] if whole else None
        self.writes = [w for w in writes if w[0] != self.whole]

    def read(self, pattern):
        """The slot of a pooled pattern, after those it is pooled from."""
        if pattern in self.read_slots:
            return self.read_slots[pattern]
        s = self.s
        if s.group == "S" and pattern.dropped:
            finer, place = pattern.with_first_dropped_kept()
            step = ("sum", self.read(finer), place)
        elif s.group == "Sp" and pattern.dropped:
            step = ("form", pattern)
        else:
            letter = {v: LETTERS[i] for i, block
                      in enumerate(pattern.kept + pattern.dropped)
                      for v in block}
            letter.update({v: LETTERS[-1 - i]
                           for i, v in enumerate(pattern.free)})
            step = ("diagonal", "".join(letter[v] for v in range(s.k)),
                    [letter[b[0]] for b in pattern.kept] +
                    [letter[v] for v in pattern.free],
                    [letter[b[0]] for b in pattern.dropped],
                    len(pattern.kept), len(pattern.free))
        self.reads.append(step)
        self.read_slots[pattern] = len(self.reads) - 1
        return self.read_slots[pattern]

    def output(self, top, kind):
        if (top, kind) not in self.outputs:
            self.outputs[top, kind] = next(self.slots)
        return self.outputs[top, kind]

    def lattice(self):
        """Broadcasts meet at the smallest size, then go one step finer:
        (slot, axis, slot of the finer pattern)."""
        steps, waiting = [], [top for top, _ in self.outputs if top.dropped]
        while waiting:
            top = min(waiting, key=lambda t: len(t.kept))
            waiting.remove(top)
            finer, place = top.with_first_dropped_kept()
            if (finer, None) not in self.outputs and finer.dropped:
                waiting.append(finer)
            slot = self.outputs.pop((top, None))
            steps.append((slot, place, self.output(finer, None)))
        return steps

    def pooled(self, x):
        s, ops = self.s, self.ops
        z = []
        for step in self.reads:
            if step[0] == "sum":
                z.append(ops.sum(z[step[1]], 1 + step[2]))
            elif step[0] == "form":
                z.append(ops.form_traces(x, step[1], s.n))
            else:
                _, letters, kept, dropped, t, free = step
                read = ops.diagonal(x, letters, kept, dropped)
                z.append(ops.dualize(read, t, free, s.n) if free >= 2
                         else read)
        return z

    def __call__(self, x, weights, bias=()):
        """`weights` in the order of structure.keys()."""
        s, ops = self.s, self.ops
        z = self.pooled(x)
        u = {}
        for weight, (sources, targets) in zip(weights, self.mixes):
            rows = [z[slot] for slot in sources]
            mixed = ops.matmul(rows[0] if len(rows) == 1 else ops.concat(rows),
                               weight)
            for slot, terms in targets:
                total = None
                for at, sigma in terms:
                    part = mixed[..., at:at + s.c_out]
                    if sigma is not None:
                        part = ops.transpose(
                            part, (0,) + tuple(1 + b for b in sigma) +
                            tuple(range(1 + len(sigma), len(part.shape))))
                    total = part if total is None else ops.add(total, part)
                u[slot] = total
        for row, slot in zip(bias, self.biased):
            row = row.reshape((1,) * (len(u[slot].shape) - 1) + (s.c_out,)) \
                if slot in u else row[None]
            u[slot] = ops.add(u[slot], row) if slot in u else row
        for slot, place, finer in self.finer:
            wide = ops.expand_dims(u.pop(slot), 1 + place)
            u[finer] = ops.add(u[finer], wide) if finer in u else wide
        whole = None if self.whole is None else u[self.whole]
        y = ops.start(whole, (x.shape[0],) + (s.n,) * s.l + (s.c_out,))
        for slot, top in self.writes:
            y = ops.add_pattern(y, top, u[slot], s)
        return y
