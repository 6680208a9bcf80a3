//===- EqcDenseOps.cpp - A layer as one matrix ----------------------------===//
//
// Verifiers, whose comments name the constraint of the description that they
// enforce.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcStages.h"
#include "dialect/Eqc/EqcVerify.h"

#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

/// n^order * channels, unless it is past 2^63 - 1.
static std::optional<int64_t> entriesOf(int64_t order, Group group, int64_t n,
                                        ArrayRef<int> spaces,
                                        int64_t channels) {
  int64_t entries = 0;
  const std::optional<int64_t> rows = getRowsOfOrder(order, group, n, spaces);
  if (!rows || llvm::MulOverflow(*rows, channels, entries))
    return std::nullopt;
  return entries;
}

LogicalResult AssembleOp::verify() {
  // assemble_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  if (getN() < 0)
    return emitOpError("'n' cannot be '?': the matrix is assembled");
  // assemble_c2
  for (auto [name, order] : {std::pair("k", getK()), std::pair("l", getL())})
    if (order < 0 || order > std::numeric_limits<int>::max())
      return emitOpError() << "'" << name
                           << "' must be between 0 and 2147483647, found "
                           << order;
  // assemble_c3
  if (getDiagrams().empty())
    return emitOpError("must have at least one diagram");
  if (failed(verifyDiagrams(*this, "diagram", getDiagrams(), getGroup(), getN(),
                            getL(), getK())))
    return failure();
  // assemble_c4
  const RankedTensorType weights = typeOf(getWeights());
  const bool isBias = weights.getRank() == 2 && getK() == 0;
  if ((weights.getRank() != 3 && !isBias) || !weights.hasStaticShape() ||
      weights.getDimSize(0) != static_cast<int64_t>(getDiagrams().size()))
    return emitOpError() << "weights must be [diagrams, c_in, c_out], or "
                            "[diagrams, c_out] without inputs, for "
                         << getDiagrams().size() << " diagrams, found "
                         << weights;
  // assemble_c5
  const Diagram &first = cast<DiagramAttr>(getDiagrams()[0]).getValue();
  const std::vector<int> axes = axesOf(getGroup(), first);
  const ArrayRef<int> spaces(axes);
  const size_t outputs = spaces.empty() ? 0 : first.l;
  const std::optional<int64_t> rows =
      entriesOf(getK(), getGroup(), getN(), spaces.drop_front(outputs),
                isBias ? 1 : weights.getDimSize(1));
  const std::optional<int64_t> columns =
      entriesOf(getL(), getGroup(), getN(), spaces.take_front(outputs),
                weights.getShape().back());
  if (!rows || !columns)
    return emitOpError("takes more entries than fit 63 bits");
  if (typeOf(getMatrix()) !=
      RankedTensorType::get({*rows, *columns}, weights.getElementType()))
    return emitOpError() << "'matrix' must be [" << *rows << ", " << *columns
                         << "] of " << weights.getElementType() << ", found "
                         << typeOf(getMatrix());
  return success();
}

/// The entries of a sample; nothing where they are not static.
static std::optional<int64_t> entriesOfSample(RankedTensorType type) {
  if (type.getRank() < 2)
    return std::nullopt;
  int64_t entries = 1;
  for (int64_t extent : type.getShape().drop_front())
    if (ShapedType::isDynamic(extent) ||
        llvm::MulOverflow(entries, extent, entries))
      return std::nullopt;
  return entries;
}

LogicalResult MultiplyOp::verify() {
  // multiply_c1
  const RankedTensorType x = typeOf(getX()), y = typeOf(getY());
  const std::optional<int64_t> rows = entriesOfSample(x);
  const std::optional<int64_t> columns = entriesOfSample(y);
  if (!rows || !columns || x.getDimSize(0) != y.getDimSize(0))
    return emitOpError() << "'x' and 'y' must have a batch, the same, and "
                            "further axes, which are static, found "
                         << x << " and " << y;
  // multiply_c2
  const Type element = x.getElementType();
  if (typeOf(getMatrix()) !=
          RankedTensorType::get({*rows, *columns}, element) ||
      y.getElementType() != element)
    return emitOpError() << "'matrix' must be [" << *rows << ", " << *columns
                         << "] of " << element << ", as 'x' and 'y', found "
                         << typeOf(getMatrix()) << " to " << y;
  // multiply_c3
  if (getAdded() &&
      typeOf(getAdded()) != RankedTensorType::get({1, *columns}, element))
    return emitOpError() << "what is added must be [1, " << *columns << "] of "
                         << element << ", found " << typeOf(getAdded());
  return success();
}
