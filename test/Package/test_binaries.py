"""What the files that are shipped load, where they look for it, and what they export."""

import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import BUILD, CC, LLVM, SOURCE, STATIC, can_hide, run
from wheels import build_wheel

LIBC = {"libc.so.6", "libm.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2",
        "ld-linux-aarch64.so.1"}
CPLUSPLUS = {"libstdc++.so.6", "libgcc_s.so.1"}
COMPILER = LIBC | CPLUSPLUS | {"libfmt.so.9"} | (
    {"libz.so.1"} if STATIC else {"libMLIR.so.22.1", "libLLVM.so.22.1"})
#: What LLD, inside eqc, wants beside.
LINKER = set() if STATIC else {"libz.so.1", "libzstd.so.1"}

#: Every program and library, by the first part of its name.
MAY_LOAD = {"eqc": COMPILER | LINKER, "eqc-opt": COMPILER,
            "libeqc": COMPILER | LINKER, "libeqc_torch": LIBC | CPLUSPLUS, "layers": LIBC}

LAYERS = """
layer one { group = S; n = 4; k = 2; l = 1; channels = 3 -> 5; bias = true }
layer two { group = O; n = ?; k = 1; l = 1; dtype = f64 }
"""
REPRODUCER = """
{-# external_resources: { mlir_reproducer: {
  pipeline: "builtin.module(canonicalize)", disable_threading: true, verify_each: true } } #-}
"""
#: Links to eqc, so that one copy of LLVM serves all.
PROGRAMS = ("eqc-lsp-server", "eqc-opt", "eqc-reduce") if STATIC else ("eqc-opt", "eqc-reduce")
FUNCTIONS = ("forward", "backward", "pack", "forward_packed", "info", "selftest")


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
def wheel(tmp_path_factory):
    """What is in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(build_wheel(folder)) as archive:
        archive.extractall(folder / "contents")
    return folder / "contents"


@pytest.fixture(scope="module")
def shipped(prefix, wheel, shared):
    """Every program and library that leaves this place, or may be run where it was built."""
    found = [shared, *(path for path in (BUILD / "bin" / "eqc", BUILD / "bin" / "eqc-opt")
                       if path.exists())]
    for folder in (prefix, wheel, BUILD / "lib"):
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF":
                # Of the build tree, what belongs to the tests is not shipped.
                if folder != BUILD / "lib" or path.name.split(".")[0] in MAY_LOAD:
                    found.append(path)
    names = {path.name.split(".")[0] for path in found}
    assert names - {"eqc-opt"} == set(MAY_LOAD) - {"eqc-opt"}, "say here what it may load"
    return found


def unsafe_folders(path: Path) -> list[str]:
    """Folders that a file's libraries come from, and should not."""
    entries = dynamic(path)
    # An empty entry, or one that is not absolute, is the current folder.
    return [folder for tag in ("RPATH", "RUNPATH") for value in entries.get(tag, [])
            for folder in value.split(":")
            if not folder.startswith("/") or Path(folder).is_relative_to(SOURCE)
            or Path(folder).is_relative_to(BUILD) or not Path(folder).is_dir()
            or Path(folder).stat().st_mode & stat.S_IWOTH]


def test_libraries_come_from_safe_folders(shipped):
    for path in shipped:
        assert not unsafe_folders(path), path


@pytest.mark.parametrize("folders, unsafe", [
    ("/usr/lib", []), ("/usr/lib:", [""]), (":/usr/lib", [""]), ("lib", ["lib"]),
    ("/usr/lib:/tmp", ["/tmp"]), (f"{BUILD}/lib", [f"{BUILD}/lib"]), ("$ORIGIN", ["$ORIGIN"])])
def test_unsafe_folders_are_noticed(tmp_path, folders, unsafe):
    library = tmp_path / "library.so"
    subprocess.run([CC, "-shared", "-x", "c", "/dev/null", "-o", library, f"-Wl,-rpath,{folders}"],
                   check=True)
    assert unsafe_folders(library) == unsafe


def test_no_more_is_loaded_than_promised(shipped):
    for path in shipped:
        entries = dynamic(path)
        assert set(entries["NEEDED"]) <= MAY_LOAD[path.name.split(".")[0]], path
        assert "TEXTREL" not in entries, path


def test_the_stack_is_not_executable(shipped):
    for path in shipped:
        text = subprocess.run([LLVM / "llvm-readelf", "-lW", path], check=True,
                              capture_output=True, text=True).stdout
        assert re.search(r"GNU_STACK .* RW +0", text), path


def test_a_program_exports_nothing(prefix):
    assert exports(prefix / "bin" / "eqc") == set()


def test_libraries_export_their_headers(prefix, wheel):
    include = prefix / "include" / "eqc"
    functions = set().union(*(declared(include / header) for header in
                              ("compiler.h", "runtime.h", "cuda.h")))
    assert {"eqc_compile", "eqc_program_free", "eqc_set_num_threads"} <= functions
    for folder in (prefix / "lib", wheel / "eqc"):
        assert exports(folder / "libeqc.so") == functions
        assert exports(folder / "libeqc_torch.so") == declared(include / "torch.h")


def test_sonames_and_versions(prefix):
    """A program that was linked with a version of another major number does not start."""
    for name, soname, version in [("libeqc.so", "libeqc.so.0", "EQC_0"),
                                  ("libeqc_torch.so", "libeqc_torch.so.0", "EQC_TORCH_0")]:
        library = prefix / "lib" / name
        assert dynamic(library)["SONAME"] == [soname]
        text = subprocess.run([LLVM / "llvm-readelf", "-V", library], check=True,
                              capture_output=True, text=True).stdout
        assert re.search(rf"Name: {version}\n", text)
        names = subprocess.run([LLVM / "llvm-nm", "-D", "--defined-only", "--format=posix",
                                library], check=True, capture_output=True, text=True).stdout
        functions = [line.split()[0] for line in names.splitlines() if " A " not in line]
        assert functions and all(f"@@{version}" in name for name in functions)


