//===- EntryPoints.h - The C functions of a layer ---------------*- C++ -*-===//
//
// Around the kernels of a layer: the exported NAME_forward and NAME_info, and
// the descriptor through which the runtime calls the kernels.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TARGET_ENTRYPOINTS_H
#define EQC_TARGET_ENTRYPOINTS_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/KernelRecord.h"
#include "compiler/Target/CpuVariant.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/Module.h"

#include <optional>
#include <string>
#include <vector>

namespace eqc {

/// A kernel in LLVM IR.
struct KernelCode {
  std::string function;
  KernelRecord record;
};

/// The kernels of one variant.
struct VariantCode {
  CpuVariant cpu;
  KernelCode pack;    ///< (weight, packed)
  KernelCode forward; ///< (n, first, count, phase, part, x, packed, bias, y
                      ///< [, arena])
  std::optional<KernelCode> lanes; ///< the same for so many samples
};

struct LayerCode {
  const LayerSpec *spec = nullptr;
  std::string plan;   ///< name of the plan that was compiled
  std::string source; ///< the layer in the language
  bool threads = true;
  std::vector<VariantCode> variants;
  /// With gradients the layer from grad_y to grad_x, else nothing.
  std::vector<LayerCode> gradX;
  /// One for each variant, or none: (n, first, count, phase, part, which, x,
  /// grad_y, sums [, arena]).
  std::vector<KernelCode> sums;
};

/// Adds the exported functions and the descriptor of one layer to `module`,
/// which holds the kernels in LLVM IR.
void addEntryPoints(llvm::Module &module, const LayerCode &layer);

} // namespace eqc

#endif // EQC_TARGET_ENTRYPOINTS_H
