//===- FactoredSchedule.cpp - How a CPU runs the factored plan ------------===//

#include "compiler/Lowering/Cpu/Schedules/FactoredSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/MixSchedule.h"
#include "compiler/Lowering/Nests/Summation.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc;

FactoredSchedule eqc::scheduleFactored(const LayerSpec &spec,
                                       const FactoredPlan &plan,
                                       const Machine &machine) {
  FactoredSchedule schedule;
  schedule.columns = columnTiling(spec, machine);
  schedule.tileRows = sampleTileRows(machine, schedule.columns.vectors);
  if (static_cast<int64_t>(plan.diagrams.size()) > kTermsOfBlock)
    schedule.blockDiagrams = kTermsOfBlock;
  return schedule;
}

std::string eqc::describe(const FactoredSchedule &schedule,
                          const FactoredPlan &plan) {
  std::string text = "    copy   row by row, for one diagram after the other\n";
  const bool reads = std::any_of(
      plan.diagrams.begin(), plan.diagrams.end(),
      [](const FactoredSteps &steps) { return !steps.contractions.empty(); });
  if (reads)
    text += "    read   block by block\n";
  text += fmt::format("    mix    tiles of {} row{} by {} vector{}\n",
                      schedule.tileRows, schedule.tileRows == 1 ? "" : "s",
                      schedule.columns.vectors,
                      schedule.columns.vectors == 1 ? "" : "s");
  text += "    write  walk by walk";
  if (schedule.blockDiagrams > 0)
    text += fmt::format(", {} diagrams summed in scratch at a time",
                        schedule.blockDiagrams);
  return text + "\n";
}