#: Each archive, and the header that it shows.
ARCHIVES = {"libeqc_rt.a": "runtime.h", "libeqc_rt_cuda.a": "cuda.h"}


def symbols(archive: Path) -> tuple[set[str], set[str], set[str]]:
    """What an archive shows, what it has beside that, and what it wants from elsewhere."""
    text = subprocess.run([LLVM / "llvm-readelf", "-sW", archive], check=True,
                          capture_output=True, text=True).stdout
    visible, hidden, wanted = set(), set(), set()
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 8 and parts[4] in ("GLOBAL", "WEAK"):
            (wanted if parts[6] == "UND" else visible if parts[5] == "DEFAULT" else hidden
             ).add(parts[7])
    return visible, hidden, wanted - visible - hidden


@pytest.mark.parametrize("archive", ARCHIVES)
def test_a_runtime_shows_its_header_only(prefix, archive):
    visible, hidden, _ = symbols(prefix / "lib" / archive)
    assert visible == declared(prefix / "include" / "eqc" / ARCHIVES[archive])
    # A static library has one name space with the program.
    assert all(name.startswith("eqc_") for name in hidden), hidden


def test_the_cuda_runtime_needs_no_part_of_cuda(prefix):
    _, _, wanted = symbols(prefix / "lib" / "libeqc_rt_cuda.a")
    assert {"dlopen", "dlsym"} <= wanted
    assert not [name for name in wanted if re.match("cu[A-Z_]|cuda", name)]
    _, runtime, _ = symbols(prefix / "lib" / "libeqc_rt.a")
    assert {name for name in wanted if name.startswith("eqc_")} <= runtime | declared(
        prefix / "include" / "eqc" / "runtime.h")


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
               for folder in ("src", "include", "cuda")
               for path in (SOURCE / "runtime" / folder).rglob("*.*")}
    library = {str(path.relative_to(prefix)) for path in prefix.glob("lib/libeqc*.so*")}
    build_type = {str(path.relative_to(prefix))
                  for path in prefix.glob("lib/cmake/eqc/eqc*Targets-*.cmake")}
    assert len(build_type) == 2 and {"lib/libeqc.so", "lib/libeqc_torch.so"} < library
    commands = re.findall(r"^  ([a-z]+) +[A-Z]", run(prefix / "bin" / "eqc", "--help").stdout,
                          re.MULTILINE)
    assert "compile" in commands
    pages = {f"share/man/man1/{name}.1"
             for name in ("eqc", *PROGRAMS, *(f"eqc-{command}" for command in commands))}
    assert files == sources | library | build_type | pages | {
        "bin/eqc", *(f"bin/{name}" for name in PROGRAMS), "share/bash-completion/completions/eqc",
        "share/fish/vendor_completions.d/eqc.fish", "share/zsh/site-functions/_eqc",
        "lib/libeqc_rt.a", "lib/libeqc_rt_cuda.a", "include/eqc/compiler.h",
        "include/eqc/cuda.h", "include/eqc/runtime.h", "include/eqc/torch.h",
        *(f"lib/cmake/eqc/{name}.cmake" for name in (
            "eqcConfig", "eqcConfigVersion", "eqcTargets", "eqcLibraryTargets", "EqcAddLayer",
            "EqcRuntime")),
        *(f"lib/pkgconfig/{name}.pc" for name in ("eqc", "eqc_rt", "eqc_rt_cuda"))}


def test_links_are_the_other_programs(prefix, tmp_path):
    assert all((prefix / "bin" / name).is_symlink() for name in PROGRAMS)
    (tmp_path / "one.eq").write_text(LAYERS)
    run(prefix / "bin" / "eqc", "compile", tmp_path / "one.eq", "--emit=eq")
    assert "eqc.linear" in run(prefix / "bin" / "eqc-opt", tmp_path / "one.mlir").stdout
    # eqc-reduce finds the eqc-opt beside it.
    failing = tmp_path / "failing.mlir"
    failing.write_text((tmp_path / "one.mlir").read_text() + REPRODUCER)
    error = run(prefix / "bin" / "eqc-reduce", failing, check=False).stderr
    assert f"{prefix}/bin/eqc-opt does not fail on" in error
    if STATIC:
        assert "Protocol" in run(prefix / "bin" / "eqc-lsp-server", "--help").stdout


def test_nothing_names_the_trees(prefix):
    if "CMAKE_BUILD_TYPE:STRING=Release\n" not in (BUILD / "CMakeCache.txt").read_text():
        pytest.skip("the information for debuggers names sources")
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
    # It finds its runtime where it really is.
    (tmp_path / "eqc").symlink_to(eqc)
    run(tmp_path / "eqc", "compile", tmp_path / "layers.eq", "--emit=shared")


def test_a_shared_layer_needs_no_other_file(shared, tmp_path):
    """two: y = w x, on a batch of 1 and n = 3, in a process that has nothing of eqc."""
    program = """
import ctypes, sys
layer = ctypes.CDLL(sys.argv[1])
x, w, y = (ctypes.c_double * 3)(1, 2, 4), (ctypes.c_double * 1)(10), (ctypes.c_double * 3)()
status = layer.two_forward(ctypes.c_int64(3), ctypes.c_int64(1), x, w, None, y)
print(status, list(y))
"""
    alone = tmp_path / "layers.so"
    shutil.copy(shared, alone)
    python = os.path.realpath(sys.executable)
    assert run(python, "-I", "-c", program, alone).stdout == "0 [10.0, 20.0, 40.0]\n"
