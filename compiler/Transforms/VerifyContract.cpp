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

namespace {

struct VerifyContract : eqc::impl::VerifyContractPassBase<VerifyContract> {
  using VerifyContractPassBase::VerifyContractPassBase;

  void runOnOperation() override {
    void (VerifyContract::*check)(Operation *) =
        after == "import"    ? &VerifyContract::checkImported
        : after == "expand"  ? &VerifyContract::checkExpanded
        : after == "linalg"  ? &VerifyContract::checkLinalg
        : after == "convert" ? &VerifyContract::checkConverted
                             : nullptr;
    if (!check) {
      getOperation().emitError()
          << "unknown stage '" << after
          << "', expected import, expand, linalg or convert";
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
    // Networks stay what they are until the C functions are added.
    if (isa_and_nonnull<ir::EqcDialect>(op->getDialect()) &&
        !isa<ir::NetworkOp>(op) && !op->getParentOfType<ir::NetworkOp>())
      report(op) << "stage of a layer is left without code for a machine";
  }

  std::optional<ir::LayerFunctions> layers;
};

} // namespace
