#!/usr/bin/env bash
# Asks ptxas whether it takes PTX: scripts/assemble-ptx.sh [FILE..]. By default
# the kernels that the build made for test/Ptx, each for the chip in its name.
# Prints registers and spills. Takes the ptxas of .venv where PATH has none;
# without any there is nothing to ask: 0.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for folder in .venv/lib/python*/site-packages/nvidia/*/bin; do
  PATH=$PATH:$PWD/$folder
done
if ! command -v ptxas >/dev/null; then
  echo "assemble-ptx: no ptxas on PATH or in .venv" >&2
  exit 0
fi
if [ $# -eq 0 ]; then
  set -- build/test/Ptx/Kernels/*.ptx
fi
cubin=$(mktemp)
trap 'rm -f "$cubin"' EXIT

status=0
for file; do
  chip=$(sed -n 's/^\.target \([a-z0-9_]*\).*/\1/p' "$file")
  echo "$(basename "$file"):"
  if ! ptxas -v -arch="$chip" "$file" -o "$cubin" 2>&1 |
    grep -E "Used|spill|error|fatal|warning"; then
    status=1
  fi
done
exit $status
