//===- EmitWrite.h - Output patterns as loops -------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITWRITE_H
#define EQC_LOWERING_CPU_EMITWRITE_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Nests/WalkNest.h"

namespace eqc {

/// Adds rows of one array to rows of another along walks: target[row side] +=
/// sign * source[inner side].
class WalkWriter {
public:
  WalkWriter(KernelBuilder &kernel, const WalkNest &nest);
  int64_t size() const { return walks.size(); }
  /// One walk; `sourceAt` and `targetAt` are the sample and the row that its
  /// sides start at. Emits loops that thread `target`.
  void emit(mlir::Value walk, const KernelArray &source,
            std::pair<mlir::Value, mlir::Value> sourceAt, KernelArray &target,
            std::pair<mlir::Value, mlir::Value> targetAt);

private:
  void emitTerm(mlir::Value walk, mlir::Value term, const KernelArray &source,
                std::pair<mlir::Value, mlir::Value> sourceAt,
                KernelArray &target,
                std::pair<mlir::Value, mlir::Value> targetAt);
  void addRow(const KernelArray &source, mlir::ValueRange sourceRow,
              KernelArray &target, mlir::ValueRange targetRow,
              mlir::Value column, int64_t width, int64_t valid,
              mlir::Value negative);

  KernelBuilder &kernel;
  int64_t letters;
  bool hasSigns;
  IndexTable walks, terms; ///< as in WalkNest
};

/// Adds the patterns of a stage to its target; see SharedPlan.h.
void emitWrite(KernelBuilder &kernel, PlanArrays &arrays,
               const WriteStage &stage);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITWRITE_H
