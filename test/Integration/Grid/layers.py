"""Layers for the grid test: every group over orders, sizes, channels, layouts,
element types, normalizations and choices of diagrams.

The same seed gives the same layers with every version of Python: only
`random.random` promises that, so all choices are made with it.
"""

import itertools
import random

CHANNELS = (1, 3, 17, 33, 16, 48)
ORDERS = list(itertools.product(range(4), range(4)))
HIGH_ORDERS = ((0, 4), (4, 0), (1, 4), (4, 1), (2, 4), (4, 2), (5, 1), (0, 6))
SIZES = {
    "S": (1, 2, 3, 5, 7, 13, "?"),
    "O": (1, 2, 3, 5, "?"),
    "Sp": (2, 4, 6, "?"),
    "SO": (1, 2, 3, 4, 5),
    "H": (1, 2, 3, 5, 7, "?"),
    "B": (1, 2, 3, 5, 7, "?"),
    "S'": (2, 3, 5, "?"),
    "B'": (2, 3, 5, "?"),
    "O(p,q)": ((1, 1), (1, 2), (1, 3), (3, 2), (4, 8)),
    "SO(p,q)": ((1, 1), (1, 2), (2, 1), (1, 3), (2, 2)),
    "GL": (1, 2, 3, 5, "?"),
    "A": (2, 3, 4, 5),
}
# Blocks that the diagrams of a group have beside pairs.
BLOCKS = {"S": "any", "S'": "any", "A": "any", "H": "even", "B": "small", "B'": "small"}
# What axes of products are of.
SPACES = (("S", 1), ("S", 2), ("S", 3), ("S", 5), ("O", 2), ("O", 3), ("SO", 2), ("SO", 3),
          ("Sp", 2), ("Sp", 4), ("H", 3), ("B", 3), ("S'", 2), ("B'", 2),
          ("O(p,q)", (1, 2)), ("SO(p,q)", (2, 1)), ("GL", 2), ("GL", 3), ("A", 3), ("A", 4))
