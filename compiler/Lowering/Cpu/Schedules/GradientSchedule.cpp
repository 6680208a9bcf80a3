//===- GradientSchedule.cpp - How a CPU sums gradients --------------------===//

#include "compiler/Lowering/Cpu/Schedules/GradientSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/LanesSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/StrandSchedule.h"
#include "compiler/Lowering/Nests/Summation.h"
#include "compiler/Plan/Positions.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc;

/// Positions of a nest of loops that may be unrolled as a whole.
static constexpr int64_t kMostUnrolled = 128;

GradientStageSchedule eqc::scheduleGradientStage(const LayerSpec &spec,
                                                 const Machine &machine,
                                                 const GradientNest &nest) {
  GradientStageSchedule schedule;
  // The rows of both sides share the cache.
  int64_t &rows = schedule.chunkRows;
  rows = std::clamp<int64_t>(machine.l1Bytes /
                                 ((spec.cIn + spec.cOut) * spec.elementSize()),
                             kTermsOfBlock / 2, kTermsOfBlock);
  if (spec.dynamicN())
    return schedule;
  // A sample that is little more than a chunk stays whole: cut in two, it would
  // meet the sums twice.
  const int64_t ofSample = nest.rowsFrom(0).at(spec.n);
  if (rows == kTermsOfBlock && ofSample <= kMostTermsOfBlock)
    rows = std::max(rows, ofSample);
  int64_t outer = 1;
  for (int a = 0; a + 1 < nest.strided; ++a)
    outer *= nest.axes[static_cast<size_t>(a)].extent.at(spec.n);
  schedule.staysLoops = outer > kMostUnrolled;
  return schedule;
}

GradientStageSchedule eqc::scheduleStrandSums(const LayerSpec &spec,
                                              const Machine &machine,
                                              const StrandSumsNest &nest,
                                              const SumTiling &tiling) {
  GradientStageSchedule schedule;
  schedule.stripLetters = lettersOfStrip(spec, machine);
  schedule.transformVectors = transformVectorsOf(nest.transform.order);
  schedule.prefetchX = !inputChannelsComeFirst(spec);
  schedule.prefetchGradY = !outputChannelsComeFirst(spec);
  int64_t irrepRows = 1;
  for (const StrandIrrep &irrep : nest.transform.irreps)
    irrepRows = std::max<int64_t>(irrepRows, irrep.dimension);
  const int64_t rowBytes =
      nest.transform.slots * spec.elementSize() *
      (nest.x.size() * spec.cIn + nest.gradY.size() * spec.cOut);
  const int64_t most = kTermsOfBlock / irrepRows;
  // Two chunks are in the cache.
  schedule.chunkRows =
      std::clamp<int64_t>(machine.l1Bytes / (2 * rowBytes), most / 4, most);
  const int64_t tiles = nest.items.size() * tiling.tiles;
  schedule.rowsBetween = (schedule.chunkRows + tiles - 1) / tiles;
  // About as many as products take times as long as spreading.
  schedule.sharers = std::clamp<int64_t>(
      spec.cIn * spec.cOut / (16 * (spec.cIn + spec.cOut)), 1, tiles);
  schedule.groups = partsOf(spec);
  if (!spec.dynamicN()) {
    const int64_t rows = strandRows(nest.transform.order, 1, spec.n).at(spec.n);
    schedule.groups = std::clamp<int64_t>(
        rows / GradientStageSchedule::kRowsOfGroup, 1, schedule.groups);
  }
  return schedule;
}

static std::vector<ReadSchedule> scheduleReads(const LayerSpec &spec,
                                               const SharedPlan &reads) {
  std::vector<ReadSchedule> schedules;
  for (const SharedStage &stage : reads.stages)
    schedules.push_back(scheduleRead(spec, reads, std::get<ReadStage>(stage)));
  return schedules;
}

/// What a sample, and what is read of it, takes in lanes.
static int64_t elementsOf(const LayerSpec &spec, const GradientPlan &plan) {
  auto rowsOf = [&](const SharedPlan &side) {
    return side.rowsOf(PlanArray::Input).at(spec.n) +
           side.rowsOf(PlanArray::Stored).at(spec.n);
  };
  return spec.cIn * rowsOf(plan.x) + spec.cOut * rowsOf(plan.gradY);
}

