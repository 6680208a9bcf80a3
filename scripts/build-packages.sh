#!/usr/bin/env bash
# Makes a tarball and packages for Debian: scripts/build-packages.sh [FOLDER]
# FOLDER (default: dist) is where they go. They run on the Debian that built them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-dist}

bash scripts/install-deps.sh
bash scripts/build.sh eqc eqc_compiler eqc_torch eqc_rt eqc_rt_cuda
mkdir -p "$out"
for kind in TGZ DEB; do
  (umask 022 && cpack --config build/CPackConfig.cmake -G "$kind" -B "$out/work" >/dev/null)
done
mv "$out"/work/eqc-*.tar.gz "$out"/work/*.deb "$out"
rm -r "$out/work"
ls -sh "$out"
