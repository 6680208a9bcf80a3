//===- EqcStageOps.cpp - The stages of a plan -----------------------------===//
//
// Verifiers. A comment `read_c5` names the constraint (C5) in the description
// of `eqc.read` that the lines below it enforce.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcStages.h"
#include "dialect/Eqc/EqcVerify.h"

#include "compiler/Plan/Shared/ReadPlan.h"
#include "compiler/Plan/Strands/StrandPlan.h"

#include "mlir/IR/Builders.h"

#include <set>

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

static std::string quoted(Attribute pattern) {
  return "'" + toString(cast<RowPatternAttr>(pattern).getValue()) + "'";
}

/// No pattern occurs twice.
static LogicalResult verifyUnique(Operation *op, StringRef what,
                                  ArrayAttr patterns) {
  llvm::SmallDenseSet<Attribute> seen;
  for (Attribute pattern : patterns)
    if (!seen.insert(pattern).second)
      return op->emitOpError()
             << what << " " << quoted(pattern) << " occurs twice";
  return success();
}

/// Each of `values` was made by one of the stages that hold `what`.
static LogicalResult verifyReads(Operation *op, ValueRange reads) {
  for (Value value : reads)
    if (!value.getDefiningOp<ReadOp>())
      return op->emitOpError() << "'reads' must be results of 'eqc.read'";
  return success();
}
static LogicalResult verifyNodes(Operation *op, StringRef name,
                                 ValueRange nodes) {
  for (Value value : nodes)
    if (!getMixOf(value))
      return op->emitOpError()
             << "'" << name << "' must be results of 'eqc.mix' or 'eqc.write'";
  return success();
}

//===----------------------------------------------------------------------===//
// ToRowsOp, FromRowsOp
//===----------------------------------------------------------------------===//

static LogicalResult verifyLayout(Operation *op, StringRef name,
                                  RankedTensorType tensor, Layout layout,
                                  RankedTensorType rows) {
  // to_rows_c1, from_rows_c1
  if (tensor.getRank() < 2)
    return op->emitOpError()
           << "'" << name << "' must have a batch and channels, found "
           << tensor;
  const int64_t channelAxis =
      layout == Layout::ChannelsFirst ? 1 : tensor.getRank() - 1;
  const int64_t channels = tensor.getDimSize(channelAxis);
  if (channels < 1)
    return op->emitOpError()
           << "channels of '" << name << "' must be static and positive, found "
           << formatExtent(channels);
  std::optional<int64_t> positions = 1;
  for (int64_t axis = 1; axis < tensor.getRank(); ++axis) {
    if (axis == channelAxis)
      continue;
    const int64_t extent = tensor.getDimSize(axis);
    int64_t product = 0;
    if (ShapedType::isDynamic(extent) || positions == ShapedType::kDynamic)
      positions = ShapedType::kDynamic;
    else if (positions && !llvm::MulOverflow(*positions, extent, product))
      positions = product;
    else
      positions = std::nullopt;
  }
  // to_rows_c2, to_rows_c3, from_rows_c2, from_rows_c3
  return verifyRows(op, "rows", rows, tensor.getDimSize(0), positions, channels,
                    tensor.getElementType());
}

LogicalResult ToRowsOp::verify() {
  return verifyLayout(*this, "x", typeOf(getX()), getLayout(),
                      typeOf(getRows()));
}

LogicalResult FromRowsOp::verify() {
  return verifyLayout(*this, "y", typeOf(getY()), getLayout(),
                      typeOf(getRows()));
}

//===----------------------------------------------------------------------===//
// PackOp
//===----------------------------------------------------------------------===//

