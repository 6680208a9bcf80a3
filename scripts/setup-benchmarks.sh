#!/usr/bin/env bash
# Makes .venv-bench, the Python that benchmark/run.py compares with. Safe to run
# again: when every package is there in the wanted version it asks only Python.
# Tests never need it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One version each, so that two people compare with the same peers.
packages=(
  torch==2.13.0
  jax==0.10.2
  e3nn==0.6.0
  opt_einsum==3.4.0
  numpy==2.4.6
  matplotlib==3.11.2
)
venv=.venv-bench

is_complete() {
  [ -x "$venv/bin/python" ] && "$venv/bin/python" - "${packages[@]}" <<'PY'
import sys
from importlib.metadata import PackageNotFoundError, version

def installed(name):
    try:
        return version(name).split("+")[0]  # torch says 2.13.0+cpu
    except PackageNotFoundError:
        return None

wanted = (package.split("==") for package in sys.argv[1:])
sys.exit(any(installed(name) != number for name, number in wanted))
PY
}

if is_complete; then
  exit 0
fi
if ! python3 -c 'import ensurepip' 2>/dev/null; then
  echo "setup-benchmarks: install python3-venv first" >&2
  exit 1
fi
echo "setup-benchmarks: making $venv"
python3 -m venv "$venv"
# Where the index's torch brings gigabytes of GPU libraries that no baseline uses:
#   PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
"$venv/bin/pip" install --quiet "${packages[@]}"
if ! is_complete; then
  echo "setup-benchmarks: $venv lacks some of: ${packages[*]}" >&2
  exit 1
fi
