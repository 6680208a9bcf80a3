//===- BilinearSchedule.cpp - How a CPU joins two tensors -----------------===//

#include "compiler/Lowering/Cpu/Schedules/BilinearSchedule.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc;

/// Positions that are mixed at once, and channels whose products are summed at
/// once: as many vectors of sums as hide their latency.
static constexpr int64_t kPositions = 8;
static constexpr int64_t kChannels = 8;
/// A row of a tile is loaded once for so many products at most.
static constexpr int64_t kMostRows = 5;

/// The length of a letter where it is known, else many.
static int64_t lengthAt(const LayerSpec &spec,
                        const std::vector<Poly> &letters) {
  if (letters.empty())
    return 1;
  const Poly &length = letters.back();
  return length.isConstant() ? length.constantTerm()
         : spec.dynamicN()   ? INT64_MAX
                             : length.at(spec.n);
}

/// What tiles of so many rows are worth along a letter of this length: rows
/// that are left over are worth half.
static double efficiency(int64_t length, int64_t rows) {
  if (length == INT64_MAX)
    return 1;
  return 1 -
         0.5 * static_cast<double>(length % rows) / static_cast<double>(length);
}

/// Rows of either array whose products and the rows themselves fit into the
/// registers.
static JoinSchedule chooseTile(const LayerSpec &spec, const JoinStage &stage,
                               const Machine &machine) {
  JoinSchedule best;
  double most = 0;
  const int64_t a = lengthAt(spec, stage.ofA), b = lengthAt(spec, stage.ofB);
  // Where nothing is summed over, rows are loaded once however they are tiled.
  const bool sums = !stage.summed.empty();
  for (int64_t rowsA = 1; rowsA <= std::min(a, kMostRows); ++rowsA)
    for (int64_t rowsB = 1; rowsB <= std::min(b, kMostRows); ++rowsB) {
      if (rowsA * rowsB + rowsB + 1 > machine.registers || (!sums && rowsA > 1))
        continue;
      const auto products = static_cast<double>(rowsA * rowsB);
      const double gain = products / static_cast<double>(rowsA + rowsB) *
                          efficiency(a, rowsA) * efficiency(b, rowsB);
      if (gain > most * 1.0001) {
        most = gain;
        best.rowsOfA = rowsA;
        best.rowsOfB = rowsB;
      }
    }
  return best;
}

static std::vector<ReadSchedule> scheduleReads(const LayerSpec &spec,
                                               const SharedPlan &reads) {
  std::vector<ReadSchedule> schedules;
  for (const SharedStage &stage : reads.stages)
    if (const auto *read = std::get_if<ReadStage>(&stage))
      schedules.push_back(scheduleRead(spec, reads, *read));
  return schedules;
}

BilinearSchedule eqc::scheduleBilinear(const LayerSpec &spec,
                                       const BilinearPlan &plan,
                                       const Machine &machine) {
  BilinearSchedule schedule;
  schedule.a = scheduleReads(spec, plan.a.reads);
  schedule.b = scheduleReads(spec, plan.b.reads);
  schedule.third = scheduleReads(spec, plan.third);
  const int64_t channelsOfA = channelsOf(spec, rowsOf(plan.role).a);
  for (const JoinStage &stage : plan.stages) {
    JoinSchedule join;
    if (spec.depthwise) {
      join = chooseTile(spec, stage, machine);
    } else {
      const std::vector<Poly> &last = !stage.ofB.empty()   ? stage.ofB
                                      : !stage.ofA.empty() ? stage.ofA
                                                           : stage.shared;
      join.positions = std::min(lengthAt(spec, last), kPositions);
      join.channels = std::min(channelsOfA, kChannels);
    }
    schedule.stages.push_back(join);
  }
  return schedule;
}

static std::string lettersText(const JoinStage &stage) {
  std::string text;
  auto add = [&](const std::vector<Poly> &letters, const char *what) {
    if (!letters.empty())
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", letters.size(),
                          what);
  };
  add(stage.shared, "shared");
  add(stage.ofA, "of the first");
  add(stage.ofB, "of the second");
  add(stage.summed, "summed over");
  return text.empty() ? "no letter" : text;
}

std::string eqc::describe(const BilinearSchedule &schedule,
                          const BilinearPlan &plan, bool depthwise) {
  std::string text;
  auto reads = [&](const std::vector<ReadSchedule> &side, const char *from) {
    for (const ReadSchedule &read : side)
      text += fmt::format("    read   {}\n", describe(read, from));
  };
  reads(schedule.a, "the first");
  reads(schedule.b, "the second");
  reads(schedule.third, "grad_y");
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const JoinStage &stage = plan.stages[i];
    const JoinSchedule &how = schedule.stages[i];
    text += fmt::format("    join   {} by {}, ", stage.joins.size(),
                        lettersText(stage));
    text +=
        depthwise
            ? fmt::format("tiles of {} by {} rows\n", how.rowsOfA, how.rowsOfB)
            : fmt::format("{} channels by vectors, mixed at {} positions\n",
                          how.channels, how.positions);
  }
  return text;
}
