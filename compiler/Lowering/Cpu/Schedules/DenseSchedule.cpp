//===- DenseSchedule.cpp - How a CPU runs the dense plan ------------------===//

#include "compiler/Lowering/Cpu/Schedules/DenseSchedule.h"

#include <fmt/format.h>

using namespace eqc;

DenseSchedule eqc::scheduleDense(const LayerSpec &spec, const DensePlan &plan,
                                 const Machine &machine) {
  DenseSchedule schedule;
  schedule.columns = matrixTiling(machine, spec.elementSize(), plan.columns);
  schedule.samples = sampleTileRows(machine, schedule.columns.vectors);
  return schedule;
}

std::string eqc::describe(const DenseSchedule &schedule) {
  return fmt::format("    mix    tiles of {} sample{} by {} column{}\n"
                     "    pack   entry by entry of each diagram\n",
                     schedule.samples, schedule.samples == 1 ? "" : "s",
                     schedule.columns.width,
                     schedule.columns.width == 1 ? "" : "s");
}
