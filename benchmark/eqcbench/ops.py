"""The array operations that a factored layer needs, per framework."""

import itertools

import numpy as np

from . import algebra


class MaskOps:
    """Functional: patterns are added through masks, which compilers fuse into
    one loop. `xp` is jax.numpy, numpy or torch under torch.compile."""

    def __init__(self, xp, constant):
        self.xp, self.constant = xp, constant
        self.cache = {}

    def cached(self, key, make):
        if key not in self.cache:
            self.cache[key] = make()
        return self.cache[key]

    # Arithmetic.
    def add(self, a, b):
        return a + b

    def matmul(self, a, b):
        return self.xp.matmul(a, b)

    def concat(self, arrays):
        return self.xp.concatenate(arrays, -1)

    def transpose(self, a, axes):
        return self.xp.transpose(a, axes)

    def sum(self, a, axis):
        return self.xp.sum(a, axis)

    def expand_dims(self, a, axis):
        return self.xp.expand_dims(a, axis)

    def broadcast(self, a, shape):
        return self.xp.broadcast_to(a, shape)

    # Reading patterns.
    def diagonal(self, x, letters, kept, dropped):
        """Axes with the same letter merged, in the order kept, dropped; then
        the dropped ones summed."""
        order = kept + dropped
        if len(order) == len(letters):
            z = self.transpose(x, (0,) + tuple(1 + letters.index(c)
                                               for c in order) +
                               (1 + len(letters),))
        else:
            z = x[self.cached(("diagonal", letters, x.shape[1]),
                              lambda: self.indices(letters, order,
                                                   x.shape[1]))]
        for _ in dropped:
            z = self.sum(z, len(z.shape) - 2)
        return z

    def indices(self, letters, order, n):
        """x[..] with axes `order`: one index array per axis of x."""
        def index(letter):
            shape = [1] * len(order)
            shape[order.index(letter)] = n
            return self.integers(np.arange(n).reshape(shape))
        return (slice(None),) + tuple(index(c) for c in letters)

    def integers(self, array):
        return array

    def form_traces(self, x, pattern, n):
        """Every dropped pair contracted with the symplectic form."""
        t, pairs = len(pattern.kept), len(pattern.dropped)

        def make():
            index = [None] * pattern.size
            sign = np.ones((1,) * (t + pairs))
            for axis, block in enumerate(pattern.kept + pattern.dropped):
                shape = [1] * (t + pairs)
                shape[axis] = n
                values = np.arange(n)
                index[block[0]] = self.integers(values.reshape(shape))
                if len(block) == 2:
                    index[block[1]] = self.integers((values ^ 1).reshape(shape))
                    sign = sign * np.where(values % 2, -1.0, 1.0).reshape(shape)
            return ((slice(None),) + tuple(index),
                    self.constant(sign[None, ..., None]))
        index, sign = self.cached(("form", pattern.key, n), make)
        z = x[index] * sign
        for _ in range(pairs):
            z = self.sum(z, len(z.shape) - 2)
        return z

    def dualize(self, z, t, free, n):
        """[.., i, j, c] -> the vector eps(o, i, j) z(i, j); of three free axes
        the scalar."""
        assert n == 3, "Levi-Civita diagrams of order 3 only"
        lead = (slice(None),) * (1 + t + free - 2)
        a, b = self.cached("cross", lambda: (self.integers(
            np.array([1, 2, 0])), self.integers(np.array([2, 0, 1]))))
        v = z[lead + (a, b)] - z[lead + (b, a)]
        if free == 2:
            return v
        lead = (slice(None),) * (1 + t)
        return sum(v[lead + (i, i)] for i in range(3))

    def undualize(self, u, free):
        """The reverse: [.., (i), c] -> [.., o1, o2, c] or [.., o1, o2, o3, c].
        """
        symbol = self.cached("eps", lambda: self.constant(
            algebra.levi_civita(3)))
        if free == 2:  # eps(o1, o2, i) u(i)
            return self.sum(u[..., None, None, :, :] * symbol[..., None], -2)
        return u[..., None, None, None, :] * symbol[..., None]

    # Writing patterns.
    def start(self, whole, shape):
        if whole is None:
            return 0
        return self.broadcast(whole, shape)

    def add_pattern(self, y, top, u, s):
        if len(top.free) >= 2:
            u = self.undualize(u, len(top.free))
        singles = tuple((v,) for v in top.free)
        axes = top.kept + singles
        order = sorted(range(len(axes)), key=lambda i: axes[i])
        u = self.transpose(u, (0,) + tuple(1 + i for i in order) +
                           (1 + len(axes),))
        shape = [u.shape[0]] + [1] * s.l + [s.c_out]
        for block in axes:
            shape[1 + block[0]] = s.n
        u = u.reshape(tuple(shape))
        if any(len(b) > 1 for b in top.kept + top.dropped):
            u = u * self.cached(("mask", top.key), lambda: self.constant(
                pattern_mask(top, s.group, s.n)[None, ..., None]))
        return y + u


