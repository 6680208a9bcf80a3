//===- VerifyKernels.cpp - No copies, no allocations in kernels -----------===//

#include "compiler/Transforms/Passes.h"

namespace eqc {
#define GEN_PASS_DEF_VERIFYKERNELSPASS
#include "compiler/Transforms/Passes.h.inc"
} // namespace eqc

using namespace mlir;

namespace {

struct VerifyKernels : eqc::impl::VerifyKernelsPassBase<VerifyKernels> {
  void runOnOperation() override {
    bool failed = false;
    getOperation().walk([&](Operation *op) {
      if (isa<memref::CopyOp>(op)) {
        op->emitError("kernel copies a whole array; every stage must write "
                      "its result in place");
        failed = true;
      }
      if (isa<memref::AllocOp, memref::AllocaOp>(op)) {
        op->emitError("kernel allocates memory; scratch must be planned in "
                      "the arena");
        failed = true;
      }
    });
    if (failed)
      signalPassFailure();
  }
};

} // namespace
