//===- EmitLanes.h - Samples in the lanes of vectors ------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITLANES_H
#define EQC_LOWERING_CPU_EMITLANES_H

#include "compiler/Lowering/Cpu/Schedules/SharedSchedule.h"
#include "compiler/Lowering/EmittedKernel.h"

namespace eqc {

/// The same as emitSharedForward() for exactly as many samples as a vector has
/// lanes; count, phase and part are ignored. Only where the schedule has lanes.
EmittedKernel emitLanesForward(mlir::OpBuilder &builder, mlir::Location loc,
                               llvm::StringRef name, const LayerSpec &spec,
                               const SharedPlan &plan,
                               const SharedSchedule &schedule,
                               const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITLANES_H
