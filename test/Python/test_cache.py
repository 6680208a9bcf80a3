"""Compiled code on disk."""

import os
import platform
import subprocess
import sys

import eqc
import numpy as np
import pytest
from eqc import _cache, _native

SETS = "layer sets { group = S; n = 3; k = 1; l = 1 }"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    path = tmp_path / "cache"
    monkeypatch.setenv("EQC_CACHE_DIR", str(path))
    return path


def entries(folder):
    return sorted(os.listdir(folder)) if folder.exists() else []


def compiles(monkeypatch):
    """How often the compiler runs: its function, wrapped."""
    calls = []
    library = _native.library()
    compile_function = library.eqc_program_compile

    class Counting:
        def __getattr__(self, name):
            return getattr(library, name)

        def eqc_program_compile(self, program):
            calls.append(program)
            return compile_function(program)

    monkeypatch.setattr(_native, "library", Counting)
    return calls


def answer(**options):
    layer = eqc.compile(SETS, **options).layer
    x = np.array([[[1], [2], [4]]], np.float32)
    return layer(x, np.array([[[10]], [[1]]], np.float32)).ravel().tolist()


def test_code_is_compiled_once(folder, monkeypatch):
    calls = compiles(monkeypatch)
    assert answer() == answer() == [17, 27, 47]
    assert len(calls) == 1 and len(entries(folder)) == 1
    eqc.clear_cache()
    assert entries(folder) == []
    assert answer() == [17, 27, 47]
    assert len(calls) == 2


def test_the_key_holds_all_that_matters(folder):
    answer()
    eqc.compile("layer   sets{group=S\nn=3;k=1;l=1}# the same", file="other.eq")
    assert len(entries(folder)) == 1
    options = [dict(plan="dense"), dict(optimize=1), dict(threads=False), dict(grad=False)]
    if platform.machine() == "x86_64":
        options.append(dict(cpu="x86-64-v2"))
    for count, changed in enumerate(options, start=2):
        answer(**changed)
        assert len(entries(folder)) == count
    eqc.compile(SETS.replace("n = 3", "n = 4"))
    assert len(entries(folder)) == len(options) + 2


@pytest.mark.parametrize("damage", [
    lambda data: b"", lambda data: data[:20], lambda data: data[:-1],
    lambda data: data[:-7] + bytes([data[-7] ^ 1]) + data[-6:], lambda data: b"x" + data[1:],
], ids=["empty", "short", "cut", "flipped", "foreign"])
def test_damaged_entries_are_rebuilt(folder, monkeypatch, damage):
    answer()
    path = folder / entries(folder)[0]
    good = path.read_bytes()
    path.write_bytes(damage(good))
    calls = compiles(monkeypatch)
    assert answer() == [17, 27, 47]
    assert len(calls) == 1
    assert path.read_bytes() == good


def test_it_can_be_turned_off(folder, monkeypatch):
    answer(cache=False)
    monkeypatch.setenv("EQC_CACHE", "0")
    answer()
    assert entries(folder) == []


def test_a_folder_others_can_write_to_is_not_used(folder):
    folder.mkdir()
    folder.chmod(0o777)
    assert answer() == [17, 27, 47]
    assert entries(folder) == []


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EQC_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert answer() == [17, 27, 47]


def test_old_entries_go_first(folder, monkeypatch):
    for i, name in enumerate(("old", "new")):
        _cache.write(name, b"x" * 1000)
        os.utime(folder / name, (i, i))
    _cache.read("old")  # counts as use
    monkeypatch.setattr(_cache, "_LIMIT", 2500)
    _cache.write("third", b"x" * 1000)
    assert entries(folder) == ["old", "third"]


def test_processes_at_once(folder):
    code = ("import eqc, numpy as np\n"
            f"layer = eqc.compile({SETS!r}).layer\n"
            "x = np.array([[[1], [2], [4]]], np.float32)\n"
            "print(layer(x, np.array([[[10]], [[1]]], np.float32)).ravel().tolist())")
    runs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
            for _ in range(4)]
    assert {run.communicate()[0] for run in runs} == {"[17.0, 27.0, 47.0]\n"}
    assert len(entries(folder)) == 1
