//===- EmitMix.h - Channel mixes as register tiles --------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITMIX_H
#define EQC_LOWERING_CPU_EMITMIX_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Cpu/Schedules/MixSchedule.h"
#include "compiler/Lowering/Nests/MixNest.h"

namespace eqc {

/// All targets of a mix.
void emitMix(KernelBuilder &kernel, PlanArrays &arrays, const MixNest &nest,
             const MixSchedule &schedule);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITMIX_H
