//===- IsotypicSchedule.cpp - How a CPU runs the isotypic plan ------------===//

#include "compiler/Lowering/Cpu/Schedules/IsotypicSchedule.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc;

IsotypicSchedule eqc::scheduleIsotypic(const LayerSpec &spec,
                                       const IsotypicPlan &plan,
                                       const Machine &machine) {
  // The longest mix hides what is fetched for the changes of basis.
  const auto longest = std::max_element(
      plan.mixes.begin(), plan.mixes.end(),
      [&](const MixStage &a, const MixStage &b) {
        return a.multiplyAdds().at(spec.n) < b.multiplyAdds().at(spec.n);
      });
  IsotypicSchedule schedule;
  schedule.bias = scheduleRows(plan.bias, machine);
  schedule.read = scheduleRows(plan.read, machine);
  schedule.write = scheduleRows(plan.write, machine);
  for (auto mix = plan.mixes.begin(); mix != plan.mixes.end(); ++mix) {
    const bool fetches = mix == longest;
    schedule.mixes.push_back(
        scheduleMix(spec, machine, MixNest(*mix, 0), mix->multiplyAdds(),
                    {/*input=*/fetches, /*output=*/fetches}));
  }
  return schedule;
}

std::string eqc::describe(const IsotypicSchedule &schedule) {
  auto transform = [](const RowsSchedule &rows) {
    return fmt::format("    transform  {}\n", describe(rows));
  };
  std::string text = transform(schedule.read);
  for (const MixSchedule &mix : schedule.mixes)
    text += fmt::format("    mix        {}\n", describe(mix));
  return text + transform(schedule.write);
}
