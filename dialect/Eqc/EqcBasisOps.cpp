//===- EqcBasisOps.cpp - Stages in an isotypic basis ----------------------===//
//
// Verifiers, whose comments name the constraint of the description that they
// enforce, and folds.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcOps.h"
#include "dialect/Eqc/EqcVerify.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

//===----------------------------------------------------------------------===//
// TransformOp
//===----------------------------------------------------------------------===//

LogicalResult TransformOp::verify() {
  // transform_c1
  if (getSources().empty())
    return emitOpError("must have at least one source");
  const RankedTensorType result = typeOf(getRows());
  const int64_t rank = result.getRank();
  int64_t count = 0;
  for (Value source : getSources()) {
    const RankedTensorType type = typeOf(source);
    if (type.getRank() != rank || (rank != 2 && rank != 3) ||
        type.getElementType() != result.getElementType() ||
        type.getShape().back() != result.getShape().back() ||
        (rank == 3 && type.getDimSize(0) != result.getDimSize(0)) ||
        type.isDynamicDim(rank - 2) || result.isDynamicDim(rank - 2) ||
        type.isDynamicDim(rank - 1))
      return emitOpError()
             << "sources and result must be [batch, rows, channels], or all "
                "[rows, channels], and differ in their rows alone, which are "
                "static as the channels are; found "
             << type << " and " << result;
    count += type.getDimSize(rank - 2);
  }
  // transform_c2
  if (failed(verifySums(*this, "change of basis", "row", getSums(), count)))
    return failure();
  // transform_c3
  if (result.getDimSize(rank - 2) != getSums().size())
    return emitOpError() << "has " << getSums().size()
                         << " sums, but the result has "
                         << result.getDimSize(rank - 2) << " rows";
  return success();
}

OpFoldResult TransformOp::fold(FoldAdaptor) {
  if (getSources().size() != 1 || getSources().front().getType() != getType())
    return {};
  for (int64_t row = 0; row < getSums().size(); ++row)
    if (getSums().getNumbersOf(row) != ArrayRef<int64_t>(row) ||
        getSums().getFactorsOf(row).front() != 1)
      return {};
  return getSources().front();
}

//===----------------------------------------------------------------------===//
// MixCopiesOp
//===----------------------------------------------------------------------===//

static LogicalResult verifyBias(MixCopiesOp op) {
  // mix_copies_c5
  const bool named =
      llvm::any_of(op.getBiasRows(), [](int64_t row) { return row >= 0; });
  if (named != static_cast<bool>(op.getBias()))
    return op.emitOpError() << (named ? "names rows of a bias but has no 'bias'"
                                      : "has a 'bias' but names no row of it");
  if (!named)
    return success();
  const RankedTensorType bias = typeOf(op.getBias());
  const RankedTensorType nodes = typeOf(op.getNodes());
  if (failed(verifyRank(op, "bias", bias, 2, "rows, c_out")))
    return failure();
  if (bias.getDimSize(1) != nodes.getDimSize(2) ||
      bias.getElementType() != nodes.getElementType())
    return op.emitOpError() << "'bias' must have the channels of the result, "
                            << nodes << ", found " << bias;
  if (op.getDimension() != 1)
    return op.emitOpError() << "has a bias, which takes dimension 1, found "
                            << op.getDimension();
  for (int64_t row : op.getBiasRows())
    if (row >= bias.getDimSize(0))
      return op.emitOpError() << "names row " << row << " of "
                              << bias.getDimSize(0) << " of 'bias'";
  return success();
}

LogicalResult MixCopiesOp::verify() {
  // mix_copies_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  if (getN() < 0)
    return emitOpError("'n' cannot be '?': the basis is one of all positions");
  // mix_copies_c2
  if (getDimension() < 1)
    return emitOpError() << "'dimension' must be positive, found "
                         << getDimension();
  if (getNumTargets() == 0)
    return emitOpError("must have at least one target");
  const ArrayRef<int64_t> starts = getStarts();
  if (starts.size() != getBiasRows().size() + 1 || starts.front() != 0 ||
      !llvm::is_sorted(starts) ||
      starts.back() != static_cast<int64_t>(getCopies().size()))
    return emitOpError("copies must be listed target by target");
  // mix_copies_c3
  const RankedTensorType stored = typeOf(getStored());
  const RankedTensorType weights = typeOf(getWeights());
  if (failed(verifyRank(*this, "stored", stored, 3, "batch, rows, channels")) ||
      failed(verifyRank(*this, "weights", weights, 3,
                        "packed weights, c_in, c_out")))
    return failure();
  for (int64_t copy : getCopies())
    if (copy < 0 || copy > stored.getDimSize(1) - getDimension())
      return emitOpError() << "copy in rows " << copy << " to "
                           << copy + getDimension() - 1 << " is not among the "
                           << formatExtent(stored.getDimSize(1)) << " stored";
  // mix_copies_c4
  const auto count = static_cast<int64_t>(getCopies().size());
  if (getFirst() < 0 || getFirst() > weights.getDimSize(0) - count ||
      weights.getDimSize(1) != stored.getDimSize(2))
    return emitOpError() << "needs weights " << getFirst() << " to "
                         << getFirst() + count - 1 << " of "
                         << formatExtent(stored.getDimSize(2))
                         << " input channels, found " << weights;
  // mix_copies_c6
  int64_t rows = 0;
  std::optional<int64_t> nodes;
  if (!llvm::MulOverflow(getNumTargets(), getDimension(), rows))
    nodes = rows;
  if (failed(verifyRows(*this, "nodes", typeOf(getNodes()),
                        stored.getDimSize(0), nodes, weights.getDimSize(2),
                        stored.getElementType())))
    return failure();
  return verifyBias(*this);
}

