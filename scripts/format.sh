#!/usr/bin/env bash
# Formats every C and C++ file that git knows; with --check only says which
# are not formatted, and fails if there are any.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
"") mode=(-i) ;;
--check) mode=(--dry-run --Werror) ;;
*)
  echo "usage: scripts/format.sh [--check]" >&2
  exit 2
  ;;
esac

git ls-files -z '*.c' '*.cpp' '*.h' |
  xargs -0 -r /usr/lib/llvm-22/bin/clang-format "${mode[@]}"
