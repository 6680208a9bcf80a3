//===- VectorizeContractions.cpp - Mixes as register tiles ----------------===//
//
// The accumulator of a mix must live in vector registers across the reduction.
// That works on tensors only: after bufferization it would go through memory.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/Passes/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace eqc {
#define GEN_PASS_DEF_VECTORIZECONTRACTIONSPASS
#include "compiler/Lowering/Cpu/Passes/Passes.h.inc"
} // namespace eqc

using namespace mlir;

namespace {

/// Tiles `out[r, c] += a[r, k] * w[k, c]` by one in k and vectorizes the rest.
LogicalResult vectorizeTile(IRRewriter &rewriter, linalg::ContractOp op) {
  SmallVector<unsigned> reductions;
  op.getReductionDims(reductions);
  if (op.hasDynamicShape() || reductions.size() != 1)
    return failure();
  SmallVector<OpFoldResult> sizes(op.getNumLoops(), rewriter.getIndexAttr(0));
  sizes[reductions.front()] = rewriter.getIndexAttr(1);
  scf::SCFTilingOptions options;
  options.setTileSizes(sizes);
  rewriter.setInsertionPoint(op);
  FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(
      rewriter, cast<TilingInterface>(op.getOperation()), options);
  if (failed(tiled))
    return failure();
  rewriter.replaceOp(op, tiled->replacements);
  for (Operation *inner : tiled->tiledOps) {
    rewriter.setInsertionPoint(inner);
    FailureOr<linalg::VectorizationResult> result =
        linalg::vectorize(rewriter, inner, {}, {}, false, false, false,
                          /*createNamedContraction=*/true);
    if (failed(result))
      return failure();
    rewriter.replaceOp(inner, result->replacements);
  }
  return success();
}

struct VectorizeContractions
    : eqc::impl::VectorizeContractionsPassBase<VectorizeContractions> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    SmallVector<linalg::ContractOp> contractions;
    function.walk([&](linalg::ContractOp op) { contractions.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::ContractOp op : contractions) {
      if (succeeded(vectorizeTile(rewriter, op))) {
        ++numVectorized;
      } else {
        ++numMissed;
        op.emitRemark("channel mix left as scalar loops: its tile is not "
                      "static");
      }
    }
    RewritePatternSet patterns(&getContext());
    vector::populateVectorReductionToContractPatterns(patterns);
    vector::populateVectorTransferPermutationMapLoweringPatterns(patterns);
    if (failed(applyPatternsGreedily(function, std::move(patterns))))
      return signalPassFailure();
  }
};

} // namespace
