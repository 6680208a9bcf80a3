#!/usr/bin/env bash
# From nothing to the main job on real data: installs what is missing, builds
# eqc, compiles the layer of examples/karate, links it into a C program and runs
# that on Zachary's karate club.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Shows a command before it runs it.
show() {
  printf '\n$ %s\n' "$*"
  "$@"
}

show bash scripts/install-deps.sh
show bash scripts/build.sh eqc eqc_rt

cc=${CC:-/usr/lib/llvm-22/bin/clang}
out=build/examples/karate
mkdir -p "$out"
printf '\n$ cat examples/karate/karate.eq\n'
cat examples/karate/karate.eq
show build/bin/eqc compile examples/karate/karate.eq -o "$out/karate.o"
show "$cc" -std=c99 -O2 -Wall -Wextra -I runtime/include -I "$out" \
  examples/karate/main.c "$out/karate.o" build/lib/libeqc_rt.a \
  -lm -pthread -o "$out/karate"
show "$out/karate" examples/karate/edges.txt
