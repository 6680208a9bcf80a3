//===- DenseGraph.cpp - The dense plan as a graph -------------------------===//

#include "compiler/Conversion/EqcToLinalg/PlanGraphs.h"

mlir::Value eqc::buildGraph(const GraphSite &site, const DensePlan &) {
  return site.layer.applyDense();
}
