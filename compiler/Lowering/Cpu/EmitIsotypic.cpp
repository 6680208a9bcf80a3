//===- EmitIsotypic.cpp - A layer in a basis of irreps --------------------===//
//
// In this basis a layer is block diagonal: a change of basis, a mix for each
// irrep and the way back.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitIsotypic.h"
#include "compiler/Lowering/Cpu/EmitMix.h"
#include "compiler/Lowering/Cpu/EmitRows.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"

using namespace eqc;
using namespace mlir;

/// The bias of Nodes takes the place of the layer's.
static void emitBiasRows(KernelBuilder &kernel, PlanArrays &arrays,
                         const RowsSchedule &bias, int64_t numRows,
                         int64_t columns) {
  // The same for all samples: one row of each.
  KernelBuilder::BlockScope one(kernel, kernel.blockOf(kernel.index(1)));
  KernelArray rows = kernel.scratch(Poly(numRows), kernel.spec.cOut, columns);
  kernel.forPhase(
      rows, [&] { emitRows(kernel, bias, arrays[PlanArray::Bias], rows); });
  rows.oneSample = true;
  arrays[PlanArray::Bias] = rows;
}

EmittedKernel eqc::emitIsotypicForward(OpBuilder &builder, Location loc,
                                       StringRef name, const LayerSpec &spec,
                                       const IsotypicPlan &plan,
                                       const IsotypicSchedule &schedule,
                                       const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  const ColumnTiling tiling = columnTiling(spec, machine);
  func::FuncOp function =
      makeForwardFunction(kernel, name,
                          {static_cast<int64_t>(plan.packed.size()),
                           tiling.tiles, spec.cIn, tiling.width});
  PlanArrays arrays = openForwardArrays(kernel, function, tiling.columns());
  KernelArray &stored = arrays[PlanArray::Stored];
  KernelArray &nodes = arrays[PlanArray::Nodes];
  KernelArray &output = arrays[PlanArray::Output];
  stored = kernel.scratch(Poly(plan.storedRows), spec.cIn,
                          kernel.wholeVectors(spec.cIn));
  nodes = kernel.scratch(Poly(plan.nodeRows), spec.cOut, tiling.columns());
  if (!plan.bias.rows.empty())
    emitBiasRows(kernel, arrays, schedule.bias,
                 static_cast<int64_t>(plan.bias.rows.size()), tiling.columns());
  kernel.forPhase(stored, [&] {
    emitRows(kernel, schedule.read, arrays[PlanArray::Input], stored);
  });
  int64_t firstTerm = 0;
  for (size_t i = 0; i < plan.mixes.size(); ++i) {
    const MixNest nest(plan.mixes[i], firstTerm);
    kernel.forPhase(nodes,
                    [&] { emitMix(kernel, arrays, nest, schedule.mixes[i]); });
    firstTerm += plan.mixes[i].terms();
  }
  kernel.forPhase(output,
                  [&] { emitRows(kernel, schedule.write, nodes, output); });
  closeForwardArrays(kernel, arrays, function);
  KernelRecord record = kernel.record();
  record.multiplyAdds = Poly(plan.multiplyAdds());
  record.scratchElements =
      Poly(plan.storedRows * spec.cIn + plan.nodeRows * spec.cOut);
  return {function, record};
}
