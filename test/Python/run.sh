#!/bin/sh
# run.sh PYTHON TEST..: runs tests with the Python that scripts/setup-python.sh makes.
# Exits with 77, which ctest counts as skipped, where there is none.
#
# EQC_TEST_PRELOAD is a library that Python loads first: the runtime of a sanitizer.
#
# Temporary files are of this run alone: torch keeps precompiled headers in the temporary folder
# under names that stay the same for another installation of torch, and clang refuses those.
python=$1
shift
if [ ! -x "$python" ]; then
  echo "there is no $python: run scripts/setup-python.sh"
  exit 77
fi
TMPDIR=$(mktemp -d) || exit 1
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
if [ -n "$EQC_TEST_PRELOAD" ]; then
  export LD_PRELOAD="$EQC_TEST_PRELOAD"
fi
"$python" -m pytest -q -p no:cacheprovider --durations=5 "$@"
