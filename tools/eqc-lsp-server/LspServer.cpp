//===- LspServer.cpp - Language servers for editors -----------------------===//
//
// For .eq by default, with --mlir for MLIR with eqc's dialect, on MLIR's own
// server.
//
//===----------------------------------------------------------------------===//

#include "tools/eqc-lsp-server/LspServer.h"

#include "compiler/Lsp/Server.h"
#include "tools/eqc-opt/Upstream.h"

#include "compiler/Pipelines/Dialects.h"
#include "dialect/Eqc/EqcDialect.h"

#include "mlir/IR/Dialect.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdio>

static const char *const usage =
    "eqc-lsp-server - what editors ask about .eq files, or with --mlir about "
    "MLIR\n"
    "with eqc's dialect, in the Language Server Protocol on standard input "
    "and\n"
    "output\n";

static int serveMlir(int argc, char **argv) {
  mlir::DialectRegistry registry;
  eqc::opt::registerUpstreamDialects(registry);
  registry.insert<eqc::ir::EqcDialect>();
  return failed(mlir::MlirLspServerMain(argc, argv, registry));
}

int eqc::lsp::runLspServer(int argc, char **argv) {
  if (argc > 1 && llvm::StringRef(argv[1]) == "--mlir") {
    argv[1] = argv[0]; // what is left are options of MLIR's server
    return serveMlir(argc - 1, argv + 1);
  }
  if (argc > 1) {
    const bool help = llvm::StringRef(argv[1]) == "--help";
    (help ? llvm::outs() : llvm::errs()) << usage;
    return help ? 0 : 2;
  }
  (void)llvm::sys::ChangeStdinToBinary();
  llvm::lsp::JSONTransport transport(stdin, llvm::outs());
  return runServer(transport);
}
