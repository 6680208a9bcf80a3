//===- EmitRead.h - Input patterns as loops ---------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITREAD_H
#define EQC_LOWERING_CPU_EMITREAD_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Nests/ReadNest.h"
#include "compiler/Lowering/Schedules/SharedSchedule.h"

namespace eqc {

/// Reads patterns into the stored ones, one after the other.
void emitRead(KernelBuilder &kernel, PlanArrays &arrays, const ReadNest &nest);

/// All patterns of a stage: as a sweep only where nobody shares the work.
void emitRead(KernelBuilder &kernel, PlanArrays &arrays, const SharedPlan &plan,
              const ReadStage &stage, StageForm form);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITREAD_H
