//===- EqcFactoredOps.cpp - The published algorithm -----------------------===//
//
// Verifiers, whose comments name the constraint of the description that they
// enforce, and folds.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "dialect/Eqc/EqcStages.h"
#include "dialect/Eqc/EqcVerify.h"

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

/// `type`, called `name`, is of n^m rows for each of `orders`, and else as
/// `other` is.
static LogicalResult verifySlabs(Operation *op, StringRef name,
                                 RankedTensorType type, RankedTensorType other,
                                 ArrayRef<int64_t> orders, int64_t n,
                                 int64_t channels) {
  return verifyRows(op, name, type, other.getDimSize(0),
                    getRowsOfOrders(orders, n), channels,
                    other.getElementType());
}

/// Both have rows, and `channels` of the source are those of the result.
static LogicalResult verifySlabs(Operation *op, StringRef sourceName,
                                 Value source, ArrayRef<int64_t> sourceOrders,
                                 Value result, ArrayRef<int64_t> resultOrders,
                                 int64_t n) {
  const RankedTensorType from = typeOf(source), to = typeOf(result);
  if (failed(verifyRank(op, sourceName, from, 3, "batch, rows, channels")))
    return failure();
  const int64_t channels = from.getDimSize(2);
  if (failed(
          verifySlabs(op, sourceName, from, from, sourceOrders, n, channels)))
    return failure();
  return verifySlabs(op, "rows", to, from, resultOrders, n, channels);
}

/// At least one permutation, all of as many axes; how many they are.
static FailureOr<int64_t> verifyPermutations(Operation *op,
                                             ArrayAttr permutations) {
  if (permutations.empty())
    return op->emitOpError("must have at least one permutation");
  const int64_t axes = cast<DenseI64ArrayAttr>(permutations[0]).size();
  for (auto attr : permutations.getAsRange<DenseI64ArrayAttr>()) {
    const ArrayRef<int64_t> permutation = attr;
    SmallVector<bool> seen(axes, false);
    bool valid = static_cast<int64_t>(permutation.size()) == axes;
    for (int64_t axis : permutation) {
      valid = valid && axis >= 0 && axis < axes && !seen[axis];
      if (valid)
        seen[axis] = true;
    }
    if (!valid)
      return op->emitOpError()
             << "[" << permutation << "] is no permutation of " << axes
             << " n-axes";
  }
  return axes;
}

/// The order of every diagram, all the same.
static SmallVector<int64_t> sameOrders(ArrayAttr diagrams, int64_t order) {
  return SmallVector<int64_t>(diagrams.size(), order);
}

LogicalResult ToPlanarOp::verify() {
  // to_planar_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // to_planar_c2
  FailureOr<int64_t> axes = verifyPermutations(*this, getPermutations());
  if (failed(axes))
    return failure();
  // to_planar_c3
  return verifySlabs(*this, "x", getX(), *axes, getRows(),
                     sameOrders(getPermutations(), *axes), getN());
}

LogicalResult FromPlanarOp::verify() {
  // from_planar_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // from_planar_c2
  FailureOr<int64_t> axes = verifyPermutations(*this, getPermutations());
  if (failed(axes))
    return failure();
  // from_planar_c3
  return verifySlabs(*this, "source", getSource(),
                     sameOrders(getPermutations(), *axes), getRows(), *axes,
                     getN());
}

/// Why there is no diagram of the group that is one block, of `size` axes in
/// one row and `others` in the other, or an empty string.
static std::string whyNoFactor(Group group, int64_t n, bool isTop, int size,
                               int others, bool isFree) {
  const Diagram factor =
      makeDiagram(isTop ? size : others, isTop ? others : size,
                  std::vector<int>(size + others, 0), isFree ? 0 : -1);
  return rulesOf(group).whyNot(factor, n);
}

/// Every block is of axes side by side and, in this row with axes of the other
/// one, a factor of the group's diagrams.
static LogicalResult verifyFactors(Operation *op, Attribute attr, Group group,
                                   int64_t n, bool isTop) {
  const RowPattern &pattern = cast<RowPatternAttr>(attr).getValue();
  const std::vector<std::vector<int>> blocks = pattern.blocks();
  for (size_t b = 0; b < blocks.size(); ++b) {
    const auto size = static_cast<int>(blocks[b].size());
    if (blocks[b].back() - blocks[b].front() + 1 != size)
      return op->emitOpError()
             << "pattern '" << toString(pattern)
             << "' has a block of axes that do not stand side "
                "by side";
    const bool isFree = static_cast<int>(b) == pattern.free;
    if (isFree && (n < 0 || size > n))
      return op->emitOpError()
             << "pattern '" << toString(pattern) << "' has " << size
             << " free axes of n = " << formatExtent(n);
    const int others = isFree            ? static_cast<int>(n) - size
                       : pattern.kept[b] ? 1
                                         : 0;
    std::string why = whyNoFactor(group, n, isTop, size, others, isFree);
    // Where blocks have a parity, one other axis may be one too few.
    if (pattern.kept[b] &&
        whyNoFactor(group, n, isTop, size, others + 1, isFree).empty())
      why.clear();
    if (!why.empty())
      return op->emitOpError()
             << "pattern '" << toString(pattern)
             << "' has a block that is no factor of a diagram of "
             << groupName(group) << ": " << why;
  }
  return success();
}

static bool keepsApart(const RowPattern &pattern) {
  return pattern.numBlocks() == pattern.size() &&
         pattern.numKept() == pattern.size();
}

