//===- LowerVectors.cpp - Vectors of more dimensions to rows --------------===//

#include "compiler/Lowering/Cpu/Passes/Passes.h"

#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace eqc {
#define GEN_PASS_DEF_LOWERVECTORSPASS
#include "compiler/Lowering/Cpu/Passes/Passes.h.inc"
} // namespace eqc

using namespace mlir;

namespace {

struct LowerVectors : eqc::impl::LowerVectorsPassBase<LowerVectors> {
  void runOnOperation() override {
    auto apply = [&](auto populate) {
      RewritePatternSet patterns(&getContext());
      populate(patterns);
      if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
        signalPassFailure();
    };
    apply([](RewritePatternSet &patterns) {
      vector::populateVectorContractLoweringPatterns(
          patterns, vector::VectorContractLowering::OuterProduct);
      vector::populateVectorOuterProductLoweringPatterns(patterns);
      vector::populateVectorTransferPermutationMapLoweringPatterns(patterns);
      vector::populateCastAwayVectorLeadingOneDimPatterns(patterns);
      vector::populateVectorTransposeLoweringPatterns(
          patterns, vector::VectorTransposeLowering::Shuffle16x16);
    });
    apply([](RewritePatternSet &patterns) {
      vector::populateVectorMaskOpLoweringPatterns(patterns);
    });
  }
};

} // namespace
