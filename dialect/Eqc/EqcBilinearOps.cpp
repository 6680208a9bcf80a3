//===- EqcBilinearOps.cpp - Layers of two inputs --------------------------===//
//
// A comment `bilinear_c5` names the constraint (C5) in the description of
// `eqc.bilinear` that the lines below it enforce.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcOps.h"
#include "dialect/Eqc/EqcVerify.h"

#include <algorithm>
#include <limits>

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

/// The two arrays that are given, then the third.
static BilinearRow rowAt(BilinearRole role, size_t number) {
  const BilinearRows rows = rowsOf(role);
  return number == 0 ? rows.a : number == 1 ? rows.b : rows.third;
}

/// Where grad_weight is made, the third array is given and the weight is not.
static bool makesWeight(BilinearRole role) {
  return role == BilinearRole::GradWeight;
}

static RankedTensorType tensorOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

RankedTensorType BilinearOp::typeOf(BilinearRow row) {
  const BilinearRole role = getComputes();
  for (size_t i : {0, 1})
    if (rowAt(role, i) == row)
      return tensorOf(getInputs()[i]);
  return tensorOf(makesWeight(role) ? getInputs()[2] : getResults()[0]);
}

RankedTensorType BilinearOp::getWeightType() {
  return tensorOf(makesWeight(getComputes()) ? getResults()[0]
                                             : getInputs()[2]);
}

int64_t BilinearOp::channelsOf(BilinearRow row) {
  const RankedTensorType type = typeOf(row);
  return type.getDimSize(
      getLayout() == Layout::ChannelsFirst ? 1 : type.getRank() - 1);
}

static StringRef nameOf(BilinearOp op, BilinearRow row) {
  const BilinearRole role = op.getComputes();
  switch (row) {
  case BilinearRow::Y:
    return role == BilinearRole::Forward ? "y" : "grad_y";
  case BilinearRow::X:
    return role == BilinearRole::GradX ? "grad_x" : "x";
  case BilinearRow::Z:
    return role == BilinearRole::GradZ ? "grad_z" : "z";
  }
  return "";
}

/// bilinear_c3
static LogicalResult verifyNumbers(BilinearOp op) {
  const BilinearRole role = op.getComputes();
  const bool bias = !op.getBiasDiagrams().empty();
  const size_t inputs = 3 + (role == BilinearRole::Forward && bias);
  const size_t results = 1 + (makesWeight(role) && bias);
  if (op.getInputs().size() == inputs && op.getResults().size() == results)
    return success();
  return op.emitOpError() << "must take " << inputs << " tensors and make "
                          << results << " for '" << getSpelling(role)
                          << "', found " << op.getInputs().size() << " and "
                          << op.getResults().size();
}

/// bilinear_c5, and that channels are static and positive.
static LogicalResult verifyArray(BilinearOp op, BilinearRow row) {
  const RankedTensorType type = op.typeOf(row);
  const int64_t firsts[] = {0, op.getL(), op.getL() + op.getK1()};
  const int64_t orders[] = {op.getL(), op.getK1(), op.getK2()};
  const auto number = static_cast<size_t>(row);
  const StringRef name = nameOf(op, row);
  if (failed(verifyRank(op, name, type, orders[number] + 2,
                        "batch, n-axes, channels")))
    return failure();
  const std::vector<int> spaces =
      axesOf(op.getGroup(), op.getDiagramValues().front());
  if (failed(verifyNAxes(
          op, name, type, op.getLayout() == Layout::ChannelsFirst ? 2 : 1,
          orders[number], op.getGroup(), op.getN(),
          spaces.empty()
              ? ArrayRef<int>()
              : ArrayRef<int>(spaces).slice(firsts[number], orders[number]))))
    return failure();
  // bilinear_c7
  if (op.channelsOf(row) < 1)
    return op.emitOpError()
           << "channels must be static and positive, found "
           << formatExtent(op.channelsOf(row)) << " of '" << name << "'";
  return success();
}

static LogicalResult verifyWeight(BilinearOp op) {
  const auto diagrams = static_cast<int64_t>(op.getDiagrams().size());
  const int64_t x = op.channelsOf(BilinearRow::X);
  const int64_t z = op.channelsOf(BilinearRow::Z);
  const int64_t y = op.channelsOf(BilinearRow::Y);
  const ArrayRef<int64_t> shape = op.getWeightType().getShape();
  // bilinear_c7
  if (shape != ArrayRef<int64_t>({diagrams, x, z, y}) &&
      (shape != ArrayRef<int64_t>({diagrams, y}) || x != y || z != y))
    return op.emitOpError()
           << "weights must be [diagrams, c1, c2, c3] = [" << diagrams << ", "
           << x << ", " << z << ", " << y
           << "], or [diagrams, c] where all arrays have c channels, found "
           << op.getWeightType();
  // bilinear_c10
  const auto rows = static_cast<int64_t>(op.getBiasDiagrams().size());
  Value bias;
  if (rows > 0 && op.getComputes() == BilinearRole::Forward)
    bias = op.getInputs()[3];
  if (rows > 0 && makesWeight(op.getComputes()))
    bias = op.getResults()[1];
  if (bias && tensorOf(bias).getShape() != ArrayRef<int64_t>({rows, y}))
    return op.emitOpError()
           << "the bias must be [bias diagrams, channels of y] = [" << rows
           << ", " << y << "], found " << bias.getType();
  return success();
}

LogicalResult BilinearOp::verify() {
  // bilinear_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // bilinear_c2
  constexpr int64_t maxOrder = std::numeric_limits<int32_t>::max();
  if (std::min({getK1(), getK2(), getL()}) < 0 ||
      std::max({getK1(), getK2(), getL()}) > maxOrder)
    return emitOpError() << "orders must be between 0 and " << maxOrder
                         << ", found " << getK1() << " * " << getK2() << " -> "
                         << getL();
  if (failed(verifyNumbers(*this)))
    return failure();
  // bilinear_c4
  const Type element = tensorOf(getInputs()[0]).getElementType();
  auto differs = [&](Value value) {
    return tensorOf(value).getElementType() != element;
  };
  if (llvm::any_of(getInputs(), differs) || llvm::any_of(getResults(), differs))
    return emitOpError() << "element types must be the same";
  // bilinear_c8 (that none occurs twice: verifyDiagrams), bilinear_c9
  if (getDiagrams().empty())
    return emitOpError() << "must have at least one diagram";
  if (failed(verifyDiagrams(*this, "diagram", getDiagrams(), getGroup(), getN(),
                            getL(), getK1() + getK2())))
    return failure();
  for (BilinearRow row : {BilinearRow::Y, BilinearRow::X, BilinearRow::Z})
    if (failed(verifyArray(*this, row)))
      return failure();
  // bilinear_c6
  const int64_t batch = typeOf(BilinearRow::X).getDimSize(0);
  for (BilinearRow row : {BilinearRow::Y, BilinearRow::Z})
    if (typeOf(row).getDimSize(0) != batch)
      return emitOpError() << "all batches must be the same, found "
                           << formatExtent(batch) << " and "
                           << formatExtent(typeOf(row).getDimSize(0));
  if (failed(verifyWeight(*this)))
    return failure();
  // bilinear_c11
  return verifyDiagrams(*this, "bias diagram", getBiasDiagrams(), getGroup(),
                        getN(), getL(), 0);
}
