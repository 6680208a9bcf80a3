"""The package as `pip install ./python` leaves it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import eqc

PACKAGE = Path(eqc.__file__).resolve().parent


def test_it_installs_with_its_library(tmp_path):
    # From a copy: building leaves files in the source folder.
    source = tmp_path / "source"
    shutil.copytree(PACKAGE.parent, source,
                    ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    target = tmp_path / "target"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
         "--no-build-isolation", "--no-warn-script-location", "--target", target, source],
        check=True)
    installed = {path.name for path in (target / "eqc").iterdir()}
    assert {"libeqc.so", "py.typed"} <= installed
    assert {path.name for path in PACKAGE.glob("*.py")} <= installed
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("EQC_LIBRARY", "PYTHONPATH")}
    run = subprocess.run(
        [sys.executable, "-c", "import eqc; print(eqc.__file__, eqc.Layer(group='S', n=3, k=1, "
         "l=1).weight_shape)"],
        cwd=tmp_path, env={**environment, "PYTHONPATH": str(target)}, capture_output=True,
        text=True, check=True)
    assert run.stdout == f"{target / 'eqc' / '__init__.py'} (2, 1, 1)\n"


def test_versions_agree():
    text = (PACKAGE.parent / "pyproject.toml").read_text()
    assert f'version = "{eqc.__version__}"' in text
    layer = eqc.compile("layer sets { group = S; n = 3; k = 1; l = 1 }").layer
    assert layer._program.info(0).version.decode() == eqc.__version__
