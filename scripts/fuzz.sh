#!/usr/bin/env bash
# Random programs against the definition, with seeds nobody has tried:
#   scripts/fuzz.sh                    a minute on all cores
#   scripts/fuzz.sh --seconds=3600 --jobs=8
#   scripts/fuzz.sh --commit           with a seed that this commit makes
#   scripts/fuzz.sh --groups=Sp ..     other arguments go to eqc-fuzz
# Each line of results names its seeds, which repeat it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=60 jobs=$(nproc) tool=build/bin/eqc-fuzz seed=
rest=()
for argument in "$@"; do
  case $argument in
    --seconds=*) seconds=${argument#*=} ;;
    --jobs=*) jobs=${argument#*=} ;;
    --tool=*) tool=${argument#*=} ;;
    --commit) seed=$((0x$(git rev-parse --short=7 HEAD 2>/dev/null | head -c 7 || echo 1))) ;;
    *) rest+=("$argument") ;;
  esac
done
if [ ! -x "$tool" ]; then
  echo "$0: no $tool; build it by scripts/build.sh eqc-fuzz" >&2
  exit 2
fi
# 2^20 programs for each, more than an hour has time for.
seed=${seed:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
processes=()
for ((job = 0; job < jobs; ++job)); do
  "$tool" --seed=$(((seed * 64 + job) * 1048576)) --seconds="$seconds" "${rest[@]}" &
  processes+=($!)
done
status=0
for process in "${processes[@]}"; do
  wait "$process" || status=1
done
exit $status
