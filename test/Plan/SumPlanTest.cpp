//===- SumPlanTest.cpp - Plans of axes of sums of spaces ------------------===//

#include "TypedLayers.h"

#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/PlanRules.h"
#include "compiler/Plan/Shared/EvaluateShared.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace eqc;
using namespace eqc::test;

namespace {

const Space a{"a", Group::S, 2}, b{"b", Group::S, 3}, one{"one", Group::S, 1},
    xyz{"xyz", Group::SO, 3}, turn{"turn", Group::O, 3},
    phase{"phase", Group::Sp, 4}, three{"three", Group::A, 3},
    event{"event", Group(Family::O, 1, 2), 3}, v{"V", Group::GL, 3},
    w{"W", Group::GL, 2};

constexpr int dual = kDualAxis;

std::vector<LayerSpec> layers() {
  return {
      makeLayer({a, b}, {{"ab", {0, 1}}}, {2}, {2}),
      makeLayer({a, b}, {{"ba", {1, 0}}}, {2, 2}, {2}),
      makeLayer({a, b}, {{"ba", {1, 0}}}, {2}, {2, 2}),
      makeLayer({a, b}, {{"ab", {0, 1}}}, {2, 2}, {2, 2}),
      makeLayer({a, b}, {{"ab", {0, 1}}}, {}, {2, 2, 2}),
      makeLayer({a, b}, {{"ab", {0, 1}}}, {2, 2, 2}, {}),
      makeLayer({a, b}, {{"ab", {0, 1}}}, {0}, {1, 2}),
      makeLayer({a, b}, {{"ab", {0, 1}}}, {2, 1}, {0}),
      makeLayer({b}, {{"bb", {0, 0}}}, {1}, {1, 0}),
      makeLayer({b}, {{"bb", {0, 0}}}, {1, 1}, {1}),
      makeLayer({one, a}, {{"oao", {0, 1, 0}}}, {2}, {2, 2}),
      makeLayer({a, b, one}, {{"abo", {0, 1, 2}}}, {3, 3}, {3}),
      makeLayer({a, turn}, {{"at", {0, 1}}}, {2}, {2}),
      makeLayer({turn, a}, {{"ta", {0, 1}}}, {2, 2}, {2, 2}),
      makeLayer({one, xyz}, {{"sv", {0, 1}}}, {2}, {2, 2}),
      makeLayer({one, xyz}, {{"sv", {0, 1}}}, {2, 2}, {2, 2}),
      makeLayer({a, xyz}, {{"av", {1, 0}}}, {0, 2}, {2, 1}),
      makeLayer({phase, a}, {{"pa", {0, 1}}}, {2, 2}, {2}),
      makeLayer({event, a}, {{"ea", {0, 1}}}, {2}, {2, 2}),
      makeLayer({three, b}, {{"tb", {0, 1}}}, {2}, {2}),
      makeLayer({three, b}, {{"tb", {1, 0}}}, {2}, {2, 2}),
      makeLayer({a, b, turn}, {{"ab", {0, 1}}, {"tb", {2, 1}}}, {3, 0}, {4, 3}),
      makeLayer({v, w}, {{"VW", {0, 1}}}, {2}, {2 + dual, 2, 2}),
      makeLayer({v, w}, {{"VW", {0, 1}}}, {2 + dual, 0}, {0, 2 + dual}),
  };
}

} // namespace

TEST(SumPlan, OraclesAgree) { expectOraclesAgree(layers()); }

TEST(SumPlan, SharedAgrees) { expectSharedAgrees(layers()); }

TEST(SumPlan, DenseAgrees) { expectDenseAgrees(layers()); }

TEST(SumPlan, GradientsOfXAgree) { expectGradientsOfXAgree(layers()); }

// No slice of x or y is copied, each of y is written once, and sums of x are
// shared by all diagrams that have them.
TEST(SumPlan, SlicesLieWhereTheyAre) {
  const LayerSpec spec = makeLayer({{"a", Group::S, 10}, {"b", Group::S, 20}},
                                   {{"ab", {0, 1}}}, {2}, {2});
  const SharedPlan plan = buildSharedPlan(spec);
  EXPECT_EQ(plan.stored.size(), 2u); // the sums over a and over b
  EXPECT_EQ(plan.storedRows, Poly(2));
  EXPECT_EQ(plan.nodeRows, Poly(2)); // what is spread over a and over b
  const PlanCost cost = costOf(plan);
  EXPECT_EQ(cost.readAdditions(), Poly(9 + 19));
  // Every entry with its own slice's weight, and the sums with four.
  EXPECT_EQ(cost.multiplyAdds(), Poly(10 + 20 + 4));
  Poly written;
  for (const SharedStage &stage : plan.stages)
    if (const auto *mix = std::get_if<MixStage>(&stage);
        mix && mix->target == PlanArray::Output) {
      ASSERT_EQ(mix->targets.size(), 1u);
      EXPECT_EQ(mix->targets[0].fromInput.size(), 1u);
      EXPECT_EQ(mix->targets[0].target.offset,
                mix->targets[0].fromInput[0].view.offset);
      written += productOf(mix->lengths);
    }
  EXPECT_EQ(written, Poly(30));
}

TEST(SumPlan, GradientsOfWeightsCopyNoSlices) {
  const LayerSpec spec = makeLayer({{"a", Group::S, 10}, {"b", Group::S, 20}},
                                   {{"ab", {0, 1}}}, {2, 2}, {2});
  const GradientPlan plan = buildGradientPlan(spec);
  for (const SharedPlan *side : {&plan.x, &plan.gradY})
    for (const RowPattern &pattern : side->stored)
      EXPECT_FALSE(isIdentity(pattern)) << toString(pattern);
}

TEST(SumPlan, WhatOtherPlansSay) {
  const LayerSpec spec = makeLayer({a, b}, {{"ab", {0, 1}}}, {2}, {2});
  EXPECT_EQ(FactoredRules.whyNot(spec).why,
            "axes of sums are not built yet in this plan");
  EXPECT_NE(SchurRules.whyNot(spec).why, "");
}
