//===- EmitRead.h - Input patterns as loops ---------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITREAD_H
#define EQC_LOWERING_CPU_EMITREAD_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"

namespace eqc {

/// Reads the patterns of a stage into the stored ones; see SharedPlan.h.
void emitRead(KernelBuilder &kernel, PlanArrays &arrays, const SharedPlan &plan,
              const ReadStage &stage);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITREAD_H
