//===- ImportEqc.cpp - Checked layers to the eqc dialect ------------------===//

#include "compiler/Pipelines/ImportEqc.h"

#include "compiler/Interface/LayerInfo.h"
#include "dialect/Eqc/EqcOps.h"

using namespace eqc;
using namespace mlir;

/// The tensor with axes of these lengths, and channels.
static RankedTensorType makeType(Layout layout, ArrayRef<int64_t> lengths,
                                 int64_t channels, Type element) {
  SmallVector<int64_t> shape{ShapedType::kDynamic};
  if (layout == Layout::ChannelsFirst)
    shape.push_back(channels);
  for (int64_t length : lengths)
    shape.push_back(length < 0 ? ShapedType::kDynamic : length);
  if (layout == Layout::ChannelsLast)
    shape.push_back(channels);
  return RankedTensorType::get(shape, element);
}

static Location locationOf(OpBuilder &b, const SourcePosition &position) {
  return FileLineColLoc::get(b.getStringAttr(position.file), position.line,
                             position.column);
}

func::FuncOp eqc::importLayer(OpBuilder &b, const LayerSpec &layer) {
  OpBuilder::InsertionGuard guard(b);
  Location source = locationOf(b, layer.position);
  auto named = [&](StringRef name) -> Location {
    return NameLoc::get(b.getStringAttr(name), source);
  };
  Type element =
      layer.dtype == DType::F32 ? Type(b.getF32Type()) : Type(b.getF64Type());
  const int64_t diagrams = static_cast<int64_t>(layer.diagrams.size());
  const int64_t biasDiagrams = static_cast<int64_t>(layer.biasDiagrams.size());
  SmallVector<Type> types{
      makeType(layer.layout, lengthsOfInput(layer), layer.cIn, element)};
  SmallVector<Location> locations{named("x")};
  SmallVector<int64_t> weightShape{diagrams, layer.cIn, layer.cOut};
  if (layer.isBilinear()) {
    types.push_back(makeType(layer.layout, lengthsOfSecondInput(layer),
                             layer.cIn2, element));
    locations.push_back(named("z"));
    weightShape = {diagrams, layer.cIn, layer.cIn2, layer.cOut};
    if (layer.depthwise)
      weightShape = {diagrams, layer.cOut};
  }
  types.push_back(RankedTensorType::get(weightShape, element));
  locations.push_back(named("weight"));
  if (layer.bias) {
    types.push_back(RankedTensorType::get({biasDiagrams, layer.cOut}, element));
    locations.push_back(named("bias"));
  }
  Type yType =
      makeType(layer.layout, lengthsOfOutput(layer), layer.cOut, element);

  auto function = func::FuncOp::create(b, source, layer.name,
                                       b.getFunctionType(types, yType));
  if (layer.batch > 0)
    function->setAttr(ir::EqcDialect::kBatchAttrName,
                      b.getI64IntegerAttr(layer.batch));
  if (layer.storage != Storage::AsComputed)
    function->setAttr(ir::EqcDialect::kStorageAttrName,
                      TypeAttr::get(layer.storage == Storage::BF16
                                        ? Type(b.getBF16Type())
                                        : Type(b.getF16Type())));
  if (layer.typed && !layer.group.isProduct())
    function->setAttr(ir::EqcDialect::kSpaceAttrName,
                      b.getStringAttr(layer.spaceName));
  if (layer.choice != DiagramChoice::List)
    function->setAttr(ir::EqcDialect::kDiagramsAttrName,
                      b.getStringAttr(choiceName(layer.choice)));
  Block *entry = b.createBlock(&function.getBody(), {}, types, locations);
  b.setInsertionPointToStart(entry);
  MLIRContext *context = b.getContext();
  if (layer.isBilinear()) {
    auto op = ir::BilinearOp::create(
        b, source, yType, entry->getArguments(),
        ir::BilinearRoleAttr::get(context, BilinearRole::Forward),
        ir::GroupAttr::get(context, layer.group), b.getI64IntegerAttr(layer.n),
        b.getI64IntegerAttr(layer.k1()), b.getI64IntegerAttr(layer.k2),
        b.getI64IntegerAttr(layer.l),
        ir::getDiagramArrayAttr(context, layer.diagrams),
        ir::getDiagramArrayAttr(context, layer.biasDiagrams),
        ir::LayoutAttr::get(context, layer.layout),
        ir::NormalizeAttr::get(context, layer.normalize));
    func::ReturnOp::create(b, source, op.getResults());
    return function;
  }
  Value y = ir::LinearOp::create(
      b, source, yType, entry->getArgument(0), entry->getArgument(1),
      layer.bias ? entry->getArgument(2) : Value(), /*at=*/Value(),
      ir::GroupAttr::get(context, layer.group), b.getI64IntegerAttr(layer.n),
      b.getI64IntegerAttr(layer.k), b.getI64IntegerAttr(layer.l),
      ir::getDiagramArrayAttr(context, layer.diagrams),
      ir::getDiagramArrayAttr(context, layer.biasDiagrams),
      ir::LayoutAttr::get(context, layer.layout),
      ir::NormalizeAttr::get(context, layer.normalize),
      ir::getPermutationArrayAttr(context, layer.symmetry.in),
      ir::getPermutationArrayAttr(context, layer.symmetry.out),
      layer.weightsOf == WeightsOf::Orbits ? b.getUnitAttr() : UnitAttr(),
      ir::PoolAttr::get(context, layer.pools() ? layer.pool : Pool::Sum));
  func::ReturnOp::create(b, source, y);
  return function;
}

