"""That AddressSanitizer watches the runtime, where Python has it (Python.sanitized)."""

import os
import subprocess
import sys

import pytest

# A self-test that is told of more room for its report than there is.
OVERRUN = """
import ctypes, os
library = ctypes.CDLL(os.environ["EQC_LIBRARY"])
library.eqc_compile.restype = library.eqc_program_function.restype = ctypes.c_void_p
source = b"layer sets { group = S; n = 3; k = 1; l = 1 }"
program = library.eqc_compile(source, ctypes.c_size_t(len(source)), None)
address = library.eqc_program_function(ctypes.c_void_p(program), b"sets_selftest")
selftest = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)(address)
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
report = libc.malloc(ctypes.c_size_t(16))
print("called", flush=True)
print("status", selftest(report, SIZE))
"""


@pytest.mark.skipif("EQC_TEST_PRELOAD" not in os.environ, reason="no sanitizer is there")
@pytest.mark.parametrize("size", [16, 1000])
def test_the_runtime_is_watched(size):
    run = subprocess.run([sys.executable, "-c", OVERRUN.replace("SIZE", str(size))],
                         capture_output=True, text=True, check=False)
    assert run.stdout.startswith("called")
    if size == 16:
        assert run.stdout.endswith("status 0\n") and run.returncode == 0, run.stderr
    else:
        assert "heap-buffer-overflow" in run.stderr and run.returncode != 0
