//===- EqcFolds.cpp - Folds and canonicalisations -------------------------===//
//
// Identities disappear, and chains of diagrams or permutations become one.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

//===----------------------------------------------------------------------===//
// ApplyDiagramOp
//===----------------------------------------------------------------------===//

/// Whether the blocks are exactly {o1, i1}, {o2, i2}, ..
static bool isIdentity(const Diagram &diagram) {
  if (diagram.l != diagram.k || diagram.hasSymbol())
    return false;
  for (int vertex = 0; vertex < diagram.l; ++vertex)
    if (diagram.block[vertex] != vertex ||
        diagram.block[diagram.l + vertex] != vertex)
      return false;
  return true;
}

OpFoldResult ApplyDiagramOp::fold(FoldAdaptor) {
  if (isIdentity(getDiagram().getValue()) && getX().getType() == getType())
    return getX();
  return {};
}

/// sign * n^loops in the element type, if that is exact and finite.
static std::optional<llvm::APFloat> getExactScale(const Composition &product,
                                                  Group group, int64_t n,
                                                  FloatType type) {
  llvm::APFloat scale =
      llvm::APFloat::getOne(type.getFloatSemantics(), product.sign < 0);
  constexpr auto rounding = llvm::APFloat::rmNearestTiesToEven;
  for (int space : product.spacesOfLoops) {
    const int64_t length = sizeOf(group, n, space);
    llvm::APFloat size(type.getFloatSemantics());
    if (length == EqcDialect::kDynamicN ||
        size.convertFromAPInt(llvm::APInt(64, length), /*IsSigned=*/true,
                              rounding) != llvm::APFloat::opOK ||
        scale.multiply(size, rounding) != llvm::APFloat::opOK)
      return std::nullopt;
  }
  return scale;
}

/// `scale * value`, elementwise. A constant of the whole shape needs a static
/// one; otherwise the scalar is spread over the extents of `value`.
static Value buildScaled(PatternRewriter &rewriter, Location loc, Value value,
                         const llvm::APFloat &scale) {
  auto type = cast<RankedTensorType>(value.getType());
  if (scale.isExactlyValue(1.0))
    return value;
  if (scale.isExactlyValue(-1.0))
    return arith::NegFOp::create(rewriter, loc, value);
  Value factor;
  if (type.hasStaticShape()) {
    factor = arith::ConstantOp::create(rewriter, loc,
                                       DenseElementsAttr::get(type, scale));
  } else {
    Value scalar = arith::ConstantOp::create(
        rewriter, loc, rewriter.getFloatAttr(type.getElementType(), scale));
    SmallVector<Value> extents;
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (type.isDynamicDim(axis))
        extents.push_back(tensor::DimOp::create(rewriter, loc, value, axis));
    factor = tensor::SplatOp::create(rewriter, loc, scalar, type, extents);
  }
  return arith::MulFOp::create(rewriter, loc, value, factor);
}

namespace {
/// D_1 (D_2 x) becomes sign * n^loops * D_(1 after 2) x.
struct ComposeDiagrams : OpRewritePattern<ApplyDiagramOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ApplyDiagramOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<ApplyDiagramOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "does not follow a diagram");
    // With another use the inner product is computed anyway, and applying the
    // outer diagram to it may well be cheaper than the composition to `x`.
    if (!inner->hasOneUse())
      return rewriter.notifyMatchFailure(op, "the inner one has other uses");
    if (inner.getGroup() != op.getGroup() || inner.getN() != op.getN())
      return rewriter.notifyMatchFailure(op, "the groups differ");
    const Diagram &outerDiagram = op.getDiagram().getValue();
    const Diagram &innerDiagram = inner.getDiagram().getValue();
    if (outerDiagram.hasSymbol() || innerDiagram.hasSymbol())
      return rewriter.notifyMatchFailure(
          op, "a product with symbols is not one diagram");
    for (int v = 0; v < innerDiagram.l; ++v)
      if (outerDiagram.isDual(outerDiagram.l + v) != innerDiagram.isDual(v))
        return rewriter.notifyMatchFailure(op, "axes are of other duals");

    Composition product = compose(op.getGroup(), outerDiagram, innerDiagram);
    auto type = cast<RankedTensorType>(op.getType());
    std::optional<llvm::APFloat> scale =
        getExactScale(product, op.getGroup(), op.getN(),
                      cast<FloatType>(type.getElementType()));
    if (!scale)
      return rewriter.notifyMatchFailure(op, "the scale is not exact");

    Location loc = rewriter.getFusedLoc({inner.getLoc(), op.getLoc()});
    Value composed = ApplyDiagramOp::create(
        rewriter, loc, type, inner.getX(), op.getGroupAttr(), op.getNAttr(),
        DiagramAttr::get(op.getContext(), product.diagram));
    rewriter.replaceOp(op, buildScaled(rewriter, loc, composed, *scale));
    return success();
  }
};
} // namespace

void ApplyDiagramOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                 MLIRContext *context) {
  patterns.add<ComposeDiagrams>(context);
}

//===----------------------------------------------------------------------===//
// PermuteOp
//===----------------------------------------------------------------------===//

OpFoldResult PermuteOp::fold(FoldAdaptor) {
  ArrayRef<int64_t> outer = getPermutation();
  if (llvm::all_of(llvm::enumerate(outer), [](auto entry) {
        return entry.value() == static_cast<int64_t>(entry.index());
      }))
    return getX();

  // y[q] = z[outer[q]] and z[q] = x[inner[q]], hence y[q] = x[inner[outer[q]]].
  auto producer = getX().getDefiningOp<PermuteOp>();
  if (!producer || producer.getPermutation().size() != outer.size())
    return {};
  ArrayRef<int64_t> inner = producer.getPermutation();
  SmallVector<int64_t> composed;
  for (int64_t axis : outer)
    composed.push_back(inner[axis]);
  setPermutation(composed);
  getXMutable().assign(producer.getX());
  return getResult();
}
