//===- LaneMix.h - Channel mixes of samples in lanes ------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_LANEMIX_H
#define EQC_LOWERING_CPU_LANEMIX_H

#include "compiler/Lowering/Cpu/MixTables.h"
#include "compiler/Lowering/Cpu/Schedules/LanesSchedule.h"

namespace eqc {

/// One mix of a group of samples: target[co, j..] = inits + sum over terms, ci
/// of view[ci, j..] * weight[term, ci, co], for all lanes at once.
class LaneMix {
public:
  LaneMix(KernelBuilder &kernel, PlanArrays &arrays, const MixNest &nest,
          const LaneMixSchedule &schedule);

  /// All targets.
  void emit();
  /// The first target where its first axis is at `line`; the rows of the target
  /// array begin at row `firstRow` of the whole.
  void emitLine(mlir::Value line, mlir::Value firstRow);

private:
  /// The target at `prefix` and all values of the axes after that.
  void emitAfter(mlir::Value t, llvm::ArrayRef<mlir::Value> prefix,
                 mlir::Value firstRow);
  void emitTile(mlir::Value t, llvm::ArrayRef<mlir::Value> index, int64_t rows,
                mlir::Value firstRow);
  Values addInits(mlir::Value t, llvm::ArrayRef<mlir::Value> index,
                  int64_t rows, Values sums);
  Values addTerms(const IndexTable &terms, PlanArray array, mlir::Value t,
                  int64_t rangeField, llvm::ArrayRef<mlir::Value> index,
                  int64_t rows, Values sums);
  mlir::Value readLanes(PlanArray array, mlir::Value channel, mlir::Value row);
  mlir::Value broadcast(mlir::Value scalar);

  KernelBuilder &kernel;
  PlanArrays &arrays;
  const MixNest &nest;
  const LaneMixSchedule &schedule;
  MixTables tables;
  KernelArray &target;
  int64_t cOut;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_LANEMIX_H
