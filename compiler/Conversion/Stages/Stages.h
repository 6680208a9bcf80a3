//===- Stages.h - The plan that stage operations say ------------*- C++ -*-===//
//
// Every conversion of stages starts from here: what the operations of a
// function say, as a plan.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CONVERSION_STAGES_STAGES_H
#define EQC_CONVERSION_STAGES_STAGES_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
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

/// The same for the gradients of weight and bias of a layer in a basis, which
/// end with `eqc.unpack`; `spec` is told what they know of the layer.
mlir::FailureOr<GradientPlan> readGradientStages(mlir::func::FuncOp function,
                                                 LayerSpec &spec);

/// What a change of basis makes of its sources, or every row as it is.
std::vector<SparseVector> changeOf(mlir::Value rows);

/// How the rows that stages add are made of the layer's bias; no rows where
/// they are its own.
RowTransform membersOfBias(mlir::Value bias);

/// The `rows` of an order that `op` makes, or takes, are those of a group of
/// this size, as the stages called `mix` say.
mlir::LogicalResult verifyRowsOf(mlir::Operation *op, mlir::Value rows,
                                 int order, const LayerSpec &spec,
                                 llvm::StringRef mix);

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
