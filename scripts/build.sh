#!/usr/bin/env bash
# Configures and builds eqc: scripts/build.sh [TARGET..]
# PRESET=debug or PRESET=asan choose another preset of CMakePresets.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=${PRESET:-release}

# A file that includes much of MLIR takes up to 2 GB to compile, so a machine
# with many cores and little memory gets fewer jobs than it has cores.
jobs=$(nproc)
memory_jobs=$(($(awk '/^MemTotal:/ { print $2 }' /proc/meminfo) / 2000000))
if [ "$memory_jobs" -lt "$jobs" ]; then
  jobs=$((memory_jobs > 0 ? memory_jobs : 1))
fi

# A first configuration that fails, as before scripts/install-deps.sh, would
# leave flags of a compiler that it did not find to all later ones.
build=build
[ "$preset" = release ] || build=build-$preset
if ! cmake --preset "$preset"; then
  [ -e "$build/build.ninja" ] || rm -rf "$build/CMakeCache.txt" "$build/CMakeFiles"
  exit 1
fi
targets=()
if [ $# -gt 0 ]; then
  targets=(--target "$@")
fi
cmake --build --preset "$preset" --parallel "$jobs" "${targets[@]}"
