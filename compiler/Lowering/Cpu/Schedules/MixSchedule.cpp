//===- MixSchedule.cpp - How a CPU mixes channels -------------------------===//

#include "compiler/Lowering/Cpu/Schedules/MixSchedule.h"
#include "compiler/Plan/Positions.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc;

/// Whether the rows of some view along the last axis share a cache set.
static bool rowsAlias(const LayerSpec &spec, const Machine &machine,
                      const MixNest &nest) {
  if (nest.strided == 0 || nest.axes.size() > static_cast<size_t>(nest.strided))
    return false;
  const int64_t lanes = machine.lanes(spec.elementSize());
  // Rows of scratch are whole vectors.
  const int64_t scratchColumns = (spec.cIn + lanes - 1) / lanes * lanes;
  auto alias = [&](const Table &terms, int64_t columns) {
    for (int64_t term = 0; term < terms.size(); ++term) {
      const int64_t stride =
          terms.at(term, MixNest::kTermStrides + nest.strided - 1, spec.n);
      if (stride * columns * spec.elementSize() % machine.l1SetStride() == 0)
        return true;
    }
    return false;
  };
  return alias(nest.inputTerms,
               inputChannelsComeFirst(spec) ? scratchColumns : spec.cIn) ||
         alias(nest.storedTerms, scratchColumns);
}

/// Those of `wanted` that are nothing beside a mix, because it takes so long.
static void addPrefetches(const LayerSpec &spec, const Machine &machine,
                          const Poly &multiplyAdds, WantedPrefetches wanted,
                          MixSchedule &schedule) {
  if (spec.dynamicN())
    return;
  constexpr int64_t cyclesPerLine = 16; // two multiply-adds in each
  const int64_t vectors =
      schedule.columns.columns() / machine.lanes(spec.elementSize());
  const int64_t cycles = multiplyAdds.at(spec.n) * spec.cIn * vectors / 2;
  auto hides = [&](const std::vector<int64_t> &lengths, int64_t channels) {
    const int64_t lines =
        numPositions(lengths) * channels * spec.elementSize() / kLineBytes;
    return cycles >= cyclesPerLine * lines;
  };
  // Where channels come first x and y are copied, which fetches them in order.
  schedule.prefetchInput = wanted.input && !inputChannelsComeFirst(spec) &&
                           hides(lengthsOfInput(spec), spec.cIn);
  schedule.prefetchOutput = wanted.output && !outputChannelsComeFirst(spec) &&
                            hides(lengthsOfOutput(spec), spec.cOut);
}

ColumnTiling eqc::columnTiling(const LayerSpec &spec, const Machine &machine) {
  return mixTiling(machine, spec.elementSize(), spec.cIn, spec.cOut);
}

int64_t eqc::mostRowsOfDots(const Machine &machine, int64_t dots) {
  constexpr int64_t mostSums = 8;
  return std::min(maxTileRows(machine, dots),
                  std::max<int64_t>(1, mostSums / dots));
}

/// The rows of tiles, at most so many, whose rows have `vectors` accumulators.
static MixRows scheduleRows(const LayerSpec &spec, const Machine &machine,
                            const MixNest &nest, int64_t vectors,
                            int64_t most) {
  constexpr int64_t mostSamples = 8;
  MixRows schedule;
  const Poly last = nest.axes.empty() ? Poly(1) : nest.axes.back().extent;
  TileRows &rows = schedule.rows;
  if (spec.dynamicN() && !last.isConstant()) {
    schedule.minAlong = rows.along = std::min(mostSamples, most);
    schedule.shortRows.samples = std::min(mostSamples, most);
  } else {
    rows.along = std::min(most, tileRows(machine, vectors, last.at(spec.n),
                                         rowsAlias(spec, machine, nest)));
    while (rows.samples < mostSamples && 2 * rows.samples * rows.along <= most)
      rows.samples *= 2;
  }
  return schedule;
}

/// Whether the stage only adds rows of others, into lines of few tiles of y.
static bool writesShortLines(const LayerSpec &spec, const MixNest &nest,
                             const MixRows &rows) {
  constexpr int64_t mostTiles = 8;
  return nest.target == PlanArray::Output && nest.inputTerms.size() == 0 &&
         nest.storedTerms.size() == 0 && !nest.axes.empty() &&
         (!spec.dynamicN() || nest.axes.back().extent.isConstant()) &&
         nest.axes.back().extent.at(spec.n) <= mostTiles * rows.rows.along;
}

MixSchedule eqc::scheduleMix(const LayerSpec &spec, const Machine &machine,
                             const MixNest &nest, const Poly &multiplyAdds,
                             WantedPrefetches wanted) {
  MixSchedule schedule;
  schedule.columns = columnTiling(spec, machine);
  auto rowsFor = [&](int64_t vectors) {
    vectors = std::max<int64_t>(1, vectors);
    return scheduleRows(spec, machine, nest, vectors,
                        maxTileRows(machine, vectors));
  };
  schedule.whole = rowsFor(schedule.columns.vectors);
  schedule.last = rowsFor(schedule.columns.lastVectors);
  const int64_t dots = std::max<int64_t>(1, schedule.columns.dots);
  schedule.dots =
      scheduleRows(spec, machine, nest, dots, mostRowsOfDots(machine, dots));
  addPrefetches(spec, machine, multiplyAdds, wanted, schedule);
  schedule.unrollLines = writesShortLines(spec, nest, schedule.whole);
  return schedule;
}

std::string eqc::describe(const MixSchedule &schedule) {
  const ColumnTiling &columns = schedule.columns;
  std::string text;
  auto add = [&](const MixRows &how, int64_t count, const char *what) {
    text += fmt::format("{}{} row{}", text.empty() ? "tiles of " : " and ",
                        how.rows.along, how.rows.along == 1 ? "" : "s");
    if (how.rows.samples > 1)
      text += fmt::format(" of {} samples", how.rows.samples);
    text += fmt::format(" by {} {}{}", count, what, count == 1 ? "" : "s");
  };
  if (columns.whole() > 0)
    add(schedule.whole, columns.vectors, "vector");
  if (columns.lastVectors > 0 &&
      (columns.whole() == 0 || !columns.lastIsAsWide()))
    add(schedule.last, columns.lastVectors, "vector");
  if (columns.dots > 0)
    add(schedule.dots, columns.dots, "dot");
  if (schedule.prefetchInput || schedule.prefetchOutput)
    text += fmt::format(", fetching {}", !schedule.prefetchOutput ? "the next x"
                                         : !schedule.prefetchInput
                                             ? "y"
                                             : "the next x and y");
  if (schedule.unrollLines)
    text += ", unrolled along lines";
  return text;
}
