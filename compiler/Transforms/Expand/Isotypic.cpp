//===- Isotypic.cpp - The stages of the isotypic plan ---------------------===//

#include "compiler/Transforms/Expand/Expand.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

class IsotypicExpander {
public:
  IsotypicExpander(OpBuilder &b, LinearOp op, const IsotypicPlan &plan)
      : b(b), op(op), loc(op.getLoc()), plan(plan),
        xType(cast<RankedTensorType>(op.getX().getType())) {}

  Value expand() {
    const Value x = ToRowsOp::create(
        b, loc, rowsType(Poly::power(plan.k).at(plan.n), op.getCIn()),
        op.getX(), op.getLayoutAttr());
    packed = createPack(b, op, plan.packed);
    if (op.getBias())
      bias = TransformOp::create(
          b, loc,
          RankedTensorType::get({countOf(plan.bias), op.getCOut()},
                                xType.getElementType()),
          op.getBias(), SumsAttr::get(b.getContext(), plan.bias.rows));
    const Value stored = transform(x, plan.read, op.getCIn());
    SmallVector<Value> nodes;
    for (const MixStage &stage : plan.mixes)
      nodes.push_back(mix(stage, stored));
    return FromRowsOp::create(b, loc, op.getType(),
                              transform(nodes, plan.write, op.getCOut()),
                              op.getLayoutAttr());
  }

private:
  static int64_t countOf(const RowTransform &transform) {
    return static_cast<int64_t>(transform.rows.size());
  }

  RankedTensorType rowsType(int64_t rows, int64_t channels) const {
    return RankedTensorType::get({xType.getDimSize(0), rows, channels},
                                 xType.getElementType());
  }

  Value transform(ValueRange sources, const RowTransform &transform,
                  int64_t channels) {
    return TransformOp::create(b, loc, rowsType(countOf(transform), channels),
                               sources,
                               SumsAttr::get(b.getContext(), transform.rows));
  }

  Value mix(const MixStage &stage, Value stored) {
    SmallVector<int64_t> starts{0}, copies, biasRows;
    for (const MixTarget &target : stage.targets) {
      for (const MixTerm &term : target.fromStored)
        copies.push_back(term.view.offset.at(plan.n));
      starts.push_back(static_cast<int64_t>(copies.size()));
      biasRows.push_back(target.biasRows.empty() ? -1
                                                 : target.biasRows.front());
    }
    const bool usesBias =
        llvm::any_of(biasRows, [](int64_t row) { return row >= 0; });
    const auto targets = static_cast<int64_t>(stage.targets.size());
    Value nodes = MixCopiesOp::create(
        b, loc, rowsType(targets * stage.subsets, op.getCOut()), stored, packed,
        usesBias ? bias : Value(), op.getGroupAttr(), op.getNAttr(),
        b.getI64IntegerAttr(stage.subsets), b.getI64IntegerAttr(firstWeight),
        b.getDenseI64ArrayAttr(starts), b.getDenseI64ArrayAttr(copies),
        b.getDenseI64ArrayAttr(biasRows));
    firstWeight += static_cast<int64_t>(copies.size());
    return nodes;
  }

  OpBuilder &b;
  LinearOp op;
  Location loc;
  const IsotypicPlan &plan;
  RankedTensorType xType;
  Value packed, bias;
  int64_t firstWeight = 0;
};

} // namespace

Value eqc::writeIsotypicStages(OpBuilder &b, LinearOp op,
                               const IsotypicPlan &plan) {
  return IsotypicExpander(b, op, plan).expand();
}