LogicalResult PackOp::verify() {
  RankedTensorType weight = typeOf(getWeight()), packed = typeOf(getPacked());
  // pack_c1
  if (failed(verifyRank(*this, "weight", weight, 3, "diagrams, c_in, c_out")) ||
      failed(verifyRank(*this, "packed", packed, 3, "diagrams, c_in, c_out")))
    return failure();
  if (!weight.hasStaticShape() || !packed.hasStaticShape() ||
      weight.getShape().drop_front() != packed.getShape().drop_front() ||
      weight.getElementType() != packed.getElementType())
    return emitOpError() << "weights must have the same static channels and "
                            "element type before and after packing, found "
                         << weight << " and " << packed;
  // pack_c2
  if (failed(verifySums(*this, "order", "weight", getOrder(),
                        weight.getDimSize(0))))
    return failure();
  // pack_c3
  if (packed.getDimSize(0) != getOrder().size())
    return emitOpError() << "order names " << getOrder().size()
                         << " weights, but " << packed.getDimSize(0)
                         << " are packed";
  return success();
}

//===----------------------------------------------------------------------===//
// ReadOp
//===----------------------------------------------------------------------===//

std::vector<RowPattern> ReadOp::getPatternValues() {
  return ir::getPatternValues(getPatterns());
}

std::vector<RowPattern> ReadOp::getSourceValues() {
  return ir::getPatternValues(getSources());
}

static LogicalResult verifyReadPatterns(ReadOp op) {
  const std::vector<RowPattern> patterns = op.getPatternValues();
  const RowPattern &first = patterns.front();
  // Of symbols the entries and the terms of each.
  auto shapeOf = [&](const RowPattern &pattern) {
    const int64_t size = pattern.hasSymbol() ? sizeOf(op.getGroup(), op.getN(),
                                                      pattern.spaceOfSymbol())
                                             : 1;
    return std::make_pair(pattern.numEntries(size),
                          pattern.termsPerEntry(size));
  };
  const std::pair<int64_t, int64_t> shape = shapeOf(first);
  for (auto [attr, pattern] : llvm::zip(op.getPatterns(), patterns)) {
    // read_c4
    if (shapeOf(pattern).first == 0 || shapeOf(pattern).second == 0)
      return op.emitOpError()
             << "pattern " << quoted(attr) << " has a symbol without entries";
    // read_c3
    if (pattern.size() != first.size() ||
        axesOf(op.getGroup(), pattern) != axesOf(op.getGroup(), first) ||
        pattern.numKept() != first.numKept() ||
        pattern.numFree() != first.numFree() || shapeOf(pattern) != shape)
      return op.emitOpError()
             << "patterns " << quoted(op.getPatterns()[0]) << " and "
             << quoted(attr)
             << " must have as many inputs, kept blocks and free vertices";
    // read_c4
    if (isView(pattern))
      return op.emitOpError() << "pattern " << quoted(attr)
                              << " drops nothing: it is a view of x";
  }
  return success();
}

static LogicalResult verifySources(ReadOp op) {
  const llvm::DenseSet<Attribute> read = getReadPatterns(op.getReads());
  const std::vector<RowPattern> patterns = op.getPatternValues();
  const std::vector<RowPattern> sources = op.getSourceValues();
  for (auto [i, source] : llvm::enumerate(sources)) {
    Attribute patternAttr = op.getPatterns()[i],
              sourceAttr = op.getSources()[i];
    // read_c5
    if (op.readsInput() ? !isView(source) : !read.contains(sourceAttr))
      return op.emitOpError() << "source " << quoted(sourceAttr)
                              << (op.readsInput() ? " is not a view of 'x'"
                                                  : " is not among 'reads'");
    // read_c6
    if (!distinguishes(source, patterns[i]))
      return op.emitOpError()
             << "pattern " << quoted(patternAttr) << " cannot be read from "
             << quoted(sourceAttr) << ", which distinguishes less";
    if (relativePattern(source, patterns[i]).droppedBlocks().size() > 1)
      return op.emitOpError()
             << "pattern " << quoted(patternAttr) << " drops more than one "
             << "block of " << quoted(sourceAttr);
  }
  return success();
}

