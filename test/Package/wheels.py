"""Building the Python package from copies of its source: building leaves files there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import BUILD, SOURCE

LIBRARY = BUILD / "lib" / "libeqc.so"


def copy_source(folder: Path) -> Path:
    """The package's source without a build tree beside it, but with what it takes from the
    repository."""
    source = folder / "repository" / "python"
    shutil.copytree(SOURCE / "python", source,
                    ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    for name in ("runtime", "compiler/Library/include", "compiler/Torch/include"):
        shutil.copytree(SOURCE / name, folder / "repository" / name)
    return source


def pip(*arguments, library: Path | None = LIBRARY, check: bool = True, **options):
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("EQC_LIBRARY", "PYTHONPATH")}
    if library:
        environment["EQC_LIBRARY"] = str(library)
    return subprocess.run(
        [sys.executable, "-m", "pip", *map(str, arguments), "--no-index", "--no-deps",
         "--no-build-isolation", "--disable-pip-version-check"],
        env=environment, capture_output=True, text=True, check=check, **options)


def build_wheel(folder: Path) -> Path:
    pip("wheel", "--wheel-dir", folder / "wheels", copy_source(folder))
    wheel, = (folder / "wheels").iterdir()
    return wheel
