#!/usr/bin/env bash
# Packs a folder that tests layers on a machine with a GPU, by its test-gpu.sh: layers
# as shared libraries for sm_80 and sm_90, the program that checks and times them, and
# libeqc with LLVM inside, for PyTorch and JAX. Nothing of it needs LLVM, a compiler or
# a network there; libc and libstdc++ have to be as new as this machine's.
#   scripts/pack-gpu-test.sh FOLDER      what takes a quarter of an hour to compile
#   scripts/pack-gpu-test.sh FOLDER --groups="S O" --plans=shared --every=60 --suite=tiny --no-libeqc
# --every thins the sweep over layers out. BUILD names another build folder.
set -euo pipefail
here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=${BUILD:-build}
groups="S O SO Sp H B S' B' O(p,q) SO(p,q) GL A products orbits"
plans="shared schur dense factored"
every=12
suite=$(cd benchmark/workloads && printf '%s ' *.eq | sed 's/[.]eq//g')
libeqc=yes
chips=sm_80,sm_90
folder=
for word; do
  case "$word" in
  --groups=*) groups=${word#*=} ;;
  --plans=*) plans=${word#*=} ;;
  --every=*) every=${word#*=} ;;
  --suite=*) suite=${word#*=} ;;
  --chips=*) chips=${word#*=} ;;
  --no-libeqc) libeqc= ;;
  -*) echo "pack-gpu-test: no option '$word'" >&2; exit 2 ;;
  *) folder=$word ;;
  esac
done
if [ -z "$folder" ] || [ -e "$folder" ]; then
  echo "usage: scripts/pack-gpu-test.sh FOLDER, which is not there yet" >&2
  exit 2
fi
case "$folder" in
/*) ;;
*) folder=$here/$folder ;;
esac

if [ -z "${EQC_PACK_BUILT:-}" ]; then # a test has them built already
  cmake --build "$build" --target eqc eqc_rt eqc_rt_cuda eqc-gpu-test \
    ${libeqc:+eqc_compiler} >&2
fi
mkdir -p "$folder"/{bin,lib,sweep,suite,python,benchmark}
compile() { # SOURCE.eq PLAN
  "$build/bin/eqc" compile "$1" --target=cuda "--chip=$chips" "--plan=$2" --emit=shared \
    -o "${1%.eq}.so" || { echo "pack-gpu-test: '$1' is not compiled" >&2; return 1; }
}
export -f compile
export build chips

# The layers of the grid that tests on CPUs have, as many as fit.
python3 - "$folder/sweep" "$every" "$groups" "$plans" <<'PY'
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, "test/Integration/Grid")
import layers
folder, every, groups, plans = sys.argv[1], int(sys.argv[2]), sys.argv[3].split(), sys.argv[4].split()
for plan in plans:
    for group in groups:
        if plan == "schur" and group in ("O(p,q)", "SO(p,q)", "GL", "products"):
            continue  # their tensors have no orthogonal basis
        if plan == "factored" and group == "A":
            continue  # which has no jellyfish
        if plan in ("factored", "schur") and group == "orbits":
            continue
        # Other plans than the one that is chosen by itself: less of them.
        text = layers.make_source(group, plan, every if plan == "shared" else 3 * every)
        if "layer " in text:
            name = "".join(c if c.isalnum() else "_" for c in group.replace("'", "1"))
            with open(f"{folder}/{name}-{plan}.eq", "w") as out:
                out.write(text)
PY
for name in $suite; do
  cp "benchmark/workloads/$name".{eq,json} "$folder/suite"
done
{
  for file in "$folder"/sweep/*.eq; do
    plan=${file##*-}
    printf '%s\0%s\0' "$file" "${plan%.eq}"
  done
  for name in $suite; do
    printf '%s\0auto\0' "$folder/suite/$name.eq"
  done
} | xargs -0 -n 2 -P "$(nproc)" bash -c 'compile "$0" "$1"'

rm "$folder"/{sweep,suite}/*.h

cp "$build/bin/eqc-gpu-test" "$folder/bin"
# Beside LLVM, what few machines have.
for library in $(ldd "$build/bin/eqc-gpu-test" | sed -n 's/.*=> \(.*lib\(fmt\|z\)[.][^ ]*\).*/\1/p'); do
  cp -L "$library" "$folder/lib"
done
cp scripts/test-gpu.sh "$folder"
cp -r python/eqc "$folder/python"
cp benchmark/gpu.py "$folder/benchmark"
cp -r benchmark/eqcbench "$folder/benchmark"
cp test/Gpu/frameworks.py "$folder/python"
find "$folder" -name __pycache__ -prune -exec rm -r {} +
if [ -n "$libeqc" ]; then
  strip -o "$folder/lib/libeqc.so" "$build/lib/libeqc.so" # symbols for debuggers
  python3 - "$folder/lib/libeqc.so" "$folder/lib/libeqc.so.xz" <<'PY'
import lzma, sys
with open(sys.argv[1], "rb") as source, lzma.open(sys.argv[2], "wb", preset=6) as out:
    out.write(source.read())
PY
  rm "$folder/lib/libeqc.so"
fi
# Libraries hold PTX, which is text, for each chip nearly the same.
(cd "$folder" && python3 -c 'import tarfile
with tarfile.open("layers.tar.xz", "w:xz") as out:
    out.add("sweep")
    out.add("suite")' && rm -r sweep suite)

size=$(du -sm "$folder" | cut -f1)
echo "$folder: $size MB; copy it to a machine with a GPU and run test-gpu.sh there"
if [ "$size" -ge 60 ]; then
  echo "pack-gpu-test: 60 MB is the limit; thin out with --every" >&2
  exit 1
fi
