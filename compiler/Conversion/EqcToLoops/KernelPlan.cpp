//===- KernelPlan.cpp - What the kernels of a function compute ------------===//

#include "compiler/Conversion/EqcToLoops/KernelPlan.h"

#include "compiler/Plan/Bilinear/JoinPlans.h"
#include "compiler/Plan/Schur/SchurChoice.h"

#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Conversion/Stages/Stages.h"

using namespace eqc;
using namespace mlir;

FailureOr<KernelPlan> eqc::readKernelPlan(func::FuncOp function) {
  auto gradients = function.front().getOps<ir::GradWeightOp>();
  if (!gradients.empty()) {
    ir::GradWeightOp op = *gradients.begin();
    const LayerSpec spec = getLayerOf(op);
    auto plan = op->getAttrOfType<ir::PlanAttr>(ir::EqcDialect::kPlanAttrName);
    if (plan && findBasis(plan.getBasis().str()) == SchurBasis::Strands)
      return KernelPlan{spec, buildStrandGradientPlan(spec)};
    return KernelPlan{spec, buildGradientPlan(spec)};
  }
  if (!function.front().getOps<ir::UnpackOp>().empty()) {
    LayerSpec spec;
    FailureOr<GradientPlan> plan = readGradientStages(function, spec);
    if (failed(plan))
      return failure();
    return KernelPlan{spec, std::move(*plan)};
  }
  auto bilinear = function.front().getOps<ir::BilinearOp>();
  if (!bilinear.empty()) {
    ir::BilinearOp op = *bilinear.begin();
    const LayerSpec spec = getLayerOf(op);
    auto plan =
        function->getAttrOfType<StringAttr>(ir::EqcDialect::kPlanAttrName);
    const std::optional<PlanKind> kind =
        plan ? findPlan(plan.getValue()) : std::nullopt;
    const bool shares =
        sharesJoins(kind.value_or(defaultJoinPlan())).value_or(true);
    return KernelPlan{spec, buildBilinearPlan(spec, op.getComputes(), shares)};
  }
  FailureOr<StagedLayer> layer = readStages(function);
  if (failed(layer))
    return failure();
  return KernelPlan{layer->spec, std::move(layer->plan)};
}
