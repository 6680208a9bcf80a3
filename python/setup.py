"""Puts libeqc into the package, so that the installed package needs no settings.

The library is EQC_LIBRARY where that is set, else the one of the build tree beside this
folder. Without either the package is installed all the same; it then looks for libeqc
when it is used and says where it looked.
"""

import os
import shutil
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent


def find_library() -> Path | None:
    asked = os.environ.get("EQC_LIBRARY")
    path = Path(asked) if asked else HERE.parent / "build" / "lib" / "libeqc.so"
    if asked and not path.exists():
        raise SystemExit(f"EQC_LIBRARY: there is no '{asked}'")
    return path.resolve() if path.exists() else None


class BuildWithLibrary(build_py):
    def run(self) -> None:
        super().run()
        library = find_library()
        if library and not self.editable_mode:
            shutil.copyfile(library, Path(self.build_lib) / "eqc" / "libeqc.so")


class AnyPython(bdist_wheel):
    """One wheel for every Python of this kind of machine: there is no extension."""

    def get_tag(self) -> tuple[str, str, str]:
        _, _, platform = super().get_tag()
        return "py3", "none", platform


class WithLibrary(Distribution):
    def has_ext_modules(self) -> bool:
        return find_library() is not None


setup(cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": AnyPython},
      distclass=WithLibrary)
