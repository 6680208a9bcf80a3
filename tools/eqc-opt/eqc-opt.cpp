//===- eqc-opt.cpp - Runs passes on MLIR files ----------------------------===//
//
// The developers' tool: reads MLIR, runs the passes named on the command line,
// prints what they made of it. Users compile layers with `eqc`.
//
//===----------------------------------------------------------------------===//

#include "tools/eqc-opt/Upstream.h"

#include "compiler/Pipelines/Pipelines.h"
#include "dialect/Eqc/EqcDialect.h"

#include "mlir/IR/Dialect.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

static const char *const overview =
    "eqc-opt - run compiler passes on MLIR\n"
    "\n"
    "Reads FILE.mlir (or standard input), runs the passes named on the "
    "command\n"
    "line from left to right, and prints the result. Without a pass it checks\n"
    "the file and prints it again in canonical form.\n"
    "\n"
    "  eqc-opt layer.mlir --eqc-expand --eqc-convert\n"
    "  eqc-opt layer.mlir --pass-pipeline='builtin.module(canonicalize,cse)'\n"
    "  eqc compile layer.eq --emit=eq -o - | eqc-opt --verify-roundtrip\n"
    "\n"
    "--help-hidden lists LLVM's own options too. To compile a layer, use "
    "eqc.\n";

/// LLVM's shared library brings hundreds of options that have no effect on
/// passes; a reader of --help looks for ours.
static void hideOptionsOfLLVM() {
  for (auto &entry : llvm::cl::getRegisteredOptions())
    if (entry.second->getOptionHiddenFlag() == llvm::cl::NotHidden)
      entry.second->setHiddenFlag(llvm::cl::Hidden);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  hideOptionsOfLLVM();

  mlir::DialectRegistry registry;
  registry.insert<eqc::ir::EqcDialect>();
  eqc::opt::registerUpstreamDialects(registry);
  eqc::opt::registerUpstreamPasses();
  eqc::registerEqcPasses();
  eqc::registerEqcPipelines();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, overview, registry));
}
