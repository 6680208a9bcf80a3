//===- VerifyContract.cpp - What each stage promises to the next ----------===//
//
// A violation is a fault of the compiler; found here it has a name and a place,
// found later it is slow code or a failed legalisation.
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/Passes.h"
#include "dialect/Eqc/EqcLayerFunction.h"
#include "dialect/Eqc/EqcOps.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace eqc {
#define GEN_PASS_DEF_VERIFYCONTRACTPASS
#include "compiler/Transforms/Passes.h.inc"
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

struct VerifyContract : eqc::impl::VerifyContractPassBase<VerifyContract> {
  using VerifyContractPassBase::VerifyContractPassBase;

  void runOnOperation() override {
    void (VerifyContract::*check)(Operation *) =
        after == "import"      ? &VerifyContract::checkImported
        : after == "expand"    ? &VerifyContract::checkExpanded
        : after == "linalg"    ? &VerifyContract::checkLinalg
        : after == "convert"   ? &VerifyContract::checkConverted
        : after == "vectorize" ? &VerifyContract::checkVectorized
        : after == "bufferize" ? &VerifyContract::checkBufferized
                               : nullptr;
    if (!check) {
      getOperation().emitError() << "unknown stage '" << after
                                 << "', expected import, expand, linalg, "
                                    "convert, vectorize or bufferize";
      return signalPassFailure();
    }
    getOperation().walk([&](Operation *op) { (this->*check)(op); });
    layers.reset();
  }

  /// A release build of LLVM counts no statistics: nothing may depend on them.
  void addViolation() {
    ++numViolations;
    signalPassFailure();
  }

  InFlightDiagnostic report(Operation *op) {
    addViolation();
    return op->emitError();
  }

  void checkImported(Operation *op) {
    auto function = dyn_cast<func::FuncOp>(op);
    if (!function || !ir::holdsLayer(function))
      return;
    if (!layers)
      layers.emplace(getOperation());
    if (failed(layers->verify(function)))
      addViolation();
  }

  void checkExpanded(Operation *op) {
    checkImported(op);
    if (isa<ir::LinearOp>(op))
      report(op) << "layer is left without a plan";
    auto function = op->getParentOfType<func::FuncOp>();
    if (isa<ir::ApplyDiagramOp, ir::PermuteOp>(op) &&
        !(function && ir::holdsLayer(function)))
      report(op) << "diagram stands alone: only stages of a plan can be "
                    "compiled";
  }

  /// What any MLIR compiler takes.
  void checkLinalg(Operation *op) {
    if (!isa_and_nonnull<arith::ArithDialect, BuiltinDialect, func::FuncDialect,
                         linalg::LinalgDialect, tensor::TensorDialect>(
            op->getDialect()))
      report(op) << "graph holds an operation that other compilers do not know";
  }

  void checkConverted(Operation *op) {
    if (isa_and_nonnull<ir::EqcDialect>(op->getDialect()))
      report(op) << "stage of a layer is left without code for a CPU";
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

  std::optional<ir::LayerFunctions> layers;
};

} // namespace
