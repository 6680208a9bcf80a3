"""Compiled linear layers of group-equivariant neural networks.

    import eqc
    layer = eqc.Layer(group="S", n=34, k=2, l=2, channels=(16, 32), bias=True)
    weight, bias = layer.init(seed=0)
    y = layer(x, weight, bias)

`eqc.torch` and `eqc.jax` hold layers for PyTorch and JAX, `eqc.interop` maps weights that
were trained elsewhere; they are imported on their own.
"""

from eqc import _cache, _registry
from eqc._library import library
from eqc.errors import CompileError, Diagnostic, Error, KernelError, LibraryNotFoundError
from eqc.bilinear import BilinearGradients, BilinearLayer
from eqc.layer import Gradients, Layer, PackedWeight
from eqc.network import Network, NetworkGradients
from eqc.program import Program, compile, compile_file
from eqc.space import Space

__version__ = "0.1.0"

__all__ = ["BilinearGradients", "BilinearLayer", "CompileError", "Diagnostic", "Error", "Gradients", "KernelError", "Layer",
           "LibraryNotFoundError", "Network", "NetworkGradients", "PackedWeight", "Program", "Space", "clear_cache", "compile",
           "compile_file", "set_num_threads"]


def set_num_threads(threads: int) -> None:
    """How many threads one call of a layer may use, the caller included; 0 is the default:
    EQC_NUM_THREADS, else every CPU. Never changes a result.

    Raises:
        ValueError: the number is negative.
    """
    if library().eqc_set_num_threads(threads) != 0:
        raise ValueError(f"threads is {threads}; expected 0 or a positive number")


def clear_cache() -> None:
    """Removes compiled code from the disk. Layers that are loaded go on working."""
    _cache.clear()
