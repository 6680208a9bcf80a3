//===- DenseSchedule.h - How a CPU runs the dense plan ----------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_DENSESCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_DENSESCHEDULE_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Machine/Tiling.h"
#include "compiler/Plan/Dense/DensePlan.h"

#include <string>

namespace eqc {

/// One matrix product whose rows are samples.
struct DenseSchedule {
  ColumnTiling columns;
  int64_t samples = 1; ///< of a tile; the rest go one by one
};

DenseSchedule scheduleDense(const LayerSpec &spec, const DensePlan &plan,
                            const Machine &machine);

/// A line for each stage of a plan.
std::string describe(const DenseSchedule &schedule);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_DENSESCHEDULE_H
