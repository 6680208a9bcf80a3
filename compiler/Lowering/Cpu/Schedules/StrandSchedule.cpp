//===- StrandSchedule.cpp - How a CPU mixes in Fourier space --------------===//

#include "compiler/Lowering/Cpu/Schedules/StrandSchedule.h"

#include "compiler/Lowering/Cpu/Schedules/MixSchedule.h"
#include "compiler/Plan/Positions.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc;

/// The bytes of a sample that lie next to each other along a strip: entries
/// with exchanged letters are read and written in stretches of them. Longer
/// strips would leave too few for parts to share.
int64_t eqc::lettersOfStrip(const LayerSpec &spec, const Machine &machine) {
  const int64_t stripBytes = machine.l1Bytes / 16;
  const int64_t bytes = std::max(spec.cIn, spec.cOut) * spec.elementSize();
  const int64_t most = std::max<int64_t>(4, stripBytes / bytes);
  return spec.dynamicN() ? most : std::min(most, spec.n);
}

/// The rows of every strip; with a dynamic n or a large one, of one with many.
static std::vector<int64_t> rowsOfStrips(const LayerSpec &spec, int order,
                                         int64_t stripLetters) {
  constexpr int64_t large = 4096;
  if (spec.dynamicN() || spec.n > large)
    return {1024};
  // Of `left` letters, so many are m_1 <= .. <= m_t.
  auto from = [&](int64_t left) {
    return order == 2 ? left * (left + 1) / 2
                      : left * (left + 1) * (left + 2) / 6;
  };
  std::vector<int64_t> rows;
  for (int64_t left = spec.n; left > 0; left -= stripLetters)
    rows.push_back(from(left) -
                   from(std::max<int64_t>(0, left - stripLetters)));
  return rows;
}

/// Whether samples of y are so large that a batch of them is seldom in a cache:
/// rows are then fetched before they are written. Where it is, that costs a few
/// percent.
static bool fetchesOutput(const LayerSpec &spec, const Machine &machine,
                          const StrandNest &nest) {
  if (nest.ends.target != PlanArray::Output || outputChannelsComeFirst(spec) ||
      nest.ends.targets.size() > 1)
    return false;
  return spec.dynamicN() ||
         Poly::power(spec.l).at(spec.n) * spec.cOut * spec.elementSize() >=
             machine.l1Bytes;
}

/// Whether there are registers beside the sums of a tile: with AVX-512.
static bool hasManyRegisters(const Machine &machine) {
  return machine.registers >= 32;
}

/// A pipeline needs products that rows can be put between: those of one source
/// and of irreps of one dimension are not in a loop. It pays where a batch of
/// samples is seldom in a cache. Elsewhere smaller tiles cost a few percent,
/// and more where there are few registers.
static bool isPipelined(const LayerSpec &spec, const Machine &machine,
                        const StrandNest &nest) {
  if (nest.sources.size() > 1 || !nest.transform.ofOneDimension())
    return false;
  constexpr int64_t kilobyte = 1024;
  const bool many = hasManyRegisters(machine);
  if (spec.dynamicN())
    return many;
  const int64_t bytes =
      Poly::power(spec.k).at(spec.n) * spec.cIn * spec.elementSize();
  return bytes >= (many ? 256 : 512) * kilobyte;
}

/// What a machine has left for tiles whose sums stay in registers while rows
/// are spread and written.
static Machine besideOthers(Machine machine) {
  machine.registers -= machine.registers / 8;
  return machine;
}

/// As few rows at a time as are done when the chunk is.
static void schedulePipeline(const LayerSpec &spec, const Machine &machine,
                             const StrandNest &nest, StrandSchedule &schedule) {
  // Rows after fewer channels are more code for the same time, or more time.
  constexpr int64_t groupChannels = 16;
  schedule.groupChannels = groupChannels;
  const int64_t groups = (spec.cIn + groupChannels - 1) / groupChannels;
  const int64_t mixes = nest.transform.slots *
                        static_cast<int64_t>(nest.ends.targets.size()) *
                        schedule.columns.tiles;
  schedule.rowsBetween =
      (schedule.chunkRows + mixes * groups - 1) / (mixes * groups);
  if (!hasManyRegisters(machine))
    schedule.transformVectors = 1;
}

StrandSchedule eqc::scheduleStrands(const LayerSpec &spec,
                                    const Machine &machine,
                                    const StrandNest &nest) {
  StrandSchedule schedule;
  schedule.columns = columnTiling(spec, machine);
  schedule.stripLetters = lettersOfStrip(spec, machine);
  const std::vector<int64_t> rows =
      rowsOfStrips(spec, nest.transform.order, schedule.stripLetters);
  schedule.tileRows = tileRows(machine, schedule.columns.vectors, rows);
  schedule.pipelined = isPipelined(spec, machine, nest);
  if (schedule.pipelined)
    schedule.tileRows =
        tileRows(besideOthers(machine), schedule.columns.vectors, rows);
  const int64_t lanes = machine.lanes(spec.elementSize());
  const int64_t wholeInput = (spec.cIn + lanes - 1) / lanes * lanes;
  const int64_t rowBytes =
      nest.transform.slots * spec.elementSize() *
      (nest.sources.size() * wholeInput +
       nest.ends.targets.size() * schedule.columns.columns());
  // What is spread and mixed of a chunk should stay in the first-level cache.
  const int64_t tiles =
      schedule.pipelined
          ? 1
          : std::max<int64_t>(1, machine.l1Bytes / 4 /
                                     (rowBytes * schedule.tileRows));
  schedule.chunkRows = tiles * schedule.tileRows;
  auto rowsOf = [&](int64_t most) {
    int64_t rows = std::min(schedule.chunkRows, most);
    while (schedule.chunkRows % rows != 0)
      --rows;
    return rows;
  };
  const ColumnTiling &columns = schedule.columns;
  schedule.lastRows =
      rowsOf(maxTileRows(machine, std::max<int64_t>(1, columns.lastVectors)));
  schedule.dotRows =
      rowsOf(mostRowsOfDots(machine, std::max<int64_t>(1, columns.dots)));
  schedule.transformVectors = transformVectorsOf(nest.transform.order);
  if (schedule.pipelined)
    schedulePipeline(spec, machine, nest, schedule);
  schedule.prefetchOutput = fetchesOutput(spec, machine, nest);
  schedule.prefetchInput = nest.sources.size() == 1 &&
                           nest.sources.inputs == 1 &&
                           !inputChannelsComeFirst(spec);
  return schedule;
}

std::string eqc::describe(const StrandSchedule &schedule) {
  return fmt::format("strands in Fourier space, strips of {}, {} of {} rows, "
                     "tiles of {} rows by {} vector{}{}",
                     schedule.stripLetters,
                     schedule.pipelined ? "a pipeline of chunks" : "chunks",
                     schedule.chunkRows, schedule.tileRows,
                     schedule.columns.vectors,
                     schedule.columns.vectors == 1 ? "" : "s",
                     schedule.prefetchInput ? ", fetching the next x" : "");
}
