//===- Passes.cpp - Any bytes as IR for some passes -----------------------===//
//
// The first byte chooses passes, the rest is MLIR. Parsing and passes succeed
// or report an error; what passes leave is valid, and has the functions that
// were there.
//
//===----------------------------------------------------------------------===//

#include "test/Fuzz/Guided/Target.h"

#include "compiler/Pipelines/Pipelines.h"
#include "dialect/Eqc/EqcDialect.h"
#include "tools/eqc-opt/Upstream.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

static const char *const kPasses[] = {
    "",
    "canonicalize,cse",
    "eqc-add-gradients",
    "eqc-describe-layers",
    "eqc-choose-plans",
    "eqc-expand-plan",
    "eqc-order-contractions",
    "eqc-clone-for-targets",
    "eqc-verify-contract",
    "eqc-expand",
    "eqc-expand{plan=dense}",
    "eqc-expand{plan=factored}",
    "eqc-expand{plan=schur}",
    "eqc-expand{gradients=true plan=shared}",
    "eqc-linalg{plan=shared}",
    "eqc-expand{plan=shared},eqc-convert{cpus=x86-64-v3}",
    "convert-eqc-to-loops",
    "convert-eqc-to-linalg",
    "func.func(eqc-vectorize-contractions)",
    "func.func(eqc-hoist-accumulators)",
    "eqc-bufferize-in-place",
    "eqc-plan-arena",
    "func.func(eqc-stream-output)",
    "func.func(eqc-lower-vectors)",
    "eqc-add-entry-points",
    "eqc-verify-kernels",
};

static const mlir::DialectRegistry &dialects() {
  static const mlir::DialectRegistry registry = [] {
    mlir::DialectRegistry result;
    result.insert<eqc::ir::EqcDialect>();
    eqc::opt::registerUpstreamDialects(result);
    eqc::opt::registerUpstreamPasses();
    eqc::registerEqcPasses();
    eqc::registerEqcPipelines();
    return result;
  }();
  return registry;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  // A context for each: what one input leaves there has no say in the next.
  mlir::MLIRContext context(dialects(), mlir::MLIRContext::Threading::DISABLED);
  mlir::ScopedDiagnosticHandler quiet(&context, [](mlir::Diagnostic &) {});
  const std::string text(reinterpret_cast<const char *>(data) + 1, size - 1);
  const mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return 0;
  mlir::PassManager passes(&context);
  const std::string pipeline = kPasses[data[0] % std::size(kPasses)];
  require(succeeded(mlir::parsePassPipeline(pipeline, passes, llvm::nulls())),
          "the passes are known");
  if (failed(passes.run(*module)))
    return 0;
  require(succeeded(mlir::verify(*module)), "what passes leave is valid");
  std::string printed;
  llvm::raw_string_ostream(printed) << *module;
  return 0;
}
