//===- EmitBilinear.h - Products of two tensors as kernels ------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITBILINEAR_H
#define EQC_LOWERING_CPU_EMITBILINEAR_H

#include "compiler/Lowering/Cpu/Schedules/BilinearSchedule.h"
#include "compiler/Lowering/EmittedKernel.h"

namespace eqc {

/// Of a layer, or of the gradient of one of its inputs: (n, first, count,
/// phase, part: index, a, b, weight, bias, result). The weights are as the
/// caller has them, with the channels of a, b and the result in this order.
///
/// Of the gradient of its weights: (n, first, count, phase, part, which: index,
/// x, z, grad_y, sums), see eqc_sums of the runtime.
EmittedKernel emitBilinear(mlir::OpBuilder &builder, mlir::Location loc,
                           llvm::StringRef name, const LayerSpec &spec,
                           const BilinearPlan &plan,
                           const BilinearSchedule &schedule,
                           const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITBILINEAR_H
