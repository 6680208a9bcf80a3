#!/usr/bin/env bash
# Assembles kernels for GPUs by the ptxas of a toolkit or of .venv and looks at what it
# makes of them, without a GPU: scripts/assemble-gpu.sh [suite|grid]..
#
#   suite   all layers of benchmark/workloads with their gradients, for sm_75, 80, 90,
#           100 and 120, by the plans shared and schur: ten minutes a core
#   grid    the layers of test/Integration/Grid by every plan, for sm_90: an hour
#
# None may use local memory. The share of multiply-adds in the hottest loops is printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

check() { python3 test/Cuda/assemble.py build/bin/eqc "$@"; }

[ $# -gt 0 ] || set -- suite grid
status=0
for what; do
  case $what in
  suite)
    for plan in shared schur; do
      check --suite --grad "--plan=$plan" sm_75 sm_80 sm_90 sm_100 sm_120 || status=1
    done
    ;;
  grid) check --grid sm_90 || status=1 ;;
  *)
    echo "assemble-gpu: '$what' is neither suite nor grid" >&2
    exit 2
    ;;
  esac
done
exit $status
