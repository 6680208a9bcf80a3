#!/usr/bin/env bash
# Makes the Python package as a wheel that needs no LLVM: scripts/build-wheel.sh [FOLDER]
# FOLDER (default: dist) is where it goes. The wheel's tag says which systems it runs on:
# manylinux_2_36 is Linux with glibc 2.36 or newer, as of Debian 12, Ubuntu 23.04, Fedora 37.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-dist}

bash scripts/install-deps.sh
bash scripts/setup-python.sh
bash scripts/build.sh eqc_compiler eqc_torch eqc_rt eqc_rt_cuda
if ! grep -q '^EQC_STATIC_LLVM:BOOL=ON$' build/CMakeCache.txt; then
  echo "build-wheel: libeqc of this build needs LLVM's shared libraries (EQC_STATIC_LLVM is OFF)" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Symbols for debuggers are half of the library.
for file in libeqc.so libeqc_torch.so libeqc_rt.a libeqc_rt_cuda.a; do
  strip --strip-unneeded -o "$work/$file" "build/lib/$file"
done
python=$PWD/.venv/bin/python
# The package, and what it takes from beside it: headers and the runtime's sources.
cp -R python "$work/python"
cp -R --parents runtime compiler/Library/include compiler/Torch/include "$work"
EQC_LIBRARY=$work/libeqc.so "$python" -m pip --disable-pip-version-check wheel --quiet \
  --no-deps --no-build-isolation --wheel-dir "$work/wheel" "$work/python"
mkdir -p "$out"
# Puts libfmt into the wheel, and says what the wheel needs of the system.
PATH=$PWD/.venv/bin:$PATH "$python" -m auditwheel repair --wheel-dir "$out" "$work"/wheel/*.whl
