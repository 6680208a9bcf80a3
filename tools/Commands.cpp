//===- Commands.cpp - The programs, for packages that hold one library ----===//

#include "compiler/Driver/Driver.h"
#include "compiler/Library/include/eqc/compiler.h"
#include "tools/eqc-opt/Opt.h"

#include <cstring>

int eqc_run(int argc, char **argv) {
  const char *name = argc > 0 ? argv[0] : "";
  if (const char *slash = strrchr(name, '/'))
    name = slash + 1;
  return strcmp(name, "eqc-opt") == 0 ? eqc::opt::runOpt(argc, argv)
                                      : eqc::runDriver(argc, argv);
}
