//===- EmitIsotypic.cpp - A layer in a basis of irreps --------------------===//
//
// In this basis a layer is block diagonal: a change of basis, a mix for each
// irrep and the way back.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitIsotypic.h"
#include "compiler/Lowering/Cpu/EmitBias.h"
#include "compiler/Lowering/Cpu/EmitMix.h"
#include "compiler/Lowering/Cpu/EmitRows.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"

using namespace eqc;
using namespace mlir;

EmittedKernel eqc::emitIsotypicForward(OpBuilder &builder, Location loc,
                                       StringRef name, const LayerSpec &spec,
                                       const IsotypicPlan &plan,
                                       const IsotypicSchedule &schedule,
                                       const Machine &machine) {
  ForwardKernel forward(builder, loc, name, spec, machine, plan.packed.size());
  KernelBuilder &kernel = forward.kernel;
  PlanArrays &arrays = forward.arrays;
  KernelArray &stored = arrays[PlanArray::Stored];
  KernelArray &nodes = arrays[PlanArray::Nodes];
  KernelArray &output = arrays[PlanArray::Output];
  stored = forward.inputRows(Poly(plan.storedRows));
  nodes = forward.outputRows(Poly(plan.nodeRows));
  if (!plan.bias.rows.empty())
    emitBiasRows(forward, schedule.bias,
                 static_cast<int64_t>(plan.bias.rows.size()));
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
  func::FuncOp function = forward.close();
  KernelRecord record = kernel.record();
  record.multiplyAdds = Poly(plan.multiplyAdds());
  record.scratchElements =
      Poly(plan.storedRows * spec.cIn + plan.nodeRows * spec.cOut);
  return {function, record};
}