# Layers whose axes have a symmetry: the group, its size, k, l and the permutations. Signs of
# members differ where pairs of Sp and arguments of Levi-Civita symbols move.
PAIR, ODD = ("(1 2)",), ("-(1 2)",)
ELASTIC = ("(1 2)", "(3 4)", "(1 3)(2 4)")
SYMMETRIES = (
    ("S", 3, 2, 2, PAIR, PAIR), ("S", "?", 2, 2, PAIR, ()), ("S", 5, 2, 2, ODD, ODD),
    ("S", "?", 2, 2, PAIR, PAIR), ("S", 3, 3, 2, ("(1 2 3)",), PAIR),
    ("S", 3, 1, 3, (), ODD), ("S", "?", 0, 3, (), ODD), ("S", 4, 2, 0, PAIR, ()),
    ("S", 3, 0, 4, (), ELASTIC), ("S", 3, 3, 1, ("-(2 3)",), ()), ("S", "?", 3, 3, PAIR, ODD),
    ("O", 3, 2, 2, PAIR, PAIR), ("O", 3, 2, 2, ODD, ODD), ("O", "?", 2, 2, PAIR, ()),
    ("O", 3, 0, 4, (), ELASTIC), ("O", 3, 2, 4, PAIR, ELASTIC), ("O", 3, 4, 2, ELASTIC, PAIR),
    ("O", "?", 3, 3, ("(1 2 3)", "(1 2)"), ("-(1 3)",)), ("O", 4, 4, 0, ELASTIC, ()),
    ("SO", 3, 2, 1, ODD, ()), ("SO", 3, 1, 2, (), ODD), ("SO", 3, 2, 3, ODD, ("(1 2 3)",)),
    ("SO", 2, 2, 2, PAIR, ()), ("SO", 2, 2, 2, ODD, PAIR), ("SO", 3, 0, 3, (), ODD),
    ("SO", 3, 3, 4, ("(1 2)",), ("-(1 2)(3 4)",)), ("SO", 4, 2, 2, ODD, ODD),
    ("Sp", 2, 2, 2, ODD, ODD), ("Sp", 4, 2, 2, PAIR, PAIR), ("Sp", "?", 2, 2, ODD, ()),
    ("Sp", 2, 4, 2, ("(1 3)(2 4)",), ODD), ("Sp", 2, 0, 4, (), ("(1 3)(2 4)",)),
    ("Sp", 4, 3, 3, ("-(1 2)", "-(2 3)"), ("(1 2 3)",)),
    ("H", 3, 2, 2, PAIR, PAIR), ("H", "?", 3, 1, ("(1 2 3)",), ()),
    ("B", 3, 2, 2, PAIR, ()), ("B", "?", 2, 1, PAIR, ()), ("S'", 3, 3, 1, ODD, ()),
    ("B'", 3, 2, 2, PAIR, PAIR), ("GL", 3, 2, 2, PAIR, PAIR), ("GL", "?", 3, 3, ODD, ()),
    ("O(p,q)", (1, 2), 2, 2, PAIR, PAIR), ("O(p,q)", (1, 3), 0, 4, (), ELASTIC),
    ("A", 3, 2, 2, PAIR, PAIR), ("A", 4, 2, 2, PAIR, ODD), ("A", 3, 3, 1, ODD, ()),
    ("SO(p,q)", (2, 1), 2, 1, ODD, ()), ("SO(p,q)", (1, 2), 3, 2, ("-(1 3)",), PAIR),
    (None, None, "s2 s5 s5", "s2 s5 s5", ("(2 3)",), ("(2 3)",)),
    (None, None, "s7 s2 s7", "s7", ("-(1 3)",), ()),
    (None, None, "s8 s1 s8", "s1", ("-(1 3)",), ()),
)
# Layers on sums of SPACES: the summands of m, k, l, and whether there may be a bias.
SUMS = (
    ("s1 + s2", "m", "m", True), ("s3 + s0 + s2", "m", "m", True), ("s2 + s1", "m m", "m", True),
    ("s1 + s3", "m", "m m", True), ("s1 + s2", "m m", "m m", True), ("s3 + s1", "m m m", "0", True),
    ("s0 + s2", "0", "m m m", True), ("s2 + s2", "m", "m", True), ("s1 + s1", "m s1", "m", True),
    ("s3 + s1 + s3", "m", "m s3", True), ("s1 + s5", "m", "m", True), ("s0 + s5", "m m", "m", True),
    ("s5 + s2", "m m", "m m", True), ("s0 + s7", "m m", "m", True), ("s0 + s7", "m", "m m", True),
    ("s7 + s2", "s2 m", "m", True), ("s4 + s7", "m m", "m", False), ("s9 + s1", "m m", "m", True),
    ("s8 + s3", "m", "m m", True), ("s10 + s2", "m m", "m", True), ("s11 + s1", "m", "m m", True),
    ("s12 + s3", "m m", "m", True), ("s13 + s2", "m", "m m", True), ("s14 + s1", "m m", "m", True),
    ("s15 + s0", "m m", "m", True), ("s16 + s17", "m", "m", False), ("s16 + s17", "m' m", "0", False),
    ("s16 + s1", "m s1", "m", True), ("s18 + s2", "m", "m", True), ("s1 + s19", "m m", "m", True),
    ("s1 + s2 + s3", "m", "s2", True), ("s1 + s2 + s3", "s3 s5", "s5 m", False),
    ("s0 + s0", "m", "0", False), ("s2 + s1 + s0 + s3", "m m", "m", True),
)
# Groups that a source spells out, and n: of some the orbits of one row are larger than those of
# the other, alone no permutation, all, and a graph whose vertices are of several kinds.
ORBITS = (
    ('Perm(1, "()")', 1), ('Perm(3, "()")', 3), ('Perm(6, "(0 1 2)(3 4 5)")', 6),
    ('Perm(5, "(0 1)", "(0 1 2 3 4)")', 5), ('Perm(8, "(0 1 2 3)", "(4 5)(6 7)", "(4 6)(5 7)")', 8),
    ('Graph(5, "0-1 1-2 2-3 3-4 4-0")', 5), ('Graph(4, "0-1:2 1-2 2>3 3:1")', 4),
    ('Graph(7, "")', 7), ('Graph(6, "0-3 0-4 0-5 1-3 1-4 1-5 2-3 2-4 2-5")', 6),
    ('Graph(10, "0-1 1-2 2-3 3-4 4-0 0-5 1-6 2-7 3-8 4-9 5-7 7-9 9-6 6-8 8-5")', 10),
)
# The dense plan takes a few million weights here, the contract allows 2^26.
DENSE_LIMIT = 1 << 20


