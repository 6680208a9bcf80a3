//===- Server.h - A language server for .eq ---------------------*- C++ -*-===//

#ifndef EQC_LSP_SERVER_H
#define EQC_LSP_SERVER_H

#include "llvm/Support/LSP/Transport.h"

namespace eqc::lsp {

/// Answers a client until it says that it goes. The exit status: 1 where it did
/// not ask to shut down before, or went without a word.
int runServer(llvm::lsp::JSONTransport &transport);

} // namespace eqc::lsp

#endif // EQC_LSP_SERVER_H
