//===- EmitFactored.h - The published algorithm as loops --------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITFACTORED_H
#define EQC_LOWERING_CPU_EMITFACTORED_H

#include "compiler/Lowering/Cpu/Schedules/FactoredSchedule.h"
#include "compiler/Lowering/EmittedKernel.h"
#include "compiler/Plan/Factored/FactoredPlan.h"

namespace eqc {

/// The same as for the shared plan; the weights are packed in their own order.
EmittedKernel emitFactoredForward(mlir::OpBuilder &builder, mlir::Location loc,
                                  llvm::StringRef name, const LayerSpec &spec,
                                  const FactoredLayer &layer,
                                  const FactoredSchedule &schedule,
                                  const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITFACTORED_H
