//===- MixTables.h - The tables of a channel mix ----------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_MIXTABLES_H
#define EQC_LOWERING_CPU_MIXTABLES_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"

namespace eqc {

/// What the loops of a mix look up: targets, and the views that each sums.
class MixTables {
public:
  /// `firstTerm` is the place of the stage's first term in the packed weights.
  MixTables(KernelBuilder &kernel, const MixStage &stage, int64_t firstTerm);

  /// Fields of `targets`.
  enum : int64_t {
    kOffset = 0,
    kNodeInits = 1,   ///< first and past the last row of nodeInits
    kInputTerms = 3,  ///< the same of inputTerms
    kStoredTerms = 5, ///< the same of storedTerms
    kBias = 7,        ///< a row of the bias that exists
    kNumBias = 8,     ///< 1 if that row is the target's, 0 if it has none
  };

  /// Row of a view at `index`, one entry per extent; `strideOf` gives the
  /// stride of each kept axis.
  mlir::Value rowAt(mlir::Value offset, llvm::ArrayRef<mlir::Value> index,
                    llvm::function_ref<mlir::Value(int)> strideOf) const;
  /// Distance between rows of a view that follow each other along the last
  /// extent.
  mlir::Value rowStep(llvm::function_ref<mlir::Value(int)> strideOf) const;
  /// Stride of kept axis `axis` in the targets.
  mlir::Value targetStride(int axis) const;
  /// The bias row of a target, and how many it has: none or one. The row can be
  /// read in either case, since loads are hoisted out of loops without
  /// iterations.
  std::pair<mlir::Value, mlir::Value> biasOf(mlir::Value target) const;
  /// The most terms that a target has in the range at `rangeField`.
  int64_t mostTerms(int64_t rangeField) const;
  /// The extents of the index space.
  llvm::SmallVector<mlir::Value> extents() const;

  IndexTable targets;
  IndexTable nodeInits;               ///< offset, strides
  IndexTable inputTerms, storedTerms; ///< offset, packed weight, strides
  bool hasBias = false;

private:
  KernelBuilder &kernel;
  const MixStage &stage;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_MIXTABLES_H
