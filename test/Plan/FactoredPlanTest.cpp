//===- FactoredPlanTest.cpp - The published algorithm, step by step -------===//

#include "Sample.h"

#include "compiler/Plan/Factored/EvaluateFactored.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace eqc;
using namespace eqc::test;

namespace {

/// Compares the plan with the definition for one sample at size n, and what it
/// executes with what the algebra says it costs.
void check(const LayerSpec &spec, int64_t n, Random &random) {
  const Sample sample(spec, n, random);
  const FactoredPlan plan = buildFactoredPlan(spec);
  FactoredCounts counts;
  EXPECT_LE(
      relativeError(evaluateFactoredPlan(plan, n, spec.cIn, spec.cOut, sample.x,
                                         sample.weight, sample.bias, &counts),
                    sample.y),
      1e-12)
      << nameOf(spec) << " at n = " << n;

  int64_t expected = 0;
  for (const FactoredSteps &steps : plan.diagrams)
    expected += exactAdditions(steps.factored, spec.group, n);
  EXPECT_EQ(counts.additions, expected) << nameOf(spec) << " at n = " << n;
}

void checkGrid(Group group, const std::vector<int64_t> &sizes, Orders orders,
               int least) {
  Random random(21);
  EXPECT_GE(forLayers(group, sizes, orders,
                      [&](LayerSpec spec) {
                        spec.normalize = (spec.k + spec.l) % 3
                                             ? Normalize::Mean
                                             : Normalize::None;
                        check(spec, spec.n, random);
                      }),
            least);
}

} // namespace

TEST(FactoredPlan, AgreesForPermutations) {
  checkGrid(Group::S, {1, 2, 3, 4}, {4, 6}, 80);
}
TEST(FactoredPlan, AgreesForOrthogonalMaps) {
  checkGrid(Group::O, {1, 2, 3, 4}, {4, 8}, 40);
}
TEST(FactoredPlan, AgreesForSymplecticMaps) {
  checkGrid(Group::Sp, {2, 4}, {4, 8}, 20);
}
TEST(FactoredPlan, AgreesForRotations) {
  checkGrid(Group::SO, {1, 2, 3, 4, 5}, {5, 6}, 50);
}

TEST(FactoredPlan, AgreesForSignedPermutations) {
  checkGrid(Group::H, {1, 2, 3, 4}, {3, 5}, 15);
}
TEST(FactoredPlan, AgreesForBistochasticMaps) {
  checkGrid(Group::B, {1, 2, 3}, {3, 5}, 30);
}
TEST(FactoredPlan, AgreesForGroupsUpToSign) {
  checkGrid(Group::SPrime, {2, 3}, {3, 5}, 7);
  checkGrid(Group::BPrime, {2, 3}, {3, 5}, 7);
}
TEST(FactoredPlan, AgreesForSignatures) {
  for (Group group : signatures())
    checkGrid(group, {sizeOf(group)}, {4, 6}, 3);
}

TEST(FactoredPlan, OnePlanServesEveryN) {
  Random random(22);
  for (Group group : {Group::S, Group::O, Group::Sp, Group::H, Group::B})
    forLayers(group, {-1}, {3, 6}, [&](const LayerSpec &spec) {
      for (int64_t n : {1, 2, 4, 5})
        if (group != Group::Sp || n % 2 == 0)
          check(spec, n, random);
    });
}

TEST(FactoredPlan, AnyContractionOrderGivesTheSame) {
  // i2 i3 is contracted between blocks on both sides in some of the orders.
  Random random(23);
  LayerSpec spec = makeLayer(Group::S, 3, 5, 1, 1, 1);
  const auto parsed = parseDiagram("o1 i1 | i2 | i3 i5 | i4", 1, 5);
  spec.diagrams = {std::get<Diagram>(parsed)};
  const auto x = randomVector(random, 243);
  const auto weight = randomVector(random, 1);
  const auto expected =
      oracleForward(spec, 3, 1, x.data(), weight.data(), nullptr);
  FactoredPlan plan = buildFactoredPlan(spec);
  FactoredDiagram factored = plan.diagrams.front().factored;
  std::sort(factored.contractionOrder.begin(), factored.contractionOrder.end());
  std::vector<int64_t> additions;
  do {
    plan.diagrams.front() = makeFactoredSteps(factored, Group::S);
    FactoredCounts counts;
    EXPECT_LE(relativeError(
                  evaluateFactoredPlan(plan, 3, 1, 1, x, weight, {}, &counts),
                  expected),
              1e-12);
    EXPECT_EQ(counts.additions, exactAdditions(factored, Group::S, 3));
    additions.push_back(counts.additions);
  } while (std::next_permutation(factored.contractionOrder.begin(),
                                 factored.contractionOrder.end()));
  ASSERT_EQ(additions.size(), 6u);
  // The plan's own order is the cheapest, and the choice matters.
  const int64_t least = *std::min_element(additions.begin(), additions.end());
  EXPECT_LT(least, *std::max_element(additions.begin(), additions.end()));
  EXPECT_EQ(exactAdditions(buildFactoredPlan(spec).diagrams.front().factored,
                           Group::S, 3),
            least);
}
