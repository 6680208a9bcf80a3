#!/usr/bin/env bash
# Tests layers on the first GPU of this machine, in the folder that pack-gpu-test.sh
# has made: needs the driver and nothing else. What else is installed is used:
# compute-sanitizer, PyTorch, JAX, e3nn. Results are in results/, a summary is printed;
# 1 where something is wrong, 2 where there is no GPU.
#   PYTHON              the Python that has the frameworks (default: python3)
#   EQC_GPU_SECONDS     for all of it (default: 570)
#   EQC_GPU_MIN_TIME    of one measurement (default: 0.1)
#   EQC_GPU_MOST        multiply-adds of the largest call that is checked
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
python=${PYTHON:-python3}
min=${EQC_GPU_MIN_TIME:-0.1}
most=${EQC_GPU_MOST:+--most=$EQC_GPU_MOST}
end=$((SECONDS + ${EQC_GPU_SECONDS:-570}))
export LD_LIBRARY_PATH=$PWD/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PYTHONDONTWRITEBYTECODE=1
export EQC_CACHE=0
mkdir -p results
summary=results/summary.txt
: >"$summary"

note() { echo "$1: $2" | tee -a "$summary"; }
skip() { note "$1" "skipped, $2"; }

# step NAME SECONDS COMMAND..: under a limit, its output in results/NAME.log. A command
# that answers 77 says in its last line why there is nothing to do.
status=0
step() {
  local name=$1 limit=$2 left=$((end - SECONDS)) start=$SECONDS code=0
  shift 2
  if [ "$left" -le 0 ]; then
    skip "$name" "no time is left"
    return 0
  fi
  timeout -k 5 "$((limit < left ? limit : left))" "$@" >"results/$name.log" 2>&1 || code=$?
  case "$code" in
  0) note "$name" "ok, $((SECONDS - start)) s" ;;
  77) skip "$name" "$(tail -n 1 "results/$name.log" | sed 's/.*skipped[:,] *//')" ;;
  124 | 137) note "$name" "stopped after $((SECONDS - start)) s, see results/$name.log" ;;
  *)
    note "$name" "FAILED ($code), see results/$name.log"
    tail -n 20 "results/$name.log"
    status=1
    ;;
  esac
}

if ! device=$(bin/eqc-gpu-test device 2>&1); then
  echo "test-gpu: $device" >&2
  exit 2
fi
note device "$device"
[ -d sweep ] || tar -xJf layers.tar.xz 2>/dev/null ||
  "$python" -c 'import tarfile; tarfile.open("layers.tar.xz").extractall()' || exit 1
sweep=(sweep/*.eq)
suite=(suite/*.eq)

# Right: against the definition of a layer, gradients, streams, workspaces, graphs.
step check 200 bin/eqc-gpu-test check $most "${sweep[@]}"
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck initcheck synccheck; do
    step "$tool" 40 compute-sanitizer --tool "$tool" --error-exitcode 1 \
      bin/eqc-gpu-test check --most=1e5 "${sweep[0]}"
  done
else
  skip sanitizer "no compute-sanitizer on the search path"
fi

# Fast: against the limits of this GPU, then beside others.
step bench 120 bin/eqc-gpu-test bench "--min-time=$min" --backward --json=results/bench.json \
  ${EQC_GPU_ONCE:+--once} "${suite[@]}"
[ -f results/bench.log ] && grep -v '^ *(' results/bench.log
if ! "$python" -c 'import numpy' 2>/dev/null; then
  skip frameworks "$python has no numpy"
  skip peers "$python has no numpy"
else
  if [ -f lib/libeqc.so.xz ] && [ ! -f lib/libeqc.so ]; then
    "$python" -c 'import lzma, shutil
with lzma.open("lib/libeqc.so.xz") as source, open("lib/libeqc.so", "wb") as out:
    shutil.copyfileobj(source, out)'
  fi
  if [ -f lib/libeqc.so ]; then
    step frameworks 120 env EQC_LIBRARY="$PWD/lib/libeqc.so" "$python" python/frameworks.py
  else
    skip frameworks "no libeqc was packed"
  fi
  step peers 300 "$python" benchmark/gpu.py suite --json=results/peers.json "--seconds=$min"
  [ -f results/peers.log ] && cat results/peers.log
fi
echo
echo "summary, in results/ with all logs:"
sed 's/^/  /' "$summary"
exit "$status"
