//===- EmitGather.h - Outputs that only lower patterns reach ----*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITGATHER_H
#define EQC_LOWERING_CPU_EMITGATHER_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"

namespace eqc {

/// Whether the output is nothing but nodes, few enough to be listed: `write` is
/// the stage that adds to it afterwards, or null.
bool isGather(const SharedPlan &plan, const MixStage &mix,
              const WriteStage *write);
/// Both stages in one: writes every row of the output once.
void emitGather(KernelBuilder &kernel, PlanArrays &arrays,
                const SharedPlan &plan, const MixStage &mix,
                const WriteStage *write);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITGATHER_H
