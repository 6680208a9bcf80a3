//===- EmitRead.h - Input patterns as loops ---------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITREAD_H
#define EQC_LOWERING_CPU_EMITREAD_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Cpu/Schedules/ReadSchedule.h"
#include "compiler/Plan/Shared/SharedPlan.h"

namespace eqc {

/// Reads all patterns of a stage into the stored ones: as a sweep only where
/// nobody shares the work.
void emitRead(KernelBuilder &kernel, PlanArrays &arrays, const SharedPlan &plan,
              const ReadStage &stage, const ReadSchedule &schedule);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITREAD_H
