//===- EntryPoints.h - The C functions of a layer ---------------*- C++ -*-===//
//
// Around the kernels of a layer: the exported NAME_forward and NAME_info, and
// the descriptor through which the runtime calls the kernels.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TARGET_ENTRYPOINTS_H
#define EQC_TARGET_ENTRYPOINTS_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Poly.h"
#include "compiler/Plan/TargetShape.h"
#include "compiler/Target/CpuVariant.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/Module.h"

namespace eqc {

/// What the entry points need to know of the code of one variant.
struct VariantCode {
  CpuVariant cpu;
  std::string pack;    ///< function: weight, packed
  std::string forward; ///< function: n, first, count, phase, part, x, packed,
                       ///< bias, y [, arena]
  std::vector<int64_t> packedShape;
  int64_t phases = 1; ///< steps of a block that must follow each other
  int64_t parts = 1;  ///< shares of a phase that may run at the same time
  int64_t lanes = 0;  ///< samples that lanesForward works on; 0: there is none
  std::string lanesForward; ///< the same as forward for so many samples
  Poly scratchElements; ///< per sample, roughly: for the choice of the block
};

/// The code of one variant for the gradients of weight and bias.
struct SumsCode {
  std::string function; ///< n, first, count, phase, part, which, x, grad_y,
                        ///< sums [, arena]
  int64_t phases = 1;
  int64_t parts = 1;
  Poly scratchElements;
  Poly multiplyAdds;
  SumMatrix matrix; ///< what the function adds to
};

struct LayerCode {
  const LayerSpec *spec = nullptr;
  std::string plan;   ///< name of the plan that was compiled
  std::string source; ///< the layer in the language
  bool threads = true;
  bool packDependsOnN = false;
  Poly multiplyAdds; ///< per sample and pair of channels
  std::vector<VariantCode> variants;
  /// With gradients the layer from grad_y to grad_x, else nothing.
  std::vector<LayerCode> gradX;
  std::vector<SumsCode> sums; ///< one for each variant, or none
};

/// Adds the exported functions and the descriptor of one layer to `module`,
/// which holds the kernels in LLVM IR.
void addEntryPoints(llvm::Module &module, const LayerCode &layer);

} // namespace eqc

#endif // EQC_TARGET_ENTRYPOINTS_H
