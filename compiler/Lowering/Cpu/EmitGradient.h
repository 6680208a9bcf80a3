//===- EmitGradient.h - Gradients as loops ----------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITGRADIENT_H
#define EQC_LOWERING_CPU_EMITGRADIENT_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Cpu/Schedules/GradientSchedule.h"
#include "compiler/Lowering/EmittedKernel.h"
#include "compiler/Plan/Gradient/GradientPlan.h"

namespace eqc {

/// What emitGradientSums() can be asked for, as bits.
enum GradientSums : int64_t { kSumWeight = 1, kSumBias = 2 };

/// Positions of the arguments of kernels of sums, after those of a block.
enum SumsArgument : unsigned {
  kArgWhich = 5,
  kArgInput = 6,
  kArgGradY = 7,
  kArgSums = 8,
};

/// The matrix of sums that such kernels add to, and a function that takes it.
SumMatrix sumMatrixOf(const GradientPlan &plan,
                      const GradientSchedule &schedule);
/// Of each bias the row of grad_y that is summed, and that of its sums.
Table biasRowsOf(const GradientPlan &plan, const SumMatrix &matrix);
mlir::func::FuncOp makeSumsFunction(KernelBuilder &kernel, llvm::StringRef name,
                                    const SumMatrix &matrix);
/// Whether sums are asked for.
mlir::Value wantsSums(KernelBuilder &kernel, mlir::func::FuncOp function,
                      GradientSums what);

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
