import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
# Frameworks that a run is to do without, as if they were not installed.
for framework in os.environ.get("EQC_TEST_WITHOUT", "").split():
    sys.modules[framework] = None


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Compiled code of tests stays apart from the user's. Who runs them many times with one
    library may keep it."""
    previous = os.environ.get("EQC_CACHE_DIR")
    os.environ["EQC_CACHE_DIR"] = (os.environ.get("EQC_TEST_CACHE_DIR")
                                   or str(tmp_path_factory.mktemp("cache")))
    yield
    if previous is None:
        del os.environ["EQC_CACHE_DIR"]
    else:
        os.environ["EQC_CACHE_DIR"] = previous