static LogicalResult verifyContracted(ContractOp op, Attribute attr) {
  const RowPattern &pattern = cast<RowPatternAttr>(attr).getValue();
  // contract_c3
  if (failed(verifyFactors(op, attr, op.getGroup(), op.getN(),
                           /*isTop=*/false)))
    return failure();
  // contract_c4
  const std::vector<int> dropped = pattern.droppedBlocks();
  const auto removed =
      static_cast<int>(dropped.size()) + (pattern.free >= 0 ? 1 : 0);
  if (removed > 1)
    return op.emitOpError() << "pattern '" << toString(pattern)
                            << "' contracts more than one factor";
  int axes = pattern.numKept() + pattern.numFree();
  for (int block : dropped)
    axes += static_cast<int>(pattern.blocks()[block].size());
  if (removed == 1 && axes != pattern.size())
    return op.emitOpError() << "pattern '" << toString(pattern)
                            << "' contracts a factor and joins axes";
  // contract_c5
  if (pattern.free > 0)
    return op.emitOpError() << "pattern '" << toString(pattern)
                            << "' has free axes that are not the first ones";
  return success();
}

LogicalResult ContractOp::verify() {
  // contract_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // contract_c2
  if (getPatterns().empty())
    return emitOpError("must have at least one pattern");
  SmallVector<int64_t> sources, results;
  for (Attribute attr : getPatterns()) {
    if (failed(verifyContracted(*this, attr)))
      return failure();
    const RowPattern &pattern = cast<RowPatternAttr>(attr).getValue();
    sources.push_back(pattern.size());
    results.push_back(pattern.numKept() +
                      (pattern.free >= 0 ? getN() - pattern.numFree() : 0));
  }
  // contract_c6
  return verifySlabs(*this, "source", getSource(), sources, getRows(), results,
                     getN());
}

OpFoldResult ContractOp::fold(FoldAdaptor) {
  for (const RowPattern &pattern : getPatternValues(getPatterns()))
    if (!keepsApart(pattern))
      return {};
  if (getSource().getType() != getType())
    return {};
  return getSource();
}

LogicalResult MixEachOp::verify() {
  // mix_each_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // mix_each_c2
  if (getOrders().empty())
    return emitOpError("must have at least one order");
  for (int64_t order : getOrders())
    if (order < 0)
      return emitOpError() << "orders cannot be negative, found " << order;
  // mix_each_c3
  const RankedTensorType source = typeOf(getSource());
  const RankedTensorType weights = typeOf(getWeights());
  if (failed(verifyRank(*this, "source", source, 3, "batch, rows, channels")) ||
      failed(verifyRank(*this, "weights", weights, 3, "diagrams, c_in, c_out")))
    return failure();
  if (weights.getDimSize(0) != static_cast<int64_t>(getOrders().size()) ||
      weights.getDimSize(1) != source.getDimSize(2) ||
      weights.getElementType() != source.getElementType())
    return emitOpError() << "needs a weight of "
                         << formatExtent(source.getDimSize(2))
                         << " input channels for each of " << getOrders().size()
                         << " diagrams, found " << weights;
  // mix_each_c4
  if (failed(verifySlabs(*this, "source", source, source, getOrders(), getN(),
                         source.getDimSize(2))))
    return failure();
  return verifySlabs(*this, "rows", typeOf(getRows()), source, getOrders(),
                     getN(), weights.getDimSize(2));
}

LogicalResult ExpandOp::verify() {
  // expand_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // expand_c2
  if (getPatterns().empty())
    return emitOpError("must have at least one pattern");
  SmallVector<int64_t> sources;
  const int l = cast<RowPatternAttr>(getPatterns()[0]).getValue().size();
  for (Attribute attr : getPatterns()) {
    const RowPattern &pattern = cast<RowPatternAttr>(attr).getValue();
    if (pattern.size() != l)
      return emitOpError() << "pattern '" << toString(pattern) << "' is of "
                           << pattern.size() << " axes, expected " << l;
    // expand_c3
    if (failed(verifyFactors(*this, attr, getGroup(), getN(), /*isTop=*/true)))
      return failure();
    // expand_c4
    const std::vector<int> kept = pattern.keptBlocks();
    if (pattern.free >= 0 && !kept.empty() && kept.front() < pattern.free)
      return emitOpError() << "pattern '" << toString(pattern)
                           << "' has free axes behind those of a kept block";
    const int64_t free = pattern.numFree();
    sources.push_back(pattern.numKept() + (free == getN() ? 0 : free));
  }
  // expand_c5
  return verifySlabs(*this, "source", getSource(), sources, getRows(),
                     sameOrders(getPatterns(), l), getN());
}

LogicalResult AddBiasOp::verify() {
  // add_bias_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // add_bias_c2
  if (getDiagrams().empty())
    return emitOpError("must have at least one diagram");
  if (failed(verifyDiagrams(*this, "bias diagram", getDiagrams(), getGroup(),
                            getN(), getOrder(), 0)))
    return failure();
  const RankedTensorType source = typeOf(getSource()), bias = typeOf(getBias());
  if (failed(verifyRank(*this, "source", source, 3, "batch, rows, channels")))
    return failure();
  // add_bias_c3
  if (bias != RankedTensorType::get({static_cast<int64_t>(getDiagrams().size()),
                                     source.getDimSize(2)},
                                    source.getElementType()))
    return emitOpError() << "'bias' must have a row for each of "
                         << getDiagrams().size()
                         << " diagrams and the channels of " << source
                         << ", found " << bias;
  // add_bias_c4
  return verifySlabs(*this, "source", source, source, getOrder(), getN(),
                     source.getDimSize(2));
}
