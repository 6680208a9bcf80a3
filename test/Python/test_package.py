"""What belongs together in the package. How it installs is tested in test/Package."""

import eqc


def test_versions_agree():
    layer = eqc.compile("layer sets { group = S; n = 3; k = 1; l = 1 }").layer
    assert layer._program.info(0).version.decode() == eqc.__version__
