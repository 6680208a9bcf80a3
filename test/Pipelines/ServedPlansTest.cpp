//===- ServedPlansTest.cpp - Plans that a target does not serve -----------===//

#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Pipelines/ImportEqc.h"
#include "compiler/Transforms/ChoosePlans.h"
#include "dialect/Eqc/EqcOps.h"
#include "test/Plan/Support.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace mlir;

namespace {

/// Serves the last plan alone.
struct FussyTarget : PlanTarget {
  static constexpr PlanKind served = allPlans[std::size(allPlans) - 1];
  std::string whyNotServed(PlanKind plan, const LayerSpec &) const override {
    return plan == served ? "" : "no abacus has so many beads";
  }
};

/// The plan that is chosen, or why there is none.
std::string choose(PlanKind asked) {
  MLIRContext context;
  context.loadDialect<func::FuncDialect, ir::EqcDialect>();
  std::string error;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    error += diagnostic.str();
    for (const DiagnosticArgument &fact : diagnostic.getMetadata())
      error += " " + cast<StringAttr>(fact.getAsAttribute()).getValue().str();
  });
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  func::FuncOp function =
      importLayer(b, test::makeLayer(Group::S, 4, 1, 1, 2, 2));
  const FussyTarget fussy;
  CostTarget target = costTargetOf(Machine());
  target.kind = &fussy;
  BuiltPlans built;
  ChoosePlansPassOptions options;
  options.plan = std::string(planName(asked));
  PassManager pm(&context);
  pm.addPass(createChoosePlansPass(options, {target, built}));
  if (failed(pm.run(*module)))
    return error;
  auto plan = (*function.getOps<ir::LinearOp>().begin())
                  ->getAttrOfType<ir::PlanAttr>(ir::EqcDialect::kPlanAttrName);
  return plan.getName().str();
}

TEST(ServedPlans, AutoTakesThemAlone) {
  EXPECT_EQ(choose(PlanKind::Auto), planName(FussyTarget::served));
}

TEST(ServedPlans, OthersAreRefusedForTheTargetsReason) {
  for (PlanKind asked : allPlans) {
    const std::string name(planName(asked));
    EXPECT_EQ(choose(asked),
              asked == FussyTarget::served
                  ? name
                  : "the " + name +
                        " plan of 'layer' is not possible: no abacus has so "
                        "many beads E0098 layer");
  }
}

} // namespace
