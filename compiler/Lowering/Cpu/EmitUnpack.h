//===- EmitUnpack.h - Gradients of packed weights to weights ----*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITUNPACK_H
#define EQC_LOWERING_CPU_EMITUNPACK_H

#include "compiler/Lowering/Cpu/Schedules/GradientSchedule.h"
#include "compiler/Lowering/EmittedKernel.h"

namespace eqc {

/// (which: a GradientSums, first, end: rows of the result, sums: as
/// emitGradientSums makes them once they are added up, result: [rows, c_out],
/// grad_weight or grad_bias).
EmittedKernel emitUnpack(mlir::OpBuilder &builder, mlir::Location loc,
                         llvm::StringRef name, const LayerSpec &spec,
                         const GradientPlan &plan,
                         const GradientSchedule &schedule,
                         const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITUNPACK_H
