"""An installed eqc, and commands that cannot see where it came from."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BUILD = Path(os.environ["EQC_TEST_BUILD"])
SOURCE = Path(os.environ["EQC_TEST_SOURCE"])
LLVM = Path(os.environ["EQC_TEST_LLVM"])
#: Whether what is shipped has a copy of LLVM.
STATIC = "EQC_STATIC_LLVM:BOOL=ON\n" in (BUILD / "CMakeCache.txt").read_text()
CC = os.environ["EQC_TEST_CC"]
CXX = os.environ["EQC_TEST_CXX"]

#: In a namespace of its own, where empty folders cover the two trees.
HIDE = ["unshare", "--map-root-user", "--mount", "sh", "-c",
        'mount -t tmpfs none "$0" && { [ ! -d "$1" ] || mount -t tmpfs none "$1"; } && '
        'shift && exec "$@"', str(SOURCE), str(BUILD)]

#: The same, with the Python of the tests, which is in the tree, in another place.
KEEP_PYTHON = ["unshare", "--map-root-user", "--mount", "sh", "-c",
               'mount --bind "$0" "$1" && shift && exec "$@"', sys.prefix]


@functools.cache
def can_hide() -> bool:
    """Whether this machine lets users have namespaces."""
    return subprocess.run([*HIDE, "true"], capture_output=True).returncode == 0


def run(*command, check=True, hidden=True, python=None, **options):
    """Runs a command with neither tree in sight and nothing of the environment that could
    lead to one; where namespaces are not allowed, with the environment alone cleaned.
    `python` is an empty folder for the Python of the tests."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "LC_ALL": "C.UTF-8",
                   **options.pop("env", {})}
    command = [str(part) for part in command]
    if hidden and can_hide():
        command = HIDE + command
        if python:
            command = [*KEEP_PYTHON, str(python), *command]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, **options)
    if check and result.returncode != 0:
        raise AssertionError(f"{command}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result


@pytest.fixture(scope="session")
def prefix(tmp_path_factory):
    """An installed eqc, moved to another place, whose name has a space, afterwards."""
    folder = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", BUILD, "--prefix", folder / "first"], check=True,
                   stdout=subprocess.DEVNULL)
    moved = folder / "moved here"
    shutil.move(folder / "first", moved)
    return moved


@pytest.fixture(scope="session")
def installed_python(prefix):
    """The folder with the Python package, in a prefix that has it too."""
    whole = prefix.with_name("with python")
    shutil.copytree(prefix, whole, symlinks=True, copy_function=os.link)
    subprocess.run(["cmake", "--install", BUILD, "--prefix", whole, "--component", "python"],
                   check=True, stdout=subprocess.DEVNULL)
    return whole / "lib" / "python3" / "dist-packages"
