//===- EmitGather.h - Outputs that only lower patterns reach ----*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITGATHER_H
#define EQC_LOWERING_CPU_EMITGATHER_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Nests/GatherNest.h"

namespace eqc {

/// Writes every row of the output once.
void emitGather(KernelBuilder &kernel, PlanArrays &arrays,
                const GatherNest &nest);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITGATHER_H
