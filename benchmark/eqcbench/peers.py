"""What else computes a layer: every baseline of the suite by its name.

A peer gets the arrays and returns a function to time and a function that puts
its result into the canonical form. Weights are rearranged, arrays laid out and
changed to the peer's basis before anything is timed.
"""

import sys

import numpy as np

from . import algebra
from .factored import Factored, Structure
from .ops import MaskOps, TorchMaskOps, TorchOps

# Entries of a dense matrix beyond which nobody would multiply by it.
DENSE_LIMIT = 2 ** 26


# Where peers compute: "cpu", or what torch calls another device.
device = "cpu"


class Unavailable(Exception):
    """The peer cannot run this layer; the message says why."""


def _torch(threads):
    try:
        import torch
    except ImportError:
        raise Unavailable("torch is not installed")
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    return torch


def _to_device(torch):
    return lambda array: torch.from_numpy(
        np.ascontiguousarray(array)).to(device)


def _to_host(tensor):
    return tensor.cpu().numpy()


def forget_compiled():
    """torch.compile keeps what it made of earlier layers, goes through all of
    it on every call, and after the eighth falls back to eager code."""
    torch = sys.modules.get("torch")
    if torch:
        torch.compiler.reset()


def _factored(layer, ops, x, weight, bias, convert):
    """f(x, weights, bias) and its arguments."""
    structure = Structure(layer)
    packed = structure.pack(weight)
    compute = Factored(structure, ops, bias is not None)
    rows = tuple(convert(row) for row in bias) if bias is not None else ()
    return compute, (convert(x), tuple(convert(packed[key]) for key
                                       in structure.keys()), rows)


def torch_factored(layer, x, weight, bias, threads, compiled=False):
    torch = _torch(threads)
    tensor = _to_device(torch)
    ops = (TorchMaskOps if compiled else TorchOps)(torch, tensor(x))
    f, arguments = _factored(layer, ops, x, weight, bias, tensor)
    if compiled:
        # Index arrays and masks are made outside of what is compiled.
        f(*arguments)
        f = torch.compile(f, dynamic=False)
    return lambda: f(*arguments), lambda: _to_host(f(*arguments))


def jax_factored(layer, x, weight, bias, threads):
    try:
        import jax
    except ImportError:
        raise Unavailable("jax is not installed")
    if device == "cpu":
        jax.config.update("jax_platforms", "cpu")
    elif jax.default_backend() != "gpu":
        raise Unavailable("jax sees no GPU")
    jax.config.update("jax_enable_x64", True)
    # As torch has it: no TF32.
    jax.config.update("jax_default_matmul_precision", "highest")
    import jax.numpy as jnp
    dtype = x.dtype
    ops = MaskOps(jnp, lambda a: np.asarray(a, dtype))
    f, arguments = _factored(layer, ops, x, weight, bias, jnp.asarray)
    f = jax.jit(lambda *arguments, compute=f: compute(*arguments))
    # On other devices calls are enqueued; whoever times them waits.
    call = ((lambda: f(*arguments).block_until_ready()) if device == "cpu"
            else (lambda: f(*arguments)))
    return call, lambda: np.asarray(f(*arguments))


def numpy_factored(layer, x, weight, bias, threads):
    ops = MaskOps(np, lambda a: np.asarray(a, x.dtype))
    f, arguments = _factored(layer, ops, x, weight, bias, lambda a: a)
    return lambda: f(*arguments), lambda: f(*arguments)


def torch_stacked(layer, x, weight, bias, threads, compiled=False):
    """All maps at full size, stacked, one einsum: what public ports do, in
    their layout, channels first."""
    torch = _torch(threads)
    if (layer.group, layer.k, layer.l) != ("S", 2, 2):
        raise Unavailable("public ports stack order 2 -> 2 of S only")
    n, c_in = layer.n, layer.c_in
    splits = [d.split() for d in algebra.diagrams("S", n, 2, 2)]
    rows = [d.split()[0] for d in algebra.diagrams("S", n, 2, 0)]
    tensor = _to_device(torch)
    w = tensor(weight.transpose(1, 2, 0))
    b = None if bias is None else tensor(bias)

    def pooled(x, pattern):
        if (0, 1) in pattern.kept + pattern.dropped:
            diagonal = torch.diagonal(x, dim1=-2, dim2=-1)
            return diagonal if pattern.kept else diagonal.sum(-1)
        for block in reversed(pattern.dropped):
            x = x.sum(2 + block[0])
        return x

    def spread(z, pattern):
        if (0, 1) in pattern.kept + pattern.dropped:
            if not pattern.kept:
                z = z.unsqueeze(-1).expand(*z.shape, n)
            return torch.diag_embed(z)
        for block in pattern.dropped:
            z = z.unsqueeze(2 + block[0])
        return z.expand(*z.shape[:2], n, n)

    def f(x):
        maps = []
        for top, sigma, bottom in splits:
            z = pooled(x, bottom)
            if sigma == (1, 0):
                z = z.transpose(-1, -2)
            maps.append(spread(z, top))
        y = torch.einsum("dsb,ndbij->nsij", w, torch.stack(maps, 2))
        if b is not None:
            for row, top in zip(b, rows):
                y = y + spread(row.reshape(1, -1), top)
        return y

    first = tensor(np.moveaxis(x, -1, 1))
    if compiled:
        f = torch.compile(f, dynamic=False)
    return (lambda: f(first),
            lambda: np.moveaxis(_to_host(f(first)), 1, -1))


