//===- Opt.cpp - Runs passes on MLIR files --------------------------------===//
//
// The developers' tool: reads MLIR, runs the passes named on the command line,
// prints what they made of it. Users compile layers with `eqc`.
//
//===----------------------------------------------------------------------===//

#include "tools/eqc-opt/Opt.h"
#include "tools/eqc-opt/Printable.h"
#include "tools/eqc-opt/Upstream.h"

#include "compiler/Pipelines/Pipelines.h"
#include "dialect/Eqc/EqcDialect.h"

#include "mlir/IR/Dialect.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/ToolOutputFile.h"

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

/// Upstream's main function for a file, with a text that can be printed.
static llvm::LogicalResult run(const std::string &input,
                               const std::string &output,
                               mlir::DialectRegistry &registry) {
  if (input == "-" && llvm::sys::Process::StandardInIsUserInput())
    llvm::errs() << "(processing input from stdin now, hit ctrl-c/ctrl-d to "
                    "interrupt)\n";
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> buffer =
      mlir::openInputFile(input, &error);
  std::unique_ptr<llvm::ToolOutputFile> out;
  if (buffer)
    out = mlir::openOutputFile(output, &error);
  if (!out) {
    llvm::errs() << error << "\n";
    return llvm::failure();
  }
  if (failed(mlir::MlirOptMain(
          out->os(), eqc::opt::withPrintableText(std::move(buffer)), registry,
          mlir::MlirOptMainConfig::createFromCLOptions())))
    return llvm::failure();
  out->keep();
  return llvm::success();
}

int eqc::opt::runOpt(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  hideOptionsOfLLVM();

  mlir::DialectRegistry registry;
  eqc::opt::registerUpstreamDialects(registry);
  eqc::opt::registerUpstreamPasses();
  eqc::registerEqcPasses();
  eqc::registerEqcPipelines();
  eqc::opt::registerPrintableMessages(registry);
  const auto [input, output] =
      mlir::registerAndParseCLIOptions(argc, argv, overview, registry);
  const auto config = mlir::MlirOptMainConfig::createFromCLOptions();
  // These two read no file.
  const bool lists = config.shouldShowDialects() || config.shouldListPasses();
  return mlir::asMainReturnCode(
      lists ? mlir::MlirOptMain(argc, argv, input, output, registry)
            : run(input, output, registry));
}
