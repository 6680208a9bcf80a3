//===- Chips.h - The GPUs that eqc compiles for -----------------*- C++ -*-===//

#ifndef EQC_LOWERING_CUDA_CHIPS_H
#define EQC_LOWERING_CUDA_CHIPS_H

#include "compiler/Lowering/Gpu/ChipTable.h"

namespace eqc::cuda {

/// Numbered as CUDA numbers compute capabilities: 90 for sm_90.
const device::ChipTable &chipTable();

/// The newest chip whose code runs on a device of this number; null for devices
/// that are older than all.
const device::Chip *newestChipFor(int64_t number);

} // namespace eqc::cuda

#endif // EQC_LOWERING_CUDA_CHIPS_H