/// Reads of one operation are loops of one shape, but for sums over single axes
/// of x that are taken in one sweep.
static LogicalResult verifyOneShape(ReadOp op) {
  // read_c8
  if (!op.getGroup().isProduct())
    return success();
  const std::vector<RowPattern> patterns = op.getPatternValues();
  const std::vector<RowPattern> sources = op.getSourceValues();
  if (areAxisSums(patterns, op.getGroup(), op.readsInput()))
    return success();
  for (size_t i = 1; i < patterns.size(); ++i)
    if (patterns[i].spacesOfKept() != patterns[0].spacesOfKept() ||
        spacesOfSum(patterns[i], sources[i]) !=
            spacesOfSum(patterns[0], sources[0]))
      return op.emitOpError()
             << "patterns " << quoted(op.getPatterns()[0]) << " and "
             << quoted(op.getPatterns()[i])
             << " must keep and sum blocks of the same spaces, or all be sums "
                "over single axes of 'x'";
  return success();
}

LogicalResult ReadOp::verify() {
  // read_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // read_c2
  if (getPatterns().empty())
    return emitOpError() << "must have at least one pattern";
  if (getPatterns().size() != getSources().size())
    return emitOpError() << "has " << getPatterns().size() << " patterns but "
                         << getSources().size() << " sources";
  // read_c9
  if (getPool() != Pool::Sum && getNormalize() != Normalize::None)
    return emitOpError() << "pools, so that nothing can be normalized";
  if (failed(verifyUnique(*this, "pattern", getPatterns())) ||
      failed(verifyOfGroup(*this, getPatterns(), getGroup())) ||
      failed(verifyOfGroup(*this, getSources(), getGroup())))
    return failure();
  // read_c5
  if (readsInput() != getReads().empty())
    return emitOpError() << "must read either 'x' or 'reads'";
  if (failed(verifyReads(*this, getReads())) ||
      failed(verifyReadPatterns(*this)) || failed(verifySources(*this)) ||
      failed(verifyOneShape(*this)))
    return failure();
  // read_c7
  const std::vector<RowPattern> patterns = getPatternValues();
  RankedTensorType rows = typeOf(getRows());
  RankedTensorType from = typeOf(readsInput() ? getX() : getReads().front());
  if (failed(verifyRank(*this, readsInput() ? "x" : "reads", from, 3,
                        "batch, rows, channels")))
    return failure();
  if (readsInput() &&
      failed(
          verifyRows(*this, "x", from, from.getDimSize(0),
                     getRowsOfOrder(patterns.front().size(), getGroup(), getN(),
                                    axesOf(getGroup(), patterns.front())),
                     from.getDimSize(2), from.getElementType())))
    return failure();
  return verifyRows(*this, "rows", rows, from.getDimSize(0),
                    ir::getRows(patterns, getGroup(), getN()),
                    from.getDimSize(2), from.getElementType());
}

//===----------------------------------------------------------------------===//
// MixOp
//===----------------------------------------------------------------------===//

std::vector<RowPattern> MixOp::getTargetValues() {
  return ir::getPatternValues(getTargets());
}

std::vector<Diagram> MixOp::getDiagramValues() {
  return ir::getDiagramValues(getDiagrams());
}

std::vector<RowPattern> MixOp::getBottomValues() {
  std::vector<RowPattern> bottoms, others;
  std::set<RowPattern> known;
  for (const Diagram &diagram : getDiagramValues())
    if (RowPattern bottom = splitDiagram(diagram).bottom;
        known.insert(bottom).second)
      (isView(bottom) ? bottoms : others).push_back(std::move(bottom));
  bottoms.insert(bottoms.end(), others.begin(), others.end());
  return bottoms;
}

int64_t MixOp::getNumWeights() {
  if (!getStrands())
    return static_cast<int64_t>(getDiagrams().size());
  // Of every pair of patterns there is a matrix for each permutation.
  int64_t count = static_cast<int64_t>(getTargets().size()) *
                  static_cast<int64_t>(getBottomValues().size());
  for (int64_t strand = 2; strand <= *getStrands(); ++strand)
    count *= strand;
  return count;
}

