#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. Arguments go to ctest:
#   scripts/test.sh -R Algebra        the tests whose name matches
#   scripts/test.sh --rerun-failed
#   scripts/test.sh --asan            all of it under AddressSanitizer and
#                                     UndefinedBehaviorSanitizer, in build-asan;
#                                     --asan -R Python.sanitized: Python alone
# PRESET=debug or PRESET=asan choose another preset of CMakePresets.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rest=()
for argument in "$@"; do
  case $argument in
    --asan) export PRESET=asan ;;
    *) rest+=("$argument") ;;
  esac
done

bash scripts/install-deps.sh
# Downloads while the compiler is compiled.
bash scripts/setup-python.sh &
python=$!
trap 'kill "$python" 2>/dev/null || true' EXIT
bash scripts/build.sh
wait "$python"
trap - EXIT
ctest --preset "${PRESET:-release}" --parallel "$(nproc)" "${rest[@]}"
