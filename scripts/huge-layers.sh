#!/usr/bin/env bash
# Are arrays of more than 2^31 elements indexed right?
#   scripts/huge-layers.sh [PLAN..]      by each plan, default auto
# One process after the other, some minutes; 40 GiB of addresses, of which few need memory.
# Not in ctest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ $# -gt 0 ] || set -- auto
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for plan in "$@"; do
  build/bin/eqc compile test/Integration/Huge/huge.eq --cpu=native --plan="$plan" \
    -o "$folder/huge.o" --header="$folder/huge.h"
  "${CC:-/usr/lib/llvm-22/bin/clang}" -O1 -I"$folder" -Iruntime/include \
    test/Integration/Huge/huge.c "$folder/huge.o" build/lib/libeqc_rt.a -lm -pthread -o "$folder/huge"
  echo "$plan:"
  "$folder/huge"
done
