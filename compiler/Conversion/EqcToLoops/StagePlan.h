//===- StagePlan.h - The plan that stage operations say ---------*- C++ -*-===//

#ifndef EQC_CONVERSION_STAGEPLAN_H
#define EQC_CONVERSION_STAGEPLAN_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Shared/SharedPlan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace eqc {

/// A layer as its stages compute it.
struct StagedLayer {
  LayerSpec spec; ///< without diagrams: the plan knows which
  SharedPlan plan;
};

/// Reads the stages of the shared plan in `function` in program order. Says on
/// the operation concerned why it cannot.
mlir::FailureOr<StagedLayer> readStages(mlir::func::FuncOp function);

} // namespace eqc

#endif // EQC_CONVERSION_STAGEPLAN_H
