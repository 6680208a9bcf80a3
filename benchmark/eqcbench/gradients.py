"""Forward and backward in one: the result, and the gradients of x, weight and
bias for a given gradient of the result. Peers get theirs by autograd.
"""

import numpy as np

from . import layer as layers
from .factored import Factored, Structure
from .ops import MaskOps, TorchMaskOps, TorchOps
from .peers import Unavailable, _torch


class Problem:
    """A layer's arrays and the gradient of its result."""

    def __init__(self, layer, x, weight, bias, seed=2):
        self.layer, self.x, self.weight, self.bias = layer, x, weight, bias
        self.grad_y = layers.aligned(layer.y_shape(x.shape[0]), layer.dtype,
                                     np.random.default_rng(seed))
        self.structure = Structure(layer)

    def gradients(self, x, packed, rows):
        """A peer's in the canonical form: (x, weight) or (x, weight, bias)."""
        weight = self.structure.unpack(dict(zip(self.structure.keys(),
                                                packed)))
        return (x, weight) + ((np.stack(rows),) if rows else ())

    def factored(self, ops, convert):
        """f(x, weights, bias) and its arguments."""
        compute = Factored(self.structure, ops, self.bias is not None)
        packed = self.structure.pack(self.weight)
        rows = self.bias if self.bias is not None else ()
        return compute, (convert(self.x),
                         tuple(convert(packed[key]) for key
                               in self.structure.keys()),
                         tuple(convert(row) for row in rows))


def own(problem, threads):
    layer = problem.layer
    layer.set_threads(threads)
    y = layers.aligned(problem.grad_y.shape, layer.dtype)
    results = tuple(layers.aligned(a.shape, layer.dtype) for a in (
        problem.x, problem.weight, problem.bias) if a is not None)
    forward = layer.call(problem.x, problem.weight, problem.bias, y)
    backward = layer.call_backward(problem.x, problem.weight, problem.grad_y,
                                   *results)

    def call():
        forward()
        backward()
    return call, lambda: results


def torch_factored(problem, threads, compiled=False):
    torch = _torch(threads)
    grad_y = torch.from_numpy(problem.grad_y)
    ops = (TorchMaskOps if compiled else TorchOps)(torch, grad_y)
    f, (x, packed, rows) = problem.factored(
        ops, lambda a: torch.from_numpy(a).requires_grad_())
    if compiled:
        f(x, packed, rows)  # what is made once, as in the forward pass alone
        f = torch.compile(f, dynamic=False)

    def call():
        with torch.enable_grad():
            return torch.autograd.grad(f(x, packed, rows),
                                       (x, *packed, *rows), grad_y)

    def result():
        x, *others = (g.numpy() for g in call())
        return problem.gradients(x, others[:len(packed)],
                                 others[len(packed):])
    return call, result


def jax_factored(problem, threads):
    try:
        import jax
    except ImportError:
        raise Unavailable("jax is not installed")
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    ops = MaskOps(jnp, lambda a: np.asarray(a, problem.x.dtype))
    compute, arguments = problem.factored(ops, jnp.asarray)
    grad_y = jnp.asarray(problem.grad_y)

    @jax.jit
    def f(arguments, grad_y):
        y, pull = jax.vjp(lambda *a: compute(*a), *arguments)
        return y, pull(grad_y)

    def result():
        x, packed, rows = f(arguments, grad_y)[1]
        return problem.gradients(np.asarray(x),
                                 [np.asarray(p) for p in packed],
                                 [np.asarray(r) for r in rows])
    return lambda: jax.block_until_ready(f(arguments, grad_y)), result


PEERS = {
    "torch-factored": torch_factored,
    "torch-factored-compiled": lambda *a: torch_factored(*a, compiled=True),
    "jax-factored": jax_factored,
}
