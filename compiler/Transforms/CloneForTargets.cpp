//===- CloneForTargets.cpp - One clone of a layer per CPU -----------------===//
//
// Before tiling: the shape of the tiles is what differs between CPUs. The
// runtime chooses among the clones by a table, so there are no indirect
// functions and no dispatch in the kernels.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Transforms/Passes.h"
#include "dialect/Eqc/EqcOps.h"

#include <algorithm>

namespace eqc {
#define GEN_PASS_DEF_CLONEFORTARGETSPASS
#include "compiler/Transforms/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace mlir;

namespace {

struct CloneForTargets : eqc::impl::CloneForTargetsPassBase<CloneForTargets> {
  using CloneForTargetsPassBase::CloneForTargetsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::vector<CpuVariant> variants;
    std::string error;
    if (!resolveVariants(triple,
                         std::vector<std::string>(cpus.begin(), cpus.end()),
                         variants, error)) {
      module.emitError(error);
      return signalPassFailure();
    }
    SmallVector<func::FuncOp> layers;
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr(ir::EqcDialect::kPlanAttrName) &&
          !function->hasAttr(ir::EqcDialect::kTargetAttrName))
        layers.push_back(function);
    notePlans(module);
    for (func::FuncOp layer : layers) {
      for (const CpuVariant &variant : variants)
        clone(layer, variant);
      layer.erase();
    }
  }

  /// Programs are told the plan of a layer, which goes with its function.
  static void notePlans(ModuleOp module) {
    auto interfaces =
        module->getAttrOfType<ArrayAttr>(ir::EqcDialect::kInterfacesAttrName);
    if (!interfaces)
      return;
    const SymbolTable symbols(module);
    SmallVector<Attribute> noted;
    for (auto interface : interfaces.getAsRange<ir::InterfaceAttr>()) {
      NamedAttrList info(interface.getInfo());
      if (auto layer = symbols.lookup<func::FuncOp>(interface.getName()))
        if (Attribute plan = layer->getAttr(ir::EqcDialect::kPlanAttrName))
          info.set("plan", plan);
      noted.push_back(ir::InterfaceAttr::get(
          module.getContext(), info.getDictionary(module.getContext()),
          interface.getFlips()));
    }
    module->setAttr(ir::EqcDialect::kInterfacesAttrName,
                    ArrayAttr::get(module.getContext(), noted));
  }

  void clone(func::FuncOp layer, const CpuVariant &variant) {
    int64_t registers = variant.machine.registers;
    if (auto most = layer->getAttrOfType<IntegerAttr>(
            ir::EqcDialect::kMaxRegistersAttrName))
      registers = std::min(registers, most.getInt());
    OpBuilder b(layer);
    auto copy = cast<func::FuncOp>(b.clone(*layer));
    copy.setName((layer.getName() + "." + variant.name).str());
    copy->setAttr(ir::EqcDialect::kLayerAttrName,
                  b.getStringAttr(layer.getName()));
    copy->setAttr(ir::EqcDialect::kTargetAttrName,
                  ir::TargetAttr::get(
                      &getContext(), variant.name, variant.cpu, variant.tune,
                      variant.features, variant.machine.vectorBytes, registers,
                      variant.level, variant.runtimeFeatures, variant.kind));
    copy->removeAttr(ir::EqcDialect::kMaxRegistersAttrName);
    ++numClones;
  }
};

} // namespace
