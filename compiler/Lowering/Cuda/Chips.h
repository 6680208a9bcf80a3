//===- Chips.h - The GPUs that eqc compiles for -----------------*- C++ -*-===//

#ifndef EQC_LOWERING_CUDA_CHIPS_H
#define EQC_LOWERING_CUDA_CHIPS_H

#include "compiler/Target/CpuVariant.h"

#include "llvm/ADT/StringRef.h"

namespace eqc::cuda {

struct Chip {
  const char *name; ///< LLVM's and ptxas's
  int64_t number;   ///< 90 for sm_90
};

/// The chip of that name; null if there is none.
const Chip *findChip(llvm::StringRef name);

/// The newest chip whose code runs on a device of this number; null for devices
/// that are older than all.
const Chip *newestChipFor(int64_t number);

/// The variants for `names` (none: the default), oldest first. False with
/// `error` where there is no such chip, or one is named twice.
bool resolveChips(const std::vector<std::string> &names,
                  std::vector<CpuVariant> &variants, std::string &error);

} // namespace eqc::cuda

#endif // EQC_LOWERING_CUDA_CHIPS_H
