//===- HoistAccumulators.cpp - Keep register tiles in registers -----------===//
//
// Upstream's hoisting of loop-invariant subsets, for the loops that need it
// alone: on all loops of a kernel it takes most of the time of all passes, to
// find nothing, since what the others carry are whole arrays.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/Passes/Passes.h"

#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

namespace eqc {
#define GEN_PASS_DEF_HOISTACCUMULATORSPASS
#include "compiler/Lowering/Cpu/Passes/Passes.h.inc"
} // namespace eqc

using namespace mlir;

/// Whether the loop carries a tile, a tensor of static shape, and contracts.
static bool carriesTile(LoopLikeOpInterface loop) {
  const bool tile = llvm::any_of(loop.getInits(), [](Value init) {
    auto type = dyn_cast<RankedTensorType>(init.getType());
    return type && type.hasStaticShape();
  });
  return tile && loop->walk([](vector::ContractionOp) {
                       return WalkResult::interrupt();
                     })
                     .wasInterrupted();
}

namespace {

struct HoistAccumulators
    : eqc::impl::HoistAccumulatorsPassBase<HoistAccumulators> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](LoopLikeOpInterface loop) {
      if (!carriesTile(loop))
        return;
      (void)hoistLoopInvariantSubsets(rewriter, loop);
      ++numLoops;
    });
  }
};

} // namespace
