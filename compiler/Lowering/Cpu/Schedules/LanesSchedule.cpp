//===- LanesSchedule.cpp - How a CPU runs samples in lanes ----------------===//

#include "compiler/Lowering/Cpu/Schedules/LanesSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/ReadSchedule.h"
#include "compiler/Lowering/Nests/LinesNest.h"
#include "compiler/Lowering/Nests/SweepNest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

using namespace eqc;

bool eqc::wantsLanes(const LayerSpec &spec, int64_t elements,
                     const Machine &machine) {
  const int64_t lanes = machine.lanes(spec.elementSize());
  if (lanes < 2 || 2 * spec.cOut >= lanes || 2 * spec.cIn > lanes)
    return false;
  const int64_t mostBytes = machine.l2Bytes / 4 * 3;
  return elements <= mostBytes / (lanes * spec.elementSize());
}

/// The elements of a sample and of what is made of it on the way.
static int64_t elementsOf(const LayerSpec &spec, const SharedPlan &plan) {
  auto rowsOf = [&](PlanArray array) { return plan.rowsOf(array).at(spec.n); };
  return spec.cIn * (rowsOf(PlanArray::Input) + rowsOf(PlanArray::Stored)) +
         spec.cOut * (rowsOf(PlanArray::Nodes) + rowsOf(PlanArray::Output));
}

/// The fewest lines of `row` rows that are whole square tiles of elements and
/// samples.
static int64_t linesOfTiles(int64_t row, int64_t lanes) {
  return lanes / std::gcd(row, lanes);
}

/// Sums of so many rows stay in registers, beside a vector of x and those of
/// the weights: in a loop over terms, of all weights of a term.
static int64_t rowsOfTile(const LayerSpec &spec, const Machine &machine,
                          const MixNest &nest) {
  const int64_t weights =
      nest.targets.size() > 1 ? spec.cIn * spec.cOut : spec.cOut;
  const int64_t fit = (machine.registers - weights - 1) / spec.cOut;
  const int64_t most = std::clamp<int64_t>(fit, 1, 8);
  const int64_t extent =
      nest.axes.empty() ? 1 : nest.axes.back().extent.at(spec.n);
  const int64_t tiles = (extent + most - 1) / most;
  return std::max<int64_t>(1, (extent + tiles - 1) / tiles);
}

/// Lines of the output at a time, or 0.
static int64_t linesOfOutput(const LayerSpec &spec, const MixStage &mix,
                             const WriteStage *write, int64_t lanes) {
  if (mix.target != PlanArray::Output || mix.kept != spec.l || spec.l < 2)
    return 0;
  const std::vector<int64_t> lengths = lengthsOfOutput(spec);
  const int64_t lines = linesOfTiles(numPositions(lengths, 1), lanes);
  const bool fits =
      lines < lengths.front() && (!write || LinesNest::serves(spec, *write));
  return fits ? lines : 0;
}

std::optional<LanesSchedule> eqc::scheduleLanes(const LayerSpec &spec,
                                                const SharedPlan &plan,
                                                const Machine &machine) {
  // Slices of y are written by themselves, which lanes do not do.
  if (spec.dynamicN() || spec.group.hasSums() ||
      !wantsLanes(spec, elementsOf(spec, plan), machine))
    return std::nullopt;
  if (plan.isUneven())
    return std::nullopt;
  LanesSchedule schedule;
  schedule.samples = machine.lanes(spec.elementSize());
  const auto *first = std::get_if<ReadStage>(&plan.stages.front());
  if (first && SweepNest::serves(plan, *first)) {
    const std::vector<int64_t> lengths = lengthsOfInput(spec);
    const int64_t tiles =
        linesOfTiles(numPositions(lengths, 1), schedule.samples);
    schedule.inputLines =
        std::min(lengths.front(), (kSweepLines + tiles - 1) / tiles * tiles);
  }
  schedule.mixes.resize(plan.stages.size());
  for (size_t i = 0; i < plan.stages.size(); ++i)
    if (const auto *mix = std::get_if<MixStage>(&plan.stages[i])) {
      schedule.mixes[i].rows = rowsOfTile(spec, machine, MixNest(*mix, 0));
      schedule.mixes[i].lines =
          linesOfOutput(spec, *mix, writeAfter(plan, i), schedule.samples);
    }
  return schedule;
}

std::string eqc::describe(const LanesSchedule &schedule,
                          const SharedPlan &plan) {
  std::string text = fmt::format(
      "    groups of {} samples run in the lanes of vectors instead:\n",
      schedule.samples);
  if (schedule.inputLines > 0)
    text += fmt::format("      read   {} lines of x at a time\n",
                        schedule.inputLines);
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    if (!std::holds_alternative<MixStage>(plan.stages[i]))
      continue;
    const LaneMixSchedule &mix = schedule.mixes[i];
    text += fmt::format("      mix    tiles of {} row{}", mix.rows,
                        mix.rows == 1 ? "" : "s");
    if (mix.lines > 0)
      text += fmt::format(", {} line{} of y at a time", mix.lines,
                          mix.lines == 1 ? "" : "s");
    text += "\n";
  }
  return text;
}
