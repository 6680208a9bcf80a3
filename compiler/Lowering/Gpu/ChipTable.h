//===- ChipTable.h - The chips of a kind of GPU -----------------*- C++ -*-===//

#ifndef EQC_LOWERING_GPU_CHIPTABLE_H
#define EQC_LOWERING_GPU_CHIPTABLE_H

#include "compiler/Target/CpuVariant.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace eqc::device {

struct Chip {
  const char *name; ///< LLVM's
  int64_t number;   ///< newer chips have larger ones
};

/// LLVM prints about names that it does not know and goes on, so it is only
/// given those of a table.
struct ChipTable {
  llvm::ArrayRef<Chip> chips;
  llvm::ArrayRef<const char *> defaults;

  /// The chip of that name; null if there is none.
  const Chip *find(llvm::StringRef name) const;
  /// The variants for `names` (none: the default), oldest first. False with
  /// `error` where there is no such chip, or one is named twice.
  bool resolve(const std::vector<std::string> &names,
               std::vector<CpuVariant> &variants, std::string &error) const;
};

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_CHIPTABLE_H
