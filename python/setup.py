"""Puts libeqc into the package, so that the installed package needs no settings.

The library is EQC_LIBRARY where that is set, else the one of the build tree beside this
folder. Without one there is nothing to install. An editable installation takes none along:
it looks for the library when it is used.
"""

import ctypes
import os
import shutil
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent


def find_library(version: str) -> Path:
    asked = os.environ.get("EQC_LIBRARY")
    path = Path(asked) if asked else HERE.parent / "build" / "lib" / "libeqc.so"
    if not path.is_file():
        named = "EQC_LIBRARY names" if asked else "libeqc is not built: looked for"
        raise SystemExit(f"eqc: {named} '{path}', which is no file. In eqc's repository run "
                         "'bash scripts/build.sh' and then 'pip install ./python', or set "
                         "EQC_LIBRARY to the path of a libeqc.so.")
    try:
        library = ctypes.CDLL(str(path.resolve()))
        library.eqc_version.restype = ctypes.c_char_p
        found = library.eqc_version().decode()
    except (OSError, AttributeError) as error:
        raise SystemExit(f"eqc: '{path}' is not a libeqc that works here: {error}") from None
    if found != version:
        raise SystemExit(f"eqc: '{path}' is version {found}, and the package is {version}. "
                         "Build the one that belongs to it: 'bash scripts/build.sh'.")
    return path.resolve()


def copy_runtime(package: Path) -> None:
    """Headers for C programs, and the runtime's sources for other machines. They are in the
    repository, so what is built from elsewhere has none."""
    repository = HERE.parent
    headers = ("runtime/include/eqc/runtime.h", "runtime/cuda/include/eqc/cuda.h",
               "compiler/Library/include/eqc/compiler.h", "compiler/Torch/include/eqc/torch.h")
    for header in map(repository.joinpath, headers):
        if header.is_file():
            (package / "include" / "eqc").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(header, package / "include" / "eqc" / header.name)
    for folder in ("src", "include", "cuda"):
        if (repository / "runtime" / folder).is_dir():
            shutil.copytree(repository / "runtime" / folder, package / "runtime" / folder,
                            dirs_exist_ok=True)


class BuildWithLibrary(build_py):
    def run(self) -> None:
        if self.editable_mode:
            super().run()
            return
        library = find_library(self.distribution.get_version())
        # An earlier build's folder may hold modules that are no more.
        shutil.rmtree(Path(self.build_lib) / "eqc", ignore_errors=True)
        super().run()
        shutil.copyfile(library, Path(self.build_lib) / "eqc" / "libeqc.so")
        # For C++ programs with PyTorch; for `eqc compile --emit=shared` and programs in C.
        for name in ("libeqc_torch.so", "libeqc_rt.a", "libeqc_rt_cuda.a"):
            if library.with_name(name).is_file():
                shutil.copyfile(library.with_name(name), Path(self.build_lib) / "eqc" / name)
        copy_runtime(Path(self.build_lib) / "eqc")


class AnyPython(bdist_wheel):
    """One wheel for every Python of this kind of machine: there is no extension."""

    def get_tag(self) -> tuple[str, str, str]:
        _, _, platform = super().get_tag()
        return "py3", "none", platform


class WithLibrary(Distribution):
    def has_ext_modules(self) -> bool:
        return True  # libeqc is for one kind of machine


setup(cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": AnyPython},
      distclass=WithLibrary)
