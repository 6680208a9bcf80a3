//===- AddGradients.cpp - The gradients of layers as functions ------------===//
//
// Before a plan is decided: the gradient of x is a layer like any other, so
// every plan and every pass works for it too.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Plan/Bilinear/BilinearRole.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Transforms/Passes.h"

namespace eqc {
#define GEN_PASS_DEF_ADDGRADIENTSPASS
#include "compiler/Transforms/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

struct AddGradients : eqc::impl::AddGradientsPassBase<AddGradients> {
  void runOnOperation() override {
    SmallVector<LinearOp> layers;
    getOperation().walk([&](LinearOp op) { layers.push_back(op); });
    for (LinearOp op : layers) {
      auto function = op->getParentOfType<func::FuncOp>();
      if (!function) {
        op.emitError("a layer must stand in a function");
        return signalPassFailure();
      }
      OpBuilder b(&getContext());
      b.setInsertionPointAfter(function);
      addGradientOfX(b, op, function);
      addGradientOfWeight(b, op, function);
      ++numLayers;
    }
    SmallVector<BilinearOp> bilinear;
    getOperation().walk([&](BilinearOp op) { bilinear.push_back(op); });
    for (BilinearOp op : bilinear) {
      auto function = op->getParentOfType<func::FuncOp>();
      if (!function || op.getComputes() != BilinearRole::Forward) {
        op.emitError(function ? "a gradient has no gradients"
                              : "a layer must stand in a function");
        return signalPassFailure();
      }
      OpBuilder b(&getContext());
      b.setInsertionPointAfter(function);
      for (BilinearRole role :
           {BilinearRole::GradX, BilinearRole::GradZ, BilinearRole::GradWeight})
        addGradient(b, op, function, role);
      ++numLayers;
    }
  }

  /// A gradient of a bilinear layer: the same diagrams with another array as
  /// the result.
  void addGradient(OpBuilder &b, BilinearOp op, func::FuncOp layer,
                   BilinearRole role) {
    OpBuilder::InsertionGuard guard(b);
    const BilinearRows rows = rowsOf(role);
    const bool ofWeight = role == BilinearRole::GradWeight;
    SmallVector<Type> types{op.typeOf(rows.a), op.typeOf(rows.b)};
    SmallVector<Type> results;
    if (ofWeight) {
      types.push_back(op.typeOf(rows.third));
      results.push_back(op.getWeightType());
      if (!op.getBiasDiagrams().empty())
        results.push_back(op.getInputs().back().getType());
    } else {
      types.push_back(op.getWeightType());
      results.push_back(op.typeOf(rows.third));
    }
    func::FuncOp function = addFunction(
        b, layer, nameOf(layer.getName().str(), role), types, results);
    auto gradient =
        BilinearOp::create(b, op.getLoc(), results, function.getArguments(),
                           BilinearRoleAttr::get(&getContext(), role),
                           op.getGroupAttr(), op.getNAttr(), op.getK1Attr(),
                           op.getK2Attr(), op.getLAttr(), op.getDiagramsAttr(),
                           ofWeight ? op.getBiasDiagramsAttr()
                                    : getDiagramArrayAttr(&getContext(), {}),
                           op.getLayoutAttr(), op.getNormalizeAttr());
    func::ReturnOp::create(b, op.getLoc(), gradient.getResults());
  }

  /// A function after `layer`, with the attributes of which batch and registers
  /// it is compiled for; the builder is left at its start.
  static func::FuncOp addFunction(OpBuilder &b, func::FuncOp layer,
                                  StringRef name, TypeRange arguments,
                                  TypeRange results) {
    auto function = func::FuncOp::create(b, layer.getLoc(), name,
                                         b.getFunctionType(arguments, results));
    for (StringRef attribute :
         {EqcDialect::kBatchAttrName, EqcDialect::kMaxRegistersAttrName})
      if (Attribute value = layer->getAttr(attribute))
        function->setAttr(attribute, value);
    b.setInsertionPointToStart(function.addEntryBlock());
    return function;
  }

