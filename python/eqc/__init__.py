"""Compiled linear layers of group-equivariant neural networks.

    import eqc
    layer = eqc.Layer(group="S", n=34, k=2, l=2, channels=(16, 32), bias=True)
    weight, bias = layer.init(seed=0)
    y = layer(x, weight, bias)

`eqc.torch` and `eqc.jax` hold layers for PyTorch and JAX, `eqc.interop` maps weights that
were trained elsewhere; they are imported on their own.
"""

from pathlib import Path

from eqc import _cache, _registry
from eqc._library import library
from eqc._version import __version__
from eqc.errors import CompileError, Diagnostic, Error, KernelError, LibraryNotFoundError
from eqc.bilinear import BilinearGradients, BilinearLayer
from eqc.layer import Gradients, Layer, PackedWeight
from eqc.network import Network, NetworkGradients
from eqc.program import Program, compile, compile_file
from eqc.report import Explanation, Picture, Support, supported
from eqc.space import Space

__all__ = ["BilinearGradients", "BilinearLayer", "CompileError", "Diagnostic", "Error", "Explanation", "Gradients",
           "KernelError", "Layer", "LibraryNotFoundError", "Network", "NetworkGradients", "PackedWeight", "Picture",
           "Program", "Space", "Support", "__version__", "clear_cache", "compile", "compile_file", "get_include",
           "set_num_threads", "supported"]


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


def get_include() -> str:
    """The folder with the headers for C and C++, for `-I`: <eqc/runtime.h>, which headers of
    compiled layers include, and others.

    Raises:
        LibraryNotFoundError: the package was not installed from a wheel; the headers are where
            eqc was installed, or in its repository.
    """
    folder = Path(__file__).resolve().parent / "include"
    if not (folder / "eqc" / "runtime.h").is_file():
        raise LibraryNotFoundError(f"there are no headers in '{folder}': the package is not from "
                                   "a wheel; they are where eqc was installed")
    return str(folder)
