//===- KernelPlan.cpp - What the kernels of a function compute ------------===//

#include "compiler/Conversion/EqcToLoops/KernelPlan.h"

#include "compiler/Conversion/EqcToLoops/LayerOfOp.h"
#include "compiler/Conversion/EqcToLoops/StagePlan.h"

using namespace eqc;
using namespace mlir;

static LayerPlan planOf(const LayerSpec &, StrandPlan &plan) {
  return std::move(plan);
}
static LayerPlan planOf(const LayerSpec &, IsotypicPlan &plan) {
  return std::move(plan);
}
static LayerPlan planOf(const LayerSpec &spec, FactoredForms &plan) {
  return FactoredLayer{buildFactoredPlan(spec, plan.forms),
                       std::move(plan.packed)};
}
static LayerPlan planOf(const LayerSpec &spec, DenseForm &) {
  return buildDensePlan(spec);
}

FailureOr<KernelPlan> eqc::readKernelPlan(func::FuncOp function) {
  auto gradients = function.front().getOps<ir::GradWeightOp>();
  if (!gradients.empty()) {
    const LayerSpec spec = getLayerOf(*gradients.begin());
    return KernelPlan{spec, buildGradientPlan(spec)};
  }
  FailureOr<StagedLayer> layer = readStages(function);
  if (failed(layer))
    return failure();
  return KernelPlan{
      layer->spec,
      std::visit([&](auto &stages) { return planOf(layer->spec, stages); },
                 layer->plan)};
}
