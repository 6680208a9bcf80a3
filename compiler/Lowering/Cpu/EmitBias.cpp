//===- EmitBias.cpp - The bias as other rows ------------------------------===//

#include "compiler/Lowering/Cpu/EmitBias.h"
#include "compiler/Lowering/Cpu/EmitRows.h"

using namespace eqc;

void eqc::emitBiasRows(ForwardKernel &forward, const RowsSchedule &bias,
                       int64_t numRows) {
  // The same for all samples: one row of each.
  KernelBuilder &kernel = forward.kernel;
  KernelBuilder::BlockScope one(kernel, kernel.blockOf(kernel.index(1)));
  KernelArray rows = forward.outputRows(Poly(numRows));
  kernel.forPhase(rows, [&] {
    emitRows(kernel, bias, forward.arrays[PlanArray::Bias], rows);
  });
  rows.oneSample = true;
  forward.arrays[PlanArray::Bias] = rows;
}
