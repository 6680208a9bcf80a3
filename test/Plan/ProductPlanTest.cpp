//===- ProductPlanTest.cpp - Plans of axes of several spaces --------------===//

#include "TypedLayers.h"

#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Factored/EvaluateFactored.h"
#include "compiler/Plan/Shared/EvaluateShared.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

const Space a{"a", Group::S, 2}, b{"b", Group::S, 3}, one{"one", Group::S, 1},
    xyz{"xyz", Group::SO, 3}, plane{"plane", Group::SO, 2},
    phase{"phase", Group::Sp, 4}, spins{"spins", Group::H, 3},
    ones{"ones", Group::B, 3}, signs{"signs", Group(Family::SPrime), 2},
    event{"event", Group(Family::O, 1, 1), 2},
    boost{"boost", Group(Family::SO, 1, 2), 3}, turn{"turn", Group::O, 3},
    v{"V", Group::GL, 3}, w{"W", Group::GL, 2};

constexpr int dual = kDualAxis;

std::vector<LayerSpec> layers() {
  return {
      makeLayer({a, b}, {0, 1}, {0, 1}),
      makeLayer({a, b}, {1, 0}, {0, 1}),
      makeLayer({a, b}, {0, 1, 0}, {1, 0, 1}),
      makeLayer({a, b}, {}, {0, 1, 1}),
      makeLayer({a, b}, {0, 1, 1}, {}),
      makeLayer({a, b, one}, {0, 2, 1}, {1, 2, 0}),
      makeLayer({a, one}, {0, 1, 1}, {1, 0, 1}),
      makeLayer({b, xyz}, {0, 1}, {0, 0, 1}),
      makeLayer({a, xyz}, {0, 1}, {0, 1, 1}),
      makeLayer({a, xyz}, {1, 0, 0}, {0, 1, 0, 1}),
      makeLayer({a, plane}, {1, 0}, {0, 1, 0}),
      makeLayer({a, plane}, {0, 1, 1}, {0, 0}),
      makeLayer({a, phase}, {0, 1}, {1, 0}),
      makeLayer({a, phase}, {1, 1, 0}, {0, 1, 1}),
      makeLayer({spins, ones}, {0, 1}, {0, 1, 1}),
      makeLayer({signs, ones}, {0, 1}, {1, 0}),
      makeLayer({a, event}, {0, 1, 1}, {1, 0, 1}),
      makeLayer({a, boost}, {0, 1}, {0, 1, 1}),
      makeLayer({turn, phase}, {0, 1}, {0, 1, 1, 1}),
      makeLayer({turn, event, a}, {0, 1, 2}, {2, 1, 0}),
      makeLayer({v}, {0}, {0, dual, 0}),
      makeLayer({v}, {0, dual}, {dual, 0}),
      makeLayer({v}, {dual, dual, 0}, {dual}),
      makeLayer({v}, {}, {0, dual, dual, 0}),
      makeLayer({v}, {dual, 0}, {}),
      makeLayer({w}, {dual, 0, 0}, {0, dual, 0}),
      makeLayer({w}, {0, 0, 0}, {0, 0, 0}),
      makeLayer({a, v}, {0, 1}, {1, 0, 1, 1 + dual}),
      makeLayer({w, v, a}, {1, 0, dual, 2}, {1, 2, dual, 0}),
  };
}

} // namespace

TEST(ProductPlan, OraclesAgree) { expectOraclesAgree(layers()); }

TEST(ProductPlan, SharedAgrees) { expectSharedAgrees(layers()); }

TEST(ProductPlan, FactoredAgrees) {
  forLayers(layers(), [](const LayerSpec &spec, const auto &x,
                         const auto &weight, const auto &bias, const auto &y) {
    const FactoredPlan plan = buildFactoredPlan(spec);
    FactoredCounts counts;
    EXPECT_LE(
        relativeError(evaluateFactoredPlan(plan, spec.n, spec.cIn, spec.cOut, x,
                                           weight, bias, &counts),
                      y),
        1e-12)
        << name(spec);
    int64_t expected = 0;
    for (const FactoredSteps &steps : plan.diagrams)
      expected += exactAdditions(steps.factored, spec.group, spec.n);
    EXPECT_EQ(counts.additions, expected) << name(spec);
  });
}

TEST(ProductPlan, DenseAgrees) { expectDenseAgrees(layers()); }

TEST(ProductPlan, GradientsOfXAgree) { expectGradientsOfXAgree(layers()); }

// nm + n + m + 1 multiply-adds per pair of channels, and sums over both axes.
TEST(ProductPlan, ExchangeableMatricesCostWhatTheyMust) {
  const LayerSpec spec =
      makeLayer({{"n", Group::S, 100}, {"m", Group::S, 50}}, {0, 1}, {0, 1});
  const PlanCost cost = costOf(buildSharedPlan(spec));
  EXPECT_EQ(cost.multiplyAdds(), Poly(100 * 50 + 100 + 50 + 1));
  EXPECT_EQ(cost.readAdditions(), Poly(100 * 49 + 99 * 50 + 49));
}
