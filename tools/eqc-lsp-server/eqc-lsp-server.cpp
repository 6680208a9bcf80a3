//===- eqc-lsp-server.cpp - What editors start ----------------------------===//

#include "tools/eqc-lsp-server/LspServer.h"

int main(int argc, char **argv) { return eqc::lsp::runLspServer(argc, argv); }
