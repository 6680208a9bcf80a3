//===- Gradient.cpp - The gradients that operations say -------------------===//
//
// Sums are numbered as the sources of `eqc.unpack` come; rows of x and grad_y
// as the changes of basis number them.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/Stages/Stages.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

class GradientReader {
public:
  GradientReader(func::FuncOp function, LayerSpec &spec)
      : function(function), spec(spec),
        unpack(*function.front().getOps<UnpackOp>().begin()) {}

  FailureOr<GradientPlan> read() {
    GradientBasis &basis = plan.basis.emplace();
    plan.unpack.emplace().weight = unpack.getOrder().getTerms();
    for (Value source : unpack.getSources())
      if (failed(readSums(source)))
        return failure();
    basis.x = {PlanArray::Input, PlanArray::Stored, changeOf(x)};
    basis.gradY = {PlanArray::Input, PlanArray::Stored, changeOf(gradY)};
    if (failed(readLayer()) || failed(readBias()))
      return failure();
    return std::move(plan);
  }

private:
  LogicalResult readSums(Value source) {
    auto sums = source.getDefiningOp<SumCopiesOp>();
    if (!sums)
      return unpack.emitError("must see what 'eqc.sum_copies' makes");
    if (!x) {
      x = sums.getX();
      gradY = sums.getGradY();
      spec.group = sums.getGroup();
      spec.n = sums.getN();
    }
    if (sums.getX() != x || sums.getGradY() != gradY ||
        sums.getGroup() != spec.group || sums.getN() != spec.n)
      return sums.emitError("must be of the group and the rows of the others");
    GradientStage stage;
    stage.subsets = sums.getDimension();
    for (auto [xCopy, gradYCopy] :
         llvm::zip(sums.getXCopies(), sums.getGradYCopies()))
      stage.terms.push_back({number++,
                             {PlanArray::Stored, Poly(xCopy), {}},
                             {PlanArray::Stored, Poly(gradYCopy), {}}});
    plan.stages.push_back(std::move(stage));
    return success();
  }

  /// The rows of an argument, seen through a change of basis.
  static ToRowsOp toRowsOf(Value rows) {
    if (auto transform = rows.getDefiningOp<TransformOp>())
      rows = transform.getSources().front();
    return rows.getDefiningOp<ToRowsOp>();
  }

  /// All that the function says of its layer.
  LogicalResult readLayer() {
    auto typeOf = [](Value value) {
      return cast<RankedTensorType>(value.getType());
    };
    const RankedTensorType xType = typeOf(function.getArgument(0));
    const RankedTensorType yType = typeOf(function.getArgument(1));
    spec.name = function.getName().str();
    spec.dtype = xType.getElementType().isF32() ? DType::F32 : DType::F64;
    spec.k = static_cast<int>(xType.getRank()) - 2;
    spec.l = static_cast<int>(yType.getRank()) - 2;
    spec.cIn = typeOf(unpack.getWeight()).getDimSize(1);
    spec.cOut = typeOf(unpack.getWeight()).getDimSize(2);
    ToRowsOp ofX = toRowsOf(x), ofGradY = toRowsOf(gradY);
    spec.layout = ofX.getLayout();
    if (ofGradY.getLayout() != spec.layout)
      return ofGradY.emitError("must have the layout of the other "
                               "'eqc.to_rows'");
    const StringRef mix = "eqc.sum_copies";
    if (failed(verifyRowsOf(ofX, ofX.getRows(), spec.k, spec, mix)))
      return failure();
    return verifyRowsOf(ofGradY, ofGradY.getRows(), spec.l, spec, mix);
  }

  LogicalResult readBias() {
    Operation *end = function.front().getTerminator();
    spec.bias = end->getNumOperands() > 1;
    if (!spec.bias)
      return success();
    Value sums = end->getOperand(1);
    plan.unpack->bias = packedTermsOf(changeOf(sums));
    if (auto transform = sums.getDefiningOp<TransformOp>())
      sums = transform.getSources().front();
    auto rows = sums.getDefiningOp<SumRowsOp>();
    if (rows.getSource() != gradY)
      return rows.emitError("must sum the rows of 'eqc.sum_copies'");
    for (auto [i, row] : llvm::enumerate(rows.getRows()))
      plan.bias.push_back(
          {static_cast<int>(i), {PlanArray::Stored, Poly(row), {}}});
    return success();
  }

  func::FuncOp function;
  LayerSpec &spec;
  UnpackOp unpack;
  GradientPlan plan;
  Value x, gradY;
  int number = 0;
};

} // namespace

FailureOr<GradientPlan> eqc::readGradientStages(func::FuncOp function,
                                                LayerSpec &spec) {
  return GradientReader(function, spec).read();
}
