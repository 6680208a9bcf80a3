//===- EmitStrands.h - Mixes in Fourier space -------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITSTRANDS_H
#define EQC_LOWERING_CPU_EMITSTRANDS_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Cpu/Schedules/StrandSchedule.h"

namespace eqc {

/// A mix in the irreps of the strands' group; see StrandNest.h.
void emitStrands(KernelBuilder &kernel, PlanArrays &arrays,
                 const StrandNest &nest, const StrandSchedule &schedule);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITSTRANDS_H
