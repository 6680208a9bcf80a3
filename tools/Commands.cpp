//===- Commands.cpp - The programs, for packages that hold one copy -------===//

#include "compiler/Driver/Driver.h"
#include "compiler/Library/include/eqc/compiler.h"
#include "tools/eqc-lsp-server/LspServer.h"
#include "tools/eqc-opt/Opt.h"
#include "tools/eqc-reduce/Reduce.h"

#include <cstring>

namespace {
struct Program {
  const char *name;
  int (*run)(int argc, char **argv);
};
} // namespace

static const Program programs[] = {
    {"eqc-opt", eqc::opt::runOpt},
    {"eqc-reduce", eqc::opt::runReduce},
#ifdef EQC_HAS_LSP
    {"eqc-lsp-server", eqc::lsp::runLspServer},
#endif
};

int eqc_run(int argc, char **argv) {
  const char *name = argc > 0 ? argv[0] : "";
  if (const char *slash = strrchr(name, '/'))
    name = slash + 1;
  for (const Program &program : programs)
    if (strcmp(name, program.name) == 0)
      return program.run(argc, argv);
  return eqc::runDriver(argc, argv);
}
