//===- ExpandPlan.cpp - Layers to the stages of a plan --------------------===//
//
// The plan is built by the library that also costs and evaluates it; here it is
// only visited, and each of its stages becomes one operation.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Plan/PlanKind.h"
#include "compiler/Plan/Schur/SchurChoice.h"
#include "compiler/Transforms/Expand/Expand.h"
#include "compiler/Transforms/PlansOfModule.h"

namespace eqc {
#define GEN_PASS_DEF_EXPANDPLANPASS
#include "compiler/Transforms/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

/// How the stages of each plan are written, by the plan's name.
FailureOr<Value> expand(OpBuilder &b, LinearOp op, PlanAttr plan,
                        BuiltPlans &built) {
  static constexpr FailureOr<Value> (*expanders[])(OpBuilder &, LinearOp,
                                                   PlanAttr, BuiltPlans &) = {
#define EQC_PLAN(NAME, TEXT, WORDS) expand##NAME,
#include "compiler/Plan/Plans.def"
  };
  return expanders[static_cast<int>(plan.getKind()) - 1](b, op, plan, built);
}

struct ExpandPlan : eqc::impl::ExpandPlanPassBase<ExpandPlan> {
  void runOnOperation() override {
    built = &getAnalysis<PlansOfModule>().plans();
    SmallVector<LinearOp> layers;
    getOperation().walk([&](LinearOp op) { layers.push_back(op); });
    for (LinearOp op : layers)
      if (failed(replace(op)))
        return signalPassFailure();
    SmallVector<GradWeightOp> gradients;
    getOperation().walk([&](GradWeightOp op) {
      auto plan = op->getAttrOfType<PlanAttr>(EqcDialect::kPlanAttrName);
      if (plan && findBasis(plan.getBasis().str()) == SchurBasis::Isotypic)
        gradients.push_back(op);
    });
    for (GradWeightOp op : gradients)
      if (failed(replace(op)))
        return signalPassFailure();
  }

  LogicalResult replace(LinearOp op) {
    auto function = op->getParentOfType<func::FuncOp>();
    if (!function)
      return op.emitError("a layer must stand in a function");
    auto plan = op->getAttrOfType<PlanAttr>(EqcDialect::kPlanAttrName);
    if (!plan)
      return op.emitError("no plan is chosen; run '--eqc-choose-plans' first");
    op->removeAttr(EqcDialect::kPlanAttrName);
    OpBuilder b(op);
    FailureOr<Value> y = expand(b, op, plan, *built);
    if (failed(y))
      return failure();
    function->setAttr(EqcDialect::kPlanAttrName,
                      b.getStringAttr(plan.getName()));
    ++numExpanded;
    op->replaceAllUsesWith(ValueRange{*y});
    op.erase();
    return success();
  }

  /// Gradients in the basis of a plan; others are as they are.
  LogicalResult replace(GradWeightOp op) {
    const LayerSpec spec = getLayerOf(op);
    std::string refused;
    const std::shared_ptr<const IsotypicPlan> isotypic =
        getIsotypicPlan(spec, *built, refused);
    if (!isotypic)
      return op.emitError() << "the isotypic basis of '" << spec.name
                            << "' is not possible: " << refused;
    OpBuilder b(op);
    op->replaceAllUsesWith(
        writeGradientStages(b, op, buildGradientPlan(spec, *isotypic)));
    op.erase();
    return success();
  }

  BuiltPlans *built = nullptr;
};

} // namespace
