"""What belongs together in the package. How it installs is tested in test/Package."""

from pathlib import Path

import eqc

PACKAGE = Path(eqc.__file__).resolve().parent


def test_versions_agree():
    text = (PACKAGE.parent / "pyproject.toml").read_text()
    assert f'version = "{eqc.__version__}"' in text
    layer = eqc.compile("layer sets { group = S; n = 3; k = 1; l = 1 }").layer
    assert layer._program.info(0).version.decode() == eqc.__version__
