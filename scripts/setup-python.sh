#!/usr/bin/env bash
# Makes .venv, the Python of the tests (pytest, torch, jax, ..) and of the
# benchmarks' peers. Safe to run again: when every package is there in the wanted
# version it asks only Python. Another version of Python: PYTHON=python3.13.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
python=${PYTHON:-python3}
requirements=scripts/python-requirements.txt

is_complete() {
  [ -x "$venv/bin/python" ] && "$venv/bin/python" - "$requirements" <<'PY'
import sys
from importlib.metadata import PackageNotFoundError, version

def installed(name):
    try:
        return version(name).split("+")[0]  # torch says 2.13.0+cpu
    except PackageNotFoundError:
        return None

lines = (line.split("#")[0].strip() for line in open(sys.argv[1]))
wanted = (line.split("==") for line in lines if line)
sys.exit(any(installed(name) != number for name, number in wanted))
PY
}

if is_complete; then
  exit 0
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "setup-python: needs Python 3.11 or later; set PYTHON" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  echo "setup-python: install python3-venv first" >&2
  exit 1
fi
echo "setup-python: making $venv"
"$python" -m venv "$venv"
# Where the index's torch brings gigabytes of GPU libraries that nothing here uses:
#   PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
"$venv/bin/pip" install --quiet -r "$requirements"
if ! is_complete; then
  echo "setup-python: $venv lacks some of $requirements" >&2
  exit 1
fi
