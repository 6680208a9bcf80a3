//===- CostModel.cpp - Which plan is the fastest --------------------------===//

#include "compiler/Plan/CostModel.h"

#include "compiler/Plan/Saturating.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc;

//===----------------------------------------------------------------------===//
// Times
//===----------------------------------------------------------------------===//

namespace {

/// Prices work at the rates of one machine.
class Pricing {
public:
  Pricing(const CostRates &rates, const Machine &machine)
      : rates(rates), machine(machine) {}

  double ns(const Work &work) const {
    // A multiply-add of whole vectors; two vectors move in a cycle.
    const double vectorNs = double(machine.vectorBytes) / 4 * 2 / rates.flops;
    return work.vectors * vectorNs + work.bytes / (2 * rates.cacheBytes) +
           work.rows * rates.rowNs + work.tiles * rates.tileNs +
           work.terms * rates.termNs + work.elements * rates.elementNs;
  }

  /// Bytes that are read or written once, as part of `all`.
  double move(double bytes, double all) const {
    return bytes /
           (all > rates.cacheSize ? rates.memoryBytes : rates.cacheBytes);
  }

private:
  const CostRates &rates;
  const Machine &machine;
};

} // namespace

void eqc::priceWork(const CostRates &rates, const Machine &machine,
                    int64_t batch, PlanCandidate &candidate) {
  const Pricing pricing(rates, machine);
  const PlanWork &work = candidate.work;
  const auto packed = double(work.packedBytes);
  candidate.packNs =
      pricing.ns(work.packing) + pricing.move(2 * packed, packed);
  const double compute = pricing.ns(work.sample) +
                         pricing.move(packed, packed) / work.samplesOfBlock;
  // Scratch of one sample that does not stay in cache is written and read.
  const auto scratch = double(candidate.scratchBytes);
  const double spilled = scratch > rates.cacheSize ? 2 * scratch : 0;
  const double move = pricing.move(work.movedBytes + spilled,
                                   (work.movedBytes + scratch) * double(batch));
  candidate.sampleNs =
      work.fetchesAhead ? std::max(compute, move) : compute + move;
  candidate.callNs =
      rates.callNs + candidate.packNs + double(batch) * candidate.sampleNs;
}

void eqc::predictTimes(const LayerSpec &spec, const CostTarget &target,
                       int64_t n, int64_t batch, PlanCandidate &candidate) {
  // Nothing is scheduled for samples that no address space holds.
  constexpr int64_t mostBytes = int64_t(1) << 48;
  candidate.work = {};
  if (leastBytesOf(spec, n).perSample > mostBytes)
    candidate.work.sample.vectors = double(candidate.operations.flops()) / 2;
  else
    candidate.work = target.countWork(spec, candidate.counted.plan,
                                      target.machine, n, batch);
  priceWork(target.rates, target.machine, batch, candidate);
}

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

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

int64_t eqc::batchToAssume(const LayerSpec &spec, int64_t wanted) {
  return wanted > 0 ? wanted : spec.batch > 0 ? spec.batch : typicalBatch;
}

PlanChoice eqc::choosePlan(const LayerSpec &spec, const CostTarget &target,
                           BuiltPlans &built, int64_t batch,
                           PlanKind gradientOf) {
  PlanChoice choice;
  choice.n = spec.dynamicN() ? typicalN : spec.n;
  choice.batch = batchToAssume(spec, batch);
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
