//===- VerifyKernels.cpp - What stages of the CPU promise -----------------===//
//
// As eqc-verify-contract does between the stages that all targets share: found
// here a fault of the compiler has a name and a place, found later it is slow
// code or a failed legalisation.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/Passes/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace eqc {
#define GEN_PASS_DEF_VERIFYKERNELSPASS
#include "compiler/Lowering/Cpu/Passes/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace mlir;

/// The vector width in bits that the function's CPU works with, or 0.
static int64_t vectorBitsOf(func::FuncOp function) {
  auto attributes = function->getAttrOfType<ArrayAttr>("passthrough");
  if (!attributes)
    return 0;
  for (auto pair : attributes.getAsRange<ArrayAttr>()) {
    auto key = cast<StringAttr>(pair[0]), value = cast<StringAttr>(pair[1]);
    int64_t bits = 0;
    if (key == "prefer-vector-width" &&
        !value.getValue().getAsInteger(10, bits))
      return bits;
  }
  return 0;
}

/// Whether an accumulator is read from a tensor that the loop around it
/// carries, so that it goes through memory in every iteration.
static bool accumulatesInMemory(vector::ContractionOp contract) {
  auto read = contract.getAcc().getDefiningOp<vector::TransferReadOp>();
  if (!read)
    return false;
  auto carried = dyn_cast<BlockArgument>(read.getBase());
  return carried && isa<scf::ForOp>(carried.getOwner()->getParentOp()) &&
         carried.getOwner() == contract->getBlock();
}

namespace {

struct VerifyKernels : eqc::impl::VerifyKernelsPassBase<VerifyKernels> {
  using VerifyKernelsPassBase::VerifyKernelsPassBase;

  void runOnOperation() override {
    void (VerifyKernels::*check)(Operation *) =
        after == "vectorize"   ? &VerifyKernels::checkVectorized
        : after == "bufferize" ? &VerifyKernels::checkBufferized
                               : nullptr;
    if (!check) {
      getOperation().emitError()
          << "unknown stage '" << after << "', expected vectorize or bufferize";
      return signalPassFailure();
    }
    getOperation().walk([&](Operation *op) { (this->*check)(op); });
  }

  /// A release build of LLVM counts no statistics: nothing may depend on them.
  InFlightDiagnostic report(Operation *op) {
    ++numViolations;
    signalPassFailure();
    return op->emitError();
  }

  void checkVectorized(Operation *op) {
    if (isa<linalg::LinalgOp>(op) && !isa<linalg::FillOp>(op))
      report(op) << "channel mix is left as scalar loops";
    if (auto contract = dyn_cast<vector::ContractionOp>(op))
      if (accumulatesInMemory(contract))
        report(op) << "accumulator of a channel mix goes through memory";
    // Arithmetic is what must fill registers; operands of outer products and
    // masked rows may be narrower.
    if (!isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op))
      return;
    auto type = dyn_cast<VectorType>(op->getResult(0).getType());
    auto function = op->getParentOfType<func::FuncOp>();
    if (!type || !function || type.getRank() == 0)
      return;
    const int64_t bits = vectorBitsOf(function);
    const int64_t row = type.getShape().back() * type.getElementTypeBitWidth();
    if (bits > 0 && row % bits != 0)
      report(op) << "vector of " << type.getShape().back()
                 << " columns is no whole number of the target's vectors of "
                 << bits << " bits";
  }

  void checkBufferized(Operation *op) {
    if (isa<memref::CopyOp>(op))
      report(op) << "kernel copies a whole array; every stage must write its "
                    "result in place";
    if (isa<memref::AllocOp, memref::AllocaOp>(op))
      report(op) << "kernel allocates memory; scratch must be planned in the "
                    "arena";
  }
};

} // namespace
