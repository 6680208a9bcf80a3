//===- EmitGradient.h - Gradients as loops ----------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITGRADIENT_H
#define EQC_LOWERING_CPU_EMITGRADIENT_H

#include "compiler/Lowering/Cpu/Schedules/GradientSchedule.h"
#include "compiler/Lowering/EmittedKernel.h"
#include "compiler/Plan/Gradient/GradientPlan.h"

namespace eqc {

/// What emitGradientSums() can be asked for, as bits.
enum GradientSums : int64_t { kSumWeight = 1, kSumBias = 2 };

/// (n, first, count, phase, part, which: index, x, grad_y, sums: [rows,
/// columns]): adds what samples first .. first+count-1 contribute to the
/// gradients of weight and bias to `sums`.
/// Phases and parts are as of emitSharedForward(); x is only read when the
/// weights are asked for.
EmittedKernel emitGradientSums(mlir::OpBuilder &builder, mlir::Location loc,
                               llvm::StringRef name, const LayerSpec &spec,
                               const GradientPlan &plan,
                               const GradientSchedule &schedule,
                               const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITGRADIENT_H
