//===- StagePlan.h - The plan that stage operations say ---------*- C++ -*-===//

#ifndef EQC_CONVERSION_STAGEPLAN_H
#define EQC_CONVERSION_STAGEPLAN_H

#include "compiler/Algebra/Factored.h"
#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Isotypic/IsotypicPlan.h"
#include "compiler/Plan/Strands/StrandPlan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <variant>

namespace eqc {

/// The factored forms of a layer's diagrams and what their weights are.
struct FactoredForms {
  std::vector<FactoredDiagram> forms;
  std::vector<PackedTerm> packed;
};

/// The matrix of a layer.
struct DenseForm {};

/// A layer as its stages compute it.
struct StagedLayer {
  /// Without diagrams, unless it is factored or dense: the plan knows which.
  LayerSpec spec;
  std::variant<StrandPlan, IsotypicPlan, FactoredForms, DenseForm> plan;
};

/// Reads the stages in `function` in program order. Says on the operation
/// concerned why it cannot.
mlir::FailureOr<StagedLayer> readStages(mlir::func::FuncOp function);

/// Of the isotypic plan: the spec is complete but for group and n.
mlir::FailureOr<IsotypicPlan> readIsotypicStages(mlir::func::FuncOp function,
                                                 LayerSpec &spec);

/// The layer whose matrix is assembled.
mlir::FailureOr<LayerSpec> readDenseStages(mlir::func::FuncOp function);

} // namespace eqc

#endif // EQC_CONVERSION_STAGEPLAN_H