/// Sums of samples in lanes, where channels are few.
static void takeLanes(const LayerSpec &spec, const GradientPlan &plan,
                      const Machine &machine, GradientSchedule &schedule) {
  if (spec.dynamicN() || plan.changesBasis() || plan.x.isUneven() ||
      plan.gradY.isUneven() ||
      !wantsLanes(spec, elementsOf(spec, plan), machine))
    return;
  schedule.lanes = machine.lanes(spec.elementSize());
  // Sums in registers, beside a row of grad_y and an element of x.
  const int64_t sums = machine.registers - spec.cOut - 1;
  schedule.laneChannels = std::clamp<int64_t>(sums / spec.cOut, 1, spec.cIn);
  constexpr int64_t hidesLatency = 8;
  const int64_t fit =
      std::min(sums, hidesLatency) / (schedule.laneChannels * spec.cOut);
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const GradientNest nest(plan.stages[i], 1);
    const int64_t extent =
        nest.axes.empty() ? 1 : nest.axes.back().extent.at(spec.n);
    schedule.stages[i].laneRows =
        std::clamp<int64_t>(fit, 1, std::max<int64_t>(1, extent));
  }
}

GradientSchedule eqc::scheduleGradient(const LayerSpec &spec,
                                       const GradientPlan &plan,
                                       const Machine &machine) {
  GradientSchedule schedule;
  schedule.tiling = sumTiling(machine, spec.elementSize(), spec.cIn, spec.cOut);
  if (plan.basis)
    schedule.basis = {scheduleRows(plan.basis->x, machine),
                      scheduleRows(plan.basis->gradY, machine)};
  schedule.x = scheduleReads(spec, plan.x);
  schedule.gradY = scheduleReads(spec, plan.gradY);
  const int64_t diagramRows = schedule.tiling.rowsOfDiagram();
  for (const GradientStage &stage : plan.stages)
    schedule.stages.push_back(
        stage.strands ? scheduleStrandSums(spec, machine,
                                           StrandSumsNest(stage, diagramRows),
                                           schedule.tiling)
                      : scheduleGradientStage(
                            spec, machine, GradientNest(stage, diagramRows)));
  takeLanes(spec, plan, machine, schedule);
  return schedule;
}

std::string eqc::describe(const GradientSchedule &schedule,
                          const GradientPlan &plan) {
  std::string text;
  auto reads = [&](const std::vector<ReadSchedule> &side, const char *from) {
    for (const ReadSchedule &read : side)
      text += fmt::format("    read   {}\n", describe(read, from));
  };
  reads(schedule.gradY, "grad_y");
  reads(schedule.x, "x");
  if (schedule.basis)
    text += fmt::format("    change grad_y {}\n    change x {}\n",
                        describe(schedule.basis->gradY),
                        describe(schedule.basis->x));
  const SumTiling &tiling = schedule.tiling;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const GradientStageSchedule &stage = schedule.stages[i];
    const std::string strands =
        plan.stages[i].strands
            ? fmt::format("strands in Fourier space, strips of {}, ",
                          stage.stripLetters)
            : "";
    text += fmt::format(
        "    sum    {}tiles of {} input channel{} by {} vector{}, chunks of {} "
        "row{}\n",
        strands, tiling.rows, tiling.rows == 1 ? "" : "s",
        tiling.columns.vectors, tiling.columns.vectors == 1 ? "" : "s",
        stage.chunkRows, stage.chunkRows == 1 ? "" : "s");
  }
  if (!plan.bias.empty())
    text += "    bias   row by row\n";
  if (schedule.lanes > 0)
    text += fmt::format(
        "    groups of {} samples run in the lanes of vectors instead\n",
        schedule.lanes);
  if (plan.unpack)
    text += fmt::format("    unpack {} sums to {} weights\n", plan.numTerms(),
                        plan.unpack->weight.size());
  return text;
}
