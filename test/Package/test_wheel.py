"""The Python package as pip leaves it."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from conftest import CC, LLVM, SOURCE, STATIC, can_hide, run
from wheels import LIBRARY, build_wheel, copy_source, pip

VERSION = re.search(r'__version__ = "(.*)"', (SOURCE / "python/eqc/_version.py").read_text())[1]


#: What an editor says first.
HELLO = ('Content-Length: 75\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"initialize",'
         '"params":{"capabilities":{}}}')


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def empty_python(tmp_path_factory):
    """A Python with numpy and nothing else."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    base = os.path.realpath(sys.executable)
    subprocess.run([base, "-m", "venv", "--without-pip", folder], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    for top in {Path(file).parts[0] for file in distribution("numpy").files
                if ".." not in Path(file).parts}:
        source = Path(distribution("numpy").locate_file(top))
        if source.is_dir():
            shutil.copytree(source, site / top, ignore=shutil.ignore_patterns("tests"))
    return folder / "bin" / "python", site


def test_its_name_says_for_what_machines(wheel):
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    assert wheel.name == f"eqc-{VERSION}-py3-none-{platform}.whl"
    assert wheel.name.rsplit("-", 1)[1] != "any.whl"


def test_it_holds_the_package_and_the_library(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(f"eqc-{VERSION}.dist-info/METADATA").decode()
        assert archive.read("eqc/libeqc.so") == LIBRARY.read_bytes()
    package = {f"eqc/{path.relative_to(SOURCE / 'python' / 'eqc')}"
               for pattern in ("**/*.py", "**/*.c", "py.typed")
               for path in (SOURCE / "python" / "eqc").glob(pattern)}
    headers = {f"eqc/include/eqc/{name}.h" for name in ("compiler", "cuda", "runtime", "torch")}
    sources = {f"eqc/runtime/{path.relative_to(SOURCE / 'runtime')}"
               for folder in ("src", "include", "cuda")
               for path in (SOURCE / "runtime" / folder).rglob("*.*")}
    assert {name for name in names if ".dist-info/" not in name} == package | headers | sources | {
        "eqc/libeqc.so", "eqc/libeqc_torch.so", "eqc/libeqc_rt.a", "eqc/libeqc_rt_cuda.a"}
    assert "Requires-Dist: numpy" in metadata


def test_it_runs_where_there_is_numpy_alone(wheel, empty_python, tmp_path):
    python, site = empty_python
    pip("install", "--target", site, wheel)
    program = """
import sys
import numpy as np
import eqc
layer = eqc.Layer(group="S", n=3, k=1, l=1)
x = np.array([1, 2, 4], np.float32).reshape(1, 3, 1)
y = layer(x, np.array([10, 1], np.float32).reshape(2, 1, 1))
# 10 x + the sum of x.
print(y.ravel().tolist(), eqc.__file__, "torch" in sys.modules, "jax" in sys.modules)
"""
    result = run(python, "-c", program, cwd=tmp_path, env={"EQC_CACHE": "0"})
    assert result.stdout == f"[17.0, 27.0, 47.0] {site / 'eqc' / '__init__.py'} False False\n"
    for framework in ("torch", "jax"):
        result = run(python, "-c", f"import eqc.{framework}", cwd=tmp_path, check=False)
        assert f"No module named '{framework}'" in result.stderr


def test_its_commands_need_no_llvm(wheel, empty_python, tmp_path):
    python, site = empty_python
    pip("install", "--target", site, "--upgrade", wheel)
    if STATIC and can_hide():
        # In the namespace that hides the trees LLVM's folder is empty too.
        llvm = ["sh", "-c", f'mount -t tmpfs none "{LLVM.parent}" && exec "$@"', "sh"]
    else:
        llvm = []

    def command(name, *arguments, **options):
        program = f"import sys; from eqc._commands import {name} as main; sys.exit(main())"
        return run(*llvm, python, "-c", program, *arguments, cwd=tmp_path, **options)

    (tmp_path / "one.eq").write_text("layer one { group = S; n = 4; k = 1; l = 1 }\n")
    assert VERSION in command("eqc", "--version").stdout
    command("eqc", "compile", "one.eq", "--emit=shared")
    assert (tmp_path / "one.so").stat().st_size and (tmp_path / "one.h").is_file()
    # A program in C has all that it needs.
    command("eqc", "compile", "one.eq", "-o", "layer.o")
    (tmp_path / "main.c").write_text('#include "layer.h"\nint main(void) {\n'
                                     "  float x[4] = {1, 2, 3, 4}, weight[2] = {2, 0}, y[4];\n"
                                     "  return one_forward(1, x, weight, 0, y) || y[3] != 8;\n}\n")
    include = run(python, "-c", "import eqc; print(eqc.get_include())").stdout.strip()
    run(CC, "main.c", "layer.o", "-I", include, site / "eqc" / "libeqc_rt.a", "-lm", "-pthread",
        "-o", "main", cwd=tmp_path)
    run(tmp_path / "main")
    command("eqc", "compile", "one.eq", "--emit=eq")
    assert "eqc.linear" in command("eqc_opt", "one.mlir").stdout
    reduce = command("eqc_reduce", "one.mlir", check=False)
    assert "one.mlir does not say which pass fails on it" in reduce.stderr
    if STATIC:
        assert "Content-Length" in command("eqc_lsp_server", input=HELLO, check=False).stdout
    wrong = command("eqc", "explain", "two.eq", check=False)
    assert wrong.returncode == 3 and "two.eq" in wrong.stderr


def test_it_can_say_on_which_systems_it_runs(wheel, tmp_path):
    if not STATIC:
        pytest.skip("this build needs the LLVM of this machine")
    repair = [sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", tmp_path, wheel]
    subprocess.run(repair, check=True, capture_output=True, env={
        **os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})
    repaired, = tmp_path.iterdir()
    assert re.fullmatch(rf"eqc-{VERSION}-py3-none-manylinux_2_\d\d_x86_64\.whl", repaired.name)
    assert repaired.stat().st_size < 60e6


def test_without_a_library_nothing_is_installed(tmp_path):
    source = copy_source(tmp_path)
    for command in (["install", "--target", tmp_path / "target", source],
                    ["wheel", "--wheel-dir", tmp_path / "target", source]):
        result = pip(*command, library=None, check=False)
        assert result.returncode != 0
        assert "libeqc is not built" in result.stdout + result.stderr
        assert "bash scripts/build.sh" in result.stdout + result.stderr
    assert not list(tmp_path.glob("target/*"))


def test_it_takes_the_library_of_the_build_tree(tmp_path):
    source = copy_source(tmp_path)
    (source.parent / "build" / "lib").mkdir(parents=True)
    shutil.copy(LIBRARY, source.parent / "build" / "lib" / "libeqc.so")
    pip("install", "--target", tmp_path / "target", source, library=None)
    assert (tmp_path / "target" / "eqc" / "libeqc.so").read_bytes() == LIBRARY.read_bytes()


@pytest.mark.parametrize("kind, words", [
    ("missing", "which is no file"), ("text", "is not a libeqc that works here"),
    ("other", "is not a libeqc that works here")])
def test_another_file_is_no_library(tmp_path, kind, words):
    library = tmp_path / "libeqc.so"
    if kind == "text":
        library.write_text("not a library\n")
    elif kind == "other":
        library = Path("/usr/lib") / sysconfig.get_config_var("MULTIARCH") / "libz.so.1"
    result = pip("wheel", "--wheel-dir", tmp_path / "out", copy_source(tmp_path),
                 library=library, check=False)
    assert result.returncode != 0
    assert words in result.stdout + result.stderr


def test_a_library_of_another_version_is_refused(tmp_path):
    source = copy_source(tmp_path)
    project = source / "eqc" / "_version.py"
    project.write_text(project.read_text().replace(f'"{VERSION}"', '"9.9.9"'))
    result = pip("wheel", "--wheel-dir", tmp_path / "out", source, check=False)
    assert result.returncode != 0
    assert f"is version {VERSION}, and the package is 9.9.9" in result.stdout + result.stderr


def test_modules_of_earlier_builds_stay_out(tmp_path):
    source = copy_source(tmp_path)
    (source / "build" / "lib" / "eqc").mkdir(parents=True)
    (source / "build" / "lib" / "eqc" / "gone.py").write_text("")
    pip("wheel", "--wheel-dir", tmp_path / "out", source)
    wheel, = (tmp_path / "out").iterdir()
    assert "eqc/gone.py" not in zipfile.ZipFile(wheel).namelist()


def test_a_source_distribution_builds_with_a_library_only(tmp_path):
    source = copy_source(tmp_path)
    subprocess.run([sys.executable, "-c", "from setuptools.build_meta import build_sdist; "
                    f"build_sdist({str(tmp_path / 'sdist')!r})"], cwd=source, check=True,
                   capture_output=True)
    sdist, = (tmp_path / "sdist").iterdir()
    result = pip("wheel", "--wheel-dir", tmp_path / "out", sdist, library=None, check=False)
    assert result.returncode != 0
    assert "set EQC_LIBRARY to the path of a libeqc.so" in (
        " ".join((result.stdout + result.stderr).split()))
    pip("wheel", "--wheel-dir", tmp_path / "out", sdist)
    wheel, = (tmp_path / "out").iterdir()
    assert "eqc/libeqc.so" in zipfile.ZipFile(wheel).namelist()


def test_an_editable_installation_uses_the_build_tree(tmp_path, empty_python):
    source = copy_source(tmp_path)
    python, site = empty_python
    target = tmp_path / "target"
    shutil.copytree(site, target, ignore=shutil.ignore_patterns("eqc*"))
    pip("install", "--target", target, "--editable", source, library=None)
    # Editable installations work by .pth files, which count in site folders only.
    program = f"import site; site.addsitedir({str(target)!r}); import eqc; eqc.set_num_threads(1)"
    environment = {"EQC_CACHE": "0"}
    result = run(python, "-I", "-c", program, env=environment, check=False)
    if "eqc" in {path.name for path in site.iterdir()}:
        shutil.rmtree(site / "eqc")
        result = run(python, "-c", program, env=environment, check=False)
    assert "libeqc was not found; build eqc (scripts/build.sh)" in result.stderr
    (source.parent / "build" / "lib").mkdir(parents=True)
    shutil.copy(LIBRARY, source.parent / "build" / "lib" / "libeqc.so")
    run(python, "-c", program, env=environment)
