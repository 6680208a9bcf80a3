//===- JoinEmitter.h - Joins of two arrays as loops -------------*- C++ -*-===//
//
// One loop nest for all joins of a shape, driven by tables: result[shared, ofA,
// ofB] = sum over the other letters of a * b, a tile of it in registers, and
// what becomes of a tile before it is gone.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_JOINEMITTER_H
#define EQC_LOWERING_CPU_JOINEMITTER_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Cpu/Schedules/BilinearSchedule.h"
#include "compiler/Lowering/Cpu/SumPlanes.h"

namespace eqc {

/// The arrays of a kernel for joins.
struct JoinArrays {
  /// Where the operands' and the third row's patterns lie.
  std::map<JoinArray, KernelArray> a, b, third;
  mlir::Value weight; ///< rows of the channels of the third row
  /// Products of pairs of channels at a few positions, where weights are on
  /// such pairs.
  KernelArray products;
  SumPlanes *planes = nullptr; ///< of the gradient of the weights, else null
};

/// Emits one stage for all samples of the block.
void emitJoins(KernelBuilder &kernel, const BilinearPlan &plan,
               const JoinStage &stage, const JoinSchedule &schedule,
               JoinArrays &arrays);

} // namespace eqc

#endif // EQC_LOWERING_CPU_JOINEMITTER_H
