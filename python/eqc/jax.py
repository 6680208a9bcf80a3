"""Layers for JAX, on CPU.

    layer = eqc.Layer(group="S", n=34, k=2, l=2, channels=(16, 32), bias=True)
    weight, bias = eqc.jax.init(layer, jax.random.key(0))
    y = eqc.jax.linear(layer, x, weight, bias)

Calls go through XLA's foreign function interface, without copies, under jit, grad (of every
order) and vmap. The handlers are a small C file that is compiled with the system's C
compiler (CC, else cc) on first use, and kept with the compiled layers.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import math
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from eqc import _cache, _registry
from eqc._library import library
from eqc.errors import Error
from eqc.initialize import weight_std
from eqc.layer import Layer

__all__ = ["init", "linear"]

_SOURCE = Path(__file__).with_name("_xla.c")


class _Entry(ctypes.Structure):
    """eqc_xla_layer."""

    _fields_ = [("name", ctypes.c_char * 80), ("forward", ctypes.c_void_p),
                ("backward", ctypes.c_void_p),
                *((name, ctypes.c_int64) for name in ("sized", "k", "l", "element_bytes"))]


def _build(folder: str) -> bytes:
    """The handlers, compiled."""
    compiler = shlex.split(os.environ.get("CC") or "cc")
    output = Path(folder) / "handlers.so"
    command = [*compiler, "-std=c11", "-O2", "-fPIC", "-shared", "-I", jax.ffi.include_dir(),
               str(_SOURCE), "-o", str(output)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Error(f"eqc.jax needs a C compiler on first use; '{compiler[0]}' cannot be run: "
                    f"{error.strerror}. Set CC.") from error
    if run.returncode != 0:
        raise Error(f"eqc.jax could not compile its handlers: {shlex.join(command)}\n"
                    f"{run.stderr}")
    return output.read_bytes()


@functools.cache
def _handlers() -> ctypes.CDLL:
    """The handlers, registered with XLA."""
    header = Path(jax.ffi.include_dir()) / "xla" / "ffi" / "api" / "c_api.h"
    key = _cache.key_of("xla", _SOURCE.read_text(), header.read_text(), os.uname().machine)
    with tempfile.TemporaryDirectory(prefix="eqc-") as folder:
        code = _cache.read(key)
        if code is None:
            code = _build(folder)
            _cache.write(key, code)
        # From a file of our own: that of the cache may change.
        path = Path(folder) / "loaded.so"
        path.write_bytes(code)
        handlers = ctypes.CDLL(str(path))
    handlers.eqc_xla_register.argtypes = [ctypes.POINTER(_Entry)]
    handlers.eqc_xla_setup(library().eqc_status_string, library().eqc_last_error)
    for name in ("eqc_xla_forward", "eqc_xla_backward"):
        jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(getattr(handlers, name)),
                                    platform="cpu")
    return handlers


@functools.cache
def _register(key: str) -> str:
    """Makes a layer known to the handlers; its name for them."""
    layer = _registry.layer_of(key)
    name = hashlib.sha256(key.encode()).hexdigest()
    find = layer._program.address
    entry = _Entry(name=name.encode(), forward=find(f"{layer.name}_forward"),
                   backward=find(f"{layer.name}_backward") or None, sized=layer.n is None,
                   k=layer.k, l=layer.l, element_bytes=layer.dtype.itemsize)
    if not _handlers().eqc_xla_register(ctypes.byref(entry)):
        raise MemoryError("no memory for a layer")
    return name


@jax.tree_util.register_static
@dataclass(frozen=True)
class _Needs:
    """Which gradients somebody asked for; part of no computation."""

    x: bool
    weight: bool
    bias: bool

    @property
    def bits(self) -> int:
        return self.x + 2 * self.weight + 4 * self.bias


@functools.cache
def _linear_of(key: str, n: int, has_bias: bool) -> Callable[..., Array]:
    """(x, weight[, bias]) -> y on one batch, differentiable. Without a bias argument the
    layer's bias, if any, is zero."""
    name, layer = _register(key), _registry.layer_of(key)

    def call(x: Array, weight: Array, *bias: Array) -> Array:
        if layer.has_bias and not bias:
            bias = (jnp.zeros(layer.bias_shape, layer.dtype),)
        shape = jax.ShapeDtypeStruct(layer.y_shape(x.shape[0], n), layer.dtype)
        target = jax.ffi.ffi_call("eqc_xla_forward", shape, vmap_method="expand_dims")
        return target(x, weight, *bias, layer=name, n=np.int64(n))

    def forward(x, weight, *bias):  # noqa: ANN001, ANN202
        needs = _Needs(x.perturbed, weight.perturbed, any(b.perturbed for b in bias))
        # Not `call`: a gradient of the gradient comes through here.
        y = function(x.value, weight.value, *(b.value for b in bias))
        return y, (x.value, weight.value, needs)

    def backward(residuals, grad_y):  # noqa: ANN001, ANN202
        x, weight, needs = residuals
        if isinstance(grad_y, jax.custom_derivatives.SymbolicZero) or not needs.bits:
            return (None,) * (2 + has_bias)
        grads = iter(_backward_of(key, n, needs)(x, weight, grad_y))
        return tuple(next(grads) if need else None
                     for need in (needs.x, needs.weight, needs.bias)[:2 + has_bias])

    function = jax.custom_vjp(call)
    function.defvjp(forward, backward, symbolic_zeros=True)
    return function


