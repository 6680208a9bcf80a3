#!/usr/bin/env bash
# Installs what building and testing eqc needs on Debian 12, from the
# distribution's own packages. Safe to run again: when nothing is missing it
# only asks dpkg, needs no root and no network, and says nothing.
set -euo pipefail

packages=(
  # The compiler's foundation, and the compiler that builds it.
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools
  clang-22 lld-22 liblld-22-dev libclang-rt-22-dev
  # LLVM's CMake package looks for these.
  libzstd-dev zlib1g-dev
  # Libraries: text output, the dense oracle.
  libfmt-dev libeigen3-dev
  # Tests and benchmarks (lit and FileCheck come with llvm-22-tools).
  libgtest-dev libgmock-dev libbenchmark-dev libopenblas-dev libomp-22-dev
  # Running AArch64 code in tests: its C library and an emulator.
  libc6-dev-arm64-cross qemu-user
  # The examples in Fortran and Rust; packages for Debian. Tests without them are skipped.
  gfortran rustc dpkg-dev file pkg-config
  # The Python of the tests: scripts/setup-python.sh.
  python3-venv
  # Build tools and style.
  cmake make ninja-build ccache clang-format-22 clang-tidy-22
)

if ! command -v dpkg-query >/dev/null; then
  echo "install-deps: this is not a Debian system; install the equivalents of:" >&2
  printf '  %s\n' "${packages[@]}" >&2
  exit 1
fi

# dpkg-query fails when it knows nothing of a package, which is an answer too.
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' \
  "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  if ! grep -qx "$package installed" <<<"$installed"; then
    missing+=("$package")
  fi
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install-deps: run as root, or install sudo; missing: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

# Waits for another apt (unattended upgrades of a fresh machine) to finish.
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)

echo "install-deps: installing ${missing[*]}"
"${apt[@]}" update -q
"${apt[@]}" install -y -q --no-install-recommends "${missing[@]}"
