//===- EmitLaneSums.h - Gradients of samples in lanes -----------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITLANESUMS_H
#define EQC_LOWERING_CPU_EMITLANESUMS_H

#include "compiler/Lowering/Cpu/Schedules/GradientSchedule.h"
#include "compiler/Lowering/EmittedKernel.h"

namespace eqc {

/// The same as emitGradientSums() for exactly as many samples as a vector has
/// lanes; count, phase and part are ignored. Only where the schedule has lanes.
EmittedKernel emitLaneSums(mlir::OpBuilder &builder, mlir::Location loc,
                           llvm::StringRef name, const LayerSpec &spec,
                           const GradientPlan &plan,
                           const GradientSchedule &schedule,
                           const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITLANESUMS_H
