//===- FitRatesTest.cpp - Rates are found again from times ----------------===//

#include "compiler/Tune/FitRates.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Tune/RateFields.h"
#include "test/Plan/Support.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

const CostTarget v4 = costTargetOf({64, 32});

/// Layers between which every rate decides some time.
std::vector<LayerSpec> layers() {
  return {makeLayer(Group::S, 1, 0, 0),
          makeLayer(Group::S, 64, 1, 1, 32, 32),
          makeLayer(Group::S, 16, 2, 2, 16, 16),
          makeLayer(Group::S, 24, 2, 0, 32, 32),
          makeLayer(Group::S, 24, 0, 2, 32, 32),
          makeLayer(Group::O, 3, 2, 2, 32, 32),
          makeLayer(Group::S, 4, 2, 2, 8, 8)};
}

/// The times that the model predicts with `target`.
std::vector<Observation> predicted(const std::vector<LayerSpec> &specs,
                                   const CostTarget &target) {
  std::vector<Observation> result;
  for (const LayerSpec &spec : specs) {
    const PlanChoice choice = choosePlan(spec, v4);
    for (const PlanCandidate &candidate : choice.candidates)
      if (candidate.refused.empty()) {
        Observation seen{&spec, candidate, spec.n, 4, 0};
        predictTimes(spec, target, seen.n, seen.batch, seen.plan);
        seen.callNs = seen.plan.callNs;
        result.push_back(seen);
      }
  }
  return result;
}

} // namespace

TEST(FitRates, FindsRatesThatExplainTheTimes) {
  const std::vector<LayerSpec> specs = layers();
  CostTarget machine = v4;
  double factor = 0.6;
  for (const RateField &field : rateFields)
    if (field.fitted) {
      machine.rates.*field.rate *= factor;
      factor = factor < 1 ? 1.5 : 0.6;
    }
  const RateFit before = fitRates(v4, predicted(specs, v4));
  EXPECT_LT(before.worstRatio, 1.0001);
  const RateFit fit = fitRates(v4, predicted(specs, machine));
  EXPECT_LT(fit.typicalRatio, 1.05);
  EXPECT_LT(fit.worstRatio, 1.2);
  // What a call costs at least shows in the smallest layer.
  EXPECT_NEAR(fit.rates.callNs / machine.rates.callNs, 1, 0.1);
  EXPECT_NEAR(fit.rates.flops / machine.rates.flops, 1, 0.15);
}

TEST(FitRates, KeepsWhatIsNotObserved) {
  const RateFit nothing = fitRates(v4, {});
  for (const RateField &field : rateFields)
    EXPECT_NEAR(nothing.rates.*field.rate / (v4.rates.*field.rate), 1, 1e-12)
        << field.name;
  const std::vector<LayerSpec> specs{makeLayer(Group::S, 1, 0, 0)};
  CostTarget slowCalls = v4;
  slowCalls.rates.callNs *= 3;
  const RateFit fit = fitRates(v4, predicted(specs, slowCalls));
  EXPECT_GT(fit.rates.callNs, 2 * v4.rates.callNs);
  EXPECT_NEAR(fit.rates.flops / v4.rates.flops, 1, 0.05);
  // What is measured alone is never fitted.
  EXPECT_EQ(fit.rates.memoryBytes, v4.rates.memoryBytes);
  EXPECT_EQ(fit.rates.cacheSize, v4.rates.cacheSize);
}

TEST(FitRates, OneKernelThatIsFarOffDoesNotSpoilTheRest) {
  const std::vector<LayerSpec> specs = layers();
  std::vector<Observation> seen = predicted(specs, v4);
  seen[3].callNs *= 20;
  const RateFit fit = fitRates(v4, seen);
  EXPECT_LT(fit.typicalRatio, 1.15);
  for (const RateField &field : rateFields) {
    EXPECT_GT(fit.rates.*field.rate, 0) << field.name;
    EXPECT_TRUE(std::isfinite(fit.rates.*field.rate)) << field.name;
  }
}
