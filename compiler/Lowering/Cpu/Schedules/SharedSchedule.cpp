//===- SharedSchedule.cpp - How a CPU runs the shared plan ----------------===//

#include "compiler/Lowering/Cpu/Schedules/SharedSchedule.h"
#include "compiler/Lowering/Nests/GatherNest.h"

#include <fmt/format.h>

using namespace eqc;

/// The mix with the most multiply-adds, or null where that is one in Fourier
/// space.
static const MixStage *longestMix(const StrandPlan &plan, int64_t n) {
  const MixStage *longest = nullptr;
  int64_t most = 0;
  for (size_t i = 0; i < plan.shared.stages.size(); ++i) {
    const auto *mix = std::get_if<MixStage>(&plan.shared.stages[i]);
    if (!mix || mix->multiplyAdds().at(n) <= most)
      continue;
    most = mix->multiplyAdds().at(n);
    longest = plan.strands[i] ? nullptr : mix;
  }
  return longest;
}

/// Whether the output is nothing but nodes, few enough to be listed: tables
/// beyond that would be no better than the loops they stand for. Writing zeros
/// first and adding to them afterwards would touch y several times.
static bool isGather(const SharedPlan &plan, const MixStage &mix,
                     const WriteStage *write) {
  constexpr int64_t mostRows = 1024, mostSources = 8192;
  return GatherNest::serves(plan, mix) &&
         plan.rowsOf(PlanArray::Output).at(plan.n) <= mostRows &&
         GatherNest::countSources(plan, mix, write) <= mostSources;
}

SharedSchedule eqc::scheduleShared(const LayerSpec &spec,
                                   const StrandPlan &strands,
                                   const Machine &machine) {
  const SharedPlan &plan = strands.shared;
  const MixStage *longest =
      spec.dynamicN() ? nullptr : longestMix(strands, spec.n);
  SharedSchedule schedule;
  bool written = false; // by the mix before
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    StageSchedule stage;
    if (const auto *read = std::get_if<ReadStage>(&plan.stages[i])) {
      stage.read = scheduleRead(spec, plan, *read);
    } else if (const auto *mix = std::get_if<MixStage>(&plan.stages[i])) {
      const WriteStage *write = writeAfter(plan, i);
      const bool gathered = isGather(plan, *mix, write);
      stage.form = gathered             ? StageForm::Gather
                   : strands.strands[i] ? StageForm::Strands
                                        : StageForm::Tiles;
      if (stage.form == StageForm::Tiles)
        stage.mix =
            scheduleMix(spec, machine, MixNest(*mix, 0), mix->multiplyAdds(),
                        {/*input=*/mix == longest, /*output=*/false});
      written = gathered;
      if (stage.form == StageForm::Strands) {
        stage.strands =
            scheduleStrands(spec, machine, StrandNest(*strands.strands[i], 0));
        written = write && StrandNest::takes(*strands.strands[i], *write);
      }
    } else {
      stage.form = written ? StageForm::Done : StageForm::Write;
    }
    schedule.stages.push_back(stage);
  }
  schedule.bias = scheduleRows(strands.bias, machine);
  if (!strands.hasStrands() && strands.bias.rows.empty() && !plan.unpools)
    schedule.lanes = scheduleLanes(spec, plan, machine);
  return schedule;
}

std::string eqc::describe(const StageSchedule &stage) {
  switch (stage.form) {
  case StageForm::Read:
    return describe(stage.read, "x");
  case StageForm::Tiles:
    return describe(stage.mix);
  case StageForm::Strands:
    return describe(stage.strands);
  case StageForm::Gather:
    return "gathered into y";
  case StageForm::Write:
    return "walk by walk";
  case StageForm::Done:
    return "done by the mix before";
  }
  return {};
}

std::string eqc::describe(const SharedSchedule &schedule,
                          const SharedPlan &plan) {
  std::string text;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const SharedStage &stage = plan.stages[i];
    const char *name = std::holds_alternative<ReadStage>(stage)  ? "read"
                       : std::holds_alternative<MixStage>(stage) ? "mix"
                       : plan.unpools                            ? "route"
                                                                 : "write";
    text += fmt::format("    {:<5}  {}\n", name, describe(schedule.stages[i]));
  }
  if (schedule.lanes)
    text += describe(*schedule.lanes, plan);
  return text;
}
