//===- EmitSchur.cpp - A layer in a basis that makes it block diagonal ----===//

#include "compiler/Conversion/EqcToLinalg/EmitKernels.h"
#include "compiler/Conversion/EqcToLinalg/KernelFunction.h"

using namespace eqc;
using namespace mlir;

/// The bias of Nodes takes the place of the layer's.
static void emitBiasRows(KernelBuilder &kernel, const SchurPlan &plan,
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

/// The mix with the most multiply-adds.
static const MixStage *longestMix(const SchurPlan &plan) {
  auto multiplyAdds = [](const MixStage &stage) {
    int64_t terms = 0;
    for (const MixTarget &target : stage.targets)
      terms += static_cast<int64_t>(target.fromStored.size());
    return terms * stage.subsets;
  };
  const MixStage *longest = nullptr;
  for (const MixStage &stage : plan.mixes)
    if (!longest || multiplyAdds(stage) > multiplyAdds(*longest))
      longest = &stage;
  return longest;
}

int64_t eqc::numSchurPhases(const SchurPlan &plan) {
  return static_cast<int64_t>(plan.mixes.size()) +
         (plan.bias.rows.empty() ? 2 : 3);
}

func::FuncOp eqc::emitSchurForward(OpBuilder &builder, Location loc,
                                   StringRef name, const LayerSpec &spec,
                                   const SchurPlan &plan,
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
  const MixStage *longest = longestMix(plan);
  for (const MixStage &stage : plan.mixes) {
    kernel.forPhase(nodes, [&] {
      emitMix(kernel, stage, firstTerm, /*prefetchOutput=*/&stage == longest);
    });
    for (const MixTarget &target : stage.targets)
      firstTerm += static_cast<int64_t>(target.fromStored.size());
  }
  kernel.forPhase(output, [&] { emitRows(kernel, plan.write, nodes, output); });
  closeForwardArrays(kernel, function);
  return function;
}
