"""The commands of the package: all are in libeqc, so one copy of LLVM serves them."""

import ctypes
import os
import sys
from pathlib import Path

from . import _library
from .errors import LibraryNotFoundError


def _run(name: str, *first: str) -> int:
    try:
        library = _library.library()
    except LibraryNotFoundError as error:
        sys.exit(f"{name}: {error}")
    arguments = [name, *first, *sys.argv[1:]]
    argv = (ctypes.c_char_p * (len(arguments) + 1))(*map(os.fsencode, arguments))
    return library.eqc_run(len(arguments), argv)


def eqc() -> int:
    return _run("eqc")


def eqc_opt() -> int:
    return _run("eqc-opt")


def eqc_reduce() -> int:
    # It calls eqc-opt, which is beside it, and not beside the program that runs: Python.
    return _run("eqc-reduce", f"--opt={Path(sys.argv[0]).absolute().with_name('eqc-opt')}")


def eqc_lsp_server() -> int:
    return _run("eqc-lsp-server")
