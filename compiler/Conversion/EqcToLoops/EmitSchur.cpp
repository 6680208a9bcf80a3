//===- EmitSchur.cpp - A layer in a basis that makes it block diagonal ----===//

#include "compiler/Conversion/EqcToLoops/EmitKernels.h"
#include "compiler/Conversion/EqcToLoops/KernelFunction.h"

using namespace eqc;
using namespace mlir;

/// The bias of Nodes takes the place of the layer's.
static void emitBiasRows(KernelBuilder &kernel, const IsotypicPlan &plan,
                         int64_t columns) {
  // The same for all samples: one row of each.
  Value count = kernel.count;
  kernel.count = kernel.index(1);
  KernelArray rows =
      kernel.scratch(Poly(static_cast<int64_t>(plan.bias.rows.size())),
                     kernel.spec.cOut, columns);
  kernel.forPhase(rows, [&] {
    emitRows(kernel, plan.bias, kernel.array(PlanArray::Bias), rows);
  });
  kernel.count = count;
  kernel.array(PlanArray::Bias) = rows;
}

EmittedKernel eqc::emitSchurForward(OpBuilder &builder, Location loc,
                                    StringRef name, const LayerSpec &spec,
                                    const IsotypicPlan &plan,
                                    const TargetShape &target) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, target);
  const ColumnTiling tiling = columnTiling(spec, target);
  func::FuncOp function =
      makeForwardFunction(kernel, name,
                          {static_cast<int64_t>(plan.packed.size()),
                           tiling.tiles, spec.cIn, tiling.width});
  openForwardArrays(kernel, function, tiling.columns());
  KernelArray &stored = kernel.array(PlanArray::Stored);
  KernelArray &nodes = kernel.array(PlanArray::Nodes);
  KernelArray &output = kernel.array(PlanArray::Output);
  stored = kernel.scratch(Poly(plan.storedRows), spec.cIn,
                          kernel.wholeVectors(spec.cIn));
  nodes = kernel.scratch(Poly(plan.nodeRows), spec.cOut, tiling.columns());
  if (!plan.bias.rows.empty())
    emitBiasRows(kernel, plan, tiling.columns());
  kernel.forPhase(stored, [&] {
    emitRows(kernel, plan.read, kernel.array(PlanArray::Input), stored);
  });
  int64_t firstTerm = 0;
  auto longest =
      llvm::max_element(plan.mixes, [&](const MixStage &a, const MixStage &b) {
        return a.multiplyAdds().at(spec.n) < b.multiplyAdds().at(spec.n);
      });
  for (const MixStage &stage : plan.mixes) {
    kernel.forPhase(nodes, [&] {
      const bool prefetches = &stage == &*longest;
      emitMix(kernel, stage, firstTerm,
              {/*input=*/prefetches, /*output=*/prefetches});
    });
    firstTerm += stage.terms();
  }
  kernel.forPhase(output, [&] { emitRows(kernel, plan.write, nodes, output); });
  closeForwardArrays(kernel, function);
  kernel.record.multiplyAdds = Poly(plan.multiplyAdds());
  kernel.record.scratchElements =
      Poly(plan.storedRows * spec.cIn + plan.nodeRows * spec.cOut);
  return {function, kernel.record};
}
