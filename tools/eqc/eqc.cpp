//===- eqc.cpp - The compiler's command line ------------------------------===//

#include "compiler/Driver/Driver.h"

int main(int argc, char **argv) { return eqc::runDriver(argc, argv); }
