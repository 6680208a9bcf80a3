//===- LayerCost.cpp - What a layer must cost -----------------------------===//

#include "compiler/Bench/LayerCost.h"

#include "compiler/Plan/SharedPlan.h"

#include <cmath>

using namespace eqc;

namespace {

/// Counts the flops of a shared plan, stage by stage.
class SharedFlops {
public:
  SharedFlops(const LayerSpec &spec, int64_t n)
      : n(n), cIn(double(spec.cIn)), cOut(double(spec.cOut)) {}

  double count(const SharedPlan &plan) {
    for (const SharedStage &stage : plan.stages)
      std::visit([this](const auto &s) { add(s); }, stage);
    return flops;
  }

private:
  double extent(const std::vector<Letter> &letters) const {
    double product = 1;
    for (const Letter &letter : letters)
      product *= double(letter.extent.at(n));
    return product;
  }

  /// target = sum of terms: one addition fewer than terms.
  void add(const ReadStage &stage) {
    for (const ReadEntry &entry : stage.entries) {
      const Walk &walk = entry.walk;
      double terms = extent(walk.dropped) * walk.termsPerGroup;
      double groups =
          extent(walk.kept) * double(walk.terms.size()) / walk.termsPerGroup;
      flops += 2 * cIn * groups * (terms - 1);
    }
  }

  /// The first of several broadcasts is where the accumulators start.
  void add(const MixStage &stage) {
    double rows = std::pow(double(n), stage.kept) * double(stage.subsets);
    for (const MixTarget &target : stage.targets) {
      double terms = double(target.fromInput.size() + target.fromStored.size());
      flops += 2 * cIn * cOut * rows * terms;
      if (target.inits.size() > 1)
        flops += 2 * cOut * rows * double(target.inits.size() - 1);
    }
  }

  void add(const WriteStage &stage) {
    for (const WriteEntry &entry : stage.entries) {
      const Walk &walk = entry.walk;
      flops += 2 * cOut * extent(walk.kept) * extent(walk.dropped) *
               double(walk.terms.size());
    }
  }

  int64_t n;
  double cIn, cOut;
  double flops = 0;
};

} // namespace

std::vector<PlanFlops> eqc::planFlops(const LayerSpec &spec, int64_t n) {
  double rowsIn = std::pow(double(n), spec.k);
  double rowsOut = std::pow(double(n), spec.l);
  double cIn = double(spec.cIn), cOut = double(spec.cOut);
  // The bias is where the accumulators start.
  return {{"dense", 2 * rowsIn * rowsOut * cIn * cOut},
          {"shared", SharedFlops(spec, n).count(buildSharedPlan(spec))}};
}

double eqc::leastBytes(const LayerSpec &spec, int64_t n, int64_t batch) {
  double samples = double(batch);
  double x = samples * std::pow(double(n), spec.k) * double(spec.cIn);
  double y = samples * std::pow(double(n), spec.l) * double(spec.cOut);
  double weight = double(spec.diagrams.size()) * double(spec.cIn * spec.cOut);
  double bias = double(spec.biasDiagrams.size()) * double(spec.cOut);
  return (x + y + weight + bias) * double(spec.elementSize());
}

Floor eqc::floorOf(double flops, double bytes, double peak, double bandwidth) {
  Floor floor;
  double compute = peak > 0 ? flops / peak : 0;
  double memory = bandwidth > 0 ? bytes / bandwidth : 0;
  floor.boundByBytes = memory > compute;
  floor.seconds = floor.boundByBytes ? memory : compute;
  return floor;
}
