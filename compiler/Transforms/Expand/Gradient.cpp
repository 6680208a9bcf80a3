//===- Gradient.cpp - The stages of gradients in a basis ------------------===//

#include "compiler/Transforms/Expand/Expand.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

class GradientExpander {
public:
  GradientExpander(OpBuilder &b, GradWeightOp op, const GradientPlan &plan)
      : b(b), op(op), loc(op.getLoc()), plan(plan) {}

  SmallVector<Value> expand() {
    const GradientBasis &basis = *plan.basis;
    x = rowsOf(op.getX(), op.getK(), op.getCIn(), basis.x);
    gradY = rowsOf(op.getGradY(), op.getL(), op.getCOut(), basis.gradY);
    SmallVector<Value> sums;
    for (const GradientStage &stage : plan.stages)
      sums.push_back(sum(stage));
    SmallVector<Value> results{
        UnpackOp::create(b, loc, op.getGradWeight().getType(), sums,
                         SumsAttr::get(b.getContext(), plan.unpack->weight))};
    if (op.getGradBias())
      results.push_back(sumBias());
    return results;
  }

private:
  RankedTensorType tensor(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(
        shape, cast<RankedTensorType>(op.getX().getType()).getElementType());
  }

  /// The copies that a tensor of some order holds.
  Value rowsOf(Value whole, uint64_t order, int64_t channels,
               const RowTransform &change) {
    const int64_t batch = cast<RankedTensorType>(whole.getType()).getDimSize(0);
    const int64_t positions =
        Poly::power(static_cast<int>(order)).at(op.getN());
    Value rows = ToRowsOp::create(b, loc, tensor({batch, positions, channels}),
                                  whole, op.getLayoutAttr());
    return TransformOp::create(
        b, loc,
        tensor({batch, static_cast<int64_t>(change.rows.size()), channels}),
        rows, SumsAttr::get(b.getContext(), change.rows));
  }

  Value sum(const GradientStage &stage) {
    SmallVector<int64_t> xCopies, gradYCopies;
    for (const GradientTerm &term : stage.terms) {
      xCopies.push_back(term.x.offset.at(op.getN()));
      gradYCopies.push_back(term.gradY.offset.at(op.getN()));
    }
    return SumCopiesOp::create(b, loc,
                               tensor({static_cast<int64_t>(stage.terms.size()),
                                       op.getCIn(), op.getCOut()}),
                               x, gradY, op.getGroupAttr(), op.getNAttr(),
                               b.getI64IntegerAttr(stage.subsets),
                               b.getDenseI64ArrayAttr(xCopies),
                               b.getDenseI64ArrayAttr(gradYCopies));
  }

  Value sumBias() {
    SmallVector<int64_t> rows(plan.bias.size());
    for (const BiasTerm &term : plan.bias)
      rows[static_cast<size_t>(term.row)] = term.gradY.offset.at(op.getN());
    Value sums = SumRowsOp::create(
        b, loc, tensor({static_cast<int64_t>(rows.size()), op.getCOut()}),
        gradY, b.getDenseI64ArrayAttr(rows));
    return TransformOp::create(
        b, loc, op.getGradBias().getType(), sums,
        SumsAttr::get(b.getContext(), plan.unpack->bias));
  }

  OpBuilder &b;
  GradWeightOp op;
  Location loc;
  const GradientPlan &plan;
  Value x, gradY;
};

} // namespace

SmallVector<Value> eqc::writeGradientStages(OpBuilder &b, GradWeightOp op,
                                            const GradientPlan &plan) {
  return GradientExpander(b, op, plan).expand();
}