def einsum(layer, x, weight, bias, threads):
    """One einsum per diagram, along the path that opt_einsum finds."""
    torch = _torch(threads)
    try:
        import opt_einsum
    except ImportError:
        raise Unavailable("opt_einsum is not installed")
    n = layer.n
    tensor = _to_device(torch)
    first = tensor(x)
    ops = TorchOps(torch, first)
    structure = Structure(layer)

    def constant(array):
        return tensor(array.astype(x.dtype))
    form = constant(algebra.symplectic_form(n)) if layer.group == "Sp" else None
    symbol = (constant(algebra.levi_civita(n)) if layer.group == "SO"
              else None)
    terms = []  # (top pattern, expression, other operands)
    for d, diagram in enumerate(
            algebra.diagrams(layer.group, n, layer.l, layer.k)):
        top, sigma, bottom = diagram.split()
        letters, others, operands = [None] * layer.k, ["co"], [tensor(weight[d])]
        names = iter("ijklmnpqrstuvw")
        for block in bottom.kept:
            name = next(names)
            for v in block:
                letters[v] = name
        for block in bottom.dropped:
            if layer.group == "Sp":
                pair = next(names) + next(names)
                letters[block[0]], letters[block[1]] = pair
                others.append(pair)
                operands.append(form)
            else:
                name = next(names)
                for v in block:
                    letters[v] = name
        free = ""
        if diagram.free:
            free = "".join(next(names) for _ in top.free)
            inner = "".join(next(names) for _ in bottom.free)
            for v, name in zip(bottom.free, inner):
                letters[v] = name
            others.append(free + inner)
            operands.append(symbol)
        out = "".join(letters[bottom.kept[i][0]] for i in sigma)
        equation = "b{}c,{}->b{}{}o".format("".join(letters),
                                            ",".join(others), out, free)
        expression = opt_einsum.contract_expression(
            equation, x.shape, *(o.shape for o in operands))
        terms.append((top, expression, operands))
    bias_rows = ([(top, tensor(row)) for top, row
                  in zip(structure.bias_patterns(), bias)]
                 if bias is not None else [])

    def f():
        sums = {}
        for top, expression, operands in terms:
            part = expression(first, *operands)
            sums[top] = sums[top].add_(part) if top in sums else part
        for top, row in bias_rows:
            sums[top] = sums[top] + row
        y = None
        for top, u in sorted(sums.items(), key=lambda item: -len(
                item[0].kept)):
            if y is None and len(top.kept) == layer.l:
                y = u.contiguous()
            else:
                y = add_at(y, top, u)
        return y

    def add_at(y, top, u):
        """Free axes of `u` are the output's own here, unlike in ops."""
        if y is None:
            y = first.new_zeros(layer.y_shape(x.shape[0]))
        return ops.add_blocks(y, top, u, structure)
    return f, lambda: _to_host(f())


def dense_gemm(layer, x, weight, bias, threads):
    """The layer as one matrix, multiplied by numpy's OpenBLAS."""
    inner = layer.n ** layer.k * layer.c_in
    outer = layer.n ** layer.l * layer.c_out
    if inner * outer > DENSE_LIMIT:
        raise Unavailable(f"the matrix would be {inner} x {outer}")
    if bias is not None:
        raise Unavailable("layers with bias are not in this baseline")
    matrix = algebra.dense_layer(layer, weight)
    rows = x.reshape(x.shape[0], inner)
    y = np.empty((x.shape[0], outer), x.dtype)
    return (lambda: np.matmul(rows, matrix, out=y),
            lambda: np.matmul(rows, matrix).reshape(
                layer.y_shape(x.shape[0])))


def torch_split(layer, x, weight, bias, threads, compiled=False):
    """TensorNet's own form: symmetric traceless, antisymmetric and scalar
    parts, each with its own channel mix."""
    torch = _torch(threads)
    if (layer.group, layer.n, layer.k, layer.l) != ("O", 3, 2, 2):
        raise Unavailable("for order 2 -> 2 of O(3) only")
    w = _to_device(torch)(weight)
    # Canonical: o1 o2 | i1 i2, o1 i1 | o2 i2, o1 i2 | o2 i1.
    symmetric, skew = w[1] + w[2], w[1] - w[2]
    scalar = symmetric + 3 * w[0]
    unit = torch.eye(3, dtype=w.dtype, device=w.device)[None, :, :, None]
    tensor = _to_device(torch)(x)

    def f(x):
        trace = (x[:, 0, 0] + x[:, 1, 1] + x[:, 2, 2]) / 3
        flipped = x.transpose(1, 2)
        traceless = 0.5 * (x + flipped) - trace[:, None, None] * unit
        part = (trace @ scalar)[:, None, None] * unit
        return traceless @ symmetric + 0.5 * (x - flipped) @ skew + part
    if compiled:
        f = torch.compile(f, dynamic=False)
    return lambda: f(tensor), lambda: _to_host(f(tensor))


PEERS = {
    "torch-stacked": torch_stacked,
    "torch-stacked-compiled": lambda *a: torch_stacked(*a, compiled=True),
    "torch-factored": torch_factored,
    "torch-factored-compiled": lambda *a: torch_factored(*a, compiled=True),
    "torch-split": torch_split,
    "torch-split-compiled": lambda *a: torch_split(*a, compiled=True),
    "jax-factored": jax_factored,
    "numpy-factored": numpy_factored,
    "einsum": einsum,
    "dense-gemm": dense_gemm,
}


def find(name):
    if name == "e3nn":
        from .irreps import e3nn_linear
        return e3nn_linear
    if name == "iree":
        from .portable import iree
        return iree
    return PEERS[name]
