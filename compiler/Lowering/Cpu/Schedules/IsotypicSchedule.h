//===- IsotypicSchedule.h - How a CPU runs the isotypic plan ----*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_ISOTYPICSCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_ISOTYPICSCHEDULE_H

#include "compiler/Lowering/Cpu/Schedules/MixSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"
#include "compiler/Plan/Isotypic/IsotypicPlan.h"

namespace eqc {

struct IsotypicSchedule {
  RowsSchedule bias, read, write;
  std::vector<MixSchedule> mixes; ///< as in the plan
};

IsotypicSchedule scheduleIsotypic(const LayerSpec &spec,
                                  const IsotypicPlan &plan,
                                  const Machine &machine);

/// A line for each stage of a plan.
std::string describe(const IsotypicSchedule &schedule);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_ISOTYPICSCHEDULE_H