  /// What the weights of each diagram are multiplied by: its sign, and how
  /// often it is divided by n, or by the size of each space of a product.
  static DenseI64ArrayAttr getFlips(OpBuilder &b, const LayerSpec &spec) {
    SmallVector<int64_t> flips;
    for (const Diagram &diagram : spec.diagrams) {
      const FlipFactor factor = flipFactor(spec, diagram);
      flips.push_back(factor.sign);
      if (spec.group.isProduct()) {
        SmallVector<int64_t> of(factor.of.begin(), factor.of.end());
        of.resize(spec.group.spaces().size(), 0);
        flips.append(of);
      } else {
        flips.push_back(factor.divisions);
      }
    }
    return b.getDenseI64ArrayAttr(flips);
  }

  void addGradientOfX(OpBuilder &b, LinearOp op, func::FuncOp layer) {
    OpBuilder::InsertionGuard guard(b);
    const LayerSpec flipped = gradientLayer(getLayerOf(op));
    auto weight = cast<RankedTensorType>(op.getWeight().getType());
    auto flippedWeight =
        RankedTensorType::get({weight.getDimSize(0), flipped.cIn, flipped.cOut},
                              weight.getElementType());
    SmallVector<Type> arguments{op.getType(), flippedWeight};
    if (flipped.unpools)
      arguments.push_back(op.getX().getType());
    func::FuncOp function =
        addFunction(b, layer, flipped.name, arguments, op.getX().getType());
    function->setAttr(EqcDialect::kFlipsAttrName, getFlips(b, getLayerOf(op)));
    Value gradX = LinearOp::create(
        b, op.getLoc(), op.getX().getType(), function.getArgument(0),
        function.getArgument(1), /*bias=*/Value(),
        flipped.unpools ? Value(function.getArgument(2)) : Value(),
        op.getGroupAttr(), op.getNAttr(), op.getLAttr(), op.getKAttr(),
        getDiagramArrayAttr(&getContext(), flipped.diagrams),
        getDiagramArrayAttr(&getContext(), {}), op.getLayoutAttr(),
        NormalizeAttr::get(&getContext(), flipped.normalize),
        op.getOutSymmetryAttr(), op.getInSymmetryAttr(),
        op.getOrbitWeightsAttr(), op.getPoolAttr());
    // A plan that is wanted is wanted of the gradient too.
    if (auto plan = op->getAttrOfType<PlanAttr>(EqcDialect::kPlanAttrName))
      gradX.getDefiningOp()->setAttr(
          EqcDialect::kPlanAttrName,
          PlanAttr::get(&getContext(), plan.getKind()));
    func::ReturnOp::create(b, op.getLoc(), gradX);
  }

  void addGradientOfWeight(OpBuilder &b, LinearOp op, func::FuncOp layer) {
    OpBuilder::InsertionGuard guard(b);
    SmallVector<Type> results{op.getWeight().getType()};
    if (op.getBias())
      results.push_back(op.getBias().getType());
    func::FuncOp function =
        addFunction(b, layer, gradientOfWeightName(layer.getName().str()),
                    {op.getX().getType(), op.getType()}, results);
    // Whatever the plan of the layer, this one has a way of its own.
    function->setAttr(EqcDialect::kPlanAttrName, b.getStringAttr("gradient"));
    auto gradients = GradWeightOp::create(
        b, op.getLoc(), op.getWeight().getType(),
        op.getBias() ? op.getBias().getType() : Type(), function.getArgument(0),
        function.getArgument(1), op.getGroupAttr(), op.getNAttr(),
        op.getKAttr(), op.getLAttr(), op.getDiagramsAttr(),
        op.getBiasDiagramsAttr(), op.getLayoutAttr(), op.getNormalizeAttr(),
        op.getInSymmetryAttr(), op.getOutSymmetryAttr(),
        op.getOrbitWeightsAttr(), op.getPoolAttr());
    func::ReturnOp::create(b, op.getLoc(), gradients.getResults());
  }
};

} // namespace
