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

/// Several tensors, each with an axis for every space.
using Tensors = std::vector<std::vector<int>>;

/// `type`, called `name`, is of the rows of these tensors, and else as `other`
/// is.
static LogicalResult verifySlabs(Operation *op, StringRef name,
                                 RankedTensorType type, RankedTensorType other,
                                 const Tensors &tensors, Group group, int64_t n,
                                 int64_t channels) {
  return verifyRows(op, name, type, other.getDimSize(0),
                    getRowsOfTensors(tensors, group, n), channels,
                    other.getElementType());
}

/// Both have rows, and `channels` of the source are those of the result.
static LogicalResult verifySlabs(Operation *op, StringRef sourceName,
                                 Value source, const Tensors &sources,
                                 Value result, const Tensors &results,
                                 Group group, int64_t n) {
  const RankedTensorType from = typeOf(source), to = typeOf(result);
  if (failed(verifyRank(op, sourceName, from, 3, "batch, rows, channels")))
    return failure();
  const int64_t channels = from.getDimSize(2);
  if (failed(
          verifySlabs(op, sourceName, from, from, sources, group, n, channels)))
    return failure();
  return verifySlabs(op, "rows", to, from, results, group, n, channels);
}

/// The spaces of `order` axes: `given`, just where the group is a product.
static FailureOr<std::vector<int>>
verifyAxes(Operation *op, int64_t order, ArrayRef<int64_t> given, Group group) {
  if (static_cast<int64_t>(given.size()) != (group.isProduct() ? order : 0))
    return op->emitOpError()
           << "names the spaces of " << given.size() << " axes, expected "
           << (group.isProduct() ? order : 0);
  std::vector<int> spaces(order, 0);
  for (size_t axis = 0; axis < given.size(); ++axis) {
    if (given[axis] < 0 ||
        given[axis] >= static_cast<int64_t>(group.spaces().size()))
      return op->emitOpError() << "names space " << given[axis] << " of "
                               << group.spaces().size();
    spaces[axis] = static_cast<int>(given[axis]);
  }
  return spaces;
}

/// At least one permutation, all of as many axes; the spaces of these.
static FailureOr<std::vector<int>> verifyPermutations(Operation *op,
                                                      ArrayAttr permutations,
                                                      ArrayRef<int64_t> given,
                                                      Group group) {
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
  return verifyAxes(op, axes, given, group);
}

/// As many tensors of the same axes as there are diagrams.
static Tensors sameTensors(ArrayAttr diagrams, const std::vector<int> &axes) {
  return Tensors(diagrams.size(), axes);
}

/// The spaces of the axes of a row.
static std::vector<int> axesOf(const RowPattern &pattern) {
  return pattern.space.empty() ? std::vector<int>(pattern.size(), 0)
                               : pattern.space;
}

/// Of what is left of it: the other arguments of a symbol, then what is kept.
static std::vector<int> axesLeft(const RowPattern &pattern, int64_t arguments) {
  std::vector<int> axes;
  if (pattern.free >= 0)
    axes.assign(arguments, pattern.spaceOf(pattern.free));
  const std::vector<int> kept = pattern.spacesOfKept();
  axes.insert(axes.end(), kept.begin(), kept.end());
  return axes;
}

/// How many arguments the symbol has that a pattern's free axes are some of.
static int64_t argumentsOf(const RowPattern &pattern, Group group, int64_t n) {
  return pattern.free < 0 ? 0 : sizeOf(group, n, pattern.spaceOf(pattern.free));
}

LogicalResult ToPlanarOp::verify() {
  // to_planar_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // to_planar_c2
  FailureOr<std::vector<int>> axes =
      verifyPermutations(*this, getPermutations(), getAxes(), getGroup());
  if (failed(axes))
    return failure();
  // to_planar_c3
  return verifySlabs(*this, "x", getX(), {*axes}, getRows(),
                     sameTensors(getPermutations(), *axes), getGroup(), getN());
}

