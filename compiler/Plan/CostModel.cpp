//===- CostModel.cpp - Which plan is the fastest --------------------------===//

#include "compiler/Plan/CostModel.h"

#include "compiler/Plan/Saturating.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

using namespace eqc;

//===----------------------------------------------------------------------===//
// Rates
//===----------------------------------------------------------------------===//

CostTarget eqc::costTargetOf(const Machine &machine) {
  // Fits to generated code of one thread on current server cores; they predict
  // most layers within a third, and the ratio of two plans better than that.
  // Flops are what register tiles sustain, somewhat below the peak.
  // Cores of narrow vectors have half of the second-level cache.
  const auto l2 = static_cast<double>(machine.l2Bytes);
  if (machine.vectorBytes >= 64)
    return {"AVX-512", machine, {240, 400, 60, l2, 0.25, 1, 0.4, 0.4, 65}};
  if (machine.vectorBytes >= 32)
    return {"AVX2", machine, {115, 200, 60, l2, 0.2, 1, 0.4, 0.5, 60}};
  if (machine.registers >= 32)
    return {"128-bit vectors",
            machine,
            {60, 100, 40, l2 / 2, 0.2, 1, 0.4, 0.5, 60}};
  return {"SSE4.2", machine, {45, 75, 40, l2 / 2, 0.2, 1, 0.4, 0.5, 60}};
}

//===----------------------------------------------------------------------===//
// Times
//===----------------------------------------------------------------------===//

namespace {

/// Sums of weights wait for one addition after the other.
constexpr double packSlow = 4;

double ceilDiv(double a, double b) { return std::ceil(a / b); }

/// Predicts times of one layer at one size and batch.
class Predictor {
public:
  Predictor(const LayerSpec &spec, const CostTarget &target, int64_t n,
            int64_t batch)
      : spec(spec), machine(target.machine), rates(target.rates), n(n),
        batch(static_cast<double>(batch)) {
    lanes = machine.lanes(spec.elementSize());
    cut(mixTiling(machine, spec.elementSize(), spec.cIn, spec.cOut));
  }

  void predict(PlanCandidate &candidate) {
    const bool dense = rulesOf(candidate.kind).oneMatrix;
    rowRate = rulesOf(candidate.kind).rowCost * rates.rowNs;
    if (dense)
      cut(columnTiling(
          machine, spec.elementSize(),
          saturatingMultiply(countAt(Poly::power(spec.l), n), spec.cOut)));
    const double matrices = valueOf(candidate.counted.cost.packedMatrices);
    // The dense matrix is one of rows x columns, the others are one for each
    // diagram, padded to whole tiles.
    const double packedRows =
        dense ? valueOf(Poly::power(spec.k)) * double(spec.cIn)
              : matrices * double(spec.cIn);
    const double packed = packedRows * columns * double(spec.elementSize());
    candidate.packedBytes =
        packed < 9e18 ? static_cast<int64_t>(packed) : saturatedCount;
    candidate.packNs = packNs(candidate, packedRows, packed);

    double compute = 0;
    for (const StageCost &stage : candidate.counted.cost.stages)
      compute += dense ? denseNs(packedRows) : stageNs(stage);
    // Weights are read once for each block of samples.
    compute += packed / rateFor(packed) / std::min(batch, 8.0);
    const double moved = double(leastBytesOf(spec, n).perSample);
    const double scratch = double(candidate.scratchBytes);
    candidate.sampleNs =
        std::max(compute, (moved + scratchSpill(scratch)) /
                              rateFor((moved + scratch) * batch));
    candidate.callNs =
        rates.callNs + candidate.packNs + batch * candidate.sampleNs;
  }

private:
  double valueOf(const Poly &poly) const { return double(countAt(poly, n)); }

  void cut(const ColumnTiling &tiling) {
    vectors = tiling.vectors;
    columns = double(tiling.tiles * tiling.width);
    // A dot takes its share of a vector, and as much again to be summed.
    const double left =
        double(tiling.lastVectors) + 2 * double(tiling.dots) / double(lanes);
    tiles = double(tiling.whole()) + left / double(vectors);
  }

