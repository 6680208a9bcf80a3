"""What says the version, the files for pkg-config, and the packages for Debian."""

import re
import shutil
import subprocess

import pytest
from conftest import BUILD, CC, SOURCE, STATIC, run

VERSION = re.search(r'__version__ = "(.*)"', (SOURCE / "python/eqc/_version.py").read_text())[1]

SETS = "layer sets { group = S; n = 3; k = 1; l = 1 }\n"
USE_LAYER = """
#include "sets.h"
#include <stddef.h>
int main(void) {
  const float x[3] = {1, 2, 4}, weight[2] = {10, 1};
  float y[3];
  return sets_forward(1, x, weight, NULL, y) || y[0] != 17 || y[2] != 47;
}
"""
USE_LIBRARY = """
#include <eqc/compiler.h>
#include <string.h>
int main(void) {
  const char *text = "layer sets { group = S; n = 3; k = 1; l = 1 }";
  eqc_program *program = eqc_compile(text, strlen(text), NULL);
  int status = eqc_program_status(program) || !eqc_program_function(program, "sets_forward");
  eqc_program_free(program);
  return status;
}
"""


def test_the_version_is_said_in_one_place(prefix):
    assert f"\nversion: {VERSION}\n" in (SOURCE / "CITATION.cff").read_text()
    assert re.search(r"^## (\S+)", (SOURCE / "CHANGELOG.md").read_text(), re.M)[1] == VERSION
    assert f"eqc {VERSION}" in run(prefix / "bin" / "eqc", "--version").stdout
    # Nowhere else, but in texts: whoever releases edits these three.
    lists = [*SOURCE.glob("*.txt"), *(SOURCE / "python").glob("*.*"),
             *(SOURCE / "runtime").rglob("*.cmake*"), *(SOURCE / "packaging").iterdir()]
    assert [path for path in lists if VERSION in path.read_text()] == []


def pkg_config(prefix, tmp_path, *arguments):
    """With a name for the prefix that has no space, which shells would need quotes for."""
    if not (tmp_path / "eqc").exists():
        (tmp_path / "eqc").symlink_to(prefix)
    folder = tmp_path / "eqc" / "lib" / "pkgconfig"
    return run("pkg-config", *arguments, env={"PKG_CONFIG_PATH": str(folder)}).stdout.split()


@pytest.mark.skipif(not shutil.which("pkg-config"), reason="no pkg-config")
@pytest.mark.parametrize("package", ["eqc_rt", "eqc_rt_cuda", "eqc"])
def test_pkg_config(prefix, tmp_path, package):
    assert pkg_config(prefix, tmp_path, "--modversion", package) == [VERSION]
    (tmp_path / "sets.eq").write_text(SETS)
    run(prefix / "bin" / "eqc", "compile", "sets.eq", cwd=tmp_path)
    (tmp_path / "main.c").write_text(USE_LIBRARY if package == "eqc" else USE_LAYER)
    objects = [] if package == "eqc" else ["sets.o"]
    flags = pkg_config(prefix, tmp_path, "--cflags", "--libs", package)
    run(CC, "main.c", *objects, *flags, f"-Wl,-rpath,{prefix}/lib", "-o", "main", cwd=tmp_path)
    run(tmp_path / "main")


def test_an_archive_runs_wherever_it_is_unpacked(tmp_path):
    """As scripts/build-packages.sh makes it, but compressed in another way, which is faster."""
    subprocess.run(["cpack", "--config", BUILD / "CPackConfig.cmake", "-G", "TZST", "-B",
                    tmp_path / "made"], check=True, capture_output=True)
    (archive,) = (tmp_path / "made").glob("eqc-*.tar.zst")
    (tmp_path / "any where").mkdir()
    subprocess.run(["cmake", "-E", "tar", "xf", archive], cwd=tmp_path / "any where", check=True)
    archive.unlink()
    (root,) = (tmp_path / "any where").iterdir()
    assert VERSION in root.name
    (tmp_path / "sets.eq").write_text(SETS)
    (tmp_path / "main.c").write_text(USE_LAYER)
    run(root / "bin" / "eqc", "compile", "sets.eq", cwd=tmp_path)
    run(CC, "main.c", "sets.o", f"-I{root / 'include'}", root / "lib" / "libeqc_rt.a", "-pthread",
        "-lm", "-o", "main",
        cwd=tmp_path)
    run(tmp_path / "main")


