//===- eqc-reduce.cpp - The command line that makes failures small --------===//

#include "tools/eqc-reduce/Reduce.h"

int main(int argc, char **argv) { return eqc::opt::runReduce(argc, argv); }
