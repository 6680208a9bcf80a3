//===- MixTables.h - The tables of a channel mix ----------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_MIXTABLES_H
#define EQC_LOWERING_CPU_MIXTABLES_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Nests/MixNest.h"

namespace eqc {

/// What the loops of a mix look up: targets, and the views that each sums.
class MixTables {
public:
  MixTables(KernelBuilder &kernel, const MixNest &nest)
      : targets(kernel, nest.targets), nodeInits(kernel, nest.nodeInits),
        inputTerms(kernel, nest.inputTerms),
        storedTerms(kernel, nest.storedTerms), kernel(kernel), nest(nest) {}

  /// Row of a view at `index`, one entry per axis; `strideOf` gives the stride
  /// of each axis that has one.
  mlir::Value rowAt(mlir::Value offset, llvm::ArrayRef<mlir::Value> index,
                    llvm::function_ref<mlir::Value(int)> strideOf) const;
  /// Distance between rows of a view that follow each other along the last
  /// axis.
  mlir::Value rowStep(llvm::function_ref<mlir::Value(int)> strideOf) const;
  /// Stride of an axis in the targets.
  mlir::Value targetStride(int axis) const {
    return kernel.poly(nest.targetStrides[axis]);
  }
  using StrideOf = llvm::function_ref<mlir::Value(int)>;
  using AddNode = llvm::function_ref<Values(mlir::Value, StrideOf, Values)>;
  using AddBias = llvm::function_ref<Values(mlir::Value, Values)>;
  /// `sums` with what a target starts as: addNode(offset, strideOf, sums) for
  /// every view of nodes, then addBias(row, sums) if it has a bias.
  Values addInits(mlir::Value target, Values sums, AddNode addNode,
                  AddBias addBias) const;
  /// The extents of the index space.
  llvm::SmallVector<mlir::Value> extents() const;

  IndexTable targets, nodeInits, inputTerms, storedTerms; ///< as in MixNest

private:
  /// Whether entries along a last axis follow each other.
  bool hasEntries() const {
    return nest.axes.size() > static_cast<size_t>(nest.strided);
  }

  KernelBuilder &kernel;
  const MixNest &nest;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_MIXTABLES_H
