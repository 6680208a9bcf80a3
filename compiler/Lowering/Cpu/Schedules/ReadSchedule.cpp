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
  // Sums over axes of several spaces have rows of several lengths.
  if (schedule.sweeps && spec.group.isProduct())
    return schedule;
  // Sums of several rows whose terms loop would need as many loops.
  const ReadNest nest(plan, stage);
  if (nest.inLine() && !nest.kept.empty())
    schedule.mostRows =
        spec.dynamicN() ? ReadSchedule::kSums
                        : std::min<int64_t>(ReadSchedule::kSums,
                                            nest.kept.back().extent.at(spec.n));
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
