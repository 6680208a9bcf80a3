"""Every folder of examples/, by the commands of its README, with an installed eqc and with
the trees that it came from out of sight."""

import os
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import CC, CXX, SOURCE, can_hide, run

EXAMPLES = SOURCE / "examples"
RUST = [shutil.which(name) for name in ("rustc", "cargo")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The examples without anything around them."""
    copy = tmp_path_factory.mktemp("copy") / "examples"
    shutil.copytree(EXAMPLES, copy, ignore=shutil.ignore_patterns("build", "__pycache__"))
    return copy


@pytest.fixture(scope="module")
def do(folder, prefix, installed_python, tmp_path_factory):
    """Runs the commands of the README of a folder."""
    place = tmp_path_factory.mktemp("python")
    python = place / "venv"
    python.mkdir()
    if not can_hide():
        python.rmdir()
        python.symlink_to(sys.prefix)
    path = [python / "bin", *(str(Path(program).parent) for program in RUST if program),
            "/usr/bin", "/bin"]
    environment = {
        "PATH": ":".join(map(str, path)), "CC": CC, "CXX": CXX, "TMPDIR": str(place),
        "PYTHONPATH": str(installed_python), "PYTHONDONTWRITEBYTECODE": "1",
        "EQC_CACHE_DIR": str(place / "cache"), "EQC_PREFIX": str(prefix),
        # Tests run beside each other; torch would compile headers for one file.
        "OMP_NUM_THREADS": "1", "TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS": "0",
        # Toolchains of rustup are in the home of who installed them.
        "HOME": os.environ.get("HOME", "/nowhere")}

    def do(name, commands=None):
        readme = (folder / name / "README.md").read_text()
        commands = commands or "\n".join(re.findall(r"```sh\n(.*?)```", readme, re.S))
        commands = commands.replace("/where/eqc/is", str(prefix))
        return run("bash", "-euo", "pipefail", "-c", commands, cwd=folder / name,
                   env=environment, python=python).stdout
    return do


def test_every_folder_has_a_test_and_a_line():
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    tested = set(re.findall(r'do\("([\w-]+)"', Path(__file__).read_text()))
    # Those that train for minutes: test/Python/test_examples.py.
    assert all((EXAMPLES / name / "README.md").is_file() for name in folders)
    assert folders == tested | {"training", "graph-pairs", "movies", "tensornet"}
    page = (SOURCE / "docs" / "Examples.md").read_text()
    assert set(re.findall(r"\(\.\./examples/([\w-]+)", page)) == folders


def test_a_graph_in_c(do):
    assert "Renumbering the members renumbers the output" in do("karate")


def test_four_vectors_in_cpp(do):
    assert "Masses do not depend on the observer." in do("four-vectors")


@pytest.mark.skipif(not shutil.which("gfortran"), reason="no gfortran")
def test_elasticity_in_fortran(do):
    assert "Strains give stresses, energies their gradients." in do("elasticity")


@pytest.mark.skipif(not RUST[0], reason="no rustc")
def test_a_symplectic_layer_in_rust(do):
    # What cargo does, where there is none.
    by_hand = """
        rustc --edition 2021 build.rs -o build_script
        export OUT_DIR=$PWD/out; mkdir out
        ./build_script | sed -n 's/cargo:rustc-link-arg=\\(.*\\)/-Clink-arg="\\1"/p' > arguments
        eval rustc --edition 2021 src/main.rs -o symplectic $(tr '\\n' ' ' < arguments)
        ./symplectic
    """
    cargo = do("symplectic").splitlines() if RUST[1] else []
    assert "Motion keeps the area." in do("symplectic", by_hand)
    assert not RUST[1] or cargo[-1] == "Motion keeps the area."


def test_graphs_of_different_sizes_in_python(do):
    assert "30 graphs of 3 to 12 nodes" in do("graph-sizes")


@pytest.mark.skipif(not find_spec("jax"), reason="no jax")
def test_users_and_items_in_jax(do):
    assert "40 unseen users and 50 unseen items" in do("users-items")


@pytest.mark.skipif(not find_spec("torch"), reason="no torch")
def test_molecules_in_pytorch_and_then_in_cpp(do):
    assert "turned and renumbered clusters have the same energy" in do("molecules")
    assert "total energy kept" in do("molecules-cpp")
