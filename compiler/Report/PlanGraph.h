//===- PlanGraph.h - Plans as boxes and arrows ------------------*- C++ -*-===//

#ifndef EQC_REPORT_PLANGRAPH_H
#define EQC_REPORT_PLANGRAPH_H

#include "compiler/Pipelines/Compile.h"
#include "compiler/Report/GraphPicture.h"

namespace eqc {

/// The lattice of a plan that shares reads and writes: patterns of x, what is
/// mixed of them, patterns of y. Of other plans their stages, one after the
/// other.
Graph graphOf(const LayerSpec &layer, const LayerReport &report);
/// Whether that is a lattice.
bool isLattice(const LayerReport &report);

/// Of a layer of two inputs what is read of each, the joins, what is written.
Graph graphOfJoins(const LayerSpec &layer, PlanKind plan);

} // namespace eqc

#endif // EQC_REPORT_PLANGRAPH_H
