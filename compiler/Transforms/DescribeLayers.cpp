//===- DescribeLayers.cpp - What programs are told of layers --------------===//
//
// While layers are still operations: kernels do not say what they compute.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Frontend/Print.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Transforms/Passes.h"

namespace eqc {
#define GEN_PASS_DEF_DESCRIBELAYERSPASS
#include "compiler/Transforms/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

/// Which diagrams the layer was written with.
static DiagramChoice choiceOf(func::FuncOp function) {
  auto choice =
      function->getAttrOfType<StringAttr>(EqcDialect::kDiagramsAttrName);
  if (!choice)
    return DiagramChoice::List;
  for (DiagramChoice known : {DiagramChoice::All, DiagramChoice::Connected})
    if (choice == choiceName(known))
      return known;
  return DiagramChoice::Basis;
}

static DictionaryAttr makeInfo(Builder &b, const LayerSpec &spec,
                               const CompiledAs &compiled) {
  NamedAttrList info;
  const std::vector<InfoValue> values = infoValues(spec, compiled);
  auto attributeOf = [&](const InfoField &field,
                         const InfoValue &value) -> Attribute {
    switch (field.type) {
    case InfoType::Text:
      return b.getStringAttr(value.text);
    case InfoType::Spaces:
      return b.getStringAttr(textOf(value.spaces));
    case InfoType::Axes:
      return b.getDenseI32ArrayAttr(value.axes);
    case InfoType::Word:
    case InfoType::Number:
      break;
    }
    return b.getI64IntegerAttr(value.number);
  };
  for (auto [field, value] : llvm::zip_equal(infoFields(), values))
    info.append(field.name, attributeOf(field, value));
  return info.getDictionary(b.getContext());
}

namespace {

struct DescribeLayers : eqc::impl::DescribeLayersPassBase<DescribeLayers> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    const SymbolTable symbols(module);
    if (auto given = dyn_cast_or_null<StringAttr>(
            module->removeAttr(EqcDialect::kOptionsAttrName)))
      options = given.str();
    SmallVector<Attribute> interfaces;
    for (auto function : module.getOps<func::FuncOp>()) {
      // The gradient of x is a layer, but not one that programs call.
      if (function.isDeclaration() ||
          function->hasAttr(EqcDialect::kFlipsAttrName))
        continue;
      auto layers = function.front().getOps<LinearOp>();
      if (!layers.empty())
        interfaces.push_back(
            describe(getLayerOf(*layers.begin()), function, symbols));
      for (auto op : function.front().getOps<BilinearOp>())
        if (op.getComputes() == BilinearRole::Forward)
          interfaces.push_back(describe(getLayerOf(op), function, symbols));
    }
    if (!interfaces.empty())
      module->setAttr(EqcDialect::kInterfacesAttrName,
                      ArrayAttr::get(&getContext(), interfaces));
    numLayers += static_cast<unsigned>(interfaces.size());
  }

  InterfaceAttr describe(LayerSpec spec, func::FuncOp function,
                         const SymbolTable &symbols) {
    spec.choice = choiceOf(function);
    CompiledAs compiled;
    compiled.source = toSource(spec);
    compiled.options = options;
    SmallVector<int64_t> flips;
    if (auto gradient =
            symbols.lookup<func::FuncOp>(gradientOfXName(spec.name))) {
      compiled.gradients = spec.isBilinear();
      if (auto known = gradient->getAttrOfType<DenseI64ArrayAttr>(
              EqcDialect::kFlipsAttrName)) {
        compiled.gradients = true;
        flips.append(known.asArrayRef().begin(), known.asArrayRef().end());
      }
    }
    Builder b(&getContext());
    return InterfaceAttr::get(&getContext(), makeInfo(b, spec, compiled),
                              flips);
  }

  std::string options; ///< that the layers are compiled with
};

} // namespace