bool MixOp::writesOutput() {
  return getTargets().size() == 1 &&
         isWhole(cast<RowPatternAttr>(getTargets()[0]).getValue());
}

static LogicalResult verifyTargets(MixOp op) {
  // mix_c2
  if (op.getTargets().empty())
    return op.emitOpError() << "must have at least one target";
  if (failed(verifyUnique(op, "target", op.getTargets())) ||
      failed(verifyOfGroup(op, op.getTargets(), op.getGroup())) ||
      failed(verifyOfGroup(op, op.getBroadcasts(), op.getGroup())) ||
      failed(verifyOfGroup(op, op.getInto(), op.getGroup())))
    return failure();
  const std::vector<RowPattern> targets = op.getTargetValues();
  for (auto [attr, target] : llvm::zip(op.getTargets(), targets)) {
    // mix_c3
    if (target.head >= 0 && target.termsPerEntry(sizeOf(
                                op.getGroup(), op.getN(), target.head)) == 0)
      return op.emitOpError()
             << "target " << quoted(attr) << " has a symbol without entries";
    if (target.numKept() != op.getPropagating())
      return op.emitOpError()
             << "target " << quoted(attr) << " keeps " << target.numKept()
             << " blocks, expected " << op.getPropagating();
    if (target.size() != targets.front().size() ||
        axesOf(op.getGroup(), target) !=
            axesOf(op.getGroup(), targets.front()) ||
        target.spacesOfKept() != targets.front().spacesOfKept() ||
        ir::getRows(target, op.getGroup(), op.getN()) !=
            ir::getRows(targets.front(), op.getGroup(), op.getN()))
      return op.emitOpError()
             << "targets " << quoted(op.getTargets()[0]) << " and "
             << quoted(attr) << " must have as many outputs and rows";
  }
  return success();
}

/// The position of each target.
static llvm::DenseMap<Attribute, size_t> numberTargets(MixOp op) {
  llvm::DenseMap<Attribute, size_t> number;
  for (auto [i, target] : llvm::enumerate(op.getTargets()))
    number[target] = i;
  return number;
}

static LogicalResult verifyMixDiagrams(MixOp op) {
  const llvm::DenseMap<Attribute, size_t> number = numberTargets(op);
  const llvm::DenseSet<Attribute> read = getReadPatterns(op.getReads());
  std::pair<size_t, bool> last = {0, false};
  for (const Diagram &diagram : op.getDiagramValues()) {
    // mix_c5
    if (failed(verifyOfGroup(op, "diagram", diagram, op.getGroup(), op.getN())))
      return failure();
    const Split split = splitDiagram(diagram);
    auto top = RowPatternAttr::get(op.getContext(), split.top);
    auto target = number.find(top);
    if (target == number.end())
      return op.emitOpError()
             << "diagram '" << toString(diagram) << "' writes pattern "
             << quoted(top) << ", which is not a target";
    auto bottom = RowPatternAttr::get(op.getContext(), split.bottom);
    if (!isView(split.bottom) && !read.contains(bottom))
      return op.emitOpError()
             << "diagram '" << toString(diagram) << "' reads pattern "
             << quoted(bottom) << ", which is not among 'reads'";
    // mix_c6
    std::pair<size_t, bool> place = {target->second, !isView(split.bottom)};
    if (place < last)
      return op.emitOpError()
             << "diagram '" << toString(diagram)
             << "' is out of order: diagrams are sorted by target, those that "
                "read 'x' first";
    last = place;
  }
  return success();
}

