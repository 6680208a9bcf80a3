//===- DenseGraph.cpp - The dense plan as a graph -------------------------===//

#include "compiler/Conversion/EqcToLinalg/PlanGraphs.h"

using namespace eqc;

mlir::Value eqc::buildGraph(const GraphSite &site, const DensePlan &plan) {
  auto weightsOf = [](const std::vector<DenseEntry> &diagrams) {
    llvm::SmallVector<SignedWeight> weights;
    for (const DenseEntry &diagram : diagrams)
      weights.push_back(diagram.weight);
    return weights;
  };
  return site.layer.applyDense(weightsOf(plan.diagrams), weightsOf(plan.bias));
}
