//===- DenseGraph.cpp - The dense plan as a graph -------------------------===//

#include "compiler/Conversion/EqcToLinalg/PlanGraphs.h"

using namespace eqc;

mlir::Value eqc::buildGraph(const GraphSite &site, const DensePlan &plan) {
  auto weightsOf = [](const std::vector<DenseEntry> &entries) {
    llvm::SmallVector<PackedTerm> weights;
    for (const DenseEntry &entry : entries) {
      weights.resize(static_cast<size_t>(entry.diagram) + 1);
      weights.back().push_back(entry.weight);
    }
    return weights;
  };
  return site.layer.applyDense(weightsOf(plan.diagrams), weightsOf(plan.bias));
}
