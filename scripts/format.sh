#!/usr/bin/env bash
# Formats every C and C++ file that git knows, and writes the pages of docs/ that follow
# from sources alone again, so that no commit leaves them as they were. With --check it only
# says what is not so, and fails if there is anything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
"") mode=(-i) references=() ;;
--check) mode=(--dry-run --Werror) references=(--check) ;;
*)
  echo "usage: scripts/format.sh [--check]" >&2
  exit 2
  ;;
esac

git ls-files -z '*.c' '*.cpp' '*.h' |
  xargs -0 -r /usr/lib/llvm-22/bin/clang-format "${mode[@]}"
python3 scripts/site/references.py "${references[@]}"
