//===- EqcToLoops.cpp - Stages of a layer to loops on tensors ------------===//

#include "compiler/Conversion/EqcToLoops/LayerOfOp.h"
#include "compiler/Conversion/EqcToLoops/PlanEmitter.h"
#include "compiler/Conversion/EqcToLoops/StagePlan.h"
#include "compiler/Conversion/Passes.h"
#include "compiler/Lowering/Cpu/EmitKernels.h"
#include "dialect/Eqc/EqcLayerFunction.h"

namespace eqc {
#define GEN_PASS_DEF_CONVERTEQCTOLOOPSPASS
#include "compiler/Conversion/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace mlir;

/// Names the CPU of a kernel the way clang does for its functions, and leaves
/// with it what its emitter knows.
static void finish(const EmittedKernel &kernel, KernelRole role,
                   StringRef layer, ir::TargetAttr target) {
  func::FuncOp function = kernel.function;
  Builder b(function.getContext());
  SmallVector<Attribute> attributes;
  auto add = [&](StringRef name, StringRef value) {
    if (!value.empty())
      attributes.push_back(
          b.getArrayAttr({b.getStringAttr(name), b.getStringAttr(value)}));
  };
  const std::string bits = std::to_string(target.getVectorBytes() * 8);
  add("target-cpu", target.getCpu());
  add("tune-cpu", target.getTune());
  add("target-features", target.getFeatures());
  add("prefer-vector-width", bits);
  add("min-legal-vector-width", bits);
  function->setAttr("passthrough", b.getArrayAttr(attributes));
  function->setAttr(ir::EqcDialect::kKernelAttrName,
                    ir::KernelAttr::get(function.getContext(), role, layer,
                                        target, kernel.record));
}

namespace {

struct ConvertEqcToLoops
    : eqc::impl::ConvertEqcToLoopsPassBase<ConvertEqcToLoops> {
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
          "a layer for a CPU must carry 'eqc.target' and 'eqc.layer'");
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

  static std::unique_ptr<PlanEmitter> emitterOf(const LayerSpec &spec,
                                                StrandPlan &plan) {
    return makeStrandEmitter(spec, std::move(plan));
  }
  static std::unique_ptr<PlanEmitter> emitterOf(const LayerSpec &spec,
                                                IsotypicPlan &plan) {
    return makeIsotypicEmitter(spec, std::move(plan));
  }
  static std::unique_ptr<PlanEmitter> emitterOf(const LayerSpec &spec,
                                                FactoredForms &plan) {
    return makeFactoredEmitter(spec, buildFactoredPlan(spec, plan.forms),
                               std::move(plan.packed));
  }
  static std::unique_ptr<PlanEmitter> emitterOf(const LayerSpec &spec,
                                                DenseForm &) {
    return makeDenseEmitter(spec);
  }

  LogicalResult convert(func::FuncOp function) {
    const ir::TargetAttr target = targetOf(function);
    const StringAttr name = layerNameOf(function);
    auto gradients = function.front().getOps<ir::GradWeightOp>();
    if (!gradients.empty()) {
      emitGradient(function, getLayerOf(*gradients.begin()), name.getValue(),
                   target);
      return success();
    }
    FailureOr<StagedLayer> layer = readStages(function);
    if (failed(layer))
      return failure();
    const std::unique_ptr<PlanEmitter> emitter = std::visit(
        [&](auto &plan) { return emitterOf(layer->spec, plan); }, layer->plan);
    emit(function, *emitter, name.getValue(), target);
    return success();
  }

  void emitGradient(func::FuncOp function, const LayerSpec &spec,
                    StringRef layer, ir::TargetAttr target) {
    OpBuilder b(function);
    const GradientPlan plan = buildGradientPlan(spec);
    const Machine machine = target.getMachine();
    finish(emitGradientSums(b, function.getLoc(),
                            nameOf(layer, KernelRole::Sums, target), spec, plan,
                            scheduleGradient(spec, plan, machine), machine),
           KernelRole::Sums, layer, target);
  }

  void emit(func::FuncOp function, const PlanEmitter &emitter, StringRef layer,
            ir::TargetAttr target) {
    OpBuilder b(function);
    const Location loc = function.getLoc();
    const Machine machine = target.getMachine();
    finish(emitter.emitPack(b, loc, nameOf(layer, KernelRole::Pack, target),
                            machine),
           KernelRole::Pack, layer, target);
    b.setInsertionPoint(function);
    finish(emitter.emitForward(
               b, loc, nameOf(layer, KernelRole::Forward, target), machine),
           KernelRole::Forward, layer, target);
    b.setInsertionPoint(function);
    std::optional<EmittedKernel> lanes = emitter.emitLanesForward(
        b, loc, nameOf(layer, KernelRole::Lanes, target), machine);
    if (lanes)
      finish(*lanes, KernelRole::Lanes, layer, target);
  }

  static std::string nameOf(StringRef layer, KernelRole role,
                            ir::TargetAttr target) {
    return (layer + "." + ir::getSpelling(role) + "." + target.getName()).str();
  }
};

} // namespace
