//===- ReplayFile.cpp - The pass that runs, for eqc-opt to repeat ---------===//

#include "compiler/Pipelines/ReplayFile.h"

#include "mlir/IR/AsmState.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace eqc;
using namespace mlir;

/// The pass on all operations like `op` of a module.
static std::string pipelineOf(Pass &pass, Operation *op) {
  std::string text;
  llvm::raw_string_ostream os(text);
  pass.printAsTextualPipeline(os);
  for (; op; op = op->getParentOp())
    text = op->getName().getStringRef().str() + "(" + text + ")";
  return text;
}

void eqc::writeReplayFile(const std::string &folder, Pass &pass,
                          Operation *op) {
  Operation *root = op;
  while (Operation *parent = root->getParentOp())
    root = parent;
  std::error_code error;
  llvm::raw_fd_ostream file(folder + "/" + kReplayPass, error);
  if (error)
    return;
  AsmState state(root);
  state.attachResourcePrinter(
      "mlir_reproducer", [&](Operation *, AsmResourceBuilder &builder) {
        builder.buildString("pipeline", pipelineOf(pass, op));
        builder.buildBool("disable_threading", true);
        builder.buildBool("verify_each", true);
      });
  root->print(file, state);
  file << '\n';
  // A full disk is none of this process's business any more.
  if (file.has_error())
    file.clear_error();
}
