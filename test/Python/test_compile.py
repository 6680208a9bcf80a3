"""Sources, errors and libeqc itself."""

import ctypes
import json
import os
import platform
import re
import subprocess
import sys
import threading
from pathlib import Path

import eqc
import numpy as np
import pytest
from eqc import _library

REPOSITORY = Path(__file__).resolve().parents[2]
SETS = "layer sets { group = S; n = 3; k = 1; l = 1 }"


def test_layers_by_name():
    program = eqc.compile(SETS + "\nlayer tensors { group = O; n = 3; k = 2; l = 2 }")
    assert list(program) == ["sets", "tensors"]
    assert program["tensors"].group == "O"
    assert "2 layers" in repr(program) and "tensors" in repr(program)
    with pytest.raises(KeyError, match="there are: sets, tensors"):
        program["sides"]
    with pytest.raises(ValueError, match="2 layers"):
        program.layer
    x = np.array([[[1], [2], [4]]], np.float32)
    weight = np.array([[[10]], [[1]]], np.float32)
    assert program["sets"](x, weight).ravel().tolist() == [17, 27, 47]


def test_errors_carry_their_place():
    with pytest.raises(eqc.CompileError) as caught:
        eqc.compile("layer a {\n  grup = S\n  n = 3\n}", file="net.eq")
    error = caught.value
    assert (error.status, error.file) == (1, "net.eq")
    by_line = {d.line: d for d in error.diagnostics}
    wrong = by_line[2]
    assert (wrong.severity, wrong.column, wrong.end_column) == ("error", 3, 7)
    assert wrong.id.startswith("E0")
    assert [(r.severity, r.fix) for r in wrong.related] == [("help", "group")]
    assert error.line == error.diagnostics[0].line
    assert "net.eq:2:3: error: unknown field 'grup'" in str(error)
    assert "^~~~" in str(error)


def test_limits_and_options_are_errors_too():
    with pytest.raises(eqc.CompileError) as caught:
        eqc.compile("layer a { group = S; n = 9; k = 3; l = 3 }", max_diagrams=10)
    assert caught.value.status == 4 and caught.value.line == 1
    with pytest.raises(eqc.CompileError, match="unknown plan 'best'") as caught:
        eqc.compile(SETS, plan="best")
    assert caught.value.status == 2 and caught.value.line == 0
    with pytest.raises(eqc.CompileError, match="'z80'"):
        eqc.compile(SETS, cpu="z80")
    with pytest.raises(eqc.CompileError) as caught:
        eqc.Layer(group="O", n=3, k=1, l=2)
    assert caught.value.file == "<layer layer>"
    with pytest.raises(TypeError):
        eqc.compile(b"layer")


def test_files(tmp_path):
    path = tmp_path / "net.eq"
    path.write_text(SETS)
    assert eqc.compile_file(path).layer.name == "sets"
    path.write_bytes(b"layer a \xff")
    with pytest.raises(eqc.CompileError) as caught:
        eqc.compile_file(path)
    assert (caught.value.file, caught.value.column) == (str(path), 9)
    with pytest.raises(OSError):
        eqc.compile_file(tmp_path / "missing.eq")


def test_structures_are_those_of_the_header():
    layer = eqc.compile(SETS).layer
    info = layer._program.info(0)
    assert info.struct_size == ctypes.sizeof(_library.interface().layer_info)
    assert info.abi == 1


