//===- EqcToLoops.cpp - Stages of a layer to loops on tensors ------------===//

#include "compiler/Conversion/EqcToLoops/KernelPlan.h"
#include "compiler/Conversion/Passes.h"
#include "dialect/Eqc/EqcDialect.h"
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
    FailureOr<KernelPlan> kernels = readKernelPlan(function);
    if (failed(kernels))
      return failure();
    if (auto *plan = std::get_if<LayerPlan>(&kernels->plan))
      note(target.emitLayer(site, kernels->spec, *plan), site);
    else if (auto *plan = std::get_if<BilinearPlan>(&kernels->plan))
      note(target.emitBilinear(site, kernels->spec, *plan), site);
    else
      note(target.emitGradients(site, kernels->spec,
                                std::get<GradientPlan>(kernels->plan)),
           site);
    return success();
  }
};

} // namespace
