//===- EmitRows.h - Sparse changes of basis ---------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITROWS_H
#define EQC_LOWERING_CPU_EMITROWS_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"

namespace eqc {

/// Every row of `target` from rows of `source`, see RowTransform.h.
void emitRows(KernelBuilder &kernel, const RowsSchedule &schedule,
              const KernelArray &source, KernelArray &target);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITROWS_H
