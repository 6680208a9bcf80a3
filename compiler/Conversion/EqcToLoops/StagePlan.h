//===- StagePlan.h - The plan that stage operations say ---------*- C++ -*-===//

#ifndef EQC_CONVERSION_STAGEPLAN_H
#define EQC_CONVERSION_STAGEPLAN_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Isotypic/IsotypicPlan.h"
#include "compiler/Plan/Strands/StrandPlan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <variant>

namespace eqc {

/// A layer as its stages compute it.
struct StagedLayer {
  LayerSpec spec; ///< without diagrams: the plan knows which
  std::variant<StrandPlan, IsotypicPlan> plan;
};

/// Reads the stages in `function` in program order. Says on the operation
/// concerned why it cannot.
mlir::FailureOr<StagedLayer> readStages(mlir::func::FuncOp function);

/// Of the isotypic plan: the spec is complete but for group and n.
mlir::FailureOr<IsotypicPlan> readIsotypicStages(mlir::func::FuncOp function,
                                                 LayerSpec &spec);

} // namespace eqc

#endif // EQC_CONVERSION_STAGEPLAN_H
