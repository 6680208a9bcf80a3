//===- eqc.cpp - The compiler's command line ------------------------------===//
//
// An installed eqc is the other programs too, by links with their names, so
// that one copy of LLVM serves all.
//
//===----------------------------------------------------------------------===//

#include "compiler/Library/include/eqc/compiler.h"

int main(int argc, char **argv) { return eqc_run(argc, argv); }