LogicalResult FromPlanarOp::verify() {
  // from_planar_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // from_planar_c2
  FailureOr<std::vector<int>> axes =
      verifyPermutations(*this, getPermutations(), getAxes(), getGroup());
  if (failed(axes))
    return failure();
  // from_planar_c3
  return verifySlabs(*this, "source", getSource(),
                     sameTensors(getPermutations(), *axes), getRows(), {*axes},
                     getGroup(), getN());
}

/// Why there is no diagram of the group that is one block, of `size` axes in
/// one row and `others` in the other, or an empty string.
static std::string whyNoFactor(Group group, int64_t n, bool isTop, int size,
                               int others, bool isFree) {
  const Diagram factor =
      makeDiagram(isTop ? size : others, isTop ? others : size,
                  std::vector<int>(size + others, 0), isFree ? 0 : -1);
  return rulesOf(group).whyNot(withSomeDuals(factor, group), n);
}

/// Every block is of axes side by side and, in this row with axes of the other
/// one, a factor of the group's diagrams.
static LogicalResult verifyFactors(Operation *op, Attribute attr, Group of,
                                   int64_t sizeOfAll, bool isTop) {
  const RowPattern &pattern = cast<RowPatternAttr>(attr).getValue();
  if (failed(verifyOfGroup(op, pattern, of)))
    return failure();
  const std::vector<std::vector<int>> blocks = pattern.blocks();
  for (size_t b = 0; b < blocks.size(); ++b) {
    const int space = pattern.spaceOf(static_cast<int>(b));
    const Group group = of.of(space);
    const int64_t n = sizeOf(of, sizeOfAll, space);
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
  Tensors sources, results;
  for (Attribute attr : getPatterns()) {
    if (failed(verifyContracted(*this, attr)))
      return failure();
    const RowPattern &pattern = cast<RowPatternAttr>(attr).getValue();
    sources.push_back(::axesOf(pattern));
    results.push_back(axesLeft(
        pattern, argumentsOf(pattern, getGroup(), getN()) - pattern.numFree()));
  }
  // contract_c6
  return verifySlabs(*this, "source", getSource(), sources, getRows(), results,
                     getGroup(), getN());
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
  const auto axes = getAxes().getAsRange<DenseI64ArrayAttr>();
  if (getAxes().size() != (getGroup().isProduct() ? getOrders().size() : 0))
    return emitOpError() << "names the spaces of " << getAxes().size()
                         << " diagrams, which is for products of groups and "
                            "then of all diagrams";
  Tensors tensors;
  for (int64_t order : getOrders()) {
    const size_t d = tensors.size();
    FailureOr<std::vector<int>> spaces =
        verifyAxes(*this, order,
                   getAxes().empty() ? ArrayRef<int64_t>()
                                     : (*(axes.begin() + d)).asArrayRef(),
                   getGroup());
    if (failed(spaces))
      return failure();
    tensors.push_back(std::move(*spaces));
  }
  // mix_each_c4
  if (failed(verifySlabs(*this, "source", source, source, tensors, getGroup(),
                         getN(), source.getDimSize(2))))
    return failure();
  return verifySlabs(*this, "rows", typeOf(getRows()), source, tensors,
                     getGroup(), getN(), weights.getDimSize(2));
}

LogicalResult ExpandOp::verify() {
  // expand_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // expand_c2
  if (getPatterns().empty())
    return emitOpError("must have at least one pattern");
  Tensors sources, results;
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
    const bool isWhole = free == argumentsOf(pattern, getGroup(), getN());
    sources.push_back(axesLeft(pattern, isWhole ? 0 : free));
    results.push_back(::axesOf(pattern));
  }
  // expand_c5
  return verifySlabs(*this, "source", getSource(), sources, getRows(), results,
                     getGroup(), getN());
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
  const Diagram &first = cast<DiagramAttr>(getDiagrams()[0]).getValue();
  return verifySlabs(
      *this, "source", source, source,
      {first.space.empty() ? std::vector<int>(getOrder(), 0) : first.space},
      getGroup(), getN(), source.getDimSize(2));
}