@pytest.fixture(scope="module")
def debs(tmp_path_factory):
    """The packages by their names, not compressed, as that would take minutes."""
    folder = tmp_path_factory.mktemp("debs")
    subprocess.run(["cpack", "--config", BUILD / "CPackConfig.cmake", "-G", "DEB", "-B", folder,
                    "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=none"], check=True, capture_output=True)
    return {path.name.split("_")[0]: path for path in folder.glob("*.deb")}


needs_dpkg = pytest.mark.skipif(
    not shutil.which("dpkg-shlibdeps") or not shutil.which("file"),
    reason="no dpkg-shlibdeps or no file")


def field(deb, name):
    return subprocess.run(["dpkg-deb", "--field", deb, name], check=True, capture_output=True,
                          text=True).stdout.strip()


@needs_dpkg
def test_packages_for_debian(debs, installed_python, tmp_path):
    assert set(debs) == {"eqc", "libeqc0", "libeqc-dev", "python3-eqc"}
    for name, deb in debs.items():
        assert field(deb, "Version") == VERSION
        assert field(deb, "Architecture") == ("all" if name == "python3-eqc" else subprocess.run(
            ["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip())
        subprocess.run(["dpkg-deb", "-x", deb, tmp_path], check=True)
        assert (tmp_path / "usr" / "share" / "doc" / name / "copyright").is_file()
    # They belong together; what is loaded comes from packages of the distribution.
    assert f"libeqc-dev (= {VERSION})" in field(debs["eqc"], "Depends")
    for name in ("libeqc-dev", "python3-eqc"):
        assert f"libeqc0 (= {VERSION})" in field(debs[name], "Depends")
    for name in ("eqc", "libeqc0"):
        assert "libc6" in field(debs[name], "Depends")
        assert ("llvm" in field(debs[name], "Depends")) != STATIC
    control = tmp_path / "control"
    subprocess.run(["dpkg-deb", "-e", debs["libeqc0"], control], check=True)
    assert (control / "shlibs").read_text().split()[:3] == ["libeqc", "0", "libeqc0"]

    # Together they are what is installed, and what policy asks for.
    def files(folder):
        return {str(path.relative_to(folder)).removesuffix(".gz") for path in folder.rglob("*")
                if not path.is_dir() and "share/doc" not in str(path)}
    assert not list(tmp_path.glob("usr/share/man/man1/*.1")), "policy has them compressed"
    assert files(tmp_path / "usr") == files(installed_python.parents[2])

    # A program is built and run with them.
    example = tmp_path / "karate"
    shutil.copytree(SOURCE / "examples" / "karate", example)
    run("cmake", "-S", example, "-B", example / "build", f"-DCMAKE_C_COMPILER={CC}",
        f"-DCMAKE_PREFIX_PATH={tmp_path / 'usr'}")
    run("cmake", "--build", example / "build")
    run(example / "build" / "karate", example / "edges.txt")


@needs_dpkg
def test_the_licence_is_one_field(debs, tmp_path):
    licence = re.search(r'^license = "(.*)"', (SOURCE / "python/pyproject.toml").read_text(),
                        re.M)[1]
    for name, deb in debs.items():
        subprocess.run(["dpkg-deb", "-x", deb, tmp_path / name], check=True)
        text = (tmp_path / name / "usr" / "share" / "doc" / name / "copyright").read_text()
        assert f"\nLicense: {licence}\n" in text
