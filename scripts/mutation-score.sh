#!/usr/bin/env bash
# How many of the faults of test/Mutation/faults.txt do tests see?
#   scripts/mutation-score.sh                     all, in an hour of one core and a build
#   scripts/mutation-score.sh RowPattern.1 Call.3 these
#   scripts/mutation-score.sh --report            how far that has come
#   MUTATION_TREE=DIR ..                          builds there instead of in build-mutation
# A copy of the sources gets all of them, is built once, and an environment variable chooses
# one. What tests said is kept in that copy, so a run that was stopped goes on. Exits with 1
# where fewer than 95 % are killed; survivors are printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tree=${MUTATION_TREE:-build-mutation}
mkdir -p "$tree"
python3 test/Mutation/mutation.py apply "$tree"
(
  cd "$tree"
  PRESET=release bash scripts/build.sh eqc eqc-fuzz eqc-opt eqc_compiler eqc_rt eqc_rt_cuda \
    eqc-algebra-tests eqc-runtime-tests eqcPlanTests eqcLoweringTests eqc-layers-shared-tests \
    eqc-ragged-shared-tests eqc-network-tests eqc-cuda-compiled-tests
) >&2
exec python3 test/Mutation/mutation.py run "$tree" "$@"