class Chooser:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def below(self, limit):
        return int(self.random.random() * limit)

    def of(self, items):
        return items[self.below(len(items))]

    def shuffled(self, items):
        items = list(items)
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]
        return items


def size_of(n):
    """What a size of SIZES means for shapes: a signature is one too."""
    return sum(n) if isinstance(n, tuple) else n


def has_diagrams(group, n, k, l):
    """Whether the contract lets the group have a layer of these orders; of GL with some axes of
    the dual."""
    if group in ("S", "B", "A") or (k + l) % 2 == 0:
        return True
    n = size_of(n)
    return group.startswith("SO") and k + l >= n and (k + l - n) % 2 == 0


def has_symbol(group, n, vertices):
    """Whether there are diagrams with a Levi-Civita symbol, or jellyfish."""
    n = size_of(n)
    if group == "A":
        return vertices >= n - 1
    return group.startswith("SO") and vertices >= n and (vertices - n) % 2 == 0


def random_duals(choose, k, l, bias):
    """Which of the axes of x, then of y, are of the dual of GL(n), so that there are diagrams; of
    the bias too, if asked for."""
    while True:
        dual = [choose.below(2) == 1 for _ in range(k + l)]
        # Outputs of the dual and inputs that are not: half of the vertices.
        of_outputs = sum(dual[k:])
        if k - sum(dual[:k]) + of_outputs == (k + l) / 2 and (not bias or 2 * of_outputs == l):
            return dual


def typed(name, dual):
    """The axes of a space on one side."""
    return " ".join(name + "'" * d for d in dual) or "0"


def random_diagram(choose, group, n, k, l):
    """One diagram as a tuple of blocks of vertices, `*` first in a free one."""
    vertices = ["o%d" % (i + 1) for i in range(l)]
    vertices += ["i%d" % (i + 1) for i in range(k)]
    blocks = []
    n = size_of(n)
    if BLOCKS.get(group) == "any":
        # Also more than n blocks, which only a list may have.
        most = 1 + choose.below(len(vertices)) if vertices else 0
        for vertex in vertices:
            place = choose.below(most)
            if place < len(blocks):
                blocks[place].append(vertex)
            else:
                blocks.append([vertex])
        if group == "A" and len(blocks) in (n - 1, n) and choose.below(2):
            blocks.append(["*"])
        return blocks
    if group == "GL":
        return [list(pair) for pair in zip(vertices[:l], choose.shuffled(vertices[l:]))]
    vertices = choose.shuffled(vertices)
    if group.startswith("SO") and len(vertices) >= n and (len(vertices) - n) % 2 == 0:
        if len(vertices) % 2 != 0 or choose.below(2):
            blocks.append(["*"] + vertices[:n])
            vertices = vertices[n:]
    while vertices:
        if BLOCKS.get(group) == "small" and choose.below(3) == 0:
            blocks.append(vertices[:1])
            vertices = vertices[1:]
        elif BLOCKS.get(group) == "even" and blocks and choose.below(3) == 0:
            choose.of(blocks).extend(vertices[:2])
            vertices = vertices[2:]
        else:
            blocks.append(vertices[:2])
            vertices = vertices[2:]
    return blocks


def random_list(choose, group, n, k, l):
    """Distinct diagrams in no order, written in no particular way."""
    chosen = {}
    for _ in range(1 + choose.below(8)):
        blocks = random_diagram(choose, group, n, k, l)
        key = tuple(sorted(tuple(sorted(block)) for block in blocks))
        chosen.setdefault(key, blocks)
    texts = []
    for blocks in choose.shuffled(chosen.values()):
        words = []
        for block in choose.shuffled(blocks):
            star = ["*"] if block[0] == "*" else []
            words.append(" ".join(star + choose.shuffled(block[len(star):])))
        texts.append('"%s"' % (" | ".join(words) or "1"))
    return "[%s]" % ", ".join(texts)


