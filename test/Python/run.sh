#!/bin/sh
# run.sh PYTHON TEST..: runs tests with the Python that scripts/setup-python.sh makes.
# Exits with 77, which ctest counts as skipped, where there is none.
python=$1
shift
if [ ! -x "$python" ]; then
  echo "there is no $python: run scripts/setup-python.sh"
  exit 77
fi
exec "$python" -m pytest -q -p no:cacheprovider "$@"
