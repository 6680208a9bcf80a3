//===- EqcToLinalg.cpp - Layers as graphs of upstream operations ----------===//
//
// The portable form: tensors in, tensors out, operations of linalg, tensor and
// arith alone. It knows no target, so any MLIR compiler takes it.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLinalg/PlanGraphs.h"
#include "compiler/Conversion/Passes.h"
#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Conversion/Stages/Stages.h"
#include "dialect/Eqc/EqcLayerFunction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace eqc {
#define GEN_PASS_DEF_CONVERTEQCTOLINALGPASS
#include "compiler/Conversion/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace mlir;

namespace {

/// One function of a layer: the layer itself, or the gradient of its input.
class GraphFunction {
public:
  explicit GraphFunction(func::FuncOp function) : function(function) {}

  LogicalResult convert() {
    if (failed(readLayer()))
      return failure();
    OpBuilder b(function);
    const Location loc = function.getLoc();
    func::FuncOp graph = declare(b);
    b.setInsertionPointToStart(graph.addEntryBlock());

    SmallVector<Value> arguments(graph.getArguments());
    Value n;
    if (takesN())
      n = arguments.front();
    const ArrayRef<Value> tensors =
        ArrayRef(arguments).drop_front(takesN() ? 1 : 0);
    const Value x = tensors[0];
    const Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    const Value batch = tensor::DimOp::create(b, loc, x, zero);
    if (spec.dynamicN() && !n) {
      const int64_t axis = spec.layout == Layout::ChannelsLast ? 1 : 2;
      n = tensor::DimOp::create(b, loc, x,
                                arith::ConstantIndexOp::create(b, loc, axis));
    }
    auto type = cast<RankedTensorType>(x.getType());
    GraphBuilder builder(b, loc, type.getElementType(), spec.n, n, batch);
    const Value weight = flips ? flip(builder, tensors[1]) : tensors[1];
    const Value bias = spec.bias ? tensors[2] : Value();
    const Value y = build(builder, x, weight, bias);
    func::ReturnOp::create(b, loc, y);
    function.erase();
    return success();
  }

private:
  LogicalResult readLayer() {
    Block &body = function.front();
    flips = function->getAttrOfType<DenseI64ArrayAttr>(
        ir::EqcDialect::kFlipsAttrName);
    for (Operation &op : body)
      if (isa<ir::LinearOp>(op))
        return op.emitError("no plan is chosen; run '--eqc-expand' first");
    FailureOr<StagedLayer> read = readStages(function);
    if (failed(read))
      return failure();
    staged = std::move(*read);
    spec = staged.spec;
    return success();
  }

  /// Whether no tensor shows n.
  bool takesN() const { return spec.dynamicN() && spec.k == 0; }

  /// NAME, or NAME_grad_x for NAME.grad_x; the latter takes the weights of the
  /// layer itself.
  func::FuncOp declare(OpBuilder &b) {
    std::string name = function.getName().str();
    SmallVector<Type> types(function.getArgumentTypes());
    if (flips) {
      std::replace(name.begin(), name.end(), '.', '_');
      auto flipped = cast<RankedTensorType>(types[1]);
      types[1] = RankedTensorType::get(
          {flipped.getDimSize(0), flipped.getDimSize(2), flipped.getDimSize(1)},
          flipped.getElementType());
    }
    if (takesN())
      types.insert(types.begin(), b.getIndexType());
    function.setName("");
    return func::FuncOp::create(
        b, function.getLoc(), name,
        b.getFunctionType(types, function.getResultTypes()));
  }

  /// Weights with the channels exchanged, each diagram's times its factor: a
  /// sign and a power of 1/n, see flipFactor().
  Value flip(GraphBuilder &graph, Value weight) {
    OpBuilder &b = graph.b;
    SmallVector<Value> factors;
    const ArrayRef<int64_t> values = flips;
    for (size_t d = 0; 2 * d < values.size(); ++d) {
      const Value sign = graph.number(static_cast<double>(values[2 * d]));
      const Value power = graph.inverseOfN(static_cast<int>(values[2 * d + 1]));
      factors.push_back(
          power ? arith::MulFOp::create(b, graph.loc, sign, power).getResult()
                : sign);
    }
    const auto diagrams = static_cast<int64_t>(factors.size());
    const Value factor = tensor::FromElementsOp::create(
        b, graph.loc, RankedTensorType::get({diagrams}, graph.element),
        factors);
    return graph.addProduct(
        {graph.zeros({diagrams, spec.cIn, spec.cOut}), {0, 1, 2}},
        {{weight, {0, 2, 1}}, {factor, {0}}});
  }

  Value build(GraphBuilder &graph, Value x, Value weight, Value bias) {
    LayerGraph layer(graph, spec, x, weight, bias);
    const GraphSite site{graph, layer, function, spec, x, weight, bias};
    return std::visit([&](const auto &plan) { return buildGraph(site, plan); },
                      staged.plan);
  }

  func::FuncOp function;
  LayerSpec spec;
  StagedLayer staged;
  DenseI64ArrayAttr flips; ///< of the gradient of x; else null
};

struct ConvertEqcToLinalg
    : eqc::impl::ConvertEqcToLinalgPassBase<ConvertEqcToLinalg> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> functions;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (ir::holdsLayer(function))
        functions.push_back(function);
    for (func::FuncOp function : functions) {
      // The gradient of the weights is no layer.
      if (!function.front().getOps<ir::GradWeightOp>().empty() ||
          !function.front().getOps<ir::UnpackOp>().empty()) {
        function.erase();
        continue;
      }
      if (failed(GraphFunction(function).convert()))
        return signalPassFailure();
      ++numGraphs;
    }
  }
};

} // namespace
