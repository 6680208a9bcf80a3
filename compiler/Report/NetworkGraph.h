//===- NetworkGraph.h - Networks as boxes and arrows ------------*- C++ -*-===//

#ifndef EQC_REPORT_NETWORKGRAPH_H
#define EQC_REPORT_NETWORKGRAPH_H

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Report/GraphPicture.h"

namespace eqc {

/// Inputs, steps and what flows between them.
Graph graphOf(const NetworkSpec &network);

} // namespace eqc

#endif // EQC_REPORT_NETWORKGRAPH_H
