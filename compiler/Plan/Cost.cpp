//===- Cost.cpp - What a plan executes, counted ---------------------------===//

#include "compiler/Plan/Cost.h"

#include "compiler/Plan/Saturating.h"

#include <cassert>

using namespace eqc;

//===----------------------------------------------------------------------===//
// Polynomials as counts
//===----------------------------------------------------------------------===//

int64_t eqc::countAt(const Poly &poly, int64_t n) {
  // What is added and what is taken away apart, so that each only grows.
  using Wide = unsigned __int128;
  Wide positive = 0, negative = 0, power = 1;
  bool huge = false; // the power no longer fits
  auto accumulate = [&](int64_t coefficient, Wide scale) {
    Wide magnitude = coefficient < 0 ? -static_cast<Wide>(coefficient)
                                     : static_cast<Wide>(coefficient);
    Wide &sum = coefficient < 0 ? negative : positive;
    Wide product;
    return !__builtin_mul_overflow(magnitude, scale, &product) &&
           !__builtin_add_overflow(sum, product, &sum);
  };
  for (int i = 0; i <= poly.degree(); ++i) {
    if (poly.coefficient(i) != 0 &&
        (huge || !accumulate(poly.coefficient(i), power)))
      return saturatedCount;
    huge |= __builtin_mul_overflow(power, static_cast<Wide>(n), &power);
  }
  if (!accumulate(poly.halfCoefficient(), static_cast<Wide>(n / 2)))
    return saturatedCount;
  if (negative > positive)
    return 0; // not a count
  const Wide value = positive - negative;
  return value > static_cast<Wide>(saturatedCount)
             ? saturatedCount
             : static_cast<int64_t>(value);
}

std::string eqc::toString(const Poly &poly) {
  std::string text;
  auto append = [&](int64_t coefficient, const std::string &power) {
    if (coefficient == 0)
      return;
    const bool negative = coefficient < 0;
    const std::string magnitude =
        std::to_string(negative ? -static_cast<uint64_t>(coefficient)
                                : static_cast<uint64_t>(coefficient));
    if (!text.empty())
      text += negative ? " - " : " + ";
    else if (negative)
      text += "-";
    if (power.empty())
      text += magnitude;
    else
      text += magnitude == "1" ? power : magnitude + " " + power;
  };
  for (int i = poly.degree(); i >= 2; --i)
    append(poly.coefficient(i), "n^" + std::to_string(i));
  append(poly.coefficient(1), "n");
  append(poly.halfCoefficient(), "n/2");
  append(poly.coefficient(0), "");
  return text.empty() ? "0" : text;
}

//===----------------------------------------------------------------------===//
// The shared plan
//===----------------------------------------------------------------------===//

/// How often a walk visits a pair of entries: over all terms and letters.
static Poly visitsOf(const Walk &walk) {
  // A letter over planes goes n/2 times, and its pair has two terms.
  int letters = 0;
  int64_t scale = static_cast<int64_t>(walk.terms.size());
  for (const std::vector<Letter> *list : {&walk.kept, &walk.dropped})
    for (const Letter &letter : *list) {
      ++letters;
      if (letter.extent.halfCoefficient() != 0) {
        assert(scale % 2 == 0 && "planes come with two terms");
        scale /= 2;
      }
    }
  return Poly::power(letters, scale);
}

/// The entries of the inner tensor that a walk reaches.
static Poly innerEntriesOf(const Walk &walk) {
  const int64_t groups =
      static_cast<int64_t>(walk.terms.size()) / walk.termsPerGroup;
  return Poly::power(static_cast<int>(walk.kept.size()), groups);
}

static StageCost costOfStage(const ReadStage &stage, bool mean) {
  StageCost cost;
  cost.kind = StageKind::Read;
  cost.source = stage.source;
  cost.target = PlanArray::Stored;
  cost.kept = stage.kept;
  cost.patterns = static_cast<int64_t>(stage.entries.size());
  for (const ReadEntry &entry : stage.entries) {
    const Poly visits = visitsOf(entry.walk);
    const Poly targets = innerEntriesOf(entry.walk);
    cost.subsets = static_cast<int64_t>(entry.walk.terms.size()) /
                   entry.walk.termsPerGroup;
    cost.sourceRows += visits;
    cost.targetRows += targets;
    cost.additions += visits + targets * Poly(-1);
    if (mean && entry.divisions > 0)
      cost.scalings += targets;
  }
  return cost;
}

