#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. Arguments go to ctest:
#   scripts/test.sh -R Algebra        the tests whose name matches
#   scripts/test.sh --rerun-failed
# PRESET=debug or PRESET=asan choose another preset of CMakePresets.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/install-deps.sh
# A sanitized library cannot be loaded into a plain Python.
if [ "${PRESET:-release}" != asan ]; then
  bash scripts/setup-python.sh
fi
bash scripts/build.sh
ctest --preset "${PRESET:-release}" --parallel "$(nproc)" "$@"
