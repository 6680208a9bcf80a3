//===- ImportEqc.cpp - Checked layers to the eqc dialect ------------------===//

#include "compiler/Pipelines/ImportEqc.h"

#include "dialect/Eqc/EqcOps.h"

using namespace eqc;
using namespace mlir;

/// The tensor of `order` n-axes and channels of a layer.
static RankedTensorType makeType(const LayerSpec &layer,
                                 ArrayRef<int64_t> lengths, int64_t channels,
                                 Type element) {
  SmallVector<int64_t> shape{ShapedType::kDynamic};
  if (layer.layout == Layout::ChannelsFirst)
    shape.push_back(channels);
  for (int64_t length : lengths)
    shape.push_back(length < 0 ? ShapedType::kDynamic : length);
  if (layer.layout == Layout::ChannelsLast)
    shape.push_back(channels);
  return RankedTensorType::get(shape, element);
}

func::FuncOp eqc::importLayer(OpBuilder &b, const LayerSpec &layer) {
  OpBuilder::InsertionGuard guard(b);
  const SourcePosition &position = layer.position;
  Location source = FileLineColLoc::get(b.getStringAttr(position.file),
                                        position.line, position.column);
  auto named = [&](StringRef name) -> Location {
    return NameLoc::get(b.getStringAttr(name), source);
  };
  Type element =
      layer.dtype == DType::F32 ? Type(b.getF32Type()) : Type(b.getF64Type());
  const int64_t diagrams = static_cast<int64_t>(layer.diagrams.size());
  const int64_t biasDiagrams = static_cast<int64_t>(layer.biasDiagrams.size());
  SmallVector<Type> types{
      makeType(layer, lengthsOfInput(layer), layer.cIn, element),
      RankedTensorType::get({diagrams, layer.cIn, layer.cOut}, element)};
  SmallVector<Location> locations{named("x"), named("weight")};
  if (layer.bias) {
    types.push_back(RankedTensorType::get({biasDiagrams, layer.cOut}, element));
    locations.push_back(named("bias"));
  }
  Type yType = makeType(layer, lengthsOfOutput(layer), layer.cOut, element);

  auto function = func::FuncOp::create(b, source, layer.name,
                                       b.getFunctionType(types, yType));
  if (layer.batch > 0)
    function->setAttr(ir::EqcDialect::kBatchAttrName,
                      b.getI64IntegerAttr(layer.batch));
  if (layer.typed && !layer.group.isProduct())
    function->setAttr(ir::EqcDialect::kSpaceAttrName,
                      b.getStringAttr(layer.spaceName));
  if (layer.choice != DiagramChoice::List)
    function->setAttr(
        ir::EqcDialect::kDiagramsAttrName,
        b.getStringAttr(layer.choice == DiagramChoice::All ? "all" : "basis"));
  Block *entry = b.createBlock(&function.getBody(), {}, types, locations);
  b.setInsertionPointToStart(entry);
  MLIRContext *context = b.getContext();
  Value y = ir::LinearOp::create(
      b, source, yType, entry->getArgument(0), entry->getArgument(1),
      layer.bias ? entry->getArgument(2) : Value(),
      ir::GroupAttr::get(context, layer.group), b.getI64IntegerAttr(layer.n),
      b.getI64IntegerAttr(layer.k), b.getI64IntegerAttr(layer.l),
      ir::getDiagramArrayAttr(context, layer.diagrams),
      ir::getDiagramArrayAttr(context, layer.biasDiagrams),
      ir::LayoutAttr::get(context, layer.layout),
      ir::NormalizeAttr::get(context, layer.normalize));
  func::ReturnOp::create(b, source, y);
  return function;
}