class Grid:
    """Collects layers; `plan` leaves out what that plan refuses."""

    def __init__(self, seed, plan):
        self.choose = Chooser(seed)
        self.plan = plan
        self.layers = []

    def add(self, group, n, k, l, channels, diagrams="all"):
        c_in, c_out = channels
        if diagrams == "basis" and n == "?":
            diagrams = "all"
        if diagrams == "list":
            diagrams = random_list(self.choose, group, n, k, l)
        fields = {
            "group": group,
            "n": n,
        }
        if isinstance(n, tuple):
            fields = {"group": "%s(%d, %d)" % (group.split("(")[0], *n)}
        n = size_of(n)
        fields |= {
            "k": k,
            "l": l,
            "channels": "%d -> %d" % (c_in, c_out),
            "dtype": self.choose.of(("f32", "f64")),
            "layout": self.choose.of(("channels_last", "channels_first")),
            "normalize": self.choose.of(("none", "mean")),
            "diagrams": diagrams,
        }
        has_bias = l == 0 if group == "GL" else has_diagrams(group, n, 0, l)
        if has_bias and self.choose.below(3):
            fields["bias"] = "true"
        if self.choose.below(4) == 0:
            fields["batch"] = self.choose.of((1, 2, 31))
        if self.plan == "dense":
            if n == "?" or n ** (k + l) * c_in * c_out > DENSE_LIMIT:
                return
        self.append(fields)

    def add_duals(self, n, k, l, channels):
        """A layer of GL(n), of which some axes are of the dual."""
        bias = l % 2 == 0 and k % 2 == 0 and self.choose.below(3) > 0
        dual = random_duals(self.choose, k, l, bias)
        fields = {
            "k": typed("v%s" % self.number(n), dual[:k]),
            "l": typed("v%s" % self.number(n), dual[k:]),
            "channels": "%d -> %d" % channels,
            "dtype": self.choose.of(("f32", "f64")),
            "layout": self.choose.of(("channels_last", "channels_first")),
            "normalize": self.choose.of(("none", "mean")),
            "diagrams": "all" if n == "?" else self.choose.of(("all", "all", "basis")),
        }
        if bias:
            fields["bias"] = "true"
        if self.plan == "dense":
            if n == "?" or n ** (k + l) * channels[0] * channels[1] > DENSE_LIMIT:
                return
        self.append(fields)

    @staticmethod
    def number(n):
        """What stands for a size in the name of a space."""
        return "n" if n == "?" else n

    def append(self, fields):
        name = "t%d" % (len(self.layers) + 1)
        lines = "".join("  %s = %s\n" % field for field in fields.items())
        self.layers.append("layer %s {\n%s}\n" % (name, lines))

    def add_product(self):
        """A layer whose axes are of two or three spaces, or nothing."""
        spaces = [self.choose.of(SPACES) for _ in range(2 + self.choose.below(2))]
        names = ["s%d" % SPACES.index(space) for space in spaces]
        sides = [[self.choose.below(len(spaces)) for _ in range(self.choose.below(4))]
                 for _ in range(2)]
        outputs, inputs = sides
        used = set(outputs + inputs)
        counts = {s: (inputs.count(s), outputs.count(s)) for s in used}
        if len({names[s] for s in used}) != len(used) or len(used) < 2:
            return
        if not all(has_diagrams(*spaces[s], *counts[s]) for s in used):
            return
        duals = {s: random_duals(self.choose, *counts[s], False) if spaces[s][0] == "GL"
                 else [False] * sum(counts[s]) for s in used}
        if sum(has_symbol(*spaces[s], sum(counts[s])) for s in used) > 1:
            return
        if self.plan == "factored" and any(
                spaces[s][0] == "A" and has_symbol(*spaces[s], sum(counts[s])) for s in used):
            return
        channels = self.channels()
        positions = 1
        for s in outputs + inputs:
            positions *= size_of(spaces[s][1])
        if positions > 20000:
            return
        if self.plan == "dense" and positions * channels[0] * channels[1] > DENSE_LIMIT:
            return
        of_bias = {s: (0, outputs.count(s)) for s in used}
        has_bias = all(
            has_diagrams(*spaces[s], *of_bias[s])
            and (spaces[s][0] != "GL"
                 or 2 * sum(duals[s][counts[s][0]:]) == outputs.count(s)) for s in used)

        def axes(side):
            return " ".join(names[s] + "'" * duals[s].pop(0) for s in side) or "0"

        fields = {
            "k": axes(inputs),
            "l": axes(outputs),
            "channels": "%d -> %d" % channels,
            "dtype": self.choose.of(("f32", "f64")),
            "layout": self.choose.of(("channels_last", "channels_first")),
            "normalize": self.choose.of(("none", "mean")),
            "diagrams": self.choose.of(("all", "all", "basis")),
        }
        if (has_bias
                and sum(has_symbol(*spaces[s], outputs.count(s)) for s in used) < 2):
            fields["bias"] = "true"
        self.append(fields)

    def add_products(self, count):
        while len(self.layers) < count:
            self.add_product()

    def add_symmetries(self, every):
        """Layers whose axes have a symmetry; those without a group are of SPACES."""
        for group, n, k, l, inputs, outputs in SYMMETRIES:
            refused = {"dense": n == "?",
                       "factored": group == "A",
                       "schur": group in (None, "GL") or isinstance(n, tuple)}
            if refused.get(self.plan) or self.choose.below(every) != 0:
                continue
            fields = {"k": k, "l": l}
            if group:
                fields["group"] = ("%s(%d, %d)" % (group.split("(")[0], *n)
                                   if isinstance(n, tuple) else "%s(%s)" % (group, n))
            fields.update({
                "channels": "%d -> %d" % self.channels(),
                "dtype": self.choose.of(("f32", "f64")),
                "layout": self.choose.of(("channels_last", "channels_first")),
                "normalize": self.choose.of(("none", "mean")),
            })
            for side, permutations in (("in", inputs), ("out", outputs)):
                if permutations:
                    fields[side + "_symmetry"] = "[%s]" % ", ".join(
                        '"%s"' % permutation for permutation in permutations)
            if (l, outputs) in ((2, PAIR), (0, ()), (3, ODD), (4, ELASTIC)) and (
                    l % 2 == 0 or group in ("S", "SO", "A")) and group not in ("Sp", "GL"):
                fields["bias"] = "true"
            self.append(fields)

    def add_sums(self, every):
        """Layers on sums, and the sums."""
        declared = ""
        for i, (summands, k, l, has_bias) in enumerate(SUMS):
            if self.choose.below(every) != 0:
                continue
            declared += "space m%d = %s\n" % (i, summands)
            fields = {
                "k": k.replace("m", "m%d" % i),
                "l": l.replace("m", "m%d" % i),
                "channels": "%d -> %d" % self.channels(),
                "dtype": self.choose.of(("f32", "f64")),
                "layout": self.choose.of(("channels_last", "channels_first")),
                "normalize": self.choose.of(("none", "mean")),
                "diagrams": self.choose.of(("all", "all", "basis")),
            }
            if has_bias and l != "0" and self.choose.below(2):
                fields["bias"] = "true"
            self.append(fields)
        return declared

    def add_orbits(self, every):
        """Layers of groups that are spelled out, of all orders up to 4 vertices."""
        for (group, n), (k, l) in itertools.product(ORBITS, ORDERS):
            channels = self.channels()
            fits = n ** (k + l) * channels[0] * channels[1] <= DENSE_LIMIT
            if k + l > 4 or not fits or self.choose.below(every) != 0:
                continue
            diagrams = self.choose.of(("all", "all", "basis", "list"))
            if diagrams == "list":
                names = ["o%d" % (i + 1) for i in range(l)] + ["i%d" % (i + 1) for i in range(k)]
                diagrams = '["%s"]' % (" ".join("%s=%d" % (name, self.choose.below(n))
                                                for name in self.choose.shuffled(names)) or "1")
            fields = {
                "group": group,
                "k": k,
                "l": l,
                "channels": "%d -> %d" % channels,
                "dtype": self.choose.of(("f32", "f64")),
                "layout": self.choose.of(("channels_last", "channels_first")),
                "normalize": self.choose.of(("none", "mean")),
                "diagrams": diagrams,
            }
            if self.choose.below(3):
                fields["bias"] = "true"
            if self.choose.below(4) == 0:
                fields["batch"] = self.choose.of((1, 2, 31))
            self.append(fields)

    def channels(self):
        return self.choose.of(CHANNELS), self.choose.of(CHANNELS)

    def add_orders(self, group, every):
        """All orders up to 3 at all sizes, of which one in `every` is kept."""
        for k, l in ORDERS:
            for n in SIZES[group]:
                if not has_diagrams(group, n, k, l):
                    continue
                channels = self.channels()
                diagrams = self.choose.of(("all", "all", "basis", "list"))
                if k + l > 4 and n != "?" and size_of(n) > 3:
                    channels = min(channels), 3  # the oracle's time
                if k + l > 5 and n == 13:
                    continue
                if self.choose.below(every) != 0:
                    continue
                if group == "GL" and (k != l or self.choose.below(3)):
                    self.add_duals(n, k, l, channels)
                else:
                    self.add(group, n, k, l, channels, diagrams)

    def add_high_orders(self, group):
        for k, l in HIGH_ORDERS:
            for n in SIZES[group][:3]:
                if has_diagrams(group, n, k, l):
                    self.add(group, n, k, l, (self.choose.of((1, 3)), 2))

    def add_channels(self, group):
        """Every pair of channel counts on the orders that are used most."""
        for channels in itertools.product(CHANNELS, CHANNELS):
            k, l = self.choose.of(((1, 1), (2, 2), (1, 3), (2, 0), (0, 2)))
            n = self.choose.of(SIZES[group][1:4])
            if not has_diagrams(group, n, k, l):
                k, l = 2, 2
            self.add(group, n, k, l, channels)

    def add_many_outputs(self):
        """Outputs alone in more than n blocks: patterns that no bias has."""
        for n, k, l in ((1, 1, 2), (2, 1, 3), (1, 2, 3), (2, 0, 3)):
            blocks = ["o%d" % (i + 1) for i in range(l)]
            blocks += ["i%d" % (i + 1) for i in range(k)]
            for channels in ((1, 1), (3, 17)):
                self.add("S", n, k, l, channels, '["%s"]' % " | ".join(blocks))

    def add_large(self):
        """Inputs that do not fit a first-level cache."""
        for n, k, l, channels in ((23, 2, 1, (35, 3)), (31, 2, 2, (17, 5)),
                                  (11, 3, 1, (9, 17)), ("?", 3, 2, (3, 5))):
            self.add("S", n, k, l, channels)


