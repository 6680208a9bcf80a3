"""load.py LIBRARY: calls a layer of a shared library through ctypes."""

import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])
library.pairs_forward.argtypes = [ctypes.c_int64] + [ctypes.c_void_p] * 4
library.eqc_last_error.restype = ctypes.c_char_p
status = library.pairs_forward(1, None, None, None, None)
print("NULL is answered with", status)
if library.eqc_last_error():
    print("eqc_last_error has a text")
