//===- TimeScan.cpp - Predicted times over what layers must take ----------===//
//
// The cost model's time of every layer of a line over the least time that its
// flops and bytes allow at the same rates. Where one more channel or row costs
// much more than its share, as after whole vectors or tiles, that is printed.
// Nothing is compiled.
//
//===----------------------------------------------------------------------===//

#include "compiler/Bench/LayerCost.h"
#include "compiler/Lowering/Cpu/Schedules/CpuWork.h"
#include "compiler/Plan/CostModel.h"
#include "test/Scan/Line.h"

#include <fmt/format.h>

#include <cmath>

using namespace eqc;
using namespace eqc::test;

namespace {

/// The least ns of a call at a target's rates, by whatever plan.
double floorNs(const LayerSpec &spec, const PlanChoice &choice,
               const CostRates &rates) {
  double flops = INFINITY;
  for (const PlanCandidate &candidate : choice.candidates)
    if (candidate.refused.empty())
      flops = std::min(flops, double(candidate.operations.flops()));
  const double bytes = leastBytes(spec, choice.n, choice.batch);
  const double peak = rates.flops * 4 / double(spec.elementSize());
  const double bandwidth =
      bytes > rates.cacheSize ? rates.memoryBytes : rates.cacheBytes;
  // Of so many flops and bytes per ns: the result is ns too.
  return rates.callNs +
         floorOf(flops * double(choice.batch), bytes, peak, bandwidth).seconds;
}

struct Prediction {
  double ratio; ///< of the predicted time to the floor
  const char *plan;
};

Prediction predict(const LayerSpec &spec, const CostTarget &target) {
  const PlanChoice choice = choosePlan(spec, target);
  const PlanCandidate &winner = choice.winner();
  return {winner.callNs / floorNs(spec, choice, target.rates),
          planName(winner.kind).data()};
}

/// Prints the exceptions of a line; returns how many predictions make no sense.
int scan(const Line &line, const CostTarget &target) {
  std::vector<Prediction> all;
  for (const LayerSpec &layer : line.layers)
    all.push_back(predict(layer, target));
  int errors = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (!std::isfinite(all[i].ratio) || all[i].ratio <= 0) {
      fmt::print("ERROR: {} for {}: {} times its floor\n",
                 describe(line.layers[i]), line.cpu, all[i].ratio);
      ++errors;
    }
    if (i > 0 && all[i].ratio > kException * all[i - 1].ratio)
      fmt::print("exception: {} for {} ({}): {:.2f} times its floor, after "
                 "{:.2f} ({})\n",
                 describe(line.layers[i]), line.cpu, all[i].plan, all[i].ratio,
                 all[i - 1].ratio, all[i - 1].plan);
  }
  return errors;
}

} // namespace

int main() {
  struct Target {
    const char *name;
    Machine machine;
  };
  int errors = 0;
  size_t layers = 0;
  for (const Target &each :
       {Target{"x86-64-v4", {64, 32}}, Target{"x86-64-v3", {32, 16}},
        Target{"x86-64-v2", {16, 16}}, Target{"aarch64", {16, 32}}}) {
    const CostTarget target = cpuCostTarget(each.machine);
    auto visit = [&](const Line &line) {
      layers += line.layers.size();
      errors += scan(line, target);
    };
    for (auto [group, k, l] :
         {std::tuple(Group::S, 1, 1), std::tuple(Group::S, 2, 2),
          std::tuple(Group::S, 2, 0), std::tuple(Group::O, 2, 2),
          std::tuple(Group::SO, 1, 2), std::tuple(Group::Sp, 2, 2)}) {
      for (DType dtype : {DType::F32, DType::F64}) {
        for (int64_t n : {4, 20})
          visit(overChannels({group, n, k, l, 0, 1, dtype}, each.name, 1, 70));
        for (int64_t channels : {3, 32})
          visit(overSizes({group, 2, k, l, channels, channels, dtype},
                          each.name, 2, 40));
      }
    }
  }
  fmt::print("{} layers, {} errors\n", layers, errors);
  return errors > 0 ? 1 : 0;
}
