//===- CheckCases.cpp - On which sizes a layer is checked -----------------===//

#include "compiler/Check/CheckCases.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Check/Oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

using namespace eqc;

namespace {

/// What one size costs, per sample.
struct SizeCost {
  double visits = 0;    ///< additions per input channel
  double rows = 0;      ///< n^l
  double mixes = 0;     ///< n^l for every diagram: products per channel pair
  double xElements = 0; ///< with all channels
  double yElements = 0;
  double weightElements = 0; ///< for any batch

  double work(double cIn, double cOut) const {
    return visits * cIn + mixes * cIn * cOut;
  }
};

} // namespace

/// The oracle lists the permutations of n values: 10! of them fit in memory.
static constexpr int64_t kLargestLeviCivita = 10;

static SizeCost costOfSize(const LayerSpec &spec, int64_t n) {
  SizeCost cost;
  cost.rows = realOutputPositions(spec, n);
  cost.visits = oracleVisits(spec, n);
  cost.mixes = cost.rows * static_cast<double>(spec.diagrams.size());
  cost.xElements = realInputPositions(spec, n) * static_cast<double>(spec.cIn);
  cost.yElements = cost.rows * static_cast<double>(spec.cOut);
  cost.weightElements = static_cast<double>(spec.diagrams.size()) *
                        static_cast<double>(spec.cIn) *
                        static_cast<double>(spec.cOut);
  return cost;
}

/// The largest part of (n, batch) within the limits.
static CheckCase fitCase(const LayerSpec &spec, const CheckOptions &options,
                         int64_t n, int64_t batch) {
  const SizeCost cost = costOfSize(spec, n);
  CheckCase result;
  result.n = n;
  result.batch = batch;
  result.cIn = spec.cIn;
  result.cOut = spec.cOut;
  result.diagrams = static_cast<int64_t>(spec.diagrams.size());

  const double perSample = cost.xElements + cost.yElements;
  const double room = options.elementLimit - cost.weightElements;
  if (perSample > room) {
    result.skipped = true;
    result.note = fmt::format("too large: {:.3g} elements for one sample",
                              perSample + cost.weightElements);
    return result;
  }
  const double callWork =
      cost.work(static_cast<double>(spec.cIn), static_cast<double>(spec.cOut));
  if (callWork > options.callLimit) {
    result.skipped = true;
    result.note = fmt::format(
        "too large for an interpreter: {:.3g} multiply-adds", callWork);
    return result;
  }
  for (const Diagram &diagram : spec.diagrams) {
    const bool hasLegs = diagram.head >= 0 && !diagram.orbit.exists();
    const int64_t values =
        diagram.free < 0 && !hasLegs
            ? 0
            : sizeAt(spec.group, n,
                     hasLegs ? diagram.head : diagram.freeSpace());
    if (values <= kLargestLeviCivita)
      continue;
    result.skipped = true;
    result.note = fmt::format("too large: {}! terms of a {}", values,
                              hasLegs ? "jellyfish" : "Levi-Civita symbol");
    return result;
  }
  auto reduce = [&](std::string text) {
    result.note += (result.note.empty() ? "" : ", ") + std::move(text);
  };

  const double most =
      std::min({std::floor(room / perSample),
                std::max(2.0, std::floor(options.batchElements / perSample)),
                std::max(2.0, std::floor(options.callLimit / callWork))});
  if (most < static_cast<double>(batch)) {
    result.batch = static_cast<int64_t>(most);
    reduce(fmt::format("batch {} reduced to {}", batch, result.batch));
  }
  result.samples = result.batch;
  auto work = [&] {
    return cost.work(static_cast<double>(result.cIn),
                     static_cast<double>(result.cOut)) *
           static_cast<double>(result.samples);
  };
  if (work() > options.workLimit) {
    double part =
        static_cast<double>(result.samples) * options.workLimit / work();
    result.samples = std::max<int64_t>(1, static_cast<int64_t>(part));
  }
  while (work() > options.workLimit && (result.cIn > 1 || result.cOut > 1)) {
    int64_t &larger = result.cIn > result.cOut ? result.cIn : result.cOut;
    larger = (larger + 1) / 2;
  }
  if (result.samples < result.batch)
    reduce(fmt::format("{} of {} samples", result.samples, result.batch));
  if (result.cIn < spec.cIn)
    reduce(fmt::format("{} of {} input channels", result.cIn, spec.cIn));
  if (result.cOut < spec.cOut)
    reduce(fmt::format("{} of {} output channels", result.cOut, spec.cOut));
  if (work() > options.workLimit && result.diagrams > 1) {
    double part =
        static_cast<double>(result.diagrams) * options.workLimit / work();
    result.diagrams = std::max<int64_t>(1, static_cast<int64_t>(part));
    reduce(fmt::format("{} of {} diagrams", result.diagrams,
                       spec.diagrams.size()));
  }
  return result;
}

std::vector<CheckCase> eqc::planCases(const LayerSpec &spec,
                                      const CheckOptions &options) {
  std::vector<CheckCase> cases;
  auto add = [&](CheckCase next) {
    for (const CheckCase &old : cases)
      if (old.n == next.n && old.batch == next.batch)
        return;
    cases.push_back(std::move(next));
  };

  if (!options.cases.empty()) {
    for (auto [n, batch] : options.cases)
      add(fitCase(spec, options, spec.dynamicN() ? n : spec.n, batch));
    return cases;
  }

  // Odd batches and batches on either side of a vector's width.
  std::vector<int64_t> batches = {1, 3, 8, 17};
  if (!spec.dynamicN()) {
    if (spec.batch > 0)
      batches.push_back(spec.batch);
    for (int64_t batch : batches)
      add(fitCase(spec, options, spec.n, batch));
    return cases;
  }

  const int64_t unit = rulesOf(spec.group).sizeUnit();
  std::vector<int64_t> sizes = {1, 2, 3, 5, 8, 13};
  if (unit > 1) {
    sizes = {1, 2, 3, 4, 6};
    for (int64_t &size : sizes)
      size *= unit;
  }
  std::rotate(batches.begin(), batches.begin() + 1, batches.end());
  if (spec.batch > 0)
    batches.push_back(spec.batch);
  for (size_t i = 0; i < sizes.size(); ++i) {
    CheckCase next =
        fitCase(spec, options, sizes[i], batches[i % batches.size()]);
    // Beyond the third size nothing new is learnt from a fraction of a layer.
    bool partial = next.cIn < spec.cIn || next.cOut < spec.cOut ||
                   next.diagrams < static_cast<int64_t>(spec.diagrams.size());
    if (i >= 3 && partial && !next.skipped) {
      next.skipped = true;
      next.note = "too large for the oracle";
    }
    add(std::move(next));
  }
  return cases;
}
