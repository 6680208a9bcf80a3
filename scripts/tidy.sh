#!/usr/bin/env bash
# Runs clang-tidy over the sources: scripts/tidy.sh [FILE..], all by default.
# Needs a configured and built build/ (generated headers, compile commands).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ ! -f build/compile_commands.json ]; then
  echo "tidy: run scripts/build.sh first" >&2
  exit 1
fi
if [ $# -eq 0 ]; then
  mapfile -t files < <(git ls-files 'compiler/*.cpp' 'dialect/*.cpp' \
    'runtime/*.c' 'runtime/*.cpp' 'tools/*.cpp')
  set -- "${files[@]}"
fi
printf '%s\0' "$@" |
  xargs -0 -r -n 1 -P "$(nproc)" /usr/lib/llvm-22/bin/clang-tidy -p build --quiet
