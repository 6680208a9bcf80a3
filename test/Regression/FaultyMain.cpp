//===- FaultyMain.cpp - eqc without the programs that are links to it -----===//

#include "compiler/Driver/Driver.h"

int main(int argc, char **argv) { return eqc::runDriver(argc, argv); }
