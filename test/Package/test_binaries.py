"""What the files that are shipped load, where they look for it, and what they export."""

import re
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest
from conftest import BUILD, LLVM, SOURCE, can_hide, run
from wheels import build_wheel

LIBC = {"libc.so.6", "libm.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2",
        "ld-linux-aarch64.so.1"}
CPLUSPLUS = {"libstdc++.so.6", "libgcc_s.so.1"}
COMPILER = LIBC | CPLUSPLUS | {"libMLIR.so.22.1", "libLLVM.so.22.1", "libfmt.so.9"}
#: What LLD, inside eqc, wants beside.
LINKER = {"libz.so.1", "libzstd.so.1"}

LAYERS = """
layer one { group = S; n = 4; k = 2; l = 1; channels = 3 -> 5; bias = true }
layer two { group = O; n = ?; k = 1; l = 1; dtype = f64 }
"""
FUNCTIONS = ("forward", "backward", "pack", "forward_packed", "info")


def dynamic(path: Path) -> dict[str, list[str]]:
    """The entries of the dynamic section: {"NEEDED": [..], "RUNPATH": [..]}."""
    text = subprocess.run([LLVM / "llvm-readelf", "-d", path], check=True, capture_output=True,
                          text=True).stdout
    found: dict[str, list[str]] = {}
    for tag, value in re.findall(r"\((\w+)\)\s+(.*)", text):
        bracket = re.search(r"\[(.*)\]", value)
        found.setdefault(tag, []).append(bracket[1] if bracket else value)
    return found


def exports(path: Path) -> set[str]:
    lines = subprocess.run([LLVM / "llvm-nm", "-D", "--defined-only", "--format=posix", path],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[0].split("@")[0] for line in lines}


def declared(header: Path) -> set[str]:
    """The functions that a header declares for other programs."""
    text = re.sub(r"/\*.*?\*/|^#.*?$", "", header.read_text(), flags=re.S | re.M)
    return set(re.findall(r"\bEQC_API\b[^;(]*?(\w+)\(", text))


