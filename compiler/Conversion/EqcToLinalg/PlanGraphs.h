//===- PlanGraphs.h - Each plan as a graph ----------------------*- C++ -*-===//

#ifndef EQC_CONVERSION_PLANGRAPHS_H
#define EQC_CONVERSION_PLANGRAPHS_H

#include "compiler/Conversion/EqcToLinalg/LayerGraph.h"
#include "compiler/Plan/LayerPlan.h"
#include "dialect/Eqc/EqcOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace eqc {

/// Where a graph is built, and of what.
struct GraphSite {
  GraphBuilder &graph;
  LayerGraph &layer;
  mlir::func::FuncOp function; ///< with the layer in stages
  const LayerSpec &spec;
  mlir::Value x, weight, bias; ///< null without a bias
};

/// y by the stages of each kind; NAMEGraph.cpp has that of NAME.
#define EQC_STAGES(NAME, PLAN, OP)                                             \
  mlir::Value buildGraph(const GraphSite &site, const PLAN &plan);
#include "compiler/Plan/StageKinds.def"

} // namespace eqc

#endif // EQC_CONVERSION_PLANGRAPHS_H
