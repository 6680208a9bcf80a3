//===- EmitIsotypic.h - A layer in a basis of irreps ------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITISOTYPIC_H
#define EQC_LOWERING_CPU_EMITISOTYPIC_H

#include "compiler/Lowering/Cpu/Schedules/IsotypicSchedule.h"
#include "compiler/Lowering/EmittedKernel.h"
#include "compiler/Plan/Isotypic/IsotypicPlan.h"

namespace eqc {

/// The same as for the shared plan, without parts of a stage.
EmittedKernel emitIsotypicForward(mlir::OpBuilder &builder, mlir::Location loc,
                                  llvm::StringRef name, const LayerSpec &spec,
                                  const IsotypicPlan &plan,
                                  const IsotypicSchedule &schedule,
                                  const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITISOTYPIC_H
