//===- Stages.cpp - The plan that stage operations say --------------------===//

#include "compiler/Conversion/Stages/Stages.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

FailureOr<StagedLayer> eqc::readStages(func::FuncOp function) {
  StagedLayer layer;
  auto read = [&](auto readKind) -> FailureOr<StagedLayer> {
    FailureOr<LayerPlan> plan = readKind(function, layer.spec);
    if (failed(plan))
      return failure();
    layer.plan = std::move(*plan);
    return std::move(layer);
  };
#define EQC_STAGES(NAME, PLAN, OP)                                             \
  if (!function.front().getOps<OP>().empty())                                  \
    return read(read##NAME##Stages);
#include "compiler/Plan/StageKinds.def"
  return function.emitError("holds no stages of a layer");
}

RowTransform eqc::membersOfBias(Value bias) {
  RowTransform transform;
  transform.source = transform.target = PlanArray::Bias;
  if (bias && bias.getDefiningOp<TransformOp>())
    transform.rows = changeOf(bias);
  return transform;
}

template <typename OpT>
static FailureOr<OpT> findOnly(func::FuncOp function, StringRef what) {
  auto ops = function.front().getOps<OpT>();
  if (ops.empty() || std::next(ops.begin()) != ops.end()) {
    function.emitError() << "a layer in stages must have " << what
                         << " exactly once";
    return failure();
  }
  return *ops.begin();
}

FailureOr<RowsOfLayer> eqc::readRows(func::FuncOp function, LayerSpec &spec) {
  FailureOr<ToRowsOp> toRows = findOnly<ToRowsOp>(function, "'eqc.to_rows'");
  if (failed(toRows))
    return failure();
  FailureOr<FromRowsOp> fromRows =
      findOnly<FromRowsOp>(function, "'eqc.from_rows'");
  if (failed(fromRows))
    return failure();
  FailureOr<PackOp> pack = findOnly<PackOp>(function, "'eqc.pack'");
  if (failed(pack))
    return failure();
  if (toRows->getLayout() != fromRows->getLayout())
    return fromRows->emitError("must have the layout of 'eqc.to_rows'");
  auto xType = cast<RankedTensorType>(toRows->getX().getType());
  auto yType = cast<RankedTensorType>(fromRows->getY().getType());
  auto weightType = cast<RankedTensorType>(pack->getPacked().getType());
  spec.name = function.getName().str();
  spec.layout = toRows->getLayout();
  spec.dtype = xType.getElementType().isF32() ? DType::F32 : DType::F64;
  spec.k = static_cast<int>(xType.getRank()) - 2;
  spec.l = static_cast<int>(yType.getRank()) - 2;
  spec.cIn = weightType.getDimSize(1);
  spec.cOut = weightType.getDimSize(2);
  spec.bias = function.getNumArguments() > 2;
  return RowsOfLayer{*toRows, *pack, *fromRows};
}
