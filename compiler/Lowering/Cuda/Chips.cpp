//===- Chips.cpp - The GPUs that eqc compiles for -------------------------===//

#include "compiler/Lowering/Cuda/Chips.h"

using namespace eqc;
using namespace eqc::cuda;
using device::Chip;

static constexpr Chip chips[] = {
    {"sm_75", 75},   {"sm_80", 80},   {"sm_86", 86},   {"sm_87", 87},
    {"sm_89", 89},   {"sm_90", 90},   {"sm_100", 100}, {"sm_103", 103},
    {"sm_110", 110}, {"sm_120", 120}, {"sm_121", 121},
};
static constexpr const char *defaults[] = {"sm_80", "sm_90"};

const device::ChipTable &cuda::chipTable() {
  static constexpr device::ChipTable table = {chips, defaults};
  return table;
}

const Chip *cuda::newestChipFor(int64_t number) {
  const Chip *newest = nullptr;
  for (const Chip &chip : chips)
    if (chip.number <= number)
      newest = &chip;
  return newest;
}