static LogicalResult verifyBroadcasts(MixOp op) {
  const llvm::DenseMap<Attribute, size_t> number = numberTargets(op);
  const llvm::DenseSet<Attribute> nodes = getNodePatterns(op.getNodes());
  // mix_c9
  if (op.getBroadcasts().size() != op.getInto().size())
    return op.emitOpError()
           << "has " << op.getBroadcasts().size() << " broadcasts into "
           << op.getInto().size() << " patterns";
  for (auto [from, to] : llvm::zip(op.getBroadcasts(), op.getInto())) {
    if (!nodes.contains(from))
      return op.emitOpError()
             << "broadcast " << quoted(from) << " is not among 'nodes'";
    if (!number.contains(to))
      return op.emitOpError() << "broadcast " << quoted(from) << " goes into "
                              << quoted(to) << ", which is not a target";
    const RowPattern &coarse = cast<RowPatternAttr>(from).getValue();
    const RowPattern &fine = cast<RowPatternAttr>(to).getValue();
    if (!distinguishes(fine, coarse) || coarse.hasSymbol() ||
        relativePattern(fine, coarse).numBlocks() != fine.numKept())
      return op.emitOpError() << "pattern " << quoted(from)
                              << " is no broadcast into " << quoted(to);
  }
  return success();
}

static LogicalResult verifyBias(MixOp op) {
  // mix_c10
  if (op.getBiasDiagrams().size() != op.getBiasRows().size())
    return op.emitOpError()
           << "has " << op.getBiasDiagrams().size() << " bias diagrams but "
           << op.getBiasRows().size() << " rows of them";
  if (op.getBiasDiagrams().empty() != !op.getBias())
    return op.emitOpError()
           << (op.getBias() ? "has a 'bias' but no bias diagrams"
                            : "has bias diagrams but no 'bias'");
  if (!op.getBias())
    return success();
  RankedTensorType bias = typeOf(op.getBias()), rows = typeOf(op.getRows());
  if (failed(verifyRank(op, "bias", bias, 2, "bias diagrams, c_out")))
    return failure();
  if (bias.getDimSize(1) != rows.getDimSize(2) ||
      bias.getElementType() != rows.getElementType())
    return op.emitOpError() << "'bias' must have the channels of the result, "
                            << rows << ", found " << bias;
  const llvm::DenseMap<Attribute, size_t> number = numberTargets(op);
  if (failed(verifyDiagrams(op, "bias diagram", op.getBiasDiagrams(),
                            op.getGroup(), op.getN(),
                            op.getTargetValues().front().size(), 0)))
    return failure();
  llvm::SmallDenseSet<Attribute> tops;
  for (auto [diagram, row] :
       llvm::zip(getDiagramValues(op.getBiasDiagrams()), op.getBiasRows())) {
    auto top = RowPatternAttr::get(op.getContext(), splitDiagram(diagram).top);
    if (!number.contains(top) || !tops.insert(top).second)
      return op.emitOpError()
             << "bias diagram '" << toString(diagram) << "' writes pattern "
             << quoted(top)
             << (number.contains(top) ? " that another one writes"
                                      : ", which is not a target");
    if (row < 0 || row >= bias.getDimSize(0))
      return op.emitOpError()
             << "bias diagram '" << toString(diagram) << "' has row " << row
             << " of " << bias.getDimSize(0);
  }
  return success();
}

static LogicalResult verifyStrands(MixOp op) {
  // mix_c12
  if (*op.getStrands() != op.getPropagating() ||
      *op.getStrands() < kLeastStrands || *op.getStrands() > kMostStrands)
    return op.emitOpError()
           << "a basis of strands is that of all kept blocks, " << kLeastStrands
           << " or " << kMostStrands << ", found " << *op.getStrands() << " of "
           << op.getPropagating();
  if (op.getDiagrams().empty())
    return op.emitOpError("has a basis of strands but no diagrams");
  if (op.getN() == 1)
    return op.emitOpError("has a basis of strands, which takes an 'n' above 1");
  if (op.getGroup().isProduct())
    return op.emitOpError("has a basis of strands, but axes of several spaces");
  const auto hasFree = [](const RowPattern &pattern) {
    return pattern.hasSymbol();
  };
  if (llvm::any_of(op.getTargetValues(), hasFree) ||
      llvm::any_of(op.getBottomValues(), hasFree))
    return op.emitOpError(
        "has a basis of strands, but patterns with free vertices");
  return success();
}

