//===- ReadSchedule.cpp - How a CPU reads input patterns ------------------===//

#include "compiler/Lowering/Cpu/Schedules/ReadSchedule.h"
#include "compiler/Lowering/Nests/ReadNest.h"
#include "compiler/Lowering/Nests/SweepNest.h"

#include <fmt/format.h>

using namespace eqc;

ReadSchedule eqc::scheduleRead(const LayerSpec &spec, const SharedPlan &plan,
                               const ReadStage &stage) {
  ReadSchedule schedule;
  if (stage.isUneven())
    return schedule;
  schedule.sweeps = SweepNest::serves(plan, stage);
  schedule.mostRows = ReadSchedule::kSums;
  // Axes of several spaces are of several lengths.
  for (const ReadStage &part : partsOfOneShape(stage)) {
    const ReadNest nest(plan, part);
    // Sums of several rows whose terms loop would need as many loops.
    if (!nest.inLine() || nest.kept.empty())
      schedule.mostRows = 1;
    else if (!spec.dynamicN())
      schedule.mostRows =
          std::min(schedule.mostRows, nest.kept.back().extent.at(spec.n));
  }
  return schedule;
}

std::string eqc::describe(const ReadSchedule &schedule,
                          std::string_view source) {
  if (schedule.sweeps)
    return fmt::format("one sweep over {}", source);
  std::string text = fmt::format("pattern by pattern of {}", source);
  if (schedule.mostRows > 1)
    text += fmt::format(", up to {} rows at once", schedule.mostRows);
  return text;
}
