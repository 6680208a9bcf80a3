//===- eqc-opt.cpp - The developers' command line -------------------------===//

#include "tools/eqc-opt/Opt.h"

int main(int argc, char **argv) { return eqc::opt::runOpt(argc, argv); }