@functools.cache
def _backward_of(key: str, n: int, needs: _Needs) -> Callable[..., tuple[Array, ...]]:
    """(x, weight, grad_y) -> the gradients that are needed, differentiable."""
    name, layer = _register(key), _registry.layer_of(key)
    if not layer.has_backward:
        raise ValueError("the layer was compiled without gradients")

    def call(x: Array, weight: Array, grad_y: Array) -> tuple[Array, ...]:
        shapes = ((needs.x, x.shape), (needs.weight, layer.weight_shape),
                  (needs.bias, layer.bias_shape))
        results = tuple(jax.ShapeDtypeStruct(shape, layer.dtype)
                        for need, shape in shapes if need)
        target = jax.ffi.ffi_call("eqc_xla_backward", results, vmap_method="expand_dims")
        return tuple(target(x, weight, grad_y, layer=name, n=np.int64(n),
                            needs=np.int64(needs.bits)))

    def forward(x, weight, grad_y):  # noqa: ANN001, ANN202
        return function(x, weight, grad_y), (x, weight, grad_y)

    def backward(residuals, of_grads):  # noqa: ANN001, ANN202
        # Of <of_x, grad_x> + <of_weight, grad_weight> + <of_bias, grad_bias>, which is
        # <grad_y, F(of_x, weight) + F(x, of_weight) + B(of_bias)> with F the layer without
        # and B with nothing but its bias.
        x, weight, grad_y = residuals
        of = iter(of_grads)
        of_x, of_weight, of_bias = (next(of) if need else None
                                    for need in (needs.x, needs.weight, needs.bias))
        plain = _linear_of(key, n, False)
        grad_grad_y = jnp.zeros_like(grad_y)
        grad_x, grad_weight = jnp.zeros_like(x), jnp.zeros_like(weight)
        if of_bias is not None:
            at = jnp.zeros_like(x) if of_x is None else of_x
            grad_grad_y = _linear_of(key, n, True)(at, weight, of_bias)
        elif of_x is not None:
            grad_grad_y = plain(of_x, weight)
        if of_weight is not None:
            grad_grad_y = grad_grad_y + plain(x, of_weight)
            grad_x, = _backward_of(key, n, _Needs(True, False, False))(x, of_weight, grad_y)
        if of_x is not None:
            grad_weight, = _backward_of(key, n, _Needs(False, True, False))(of_x, weight,
                                                                            grad_y)
        return grad_x, grad_weight, grad_grad_y

    function = jax.custom_vjp(call)
    function.defvjp(forward, backward)
    return function


def _checked(value: Array, name: str, shape: tuple[int, ...], layer: Layer) -> Array:
    value = jnp.asarray(value)
    if value.dtype != layer.dtype:
        hint = ": enable jax_enable_x64" if layer.dtype == np.float64 else ""
        raise TypeError(f"{name} has dtype {value.dtype}; the layer computes in "
                        f"{layer.dtype}{hint}")
    if value.shape != shape:
        raise ValueError(f"{name} has shape {list(value.shape)}; expected {list(shape)}")
    return value


def linear(layer: Layer, x: Array, weight: Array, bias: Array | None = None, *,
           n: int | None = None) -> Array:
    """Applies a compiled layer, differentiably, on CPU.

    Args:
        layer: an `eqc.Layer`; a constant of the computation.
        x: [.., n (k times), c_in], or [.., c_in, n (k times)] with channels first, with any
            number of batch axes.
        weight: [diagrams, c_in, c_out].
        bias: [bias_diagrams, c_out], or None for a zero bias.
        n: only for a layer without an n of its own and of order k = 0.

    Returns:
        [.., n (l times), c_out], or [.., c_out, n (l times)].

    Raises:
        TypeError, ValueError: an argument has another dtype or shape.
        eqc.Error: the handlers could not be compiled.

    vmap over x runs as one larger batch. Under grad(vmap(..)) the gradient of the weight is
    computed sample by sample; a batch axis of x is faster.
    """
    x = jnp.asarray(x)
    if x.ndim < layer.k + 1:
        raise ValueError(f"x has {x.ndim} axes; expected at least {layer.k + 1}: any number of "
                         f"batch axes, {layer.k} of size n, and the channels")
    lead, inner = x.shape[:x.ndim - layer.k - 1], x.shape[x.ndim - layer.k - 1:]
    size = layer.n if layer.n is not None else n
    if size is None:
        if layer.k == 0:
            raise ValueError("n is unknown: x has no axis of it; give n=")
        size = inner[0 if layer.layout == "channels_last" else 1]
    batch = math.prod(lead)
    x = _checked(x.reshape(batch, *inner), "x", layer.x_shape(batch, size), layer)
    arguments = [x, _checked(weight, "weight", layer.weight_shape, layer)]
    if bias is not None:
        if not layer.has_bias:
            raise ValueError("bias was given, but the layer has none")
        arguments.append(_checked(bias, "bias", layer.bias_shape, layer))
    y = _linear_of(_registry.key_of(layer), size, bias is not None)(*arguments)
    return y.reshape(*lead, *y.shape[1:])


def init(layer: Layer, key: Array, *, gain: float = 1.0,
         n: int | None = None) -> tuple[Array, Array | None]:
    """Random weights that keep the variance (docs/Python.md), and a zero bias.

    Args:
        layer: an `eqc.Layer`.
        key: as of jax.random.
        gain: the standard deviation of y for an x of independent entries of deviation 1.
        n: the size to have in mind, for a layer without an n of its own (default 16).

    Returns:
        (weight, bias); the bias is None if the layer has none.
    """
    std = jnp.asarray(weight_std(layer, n=n, gain=gain), layer.dtype)
    weight = jax.random.normal(key, layer.weight_shape, layer.dtype) * std[:, None, None]
    return weight, jnp.zeros(layer.bias_shape, layer.dtype) if layer.has_bias else None
