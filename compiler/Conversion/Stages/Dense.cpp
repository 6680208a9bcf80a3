//===- Dense.cpp - The dense plan that operations say ---------------------===//

#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Conversion/Stages/Stages.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

/// What a sample with axes of these lengths looks like, with its batch.
static RankedTensorType tensorType(RankedTensorType like, AssembleOp assemble,
                                   ArrayRef<int64_t> lengths,
                                   int64_t channels) {
  SmallVector<int64_t> shape{like.getDimSize(0)};
  shape.append(lengths.begin(), lengths.end());
  shape.insert(assemble.getLayout() == Layout::ChannelsLast ? shape.end()
                                                            : shape.begin() + 1,
               channels);
  return RankedTensorType::get(shape, like.getElementType());
}

/// Diagrams have the sums of weights, or of rows of a bias, that these name.
static void takeMembers(std::vector<DenseEntry> &entries, SumsAttr members) {
  std::vector<DenseEntry> all;
  for (DenseEntry &entry : entries)
    for (auto [number, factor] :
         llvm::zip_equal(members.getNumbersOf(entry.diagram),
                         members.getFactorsOf(entry.diagram))) {
      entry.weight = {static_cast<int>(number), factor};
      all.push_back(entry);
    }
  entries = std::move(all);
}

FailureOr<LayerPlan> eqc::readDenseStages(func::FuncOp function,
                                          LayerSpec &spec) {
  MultiplyOp multiply = *function.front().getOps<MultiplyOp>().begin();
  auto matrix = multiply.getMatrix().getDefiningOp<AssembleOp>();
  auto weightType = cast<RankedTensorType>(
      matrix ? matrix.getWeights().getType() : multiply.getX().getType());
  if (!matrix || weightType.getRank() != 3)
    return multiply.emitError(
        "must multiply by what 'eqc.assemble' makes of weights");
  spec.name = function.getName().str();
  spec.group = matrix.getGroup();
  spec.n = matrix.getN();
  spec.k = static_cast<int>(matrix.getK());
  spec.l = static_cast<int>(matrix.getL());
  spec.cIn = weightType.getDimSize(1);
  spec.cOut = weightType.getDimSize(2);
  spec.dtype = weightType.getElementType().isF32() ? DType::F32 : DType::F64;
  spec.layout = matrix.getLayout();
  spec.normalize = matrix.getNormalize();
  spec.choice = DiagramChoice::List;
  spec.diagrams = getDiagramValues(matrix.getDiagrams());
  setAxes(spec, spec.diagrams.front());
  for (auto [name, value, lengths, channels] :
       {std::tuple("x", multiply.getX(), lengthsOfInput(spec), spec.cIn),
        std::tuple("y", multiply.getY(), lengthsOfOutput(spec), spec.cOut)}) {
    auto type = cast<RankedTensorType>(value.getType());
    const RankedTensorType expected =
        tensorType(type, matrix, lengths, channels);
    if (type != expected)
      return multiply.emitError()
             << "'" << name << "' must be " << expected
             << ", as the matrix is assembled, found " << type;
  }
  auto weights = matrix.getWeights().getDefiningOp<PackOp>();
  if (!multiply.getAdded()) {
    DensePlan plan = buildDensePlan(spec);
    if (weights)
      takeMembers(plan.diagrams, weights.getOrder());
    return LayerPlan(std::move(plan));
  }
  auto bias = multiply.getAdded().getDefiningOp<AssembleOp>();
  if (!bias ||
      cast<RankedTensorType>(bias.getWeights().getType()).getRank() != 2)
    return multiply.emitError("must add what 'eqc.assemble' makes of a bias");
  if (bias.getGroup() != spec.group || bias.getN() != spec.n ||
      bias.getL() != spec.l || bias.getLayout() != spec.layout)
    return bias.emitError(
        "must be of the group, size, outputs and layout of the matrix");
  spec.biasDiagrams = getDiagramValues(bias.getDiagrams());
  spec.bias = true;
  DensePlan plan = buildDensePlan(spec);
  if (weights)
    takeMembers(plan.diagrams, weights.getOrder());
  if (auto rows = bias.getWeights().getDefiningOp<TransformOp>())
    takeMembers(plan.bias, rows.getSums());
  return LayerPlan(std::move(plan));
}
