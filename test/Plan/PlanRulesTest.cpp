//===- PlanRulesTest.cpp - The list of plans ------------------------------===//

#include "compiler/Lowering/Cpu/Schedules/CpuWork.h"
#include "compiler/Plan/CostModel.h"
#include "test/Plan/Support.h"

#include "gtest/gtest.h"

#include <set>

using namespace eqc;
using namespace eqc::test;

TEST(PlanRules, EveryPlanIsNamedOnceAndComplete) {
  std::set<std::string_view> names{planName(PlanKind::Auto)};
  BuiltPlans built;
  for (PlanKind kind : allPlans) {
    EXPECT_TRUE(names.insert(planName(kind)).second) << planName(kind);
    EXPECT_EQ(findPlan(planName(kind)), kind);
    EXPECT_NE(planNames().find(planName(kind)), std::string::npos);
    EXPECT_NE(planWords().find(planName(kind)), std::string::npos);
    const PlanRules &rules = rulesOf(kind);
    ASSERT_TRUE(rules.whyNot && rules.count);
    const LayerSpec spec = makeLayer(Group::S, 4, 2, 2);
    EXPECT_EQ(rules.whyNot(spec).why, "");
    const CountedPlan counted = rules.count(spec, built);
    EXPECT_FALSE(counted.cost.stages.empty());
    EXPECT_GE(counted.basisCondition, 1);
    EXPECT_EQ(counted.basis.empty(), !rules.basisOf);
    EXPECT_EQ(!rules.isBasis, !rules.basisOf);
    if (rules.basisOf) {
      EXPECT_EQ(counted.basis, rules.basisOf(spec, built));
      EXPECT_TRUE(rules.isBasis(counted.basis));
      EXPECT_FALSE(rules.isBasis("b"));
    }
  }
  EXPECT_FALSE(findPlan("fast"));
}

// A basis takes long to find: once for a layer, whoever asks.
TEST(PlanRules, BuildsABasisOnce) {
  BuiltPlans built;
  const LayerSpec spec = makeLayer(Group::O, 3, 2, 2);
  const PlanChoice choice = choosePlan(spec, cpuCostTarget(Machine()), built);
  const size_t once = built.size();
  EXPECT_GE(once, 1u);
  for (PlanKind kind : allPlans) {
    rulesOf(kind).count(spec, built);
    if (rulesOf(kind).basisOf)
      rulesOf(kind).basisOf(spec, built);
  }
  EXPECT_EQ(built.size(), once);
  rulesOf(choice.winner().kind).count(makeLayer(Group::O, 2, 2, 2), built);
  choosePlan(makeLayer(Group::O, 2, 2, 2), cpuCostTarget(Machine()), built);
  EXPECT_EQ(built.size(), 2 * once);
}

/// Takes nothing but its second choice.
struct FussyTarget : PlanTarget {
  PlanKind served;
  explicit FussyTarget(PlanKind served) : served(served) {}
  std::string whyNotServed(PlanKind plan, const LayerSpec &) const override {
    return plan == served ? "" : "nobody wrote kernels for it";
  }
};

TEST(PlanRules, NothingIsChosenThatTheTargetDoesNotServe) {
  const LayerSpec spec = makeLayer(Group::S, 4, 2, 2);
  for (PlanKind served : allPlans) {
    const FussyTarget kind(served);
    CostTarget target = cpuCostTarget(Machine());
    target.kind = &kind;
    const PlanChoice choice = choosePlan(spec, target);
    EXPECT_EQ(choice.winner().kind, served);
    EXPECT_EQ(choice.reason,
              std::string(planName(served)) + " is the only plan possible");
    for (const PlanCandidate &candidate : choice.candidates)
      if (candidate.kind != served)
        EXPECT_EQ(candidate.refused, "nobody wrote kernels for it");
    // What the layer itself cannot have comes first.
    const LayerSpec open = makeLayer(Group::S, -1, 2, 2);
    for (PlanKind plan : allPlans)
      if (const PlanRefusal own = rulesOf(plan).whyNot(open); !own.why.empty())
        EXPECT_EQ(whyNot(plan, open, target).why, own.why);
  }
}

// What holds within a sample is promised by the plan that
// NAME_info names, for the gradient of x too.
TEST(PlanRules, GradientsOfXPromiseWhatTheLayerDoes) {
  const CostTarget cpu = cpuCostTarget(Machine());
  const LayerSpec spec = makeLayer(Group::S, 4, 3, 3);
  for (PlanKind layer : allPlans)
    for (const PlanCandidate &candidate :
         choosePlan(spec, cpu, 0, layer).candidates)
      EXPECT_EQ(candidate.refused.empty(),
                candidate.kind == layer ||
                    !rulesOf(candidate.kind).promisesLess)
          << planName(layer) << " " << planName(candidate.kind);
}
