//===- DenseGraph.cpp - The dense plan as a graph -------------------------===//

#include "compiler/Conversion/EqcToLinalg/PlanGraphs.h"

mlir::Value eqc::buildGraph(const GraphSite &site, const DensePlan &plan) {
  return site.layer.applyDense(plan);
}