static StageCost costOfStage(const MixStage &stage, bool) {
  StageCost cost;
  cost.kind = StageKind::Mix;
  cost.target = stage.target;
  cost.kept = stage.kept;
  cost.subsets = stage.subsets;
  cost.patterns = static_cast<int64_t>(stage.targets.size());
  const Poly rows = Poly::power(stage.kept, stage.subsets);
  for (const MixTarget &target : stage.targets) {
    const auto terms = static_cast<int64_t>(target.fromInput.size() +
                                            target.fromStored.size());
    const auto inits = static_cast<int64_t>(target.inits.size());
    cost.terms += terms;
    cost.sourceRows += rows * Poly(terms);
    cost.targetRows += rows;
    cost.broadcasts += rows * Poly(inits);
    cost.additions += rows * Poly(inits > 0 ? inits - 1 : 0);
    cost.multiplyAdds += rows * Poly(terms);
  }
  return cost;
}

static StageCost costOfStage(const WriteStage &stage, bool) {
  StageCost cost;
  cost.kind = StageKind::Write;
  cost.target = stage.target;
  cost.patterns = static_cast<int64_t>(stage.entries.size());
  for (const WriteEntry &entry : stage.entries) {
    const Poly visits = visitsOf(entry.walk);
    cost.kept = std::max(cost.kept, static_cast<int>(entry.walk.kept.size()));
    cost.sourceRows += visits;
    cost.targetRows += visits;
    cost.additions += visits;
  }
  return cost;
}

PlanCost eqc::costOf(const SharedPlan &plan) {
  PlanCost cost;
  for (const SharedStage &stage : plan.stages)
    cost.stages.push_back(std::visit(
        [&](const auto &s) { return costOfStage(s, plan.mean); }, stage));
  cost.scratchIn = plan.storedRows;
  cost.scratchOut = plan.nodeRows;
  cost.packedMatrices = Poly(static_cast<int64_t>(plan.packedOrder.size()));
  return cost;
}

//===----------------------------------------------------------------------===//
// Totals
//===----------------------------------------------------------------------===//

Poly PlanCost::readAdditions() const {
  Poly sum;
  for (const StageCost &stage : stages)
    if (stage.kind == StageKind::Read)
      sum += stage.additions;
  return sum;
}

Poly PlanCost::scalings() const {
  Poly sum;
  for (const StageCost &stage : stages)
    sum += stage.scalings;
  return sum;
}

Poly PlanCost::multiplyAdds() const {
  Poly sum;
  for (const StageCost &stage : stages)
    sum += stage.multiplyAdds;
  return sum;
}

Poly PlanCost::outputAdditions() const {
  Poly sum;
  for (const StageCost &stage : stages)
    if (stage.kind != StageKind::Read)
      sum += stage.additions;
  return sum;
}

int64_t Operations::flops() const {
  return saturatingMultiply(
      2,
      saturatingAdd(multiplyAdds, saturatingAdd(additions, multiplications)));
}

Operations eqc::operationsOf(const PlanCost &cost, const LayerSpec &spec,
                             int64_t n) {
  auto times = [&](const Poly &poly, int64_t channels) {
    return saturatingMultiply(countAt(poly, n), channels);
  };
  Operations operations;
  operations.additions =
      saturatingAdd(times(cost.readAdditions(), spec.cIn),
                    times(cost.outputAdditions(), spec.cOut));
  operations.multiplications = times(cost.scalings(), spec.cIn);
  operations.multiplyAdds =
      times(cost.multiplyAdds(), saturatingMultiply(spec.cIn, spec.cOut));
  return operations;
}

LeastBytes eqc::leastBytesOf(const LayerSpec &spec, int64_t n) {
  auto bytes = [&](int64_t rows, int64_t channels) {
    return saturatingMultiply(saturatingMultiply(rows, channels),
                              spec.elementSize());
  };
  LeastBytes least;
  least.perSample =
      saturatingAdd(bytes(countAt(Poly::power(spec.k), n), spec.cIn),
                    bytes(countAt(Poly::power(spec.l), n), spec.cOut));
  least.perCall = saturatingAdd(
      bytes(saturatingMultiply(static_cast<int64_t>(spec.diagrams.size()),
                               spec.cIn),
            spec.cOut),
      bytes(static_cast<int64_t>(spec.biasDiagrams.size()), spec.cOut));
  return least;
}

int64_t eqc::scratchBytesOf(const PlanCost &cost, const LayerSpec &spec,
                            int64_t n) {
  return saturatingMultiply(
      saturatingAdd(saturatingMultiply(countAt(cost.scratchIn, n), spec.cIn),
                    saturatingMultiply(countAt(cost.scratchOut, n), spec.cOut)),
      spec.elementSize());
}
