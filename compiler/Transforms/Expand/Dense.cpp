//===- Dense.cpp - The stages of the dense plan ---------------------------===//

#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Transforms/Expand/Expand.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

FailureOr<Value> eqc::expandDense(OpBuilder &b, LinearOp op, PlanAttr,
                                  BuiltPlans &) {
  if (op.hasDynamicN())
    return op.emitError("the dense plan needs a fixed 'n', found '?'");
  const Location loc = op.getLoc();
  const MemberLayer layer = membersOf(getLayerOf(op));
  const LayerSpec &spec = layer.spec;
  const int64_t columns = numPositions(lengthsOfOutput(spec)) * spec.cOut;
  auto type = [&](int64_t rows) {
    return RankedTensorType::get(
        {rows, columns},
        cast<RankedTensorType>(op.getX().getType()).getElementType());
  };
  const Value matrix = AssembleOp::create(
      b, loc, type(numPositions(lengthsOfInput(spec)) * spec.cIn),
      layer.sumsWeights ? createPack(b, op, layer.weights) : op.getWeight(),
      op.getGroupAttr(), op.getNAttr(), op.getKAttr(), op.getLAttr(),
      getDiagramArrayAttr(b.getContext(), spec.diagrams), op.getLayoutAttr(),
      op.getNormalizeAttr());
  Value added;
  if (op.getBias())
    added = AssembleOp::create(
        b, loc, type(1), createBias(b, op, layer), op.getGroupAttr(),
        op.getNAttr(), b.getI64IntegerAttr(0), op.getLAttr(),
        getDiagramArrayAttr(b.getContext(), spec.biasDiagrams),
        op.getLayoutAttr(),
        NormalizeAttr::get(b.getContext(), Normalize::None));
  return Value(
      MultiplyOp::create(b, loc, op.getType(), op.getX(), matrix, added));
}
