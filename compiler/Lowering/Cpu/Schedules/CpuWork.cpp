//===- CpuWork.cpp - What a CPU does for a layer --------------------------===//
//
// The stages of a plan are counted exactly; how much work they are follows from
// the forms, tiles and lanes that schedules choose for them, which emitters
// follow too.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/Schedules/CpuWork.h"

#include "compiler/Lowering/Cpu/Schedules/DenseSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/FactoredSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/IsotypicSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/SharedSchedule.h"
#include "compiler/Lowering/Nests/GatherNest.h"
#include "compiler/Lowering/Nests/SweepNest.h"
#include "compiler/Plan/CostOfStages.h"
#include "compiler/Plan/Positions.h"

#include <algorithm>
#include <cmath>

using namespace eqc;

//===----------------------------------------------------------------------===//
// Rates
//===----------------------------------------------------------------------===//

/// Of one thread on current server cores, fitted to generated code. Flops are
/// what register tiles sustain, somewhat below the peak. Cores of narrow
/// vectors have half of the second-level cache.
static CostRates ratesOf(const Machine &machine) {
  const auto l2 = static_cast<double>(machine.l2Bytes);
  if (machine.vectorBytes >= 64)
    return {240, 400, 60, l2, 0.25, 1, 0.4, 0.4, 65};
  if (machine.vectorBytes >= 32)
    return {115, 200, 60, l2, 0.2, 1, 0.4, 0.5, 60};
  if (machine.registers >= 32)
    return {60, 100, 40, l2 / 2, 0.2, 1, 0.4, 0.5, 60};
  return {45, 75, 40, l2 / 2, 0.2, 1, 0.4, 0.5, 60};
}

