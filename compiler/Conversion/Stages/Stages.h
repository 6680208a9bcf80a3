//===- Stages.h - The plan that stage operations say ------------*- C++ -*-===//
//
// Every conversion of stages starts from here: what the operations of a
// function say, as a plan.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CONVERSION_STAGES_STAGES_H
#define EQC_CONVERSION_STAGES_STAGES_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/LayerPlan.h"
#include "dialect/Eqc/EqcOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace eqc {

/// A layer as its stages compute it.
struct StagedLayer {
  /// Without diagrams where the plan alone knows which.
  LayerSpec spec;
  LayerPlan plan;
};

/// Reads the stages in `function` in program order. Says on the operation
/// concerned why it cannot.
mlir::FailureOr<StagedLayer> readStages(mlir::func::FuncOp function);

/// The same for stages of one kind, with what they know of the layer.
#define EQC_STAGES(NAME, PLAN, OP)                                             \
  mlir::FailureOr<LayerPlan> read##NAME##Stages(mlir::func::FuncOp function,   \
                                                LayerSpec &spec);
#include "compiler/Plan/StageKinds.def"

/// Between what stages work on rows, where they do.
struct RowsOfLayer {
  ir::ToRowsOp toRows;
  ir::PackOp pack;
  ir::FromRowsOp fromRows;
};

/// Finds them, and what they say of the layer: all but group, n and diagrams.
mlir::FailureOr<RowsOfLayer> readRows(mlir::func::FuncOp function,
                                      LayerSpec &spec);

} // namespace eqc

#endif // EQC_CONVERSION_STAGES_STAGES_H
