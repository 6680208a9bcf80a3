//===- PlanRulesTest.cpp - The list of plans ------------------------------===//

#include "compiler/Plan/CostModel.h"
#include "test/Plan/Support.h"

#include "gtest/gtest.h"

#include <set>

using namespace eqc;
using namespace eqc::test;

TEST(PlanRules, EveryPlanIsNamedOnceAndComplete) {
  std::set<std::string_view> names{planName(PlanKind::Auto)};
  for (PlanKind kind : allPlans) {
    EXPECT_TRUE(names.insert(planName(kind)).second) << planName(kind);
    EXPECT_EQ(findPlan(planName(kind)), kind);
    EXPECT_NE(planNames().find(planName(kind)), std::string::npos);
    EXPECT_NE(planWords().find(planName(kind)), std::string::npos);
    const PlanRules &rules = rulesOf(kind);
    ASSERT_TRUE(rules.whyNot && rules.count);
    EXPECT_GE(rules.rowCost, 1);
    const LayerSpec spec = makeLayer(Group::S, 4, 2, 2);
    EXPECT_EQ(rules.whyNot(spec).why, "");
    const CountedPlan counted = rules.count(spec);
    EXPECT_FALSE(counted.cost.stages.empty());
    EXPECT_GE(counted.basisCondition, 1);
    EXPECT_EQ(counted.basis.empty(), !rules.basisOf);
    if (rules.basisOf)
      EXPECT_EQ(counted.basis, rules.basisOf(spec));
  }
  EXPECT_FALSE(findPlan("fast"));
}

// What holds within a sample is promised by the plan that
// NAME_info names, for the gradient of x too.
TEST(PlanRules, GradientsOfXPromiseWhatTheLayerDoes) {
  const CostTarget cpu = costTargetOf(Machine());
  const LayerSpec spec = makeLayer(Group::S, 4, 3, 3);
  for (PlanKind layer : allPlans)
    for (const PlanCandidate &candidate :
         choosePlan(spec, cpu, 0, layer).candidates)
      EXPECT_EQ(candidate.refused.empty(),
                candidate.kind == layer ||
                    !rulesOf(candidate.kind).promisesLess)
          << planName(layer) << " " << planName(candidate.kind);
}