//===----------------------------------------------------------------------===//
// SumCopiesOp
//===----------------------------------------------------------------------===//

/// The sums are a matrix of `shape`, of elements as those of `source`.
static LogicalResult verifySumsOf(Operation *op, Value sums, Value source,
                                  ArrayRef<int64_t> shape) {
  const auto expected =
      RankedTensorType::get(shape, typeOf(source).getElementType());
  if (typeOf(sums) == expected)
    return success();
  return op->emitOpError() << "must give " << expected << ", found "
                           << typeOf(sums);
}

LogicalResult SumCopiesOp::verify() {
  // sum_copies_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  if (getN() < 0)
    return emitOpError("'n' cannot be '?': the basis is one of all positions");
  // sum_copies_c2
  if (getDimension() < 1)
    return emitOpError() << "'dimension' must be positive, found "
                         << getDimension();
  if (getXCopies().empty() || getXCopies().size() != getGradYCopies().size())
    return emitOpError() << "must name pairs of copies, found "
                         << getXCopies().size() << " of 'x' and "
                         << getGradYCopies().size() << " of 'grad_y'";
  // sum_copies_c3
  const RankedTensorType x = typeOf(getX()), gradY = typeOf(getGradY());
  for (auto [name, type, copies] :
       {std::tuple("x", x, getXCopies()),
        std::tuple("grad_y", gradY, getGradYCopies())}) {
    if (failed(verifyRank(*this, name, type, 3, "batch, rows, channels")))
      return failure();
    for (int64_t copy : copies)
      if (copy < 0 || copy > type.getDimSize(1) - getDimension())
        return emitOpError()
               << "copy in rows " << copy << " to " << copy + getDimension() - 1
               << " is not among the " << formatExtent(type.getDimSize(1))
               << " of '" << name << "'";
  }
  if (x.getDimSize(0) != gradY.getDimSize(0) ||
      x.getElementType() != gradY.getElementType())
    return emitOpError() << "'x' and 'grad_y' must be of one batch and element "
                            "type, found "
                         << x << " and " << gradY;
  // sum_copies_c4
  return verifySumsOf(*this, getSums(), getX(),
                      {static_cast<int64_t>(getXCopies().size()),
                       x.getDimSize(2), gradY.getDimSize(2)});
}

//===----------------------------------------------------------------------===//
// SumRowsOp
//===----------------------------------------------------------------------===//

LogicalResult SumRowsOp::verify() {
  // sum_rows_c1
  const RankedTensorType source = typeOf(getSource());
  if (failed(verifyRank(*this, "source", source, 3, "batch, rows, channels")))
    return failure();
  for (int64_t row : getRows())
    if (row < 0 || row >= source.getDimSize(1))
      return emitOpError() << "names row " << row << " of "
                           << formatExtent(source.getDimSize(1));
  // sum_rows_c2
  return verifySumsOf(
      *this, getSums(), getSource(),
      {static_cast<int64_t>(getRows().size()), source.getDimSize(2)});
}

//===----------------------------------------------------------------------===//
// UnpackOp
//===----------------------------------------------------------------------===//

LogicalResult UnpackOp::verify() {
  // unpack_c1
  if (getSources().empty())
    return emitOpError("must have at least one source");
  const RankedTensorType weight = typeOf(getWeight());
  int64_t count = 0;
  for (Value source : getSources()) {
    const RankedTensorType type = typeOf(source);
    if (type.getRank() != 3 || weight.getRank() != 3 ||
        !type.hasStaticShape() || !weight.hasStaticShape() ||
        type.getShape().drop_front() != weight.getShape().drop_front() ||
        type.getElementType() != weight.getElementType())
      return emitOpError() << "sources and result must be [.., c_in, c_out] of "
                              "the same static channels and element type, "
                              "found "
                           << type << " and " << weight;
    count += type.getDimSize(0);
  }
  // unpack_c2
  if (failed(verifySums(*this, "order", "weight", getOrder(), count)))
    return failure();
  // unpack_c3
  if (weight.getDimSize(0) != getOrder().size())
    return emitOpError() << "has " << getOrder().size()
                         << " sums, but the result has " << weight.getDimSize(0)
                         << " weights";
  return success();
}
