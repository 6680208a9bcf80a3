//===- ExpandPlan.cpp - Layers to the stages of a plan --------------------===//
//
// The plan is built by the library that also costs and evaluates it; here it is
// only visited, and each of its stages becomes one operation.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLoops/LayerOfOp.h"
#include "compiler/Plan/SchurChoice.h"
#include "compiler/Transforms/Expand/Expand.h"
#include "compiler/Transforms/Passes.h"

namespace eqc {
#define GEN_PASS_DEF_EXPANDPLANPASS
#include "compiler/Transforms/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

struct ExpandPlan : eqc::impl::ExpandPlanPassBase<ExpandPlan> {
  using ExpandPlanPassBase::ExpandPlanPassBase;

  void runOnOperation() override {
    SmallVector<LinearOp> layers;
    getOperation().walk([&](LinearOp op) { layers.push_back(op); });
    for (LinearOp op : layers)
      if (failed(expand(op)))
        return signalPassFailure();
  }

  static Value expandSchur(OpBuilder &b, LinearOp op) {
    const LayerSpec spec = getLayerOf(op);
    const SchurChoice choice = chooseSchur(spec);
    if (choice.isotypic)
      return expandIsotypic(b, op, *choice.isotypic);
    return expandShared(
        b, op, withStrands(buildSharedPlan(spec, ReadOrder::First), spec));
  }

  LogicalResult expand(LinearOp op) {
    OpBuilder b(op);
    auto function = op->getParentOfType<func::FuncOp>();
    if (!function)
      return op.emitError("a layer must stand in a function");
    std::string plan = this->plan;
    if (auto asked =
            function->getAttrOfType<StringAttr>(EqcDialect::kPlanAttrName))
      plan = asked.str();
    Value y;
    if (plan == "shared") {
      y = expandShared(
          b, op,
          withoutStrands(buildSharedPlan(getLayerOf(op), ReadOrder::First)));
    } else if (plan == "dense") {
      if (op.hasDynamicN())
        return op.emitError("the dense plan needs a fixed 'n', found '?'");
      y = expandDense(b, op);
    } else if (plan == "schur") {
      y = expandSchur(b, op);
    } else if (plan == "factored") {
      y = expandFactored(b, op);
    } else {
      return op.emitError() << "unknown plan '" << plan
                            << "', expected shared, schur, factored or dense";
    }
    function->setAttr(EqcDialect::kPlanAttrName, b.getStringAttr(plan));
    ++numExpanded;
    op->replaceAllUsesWith(ValueRange{y});
    op.erase();
    return success();
  }
};

} // namespace