  double rateFor(double bytes) const {
    return bytes > rates.cacheSize ? rates.memoryBytes : rates.cacheBytes;
  }
  /// Scratch of one sample that does not stay in cache is written and read.
  double scratchSpill(double bytes) const {
    return bytes > rates.cacheSize ? 2 * bytes : 0;
  }

  /// Rows of whole vectors that are loaded, and perhaps stored.
  double rowNs(int64_t channels, int touches) const {
    const double bytes = ceilDiv(double(channels), double(lanes)) *
                         double(lanes * spec.elementSize());
    return rowRate + touches * bytes / (2 * rates.cacheBytes);
  }

  double stageNs(const StageCost &stage) const {
    switch (stage.kind) {
    case StageKind::Copy:
      return valueOf(stage.targetRows) * rowNs(spec.cIn, 2);
    case StageKind::Read:
      return valueOf(stage.sourceRows) * rowNs(spec.cIn, 1) +
             valueOf(stage.targetRows) * rowNs(spec.cIn, 1);
    case StageKind::Write:
      return valueOf(stage.targetRows) * rowNs(spec.cOut, 3);
    case StageKind::Mix:
      return mixNs(stage);
    case StageKind::Transform:
      return transformNs(stage);
    }
    return 0;
  }

  /// Rows are loaded once, summed in registers and stored once.
  double transformNs(const StageCost &stage) const {
    const int64_t channels =
        stage.target == PlanArray::Stored ? spec.cIn : spec.cOut;
    const double rows = valueOf(stage.sourceRows) + valueOf(stage.targetRows);
    return valueOf(stage.additions) * ceilDiv(double(channels), double(lanes)) *
               vectorNs() +
           rows * (rowNs(channels, 1) - rowRate / 2);
  }

  /// A multiply-add of whole vectors.
  double vectorNs() const {
    return double(machine.vectorBytes) / 4 * 2 / rates.flops;
  }

  /// Multiply-adds of a tile for one row of a matrix.
  double tileRowNs(double rows) const {
    const double accumulators = rows * double(vectors);
    // Two per cycle, four cycles each; two loads per cycle.
    const double loads = (rows + double(vectors)) / accumulators;
    const double slow = std::max({1.0, 8 / accumulators, loads});
    const double perElement = spec.dtype == DType::F32 ? 1 : 2;
    const double f32Lanes = double(lanes) * perElement;
    return accumulators * slow * 2 * f32Lanes / rates.flops;
  }

  double mixNs(const StageCost &stage) const {
    // As the kernels tile: along the last axis, then over samples.
    const double most = double(maxTileRows(machine, vectors));
    const int64_t last =
        stage.subsets > 1 ? stage.subsets : (stage.kept > 0 ? n : 1);
    double along = double(tileRows(machine, vectors, last));
    double samples = 1;
    while (samples < 8 && 2 * samples * along <= most && 2 * samples <= batch)
      samples *= 2;
    const double perSample =
        ceilDiv(double(last), along) / double(last) / samples * tiles;
    const double tileCount = valueOf(stage.targetRows) * perSample;
    const double termCount = valueOf(stage.sourceRows) * perSample;
    const double rows = along * samples;
    const double store =
        rows * double(vectors * machine.vectorBytes) / (2 * rates.cacheBytes);
    // A row that is broadcast costs a look-up for each tile, then loads.
    const double broadcastCount = valueOf(stage.broadcasts) * perSample;
    return tileCount * (rates.tileNs + store) +
           termCount * (rates.termNs + double(spec.cIn) * tileRowNs(rows)) +
           broadcastCount * (rates.termNs + store);
  }

  double denseNs(double depth) const {
    const double most = double(maxTileRows(machine, vectors));
    double samples = 1;
    while (samples < 8 && 2 * samples <= most && 2 * samples <= batch)
      samples *= 2;
    return tiles / samples *
           (rates.tileNs + rates.termNs + depth * tileRowNs(samples));
  }

  double packNs(const PlanCandidate &plan, double rows, double bytes) const {
    const double copied = 2 * bytes / rateFor(bytes);
    const double entries = valueOf(plan.counted.cost.packMultiplyAdds);
    // Dense matrices are assembled element by element, sums of weights in
    // vectors.
    const double sums =
        rulesOf(plan.kind).oneMatrix
            ? entries * double(spec.cIn) * double(spec.cOut) * rates.elementNs
            : entries * double(spec.cIn) * tiles * double(vectors) * packSlow *
                  vectorNs();
    return copied + rows * tiles * rates.rowNs / 2 + sums;
  }