CostTarget eqc::cpuCostTarget(const Machine &machine) {
  CostTarget target;
  target.name = machine.vectorBytes >= 64   ? "AVX-512"
                : machine.vectorBytes >= 32 ? "AVX2"
                : machine.registers >= 32   ? "128-bit vectors"
                                            : "SSE4.2";
  target.machine = machine;
  target.rates = ratesOf(machine);
  target.countWork = countCpuWork;
  return target;
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

namespace {

/// Multiply-adds and additions that are under way at once: two start in a
/// cycle and take four.
constexpr double kUnderWay = 8;
/// Sums of weights wait for one addition after the other.
constexpr double kPackSlow = 4;
/// The look-up of an entry of a dense matrix, in those of rows, and how much
/// longer its elements take in places that are apart.
constexpr double kEntry = 10, kApart = 8;
/// The index arithmetic of a row that is not summed with others at once.
constexpr double kRowAlone = 5;
/// The same where it waits for the row before to be stored.
constexpr double kOverlapping = 30;

double ceilDiv(double a, double b) { return std::ceil(a / b); }

/// How much longer `sums` independent sums take than their additions.
double waiting(double sums) { return std::max(1.0, kUnderWay / sums); }

class Counter {
public:
  Counter(const LayerSpec &spec, const Machine &machine, int64_t n,
          int64_t batch)
      : spec(spec), machine(machine), n(n), batch(double(batch)),
        lanes(double(machine.lanes(spec.elementSize()))) {}

  PlanWork operator()(const std::shared_ptr<const StrandPlan> &plan) {
    const SharedSchedule schedule = scheduleShared(spec, *plan, machine);
    const SharedPlan &shared = plan->shared;
    const PlanCost cost = costOf(*plan);
    const std::vector<StageCost> &costs = cost.stages;
    PlanWork work =
        packed(cost, columnTiling(spec, machine), inputRows(shared));
    bool hides = false;
    for (size_t i = 0, next = 0; i < shared.stages.size(); ++i) {
      const StageSchedule &how = schedule.stages[i];
      if (how.form == StageForm::Strands) {
        work.sample += strands(&costs[next], how.strands);
        hides |= how.strands.prefetchInput;
        next += 3;
        continue;
      }
      work.sample += stage(shared, i, costs[next++], how);
      hides |= how.mix.prefetchInput;
    }
    if (schedule.lanes)
      takeLanes(shared, costs, schedule, work);
    work.fetchesAhead = hides;
    return work;
  }

  PlanWork operator()(const std::shared_ptr<const IsotypicPlan> &plan) {
    const IsotypicSchedule schedule = scheduleIsotypic(spec, *plan, machine);
    const PlanCost cost = costOf(*plan);
    PlanWork work = packed(cost, columnTiling(spec, machine), inputRows());
    work.sample += transform(cost.stages.front(), spec.cIn, schedule.read);
    bool hides = false;
    for (size_t i = 0; i < schedule.mixes.size(); ++i) {
      work.sample += mix(cost.stages[i + 1], schedule.mixes[i]);
      hides |= schedule.mixes[i].prefetchInput;
    }
    work.sample += transform(cost.stages.back(), spec.cOut, schedule.write);
    work.fetchesAhead = hides;
    return work;
  }

  PlanWork operator()(const std::shared_ptr<const FactoredLayer> &layer) {
    const FactoredSchedule schedule =
        scheduleFactored(spec, layer->plan, machine);
    const PlanCost cost = costOf(*layer);
    PlanWork work = packed(cost, schedule.columns, inputRows());
    for (const StageCost &stage : cost.stages)
      work.sample += stage.kind == StageKind::Mix ? mixAlone(stage, schedule)
                                                  : rowsAlone(stage);
    // A pass over the weights for each sample.
    work.samplesOfBlock = 1;
    return work;
  }

  PlanWork operator()(const std::shared_ptr<const DensePlan> &plan) {
    const DenseSchedule schedule = scheduleDense(spec, *plan, machine);
    const PlanCost cost = costOf(*plan);
    const double depth = double(plan->rows);
    double samples = double(schedule.samples);
    while (samples > 1 && samples > batch)
      samples /= 2;
    PlanWork work;
    const ColumnTiling &columns = schedule.columns;
    auto add = [&](double tiles, double vectors) {
      work.sample += tiles / samples * product(samples, vectors, depth, 1);
    };
    add(double(columns.whole()), double(columns.vectors));
    if (columns.lastVectors > 0)
      add(1, double(columns.lastVectors));
    work.packedBytes = bytesOf(depth, columns);
    work.movedBytes = movedBytes(inputRows());
    work.samplesOfBlock = samples;
    work.packing.rows = depth * double(columns.tiles) / 2;
    // Entry by entry, whose output channels are next to each other or apart.
    const double entries = valueOf(cost.packMultiplyAdds) * double(spec.cIn);
    work.packing.rows += entries * kEntry;
    work.packing.elements = entries * double(spec.cOut) *
                            (plan->outputChannelStep == 1 ? 1 : kApart);
    return work;
  }

private:
  double valueOf(const Poly &poly) const { return double(countAt(poly, n)); }

  /// Channels of a row as vectors, and how often a row is looked up: once, but
  /// for samples in lanes once for every channel of a group.
  struct Row {
    double vectors = 1, lookups = 1;
  };
  Row rowOf(int64_t channels) const {
    return inLanes ? Row{double(channels) / lanes, double(channels) / lanes}
                   : Row{ceilDiv(double(channels), lanes), 1};
  }

  /// Rows that are loaded or stored `touches` times each.
  Work rows(double count, const Row &row, double touches,
            double lookups = 1) const {
    Work work;
    work.rows = count * row.lookups * lookups;
    work.bytes = touches * count * row.vectors * double(machine.vectorBytes);
    return work;
  }

  Work sums(double count, const Row &row, double together) const {
    Work work;
    work.vectors = count * row.vectors * waiting(together);
    return work;
  }

  double inputRows() const { return valueOf(positionsOfInput(spec)); }
  /// Rows of x that are read at all: for O(n), 2 -> 0, only the diagonal.
  /// Where channels come first, all of it is transposed.
  double inputRows(const SharedPlan &plan) const {
    if (inputChannelsComeFirst(spec))
      return inputRows();
    double read = 0;
    for (const SharedStage &stage : plan.stages) {
      if (const auto *reads = std::get_if<ReadStage>(&stage)) {
        if (reads->source == PlanArray::Input)
          read += valueOf(costOfStage(*reads, plan.mean).sourceRows);
      } else if (const auto *mix = std::get_if<MixStage>(&stage)) {
        for (const MixTarget &target : mix->targets)
          read += double(target.fromInput.size()) *
                  valueOf(productOf(mix->lengths, mix->subsets));
      }
    }
    return std::min(read, inputRows());
  }

  double movedBytes(double inputs) const {
    return (inputs * double(spec.cIn) +
            valueOf(positionsOfOutput(spec)) * double(spec.cOut)) *
           double(spec.elementSize());
  }

  //===--------------------------------------------------------------------===//
  // Weights
  //===--------------------------------------------------------------------===//

  int64_t bytesOf(double packedRows, const ColumnTiling &tiling) const {
    const double bytes = packedRows * double(tiling.tiles * tiling.width) *
                         double(spec.elementSize());
    return bytes < 9e18 ? int64_t(bytes) : INT64_MAX;
  }

  PlanWork packed(const PlanCost &cost, const ColumnTiling &tiling,
                  double inputs) const {
    PlanWork work;
    work.sample = transposed();
    work.movedBytes = movedBytes(inputs);
    const double matrixRows = valueOf(cost.packedMatrices) * double(spec.cIn);
    const double tiles = double(tiling.tiles);
    work.packedBytes = bytesOf(matrixRows, tiling);
    work.packing.rows = matrixRows * tiles / 2;
    work.packing.vectors = valueOf(cost.packMultiplyAdds) * double(spec.cIn) *
                           tiles * double(tiling.vectors) * kPackSlow;
    work.samplesOfBlock = std::min(batch, 8.0);
    return work;
  }

  //===--------------------------------------------------------------------===//
  // Stages of the shared plan
  //===--------------------------------------------------------------------===//

  Work stage(const SharedPlan &plan, size_t i, const StageCost &cost,
             const StageSchedule &how) const {
    switch (how.form) {
    case StageForm::Read: {
      const auto &read = std::get<ReadStage>(plan.stages[i]);
      return how.read.sweeps ? sweep(cost, SweepNest(plan, read), 1)
                             : this->read(cost, how.read);
    }
    case StageForm::Tiles:
      return mix(cost, how.mix);
    case StageForm::Gather: {
      const auto &mix = std::get<MixStage>(plan.stages[i]);
      return gather(
          double(GatherNest::countSources(plan, mix, writeAfter(plan, i))));
    }
    case StageForm::Write:
      return write(cost);
    case StageForm::Strands:
    case StageForm::Done:
      break;
    }
    return {};
  }

  Work read(const StageCost &cost, const ReadSchedule &how) const {
    const Row row = rowOf(spec.cIn);
    const auto vectors =
        inLanes ? int64_t(1)
                : std::min(kRowVectors, int64_t(std::ceil(row.vectors)));
    double together = double(how.rows(vectors));
    if (cost.kept == 0)
      together = double(ReadSchedule::kSumsOfOne);
    Work work = rows(valueOf(cost.sourceRows), row, 1);
    work += rows(valueOf(cost.targetRows), row, 1);
    work += sums(valueOf(cost.additions), row, together * double(vectors));
    return work;
  }

  /// x is read once; sums over any axis but the last are loaded and stored for
  /// so many `lines` of x.
  Work sweep(const StageCost &cost, const SweepNest &nest, double lines) const {
    const Row row = rowOf(spec.cIn);
    const double inputs = inputRows();
    const auto outer = double(std::count_if(
        nest.sums.begin(), nest.sums.end(), [&](const SweepNest::Sum &sum) {
          return sum.axis + 1 < nest.axes.size();
        }));
    Work work = rows(inputs, row, 1 + 2 * outer / lines);
    work += rows(valueOf(cost.targetRows), row, 1);
    work += sums(valueOf(cost.additions), row, row.vectors + outer);
    return work;
  }

  Work write(const StageCost &cost) const {
    return rows(valueOf(cost.targetRows), rowOf(spec.cOut), 3);
  }

  Work gather(double sources) const {
    const Row row = rowOf(spec.cOut);
    Work work = rows(sources, row, 1, 1.0 / kGatherSamples);
    work += rows(valueOf(positionsOfOutput(spec)), row, 1, 2);
    work +=
        sums(sources, row, double(kGatherSamples) * std::min(row.vectors, 4.0));
    return work;
  }

  //===--------------------------------------------------------------------===//
  // Mixes
  //===--------------------------------------------------------------------===//

  /// A tile whose rows meet `terms` matrices of `depth` rows: accumulators
  /// wait for each other, or operands are loaded, two in a cycle.
  Work product(double rows, double vectors, double depth, double terms) const {
    const double accumulators = rows * vectors;
    Work work;
    work.vectors =
        terms * depth * std::max({accumulators, kUnderWay, rows + vectors});
    work.tiles = 1;
    work.terms = terms;
    work.bytes = accumulators * double(machine.vectorBytes);
    return work;
  }

  /// Dots: products along c_in, then sums across lanes.
  Work dots(double rows, double count, double terms) const {
    Work work = product(rows, count, ceilDiv(double(spec.cIn), lanes), terms);
    work.vectors += rows * count * std::log2(lanes) * 2;
    work.bytes = rows * double(machine.vectorBytes);
    return work;
  }

  /// The rows of a tile, and how many tiles a sample is, all columns apart.
  struct Tiles {
    double rows = 1, perRow = 1;
  };
  Tiles tilesOf(const StageCost &cost, const MixRows &how) const {
    const double last =
        cost.subsets > 1 ? double(cost.subsets) : valueOf(cost.last);
    const bool isShort = how.minAlong > 0 && last < double(how.minAlong);
    const TileRows &rows = isShort ? how.shortRows : how.rows;
    const double along = double(rows.along);
    double samples = double(rows.samples);
    while (samples > 1 && samples > batch)
      samples /= 2;
    return {along * samples, ceilDiv(last, along) / last / samples};
  }

  Work mix(const StageCost &cost, const MixSchedule &how) const {
    const double targets = valueOf(cost.targetRows);
    if (targets == 0)
      return {};
    const double terms = valueOf(cost.sourceRows) / targets;
    const double broadcasts = valueOf(cost.broadcasts) / targets;
    Work work;
    auto add = [&](double count, double vectors, const MixRows &rows,
                   bool isDots) {
      const Tiles tiles = tilesOf(cost, rows);
      Work tile = isDots
                      ? dots(tiles.rows, vectors, terms)
                      : product(tiles.rows, vectors, double(spec.cIn), terms);
      // A row that is broadcast is looked up, then loaded.
      tile.terms += broadcasts;
      tile.bytes += broadcasts * tiles.rows * (isDots ? 1 : vectors) *
                    double(machine.vectorBytes);
      work += targets * tiles.perRow * count * tile;
    };
    const ColumnTiling &columns = how.columns;
    if (columns.whole() > 0)
      add(double(columns.whole()), double(columns.vectors), how.whole, false);
    if (columns.lastVectors > 0)
      add(1, double(columns.lastVectors), how.last, false);
    if (columns.dots > 0)
      add(1, double(columns.dots), how.dots, true);
    return work;
  }

  /// Changes of basis in registers, and tiles along the rows of all letters.
  Work strands(const StageCost *costs, const StrandSchedule &how) const {
    Work work = transform(costs[0], spec.cIn, {});
    const StageCost &mixed = costs[1];
    const double targets = valueOf(mixed.targetRows);
    if (targets > 0) {
      const double terms = valueOf(mixed.sourceRows) / targets;
      auto add = [&](double count, double vectors, int64_t rows, bool isDots) {
        const auto along = double(rows);
        work += targets / along * count *
                (isDots ? dots(along, vectors, terms)
                        : product(along, vectors, double(spec.cIn), terms));
      };
      const ColumnTiling &columns = how.columns;
      add(double(columns.whole()), double(columns.vectors), how.tileRows,
          false);
      if (columns.lastVectors > 0)
        add(1, double(columns.lastVectors), how.lastRows, false);
      if (columns.dots > 0)
        add(1, double(columns.dots), how.dotRows, true);
    }
    work += transform(costs[2], spec.cOut, {});
    return work;
  }

  /// Rows are loaded once, summed in registers and stored once; where they do
  /// not fit, each term is loaded.
  Work transform(const StageCost &cost, int64_t channels,
                 const RowsSchedule &how) const {
    const Row row = rowOf(channels);
    const double touched = valueOf(cost.sourceRows) + valueOf(cost.targetRows);
    Work work = rows(touched, row, 1);
    const double additions = valueOf(cost.additions);
    double loaded = 0, all = 0;
    for (const ComponentSchedule &component : how) {
      double terms = 0;
      for (const std::vector<int> &pattern : component.shape.pattern)
        terms += double(pattern.size());
      all += terms;
      if (!component.inLine)
        loaded += terms;
    }
    if (loaded > 0)
      work += rows(additions * loaded / all, row, 1);
    work += sums(additions, row, kUnderWay);
    return work;
  }

  //===--------------------------------------------------------------------===//
  // One diagram after the other
  //===--------------------------------------------------------------------===//

  Work rowsAlone(const StageCost &cost) const {
    const Row in = rowOf(spec.cIn), out = rowOf(spec.cOut);
    switch (cost.kind) {
    case StageKind::Copy:
      return rows(valueOf(cost.targetRows), in, 2, kRowAlone);
    case StageKind::Read: {
      Work work = rows(valueOf(cost.sourceRows), in, 1, kRowAlone);
      work += rows(valueOf(cost.targetRows), in, 1, kRowAlone);
      return work;
    }
    default: {
      // What is loaded of a row may be what was just stored of the one before,
      // and wait for it.
      const bool overlaps =
          !outputChannelsComeFirst(spec) && spec.cOut % int64_t(lanes) != 0;
      return rows(valueOf(cost.targetRows), out, 3,
                  overlaps ? kOverlapping : kRowAlone);
    }
    }
  }

  Work mixAlone(const StageCost &cost, const FactoredSchedule &how) const {
    const double rowsOfAll = valueOf(cost.targetRows);
    const double each = rowsOfAll / std::max(1.0, double(cost.patterns));
    const double along = std::min(double(how.tileRows), std::ceil(each));
    Work work;
    const ColumnTiling &columns = how.columns;
    auto add = [&](double count, double vectors, bool isDots) {
      work += rowsOfAll / along * count *
              (isDots ? dots(along, vectors, 1)
                      : product(along, vectors, double(spec.cIn), 1));
    };
    add(double(columns.whole()), double(columns.vectors), false);
    if (columns.lastVectors > 0)
      add(1, double(columns.lastVectors), false);
    if (columns.dots > 0)
      add(1, double(columns.dots), true);
    return work;
  }

  //===--------------------------------------------------------------------===//
  // Samples in lanes
  //===--------------------------------------------------------------------===//

  /// Groups of samples run in the lanes of vectors; those that are left do not.
  void takeLanes(const SharedPlan &plan, const std::vector<StageCost> &costs,
                 const SharedSchedule &schedule, PlanWork &work) const {
    const double group = double(schedule.lanes->samples);
    const double grouped = std::floor(batch / group) * group / batch;
    Counter counter = *this;
    counter.inLanes = true;
    Work all = counter.transposed();
    for (size_t i = 0; i < costs.size(); ++i)
      all += counter.stageInLanes(plan, i, costs[i], schedule);
    work.sample = (1 - grouped) * work.sample;
    work.sample += grouped * all;
  }

  /// x into lanes, or in square tiles into rows of channels where they come
  /// first, and y back.
  Work transposed() const {
    constexpr double shuffles = 3; // of each vector
    Work work;
    for (const auto &[positions, channels] :
         {std::pair(positionsOfInput(spec), spec.cIn),
          std::pair(positionsOfOutput(spec), spec.cOut)}) {
      if (!inLanes && !channelsComeFirst(spec, positions, channels))
        continue;
      const double tile = inLanes ? 1 : lanes;
      const double elements = ceilDiv(valueOf(positions), tile) *
                              ceilDiv(double(channels), tile) * tile * tile;
      work.vectors += shuffles * elements / lanes;
      work.bytes += 2 * elements * double(spec.elementSize());
    }
    return work;
  }

  Work stageInLanes(const SharedPlan &plan, size_t i, const StageCost &cost,
                    const SharedSchedule &schedule) const {
    if (const auto *stage = std::get_if<ReadStage>(&plan.stages[i])) {
      const bool begins = i == 0 && schedule.lanes->inputLines > 0;
      return begins ? sweep(cost, SweepNest(plan, *stage), double(kSweepLines))
                    : read(cost, schedule.stages[i].read);
    }
    if (std::holds_alternative<WriteStage>(plan.stages[i]))
      return write(cost);
    return mixInLanes(cost, schedule.lanes->mixes[i]);
  }

  /// Weights are single numbers, sums vectors of samples.
  Work mixInLanes(const StageCost &cost, const LaneMixSchedule &how) const {
    const auto along = double(how.rows), cOut = double(spec.cOut);
    const double last = valueOf(cost.last);
    const double tiles =
        valueOf(cost.targetRows) * ceilDiv(last, along) / last / lanes;
    if (tiles == 0)
      return {};
    const double terms = valueOf(cost.sourceRows) / valueOf(cost.targetRows);
    Work tile = product(along, cOut, double(spec.cIn), terms);
    tile.terms += valueOf(cost.broadcasts) / valueOf(cost.targetRows);
    return tiles * tile;
  }

  const LayerSpec &spec;
  const Machine &machine;
  int64_t n;
  double batch, lanes;
  bool inLanes = false;
};

} // namespace

PlanWork eqc::countCpuWork(const LayerSpec &spec, const KeptPlan &plan,
                           const Machine &machine, int64_t n, int64_t batch) {
  return std::visit(Counter(spec, machine, n, batch), plan);
}
