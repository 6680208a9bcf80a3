//===- FactoredSchedule.h - How a CPU runs the factored plan ----*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_FACTOREDSCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_FACTOREDSCHEDULE_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"
#include "compiler/Machine/Tiling.h"
#include "compiler/Plan/Factored/FactoredPlan.h"

#include <string>

namespace eqc {

/// One diagram after the other, sample by sample.
struct FactoredSchedule {
  ColumnTiling columns;
  int64_t tileRows = 1; ///< of what a diagram mixes; the rest go one by one
  /// Diagrams that are added to y as one block, in scratch; 0: all of them,
  /// straight to y.
  int64_t blockDiagrams = 0;
  RowsSchedule bias; ///< where diagrams of orbits add other rows
};

FactoredSchedule scheduleFactored(const LayerSpec &spec,
                                  const FactoredPlan &plan,
                                  const Machine &machine);

/// A line for each stage of a plan.
std::string describe(const FactoredSchedule &schedule,
                     const FactoredPlan &plan);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_FACTOREDSCHEDULE_H