  const LayerSpec &spec;
  const Machine &machine;
  const CostRates &rates;
  int64_t n;
  double batch;
  double rowRate = 0;
  int64_t lanes = 1, vectors = 1;
  double tiles = 1, columns = 1;
};

} // namespace

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

void eqc::predictTimes(const LayerSpec &spec, const CostTarget &target,
                       int64_t n, int64_t batch, PlanCandidate &candidate) {
  Predictor(spec, target, n, batch).predict(candidate);
}

static std::string reasonOf(const PlanChoice &choice) {
  const PlanCandidate &winner = choice.winner();
  if (!choice.isPredicted)
    return fmt::format("the first of those that are possible: no rates of {} "
                       "are known",
                       choice.target);
  const PlanCandidate *second = nullptr;
  // Schur without a basis that saves operations is the shared plan.
  for (const PlanCandidate &candidate : choice.candidates)
    if (candidate.callNs != winner.callNs && candidate.refused.empty() &&
        (!second || candidate.callNs < second->callNs))
      second = &candidate;
  if (!second)
    return fmt::format("{} is the only plan possible", planName(winner.kind));
  return fmt::format("{} is predicted to take {:.2g} of the time of {}",
                     planName(winner.kind), winner.callNs / second->callNs,
                     planName(second->kind));
}

/// Of the gradient of x: programs are told the plan of the layer, and rely on
/// what it promises.
static std::string whyNotBeside(PlanKind layer, PlanKind kind) {
  if (layer == PlanKind::Auto || kind == layer || !rulesOf(kind).promisesLess)
    return "";
  return fmt::format("it promises less than {}, the plan of the layer",
                     planName(layer));
}

PlanRefusal eqc::whyNot(PlanKind plan, const LayerSpec &spec,
                        const CostTarget &target) {
  PlanRefusal refusal = rulesOf(plan).whyNot(spec);
  if (refusal.why.empty() && target.kind)
    refusal = {target.kind->whyNotServed(plan, spec), "E0098"};
  return refusal;
}

void eqc::chooseAmong(PlanChoice &choice) {
  bool found = false;
  for (size_t i = 0; i < choice.candidates.size(); ++i) {
    const PlanCandidate &candidate = choice.candidates[i];
    if (!candidate.refused.empty())
      continue;
    if (!found || candidate.callNs < choice.winner().callNs)
      choice.chosen = i;
    found = true;
  }
  choice.reason = reasonOf(choice);
}

PlanChoice eqc::choosePlan(const LayerSpec &spec, const CostTarget &target,
                           BuiltPlans &built, int64_t batch,
                           PlanKind gradientOf) {
  PlanChoice choice;
  choice.n = spec.dynamicN() ? typicalN : spec.n;
  choice.batch = batch > 0 ? batch : spec.batch > 0 ? spec.batch : typicalBatch;
  choice.target = target.name;
  choice.isPredicted = target.rates.areKnown();
  // The first of equals is taken: without a basis that saves operations schur
  // is the shared plan.
  for (PlanKind kind : allPlans) {
    PlanCandidate candidate;
    candidate.kind = kind;
    candidate.refused = whyNot(kind, spec, target).why;
    if (candidate.refused.empty())
      candidate.refused = whyNotBeside(gradientOf, kind);
    if (candidate.refused.empty()) {
      candidate.counted = rulesOf(kind).count(spec, built);
      candidate.operations =
          operationsOf(candidate.counted.cost, spec, choice.n);
      candidate.scratchBytes =
          scratchBytesOf(candidate.counted.cost, spec, choice.n);
      if (choice.isPredicted)
        predictTimes(spec, target, choice.n, choice.batch, candidate);
    }
    choice.candidates.push_back(std::move(candidate));
  }
  chooseAmong(choice);
  return choice;
}

PlanChoice eqc::choosePlan(const LayerSpec &spec, const CostTarget &target,
                           int64_t batch, PlanKind gradientOf) {
  BuiltPlans built;
  return choosePlan(spec, target, built, batch, gradientOf);
}
