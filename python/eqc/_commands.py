"""The commands `eqc` and `eqc-opt` of the package: both are in libeqc, so one copy of LLVM
serves all."""

import ctypes
import os
import sys

from . import _library
from .errors import LibraryNotFoundError


def _run(name: str) -> int:
    try:
        library = _library.library()
    except LibraryNotFoundError as error:
        sys.exit(f"{name}: {error}")
    arguments = [name, *sys.argv[1:]]
    argv = (ctypes.c_char_p * (len(arguments) + 1))(*map(os.fsencode, arguments))
    return library.eqc_run(len(arguments), argv)


def eqc() -> int:
    return _run("eqc")


def eqc_opt() -> int:
    return _run("eqc-opt")
