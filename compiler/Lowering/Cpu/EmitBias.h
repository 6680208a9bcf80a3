//===- EmitBias.h - The bias as other rows ----------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_EMITBIAS_H
#define EQC_LOWERING_CPU_EMITBIAS_H

#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"

namespace eqc {

/// `numRows` sums of rows of the layer's bias take its place, in a phase of
/// their own.
void emitBiasRows(ForwardKernel &forward, const RowsSchedule &bias,
                  int64_t numRows);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITBIAS_H