def pattern_mask(pattern, group, n):
    """Where the pattern has entries, with their signs: [n], or 1 for an axis
    that it does not restrict."""
    mask = np.ones((1,) * pattern.size)
    for block in pattern.kept + pattern.dropped:
        if len(block) == 1:
            continue
        tensor = (algebra.symplectic_form(n) if group == "Sp"
                  else algebra.delta(n, len(block)))
        shape = [n if v in block else 1 for v in range(pattern.size)]
        mask = mask * tensor.reshape(shape)
    return mask


class TorchOps(MaskOps):
    """Eager torch: diagonals are views, read and added to in place."""

    def __init__(self, torch, like):
        """Constants are of the type and on the device of a tensor."""
        super().__init__(torch, lambda a: torch.from_numpy(
            np.ascontiguousarray(a)).to(like))
        self.torch, self.device = torch, like.device

    def add(self, a, b):
        # In place where nothing has to grow: `a` is always our own.
        if self.torch.broadcast_shapes(a.shape, b.shape) == a.shape:
            return a.add_(b)
        return a + b

    def concat(self, arrays):
        return self.torch.cat(arrays, -1)

    def transpose(self, a, axes):
        return a.permute(axes)

    def expand_dims(self, a, axis):
        return a.unsqueeze(axis)

    def integers(self, array):
        return self.torch.from_numpy(
            np.ascontiguousarray(array)).to(self.device)

    def diagonal(self, x, letters, kept, dropped):
        order = kept + dropped
        strides = [x.stride(0)] + [
            sum(x.stride(1 + i) for i, c in enumerate(letters) if c == o)
            for o in order] + [x.stride(-1)]
        shape = [x.shape[0]] + [x.shape[1]] * len(order) + [x.shape[-1]]
        z = x.as_strided(shape, strides, x.storage_offset())
        for _ in dropped:
            z = z.sum(-2)
        return z

    def start(self, whole, shape):
        if whole is None:
            return None
        return whole.expand(shape).contiguous()

    def add_pattern(self, y, top, u, s):
        if len(top.free) >= 2:
            u = self.undualize(u, len(top.free))
        if y is None:
            y = u.new_zeros((u.shape[0],) + (s.n,) * s.l + (s.c_out,))
        return self.add_blocks(y, top, u, s)

    def add_blocks(self, y, top, u, s):
        """Adds u[batch, kept.., free.., c] to views of y."""
        stride = y.stride()[1:]
        axes = top.kept + tuple((v,) for v in top.free)
        for _ in top.dropped:
            u = u.unsqueeze(-2)
        form = s.group == "Sp"
        shape = ([y.shape[0]] + [s.n] * len(axes) +
                 [s.n // 2 if form else s.n] * len(top.dropped) + [s.c_out])
        strides = ([y.stride(0)] + [sum(stride[v] for v in b) for b in axes] +
                   [(2 if form else 1) * sum(stride[v] for v in b)
                    for b in top.dropped] + [1])
        # Of a pair (a, b) the form has +1 at (2p, 2p+1) and -1 at (2p+1, 2p).
        for which in itertools.product((0, 1), repeat=(
                len(top.dropped) if form else 0)):
            offset = sum(stride[b[1 - w]] for w, b in zip(which, top.dropped))
            view = y.as_strided(shape, strides, y.storage_offset() + offset)
            view.add_(u, alpha=-1 if sum(which) % 2 else 1)
        return y


class TorchMaskOps(MaskOps):
    """torch.compile: everything functional, so that it can be fused."""

    def __init__(self, torch, like):
        """Constants are of the type and on the device of a tensor."""
        super().__init__(torch, lambda a: torch.from_numpy(
            np.ascontiguousarray(a)).to(like))
        self.torch, self.device = torch, like.device

    concat = TorchOps.concat
    transpose = TorchOps.transpose
    expand_dims = TorchOps.expand_dims
    integers = TorchOps.integers
