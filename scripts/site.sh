#!/usr/bin/env bash
# Builds the documentation as a site: scripts/site.sh [FOLDER], build/site by default;
# scripts/site.sh --serve shows it while it is written.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup-python.sh
export NO_MKDOCS_2_WARNING=true DISABLE_MKDOCS_2_WARNING=true
if [ "${1:-}" = --serve ]; then
  exec .venv/bin/mkdocs serve
fi
exec .venv/bin/mkdocs build --strict --quiet --site-dir "$(realpath -m "${1:-build/site}")"
