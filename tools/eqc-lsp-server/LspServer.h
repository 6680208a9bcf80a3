//===- LspServer.h - What `eqc-lsp-server` does, as a library ---*- C++ -*-===//

#ifndef EQC_TOOLS_EQC_LSP_SERVER_LSPSERVER_H
#define EQC_TOOLS_EQC_LSP_SERVER_LSPSERVER_H

namespace eqc::lsp {

/// Runs the command line, on standard input and output, and returns the exit
/// status.
int runLspServer(int argc, char **argv);

} // namespace eqc::lsp

#endif // EQC_TOOLS_EQC_LSP_SERVER_LSPSERVER_H