@pytest.fixture(scope="module")
def shared(prefix, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    (folder / "layers.eq").write_text(LAYERS)
    run(prefix / "bin" / "eqc", "compile", folder / "layers.eq", "--emit=shared")
    return folder / "layers.so"


@pytest.fixture(scope="module")
def wheel_library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(build_wheel(folder)) as wheel:
        return Path(wheel.extract("eqc/libeqc.so", folder))


@pytest.fixture(params=["bin/eqc", "lib/libeqc.so", "lib/libeqc_torch.so", "shared", "wheel", "eqc of the build tree",
                        "libeqc of the build tree", "eqc-opt of the build tree"])
def shipped(request, prefix):
    """A file, what it may load, and whether it may say where to look."""
    match request.param:
        case "bin/eqc":
            return prefix / "bin" / "eqc", COMPILER | LINKER
        case "lib/libeqc.so":
            return prefix / "lib" / "libeqc.so", COMPILER
        case "lib/libeqc_torch.so":
            return prefix / "lib" / "libeqc_torch.so", LIBC | CPLUSPLUS
        case "shared":
            return request.getfixturevalue("shared"), LIBC
        case "wheel":
            return request.getfixturevalue("wheel_library"), COMPILER
        case "eqc of the build tree":
            return BUILD / "bin" / "eqc", COMPILER | LINKER
        case "libeqc of the build tree":
            return BUILD / "lib" / "libeqc.so", COMPILER
    if not (BUILD / "bin" / "eqc-opt").exists():
        pytest.skip("not built")
    return BUILD / "bin" / "eqc-opt", COMPILER


def test_libraries_come_from_safe_folders(shipped):
    path, _ = shipped
    entries = dynamic(path)
    assert "RPATH" not in entries
    for runpath in entries.get("RUNPATH", []):
        for folder in runpath.split(":"):
            # An empty entry, or one that is not absolute, is the current folder.
            assert folder.startswith("/"), runpath
            assert not Path(folder).is_relative_to(SOURCE), runpath
            assert not Path(folder).is_relative_to(BUILD), runpath
            assert not Path(folder).stat().st_mode & stat.S_IWOTH, runpath


def test_no_more_is_loaded_than_promised(shipped):
    path, allowed = shipped
    entries = dynamic(path)
    assert set(entries["NEEDED"]) <= allowed
    assert "TEXTREL" not in entries


def test_the_stack_is_not_executable(shipped):
    path, _ = shipped
    text = subprocess.run([LLVM / "llvm-readelf", "-lW", path], check=True, capture_output=True,
                          text=True).stdout
    assert re.search(r"GNU_STACK .* RW +0", text), text


def test_a_program_exports_nothing(prefix):
    assert exports(prefix / "bin" / "eqc") == set()


def test_libeqc_exports_its_headers(prefix, wheel_library):
    include = prefix / "include" / "eqc"
    functions = declared(include / "compiler.h") | declared(include / "runtime.h")
    assert {"eqc_compile", "eqc_program_free", "eqc_set_num_threads"} <= functions
    assert exports(prefix / "lib" / "libeqc.so") == functions
    assert exports(wheel_library) == functions
    assert exports(prefix / "lib" / "libeqc_torch.so") == declared(include / "torch.h")


def test_the_runtime_shows_its_header_only(prefix):
    text = subprocess.run([LLVM / "llvm-readelf", "-sW", prefix / "lib" / "libeqc_rt.a"],
                          check=True, capture_output=True, text=True).stdout
    visible, hidden = set(), set()
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 8 and parts[4] in ("GLOBAL", "WEAK") and parts[6] != "UND":
            (visible if parts[5] == "DEFAULT" else hidden).add(parts[7])
    assert visible == declared(prefix / "include" / "eqc" / "runtime.h")
    # A static library has one name space with the program.
    assert all(name.startswith("eqc_") for name in hidden), hidden


def test_a_shared_layer_exports_its_functions_and_the_runtime(prefix, shared):
    runtime = declared(prefix / "include" / "eqc" / "runtime.h")
    assert exports(shared) == runtime | {f"{layer}_{function}" for layer in ("one", "two")
                                         for function in FUNCTIONS}
    assert "RUNPATH" not in dynamic(shared)


def test_a_shared_layer_without_gradients(prefix, tmp_path):
    (tmp_path / "layers.eq").write_text(LAYERS)
    run(prefix / "bin" / "eqc", "compile", tmp_path / "layers.eq", "--emit=shared", "--no-grad")
    functions = {name for name in exports(tmp_path / "layers.so") if not name.startswith("eqc_")}
    assert functions == {f"{layer}_{function}" for layer in ("one", "two")
                         for function in FUNCTIONS if function != "backward"}


def test_an_object_shows_the_layer_only(prefix, tmp_path):
    (tmp_path / "layers.eq").write_text(LAYERS)
    run(prefix / "bin" / "eqc", "compile", tmp_path / "layers.eq")
    lines = subprocess.run([LLVM / "llvm-nm", "--defined-only", "--extern-only",
                            "--format=posix", tmp_path / "layers.o"], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    assert {line.split()[0] for line in lines} == {
        f"{layer}_{function}" for layer in ("one", "two") for function in FUNCTIONS}


def test_the_prefix_holds_what_is_documented(prefix):
    files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    sources = {f"share/eqc/runtime/{path.relative_to(SOURCE / 'runtime')}"
               for folder in ("src", "include") for path in (SOURCE / "runtime" / folder).rglob("*.*")}
    library = {str(path.relative_to(prefix)) for path in prefix.glob("lib/libeqc.so*")}
    build_type = {str(path.relative_to(prefix))
                  for path in prefix.glob("lib/cmake/eqc/eqcTargets-*.cmake")}
    assert len(build_type) == 1 and "lib/libeqc.so" in library
    assert files == sources | library | build_type | {
        "bin/eqc", "lib/libeqc_rt.a", "include/eqc/compiler.h", "include/eqc/runtime.h",
        "include/eqc/torch.h", "lib/libeqc_torch.so",
        *(f"lib/cmake/eqc/{name}.cmake" for name in (
            "eqcConfig", "eqcConfigVersion", "eqcTargets", "EqcAddLayer", "EqcRuntime"))}


def test_nothing_names_the_trees(prefix):
    for path in prefix.rglob("*"):
        if path.is_file():
            contents = path.read_bytes()
            for tree in {bytes(SOURCE), bytes(BUILD)}:
                assert tree not in contents, path


def test_the_trees_are_hidden():
    if not can_hide():
        pytest.skip("this machine allows no namespaces")
    assert run("ls", SOURCE).stdout == ""
    assert run("ls", BUILD, check=False).stdout == ""


@pytest.mark.parametrize("name", ["libMLIR.so.22.1", "libfmt.so.9", "libLLVM.so.22.1"])
def test_libraries_of_the_current_folder_are_not_loaded(prefix, tmp_path, name):
    (tmp_path / name).write_text("not a library\n")
    assert "eqc" in run(prefix / "bin" / "eqc", "--version", cwd=tmp_path).stdout


def test_the_installed_compiler_does_all(prefix, tmp_path):
    (tmp_path / "layers.eq").write_text(LAYERS)
    eqc = prefix / "bin" / "eqc"
    assert "2 of 2 layers agree" in run(eqc, "check", tmp_path / "layers.eq").stdout
    assert "o1 i1" in run(eqc, "explain", tmp_path / "layers.eq").stdout
    for kind in ("obj", "asm", "shared", "llvm"):
        run(eqc, "compile", tmp_path / "layers.eq", f"--emit={kind}")