namespace {

/// Writes the steps of a network.
class NetworkImporter {
public:
  NetworkImporter(OpBuilder &b, const NetworkSpec &network)
      : b(b), network(network),
        element(network.dtype == DType::F32 ? Type(b.getF32Type())
                                            : Type(b.getF64Type())) {}

  void import(StringRef source) {
    OpBuilder::InsertionGuard guard(b);
    const Location where = locationOf(b, network.position);
    SmallVector<StringRef> inputs, outputs;
    SmallVector<Attribute> axes;
    SmallVector<Type> types;
    SmallVector<Location> locations;
    for (size_t i = 0; i < network.numInputs; ++i) {
      const NetworkValue &input = network.values[i];
      inputs.push_back(input.name);
      axes.push_back(axesOf(input.axes));
      types.push_back(typeOf(static_cast<int>(i)));
      locations.push_back(NameLoc::get(b.getStringAttr(input.name),
                                       locationOf(b, input.position)));
    }
    for (const NetworkOutput &output : network.outputs)
      outputs.push_back(output.name);
    auto op = ir::NetworkOp::create(
        b, where, b.getStringAttr(network.name),
        b.getStringAttr(textOf(network.spaceList())), b.getStrArrayAttr(inputs),
        b.getArrayAttr(axes), b.getStrArrayAttr(outputs),
        ir::LayoutAttr::get(b.getContext(), network.layout));
    op->setAttr(ir::EqcDialect::kSourceAttrName, b.getStringAttr(source));
    Block *body = b.createBlock(&op.getBody(), {}, types, locations);
    values.assign(network.values.size(), Value());
    for (size_t i = 0; i < network.numInputs; ++i)
      values[i] = body->getArgument(static_cast<unsigned>(i));
    b.setInsertionPointToStart(body);
    for (const NetworkStep &step : network.steps)
      values[step.result] = importStep(step);
    SmallVector<Value> results;
    for (const NetworkOutput &output : network.outputs)
      results.push_back(values[output.value]);
    ir::OutputOp::create(b, where, results);
  }

private:
  DenseI32ArrayAttr axesOf(const std::vector<int> &axes) {
    return b.getDenseI32ArrayAttr(axes);
  }

  RankedTensorType typeOf(int value) {
    SmallVector<int64_t> lengths;
    for (int axis : network.values[value].axes)
      lengths.push_back(network.lengthOf(axis));
    return makeType(network.layout, lengths, network.values[value].channels,
                    element);
  }

  Value importStep(const NetworkStep &step) {
    const Location where = locationOf(b, step.position);
    const Type type = typeOf(step.result);
    SmallVector<Value> operands;
    for (int operand : step.operands)
      operands.push_back(values[operand]);
    switch (step.kind) {
    case StepKind::Layer:
      return ir::CallOp::create(b, where, type, network.layers[step.layer].name,
                                operands, network.values[step.result].axes);
    case StepKind::Pointwise:
      return ir::PointwiseOp::create(
          b, where, type, StringRef(functionName(step.function)), operands[0]);
    case StepKind::Norm:
      return ir::NormOp::create(b, where, type, operands[0], step.spaces);
    case StepKind::Scale:
      return ir::ScaleOp::create(b, where, type, operands[1], operands[0]);
    case StepKind::Concat:
      return ir::ConcatOp::create(b, where, type, operands);
    case StepKind::Add:
      break;
    }
    return ir::AddOp::create(b, where, type, operands);
  }

  OpBuilder &b;
  const NetworkSpec &network;
  Type element;
  std::vector<Value> values;
};

} // namespace

void eqc::importNetwork(OpBuilder &b, const NetworkSpec &network,
                        StringRef source) {
  NetworkImporter(b, network).import(source);
}
