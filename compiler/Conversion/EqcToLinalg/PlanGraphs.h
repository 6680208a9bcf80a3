//===- PlanGraphs.h - Each plan as a graph ----------------------*- C++ -*-===//

#ifndef EQC_CONVERSION_PLANGRAPHS_H
#define EQC_CONVERSION_PLANGRAPHS_H

#include "compiler/Conversion/EqcToLinalg/LayerGraph.h"
#include "compiler/Plan/Isotypic/IsotypicPlan.h"
#include "dialect/Eqc/EqcOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace eqc {

/// The shared plan as its operations in `function` say, with some mixes in the
/// irreps of the strands' group: y.
mlir::Value buildSharedGraph(LayerGraph &layer, mlir::func::FuncOp function,
                             const LayerSpec &spec);

/// One diagram after the other, inputs contracted in the order that each form
/// says.
mlir::Value buildFactoredGraph(LayerGraph &layer, const LayerSpec &spec,
                               llvm::ArrayRef<FactoredDiagram> forms,
                               llvm::ArrayRef<PackedTerm> packed);

/// Changes of basis by constant matrices, channels mixed block by block.
mlir::Value buildIsotypicGraph(GraphBuilder &graph, const LayerSpec &spec,
                               const IsotypicPlan &plan, mlir::Value x,
                               mlir::Value weight, mlir::Value bias);

} // namespace eqc

#endif // EQC_CONVERSION_PLANGRAPHS_H
