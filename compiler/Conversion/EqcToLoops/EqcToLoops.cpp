//===- EqcToLoops.cpp - Stages of a layer to loops on tensors ------------===//

#include "compiler/Conversion/EqcToLoops/LayerOfOp.h"
#include "compiler/Conversion/EqcToLoops/StagePlan.h"
#include "compiler/Conversion/Passes.h"
#include "compiler/Lowering/KernelTarget.h"
#include "dialect/Eqc/EqcLayerFunction.h"

namespace eqc {
#define GEN_PASS_DEF_CONVERTEQCTOLOOPSPASS
#include "compiler/Conversion/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace mlir;

/// Leaves with kernels what their emitter knows.
static void note(const KernelTarget::Kernels &kernels, const KernelSite &site) {
  for (const auto &[role, kernel] : kernels)
    kernel.function->setAttr(ir::EqcDialect::kKernelAttrName,
                             ir::KernelAttr::get(site.target.getContext(), role,
                                                 site.layer, site.target,
                                                 kernel.record));
}

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

namespace {

struct ConvertEqcToLoops
    : eqc::impl::ConvertEqcToLoopsPassBase<ConvertEqcToLoops> {
  void getDependentDialects(DialectRegistry &registry) const override {
    for (const KernelTarget *target : kernelTargets())
      target->addDialects(registry);
  }

  void runOnOperation() override {
    SmallVector<func::FuncOp> layers;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(ir::EqcDialect::kTargetAttrName))
        layers.push_back(function);
    const ir::LayerFunctions verifier(getOperation());
    for (func::FuncOp function : layers)
      if (failed(verify(function, verifier)))
        return signalPassFailure();
    for (func::FuncOp function : layers) {
      if (failed(convert(function)))
        return signalPassFailure();
      function.erase();
      ++numKernels;
    }
  }

  static LogicalResult verify(func::FuncOp function,
                              const ir::LayerFunctions &verifier) {
    if (!targetOf(function) || !layerNameOf(function))
      return function.emitError(
          "a layer for a machine must carry 'eqc.target' and 'eqc.layer'");
    const StringRef kind = targetOf(function).getKind();
    if (!findKernelTarget(kind))
      return function.emitError()
             << "no kernels are written for a target of kind '" << kind << "'";
    // Kernels are written from its layer alone.
    return verifier.verify(function);
  }

  static ir::TargetAttr targetOf(func::FuncOp function) {
    return function->getAttrOfType<ir::TargetAttr>(
        ir::EqcDialect::kTargetAttrName);
  }
  static StringAttr layerNameOf(func::FuncOp function) {
    return function->getAttrOfType<StringAttr>(ir::EqcDialect::kLayerAttrName);
  }

  LogicalResult convert(func::FuncOp function) {
    OpBuilder b(function);
    const KernelSite site{b, function.getLoc(),
                          layerNameOf(function).getValue(), targetOf(function)};
    const KernelTarget &target = *findKernelTarget(site.target.getKind());
    auto gradients = function.front().getOps<ir::GradWeightOp>();
    if (!gradients.empty()) {
      const LayerSpec spec = getLayerOf(*gradients.begin());
      note(target.emitGradients(site, spec, buildGradientPlan(spec)), site);
      return success();
    }
    FailureOr<StagedLayer> layer = readStages(function);
    if (failed(layer))
      return failure();
    const LayerPlan plan = std::visit(
        [&](auto &stages) { return planOf(layer->spec, stages); }, layer->plan);
    note(target.emitLayer(site, layer->spec, plan), site);
    return success();
  }
};

} // namespace
