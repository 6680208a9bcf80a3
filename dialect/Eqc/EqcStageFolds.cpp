//===- EqcStageFolds.cpp - Folds and canonicalisations of stages ----------===//
//
// What nothing refers to disappears: patterns, operands, empty stages.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcStages.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

OpFoldResult ToRowsOp::fold(FoldAdaptor) {
  auto rows = getX().getDefiningOp<FromRowsOp>();
  if (rows && rows.getLayout() == getLayout() &&
      rows.getRows().getType() == getType())
    return rows.getRows();
  return {};
}

OpFoldResult WriteOp::fold(FoldAdaptor) {
  if (getPatterns().empty())
    return getTarget();
  return {};
}

/// The input patterns that `op` refers to.
static void collectUsed(Operation *op, llvm::DenseSet<Attribute> &used) {
  if (auto read = dyn_cast<ReadOp>(op))
    used.insert_range(read.getSources());
  if (auto mix = dyn_cast<MixOp>(op))
    for (const Diagram &diagram : mix.getDiagramValues())
      used.insert(
          RowPatternAttr::get(op->getContext(), splitDiagram(diagram).bottom));
}

/// The values among `all` that hold a pattern of `used`.
static SmallVector<Value>
keepUsed(ValueRange all, const llvm::DenseSet<Attribute> &used,
         llvm::DenseSet<Attribute> (*patternsOf)(ValueRange)) {
  SmallVector<Value> kept;
  for (Value value : all)
    if (llvm::any_of(patternsOf(value),
                     [&](Attribute pattern) { return used.contains(pattern); }))
      kept.push_back(value);
  return kept;
}

namespace {

/// Patterns that no stage uses are not read.
struct DropDeadPatterns : OpRewritePattern<ReadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReadOp op,
                                PatternRewriter &rewriter) const override {
    llvm::DenseSet<Attribute> used;
    for (Operation *user : op->getUsers()) {
      if (!isa<ReadOp, MixOp>(user))
        return rewriter.notifyMatchFailure(op, "used by no stage");
      collectUsed(user, used);
    }
    SmallVector<Attribute> patterns, sources;
    for (auto [pattern, source] : llvm::zip(op.getPatterns(), op.getSources()))
      if (used.contains(pattern)) {
        patterns.push_back(pattern);
        sources.push_back(source);
      }
    if (patterns.size() == op.getPatterns().size() || patterns.empty())
      return rewriter.notifyMatchFailure(op, "every pattern is used, or none");
    auto type = cast<RankedTensorType>(op.getType());
    ArrayAttr kept = rewriter.getArrayAttr(patterns);
    SmallVector<int64_t> shape(type.getShape());
    shape[1] = *getRows(getPatternValues(kept), op.getGroup(), op.getN());
    rewriter.replaceOpWithNewOp<ReadOp>(
        op, type.clone(shape), op.getX(), op.getReads(), op.getGroupAttr(),
        op.getNAttr(), kept, rewriter.getArrayAttr(sources),
        op.getNormalizeAttr(), op.getPoolAttr());
    return success();
  }
};

/// Reads that none of the sources lies in are no operands.
struct DropDeadReadsOfRead : OpRewritePattern<ReadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReadOp op,
                                PatternRewriter &rewriter) const override {
    llvm::DenseSet<Attribute> used;
    collectUsed(op, used);
    SmallVector<Value> reads = keepUsed(op.getReads(), used, getReadPatterns);
    if (reads.size() == op.getReads().size())
      return rewriter.notifyMatchFailure(op, "all reads are used");
    rewriter.modifyOpInPlace(op, [&] { op.getReadsMutable().assign(reads); });
    return success();
  }
};

/// The same for the reads and nodes of a mix.
struct DropDeadOperandsOfMix : OpRewritePattern<MixOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MixOp op,
                                PatternRewriter &rewriter) const override {
    llvm::DenseSet<Attribute> used, broadcasts;
    collectUsed(op, used);
    broadcasts.insert_range(op.getBroadcasts());
    SmallVector<Value> reads = keepUsed(op.getReads(), used, getReadPatterns);
    SmallVector<Value> nodes =
        keepUsed(op.getNodes(), broadcasts, getNodePatterns);
    if (reads.size() == op.getReads().size() &&
        nodes.size() == op.getNodes().size())
      return rewriter.notifyMatchFailure(op, "all operands are used");
    rewriter.modifyOpInPlace(op, [&] {
      op.getReadsMutable().assign(reads);
      op.getNodesMutable().assign(nodes);
    });
    return success();
  }
};

} // namespace

void ReadOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<DropDeadPatterns, DropDeadReadsOfRead>(context);
}

void MixOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                        MLIRContext *context) {
  patterns.add<DropDeadOperandsOfMix>(context);
}
