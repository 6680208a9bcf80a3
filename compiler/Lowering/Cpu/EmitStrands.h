//===- EmitStrands.h - Mixes in Fourier space -------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITSTRANDS_H
#define EQC_LOWERING_CPU_EMITSTRANDS_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Plan/Strands/StrandPlan.h"

namespace eqc {

/// A mix in the irreps of the strands' group; see StrandPlan.h.
void emitStrands(KernelBuilder &kernel, PlanArrays &arrays,
                 const StrandStage &stage, int64_t firstPackedTerm);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITSTRANDS_H