def make_source(group, plan, every=1, seed=1):
    """The text of a file. Above 1, `every` thins the grid out."""
    grid = Grid("%s %s %d" % (group, "grid", seed), plan)
    if group == "products":
        grid.add_products(240 // every)
        declared = "".join("space s%d = %s\n" % (i, "%s(%d, %d)" % (name.split("(")[0], *n)
                                                 if isinstance(n, tuple)
                                                 else "%s(%d)" % (name, n))
                           for i, (name, n) in enumerate(SPACES))
        return declared + "".join(grid.layers)
    if group in ("symmetries", "sums"):
        sums = grid.add_sums(every) if group == "sums" else grid.add_symmetries(every) or ""
        declared = "".join("space s%d = %s\n" % (i, "%s(%d, %d)" % (name.split("(")[0], *n)
                                                 if isinstance(n, tuple)
                                                 else "%s(%d)" % (name, n))
                           for i, (name, n) in enumerate(SPACES))
        return declared + sums + "".join(grid.layers)
    if group == "orbits":
        grid.add_orbits(every)
        return "".join(grid.layers)
    grid.add_orders(group, every)
    if group == "GL":
        return "".join("space v%s = GL(%s)\n" % (grid.number(n), n)
                       for n in SIZES[group]) + "".join(grid.layers)
    if every == 1:
        grid.add_high_orders(group)
        grid.add_channels(group)
    if group == "S":
        grid.add_many_outputs()
        grid.add_large()
    return "".join(grid.layers)
