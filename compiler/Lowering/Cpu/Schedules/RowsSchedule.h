//===- RowsSchedule.h - How a CPU works row by row --------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_ROWSSCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_ROWSSCHEDULE_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Machine/Machine.h"
#include "compiler/Plan/RowTransform.h"

#include <string>
#include <vector>

namespace eqc {

/// Rows that are copied or added up are taken in pieces of so many vectors:
/// enough to hide the latency of additions.
constexpr int64_t kRowVectors = 4;

/// The shares of a stage that may run at once. From the shape of the layer
/// alone: results do not depend on threads.
int64_t partsOf(const LayerSpec &spec);

/// The components of one pattern of a change of basis.
struct ComponentSchedule {
  RowComponentClass shape;
  /// Whether its terms are written out, with its sources in registers; else
  /// every target is a loop over its terms.
  bool inLine = true;
  int64_t vectors = 1; ///< of every row at once
};

/// A change of basis.
using RowsSchedule = std::vector<ComponentSchedule>;

RowsSchedule scheduleRows(const RowTransform &transform,
                          const Machine &machine);

/// "component by component, in registers".
std::string describe(const RowsSchedule &schedule);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_ROWSSCHEDULE_H
