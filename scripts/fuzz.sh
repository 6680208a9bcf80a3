#!/usr/bin/env bash
# Looks for faults where nobody has looked yet. Random programs against the definition:
#   scripts/fuzz.sh                    a minute on all cores
#   scripts/fuzz.sh --seconds=3600 --jobs=8
#   scripts/fuzz.sh --commit           with a seed that this commit makes
#   scripts/fuzz.sh --groups=Sp ..     other arguments go to eqc-fuzz
# Each line of results names its seeds, which repeat it.
#
# Bytes that reach new code, by libFuzzer; other arguments go to it:
#   scripts/fuzz.sh --parser           any bytes as a source
#   scripts/fuzz.sh --files            any bytes as files of permutations or graphs
#   scripts/fuzz.sh --passes           any bytes as IR for passes
#   scripts/fuzz.sh --library          any bytes as calls of libeqc
#   scripts/fuzz.sh --cache            any bytes as files of the cache and of rates
#   scripts/fuzz.sh --parser --plain   without AddressSanitizer, eight times as many a second
# They are kept in build-fuzzers/corpus, for the next time; what ends the process in
# build-fuzzers/found. CORPUS=DIR is another place. Each run adds a line to
# build-fuzzers/executions:
#   scripts/fuzz.sh --executions       how many there were of each, in all runs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=60 jobs=$(nproc) tool=build/bin/eqc-fuzz seed= guided= preset=fuzzers
rest=()
for argument in "$@"; do
  case $argument in
    --seconds=*) seconds=${argument#*=} ;;
    --jobs=*) jobs=${argument#*=} ;;
    --tool=*) tool=${argument#*=} ;;
    --parser | --files | --passes | --library | --cache) guided=${argument#--} ;;
    --plain) preset=fuzzers-plain ;;
    --executions)
      awk '{ runs[$1]++; executions[$1] += $2; findings[$1] += $3 }
        END { for (target in runs) print target ": " executions[target] " executions in " \
          runs[target] " runs, " findings[target] " findings" }' build-fuzzers/executions
      exit ;;
    --commit) seed=$((0x$(git rev-parse HEAD 2>/dev/null | head -c 7 || echo 1))) ;;
    *) rest+=("$argument") ;;
  esac
done

if [ -n "$guided" ]; then
  PRESET=$preset bash scripts/build.sh "eqc-fuzz-$guided" >&2
  corpus=${CORPUS:-build-fuzzers/corpus/$guided}
  mkdir -p "$corpus" build-fuzzers/found
  # LLVM itself is not instrumented: its containers are not what ASan takes them for.
  export ASAN_OPTIONS=detect_container_overflow=0:allow_user_poisoning=0
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  status=0
  "build-$preset/bin/eqc-fuzz-$guided" "$corpus" "test/Fuzz/Guided/Corpus/$guided" \
    -max_total_time="$seconds" -artifact_prefix=build-fuzzers/found/ -timeout=60 \
    -rss_limit_mb=4096 -print_final_stats=1 -dict=test/Fuzz/Guided/eq.dict "${rest[@]}" \
    2> >(tee "$log" >&2) || status=$?
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
  echo "$guided ${executions:-0} $((status != 0))" >>build-fuzzers/executions
  exit $status
fi

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