LogicalResult MixOp::verify() {
  // mix_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // mix_c8
  if (failed(verifyReads(*this, getReads())) ||
      failed(verifyNodes(*this, "nodes", getNodes())))
    return failure();
  if (failed(verifyTargets(*this)) || failed(verifyMixDiagrams(*this)) ||
      failed(verifyBroadcasts(*this)) ||
      (getStrands() && failed(verifyStrands(*this))))
    return failure();
  // mix_c7
  RankedTensorType x = typeOf(getX()), weights = typeOf(getWeights());
  if (failed(verifyRank(*this, "x", x, 3, "batch, rows, channels")) ||
      failed(verifyRank(*this, "weights", weights, 3, "diagrams, c_in, c_out")))
    return failure();
  const int64_t count = getNumWeights();
  if (getFirst() < 0 || getFirst() > weights.getDimSize(0) - count ||
      weights.getDimSize(1) != x.getDimSize(2))
    return emitOpError() << "needs weights " << getFirst() << " to "
                         << getFirst() + count - 1 << " of "
                         << formatExtent(x.getDimSize(2))
                         << " input channels, found " << weights;
  // mix_c11
  if (failed(verifyRows(*this, "rows", typeOf(getRows()), x.getDimSize(0),
                        ir::getRows(getTargetValues(), getGroup(), getN()),
                        weights.getDimSize(2), x.getElementType())))
    return failure();
  return verifyBias(*this);
}

//===----------------------------------------------------------------------===//
// WriteOp
//===----------------------------------------------------------------------===//

LogicalResult WriteOp::verify() {
  // write_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  // write_c2
  if (getPatterns().size() != getInto().size())
    return emitOpError() << "adds " << getPatterns().size() << " patterns to "
                         << getInto().size();
  // write_c3
  if (failed(verifyOfGroup(*this, getPatterns(), getGroup())) ||
      failed(verifyOfGroup(*this, getInto(), getGroup())) ||
      failed(verifyNodes(*this, "nodes", getNodes())) ||
      failed(verifyNodes(*this, "target", getTarget())))
    return failure();
  const llvm::DenseSet<Attribute> nodes = getNodePatterns(getNodes());
  const llvm::DenseSet<Attribute> targets = getNodePatterns(getTarget());
  for (auto [from, to] : llvm::zip(getPatterns(), getInto())) {
    if (!nodes.contains(from))
      return emitOpError() << "pattern " << quoted(from)
                           << " is not among 'nodes'";
    if (!targets.contains(to))
      return emitOpError() << "pattern " << quoted(from) << " is added to "
                           << quoted(to) << ", which 'target' does not hold";
    // write_c4
    if (!distinguishes(cast<RowPatternAttr>(to).getValue(),
                       cast<RowPatternAttr>(from).getValue()))
      return emitOpError() << "pattern " << quoted(from)
                           << " cannot be added to " << quoted(to)
                           << ", which distinguishes less";
  }
  // write_c6
  if ((getPool() != Pool::Sum) != static_cast<bool>(getAt()))
    return emitOpError() << (getAt() ? "has an 'at' but no 'pool'"
                                     : "has a 'pool' but no 'at'");
  if (!getAt())
    return success();
  const RankedTensorType at = typeOf(getAt()), rows = typeOf(getTarget());
  if (at.getRank() < 2 || at.getElementType() != rows.getElementType() ||
      at.getDimSize(0) != rows.getDimSize(0) ||
      !llvm::is_contained(at.getShape().drop_front(), rows.getDimSize(2)))
    return emitOpError() << "'at' must have the batch, the channels and the "
                            "element type of 'target', "
                         << rows << ", found " << at;
  return success();
}