def test_fields_are_those_of_the_header():
    """Of the struct as a C compiler reads it."""
    text = (REPOSITORY / "runtime" / "include" / "eqc" / "runtime.h").read_text()
    body = re.search(r"typedef struct eqc_layer_info {(.*?)}", text, re.DOTALL)[1]
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
    declared = []
    for line in filter(None, map(str.strip, body.split(";"))):
        kind, names = re.fullmatch(r"((?:const )?\w+ \*?)(.*)", line).groups()
        kind = {"uint32_t ": ctypes.c_uint32, "int64_t ": ctypes.c_int64,
                "const char *": ctypes.c_char_p,
                "const eqc_space_info *": ctypes.POINTER(_library.SpaceInfo),
                "const int32_t *": ctypes.POINTER(ctypes.c_int32)}[kind]
        declared += [(name.strip(" *"), kind) for name in names.split(",")]
    assert _library.interface().layer_info._fields_ == declared


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("n, ragged", [("3", False), ("?", False), ("?", True)])
def test_functions_are_those_that_the_library_describes(grad, n, ragged):
    source = SETS.replace("n = 3", f"n = {n}")
    program = eqc.compile(source, grad=grad, ragged=ragged, cache=False).layer._program
    functions = json.loads(_library.library().eqc_interface_json())["functions"]
    assert {f["name"] for f in functions} == {"forward", "backward", "pack", "forward_packed",
                                              "info", "forward_ragged", "backward_ragged",
                                              "forward_padded", "backward_padded", "selftest"}
    for function in functions:
        exists = (grad or not function["gradients"]) and (ragged or not function["ragged"])
        assert (program.address("sets_" + function["name"]) != 0) == exists


def test_sizes_are_multiples_of_what_the_library_says():
    assert _library.interface().size_units == {"S": 1, "O": 1, "SO": 1, "Sp": 2,
                                                 "H": 1, "S'": 1, "B": 1, "B'": 1, "GL": 1,
                                                 "A": 1, "Perm": 1, "Graph": 1}


def test_a_layer_outlives_its_program():
    layer = eqc.compile(SETS)["sets"]
    for _ in range(20):
        eqc.compile(SETS)
    assert layer(np.ones((1, 3, 1), np.float32),
                 np.ones((2, 1, 1), np.float32)).ravel().tolist() == [4, 4, 4]


def test_threads_may_compile_at_once():
    layers = [None] * 4

    def run(i):
        layers[i] = eqc.Layer(group="S", n=3, k=2, l=1, cache=False)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(layer.diagrams == layers[0].diagrams for layer in layers)


def run_python(code, **environment):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env={**os.environ, **environment})


def test_nothing_is_printed():
    run = run_python(f"import eqc\neqc.compile({SETS!r}, cache=False)\n"
                     "try: eqc.compile('layer')\nexcept eqc.CompileError: pass\n"
                     "try: eqc.compile('layer a {}', cpu='z80')\n"
                     "except eqc.CompileError: pass\n")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names of x86")
def test_no_cpu_ends_the_process():
    """LLVM ends the process for some names unless they are refused before."""
    names = ["i686", "pentium4", "generic", "native,native", "haswell,haswell", "x86-64-v3,z80",
             "", ",", "native,", "x86-64-v3,,x86-64-v4", "cortex-a53", "gfx90a", "a" * 10000,
             "x86-64-v3 ", "+avx", "haswell,+avx512f", "\0", "ä"]
    code = ("import eqc\n"
            f"for name in {names!r}:\n"
            f"    try:\n        eqc.compile({SETS!r}, cpu=name, cache=False)\n"
            "    except eqc.CompileError as error:\n"
            "        print(error.status, bool(str(error)))\n"
            "    except (TypeError, ValueError): print(2, True)\n"
            "    else: print('taken', repr(name))\n")
    run = run_python(code)
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert len(lines) == len(names)
    assert all(line == "2 True" for line in lines if not line.startswith("taken")), lines
    assert lines[0] == lines[3] == "2 True"


def test_a_missing_library_is_explained(tmp_path):
    code = ("import eqc\ntry: eqc.compile('')\n"
            "except eqc.LibraryNotFoundError as error: print(error)\n")
    assert "EQC_LIBRARY names" in run_python(code, EQC_LIBRARY=str(tmp_path / "no.so")).stdout
    other = tmp_path / "other.so"
    other.write_text("no library")
    assert "not a usable libeqc" in run_python(code, EQC_LIBRARY=str(other)).stdout
