//===- EvaluateSharedTest.cpp - The shared plan against the oracle --------===//

#include "Support.h"

#include "compiler/Check/Oracle.h"
#include "compiler/Plan/Shared/EvaluateShared.h"

#include <gtest/gtest.h>

#include <set>

using namespace eqc;
using namespace eqc::test;

namespace {

/// Compares the plan with the definition for one sample at size n.
double errorOf(const LayerSpec &spec, int64_t n, Random &random) {
  auto sizeOf = [&](int order, int64_t channels) {
    return static_cast<size_t>(integerPower(n, order) * channels);
  };
  const auto x = randomVector(random, sizeOf(spec.k, spec.cIn));
  const auto weight =
      randomVector(random, spec.diagrams.size() * spec.cIn * spec.cOut);
  const auto bias = randomVector(random, spec.biasDiagrams.size() * spec.cOut);
  const SharedPlan plan = buildSharedPlan(spec);
  return relativeError(
      evaluateSharedPlan(plan, n, spec.cIn, spec.cOut, x, weight, bias),
      oracleForward(spec, n, 1, x.data(), weight.data(),
                    spec.bias ? bias.data() : nullptr));
}

constexpr double tolerance = 1e-12;

void checkGrid(Group group, const std::vector<int64_t> &sizes, int maxOrder,
               int maxTotal, int least) {
  Random random(7);
  int seen = 0;
  for (int64_t n : sizes)
    for (int k = 0; k <= maxOrder; ++k)
      for (int l = 0; l <= maxOrder && k + l <= maxTotal; ++l) {
        if (!whyNoDiagrams(group, n, l, k).empty())
          continue;
        // With and without a bias, whose (l,0)-diagrams may not exist.
        const bool canBias = whyNoDiagrams(group, n, l, 0).empty();
        for (bool bias : {false, true}) {
          if (bias && !canBias)
            continue;
          LayerSpec spec = makeLayer(group, n, k, l, 2, 3, bias);
          EXPECT_LE(errorOf(spec, n, random), tolerance) << nameOf(spec);
          spec.normalize = Normalize::Mean;
          EXPECT_LE(errorOf(spec, n, random), tolerance)
              << nameOf(spec) << " mean";
          seen += 2;
        }
      }
  EXPECT_GE(seen, least);
}

} // namespace

TEST(EvaluateShared, AgreesForPermutations) {
  checkGrid(Group::S, {1, 2, 3, 5}, 4, 5, 140);
}
TEST(EvaluateShared, AgreesForPermutationsOfOrderThree) {
  checkGrid(Group::S, {2, 4}, 3, 6, 60);
}
TEST(EvaluateShared, AgreesForOrthogonalMaps) {
  checkGrid(Group::O, {1, 2, 3, 4}, 4, 8, 120);
}
TEST(EvaluateShared, AgreesForSymplecticMaps) {
  checkGrid(Group::Sp, {2, 4}, 4, 8, 60);
}
TEST(EvaluateShared, AgreesForRotations) {
  checkGrid(Group::SO, {1, 2, 3, 4}, 4, 6, 120);
}
TEST(EvaluateShared, AgreesForRotationsOfHighOrder) {
  checkGrid(Group::SO, {5}, 5, 5, 10);
}

TEST(EvaluateShared, AgreesForRandomLists) {
  Random random(11);
  struct Case {
    Group group;
    int64_t n;
    int k, l;
  };
  for (const Case &c : {Case{Group::S, 3, 2, 2}, Case{Group::S, 4, 3, 2},
                        Case{Group::S, 3, 3, 3}, Case{Group::O, 3, 3, 3},
                        Case{Group::Sp, 4, 3, 3}, Case{Group::SO, 3, 3, 3},
                        Case{Group::SO, 2, 2, 4}, Case{Group::SO, 3, 2, 3}})
    for (int trial = 0; trial < 8; ++trial) {
      LayerSpec spec = makeLayer(c.group, c.n, c.k, c.l, 2, 2, trial % 2);
      random.shuffle(spec.diagrams);
      spec.diagrams.resize(
          1 + random.below(std::min<int64_t>(spec.diagrams.size(), 9)));
      spec.choice = DiagramChoice::List;
      spec.normalize = trial % 3 ? Normalize::None : Normalize::Mean;
      EXPECT_LE(errorOf(spec, c.n, random), tolerance)
          << nameOf(spec) << " trial " << trial;
    }
}

TEST(EvaluateShared, AgreesForBases) {
  Random random(12);
  for (auto [group, n] : {std::pair(Group::S, 3), std::pair(Group::O, 2),
                          std::pair(Group::Sp, 2), std::pair(Group::SO, 3)}) {
    LayerSpec spec = makeLayer(group, n, 3, 3, 2, 1);
    const size_t all = spec.diagrams.size();
    std::vector<Diagram> basis;
    for (const Diagram &diagram : spec.diagrams)
      if (inBasis(diagram, group, n))
        basis.push_back(diagram);
    spec.diagrams = basis;
    spec.choice = DiagramChoice::Basis;
    // S lists at most n blocks from the start.
    if (group == Group::O || group == Group::Sp)
      EXPECT_LT(basis.size(), all) << nameOf(spec);
    EXPECT_LE(errorOf(spec, n, random), tolerance) << nameOf(spec);
  }
}

TEST(EvaluateShared, TakesDiagramsWithMoreBlocksThanN) {
  // D_pi of more than n blocks is a well-defined matrix like any other.
  Random random(13);
  LayerSpec spec = makeLayer(Group::S, 2, 2, 2, 2, 2);
  const size_t atMostTwoBlocks = spec.diagrams.size();
  spec.diagrams = enumerateDiagrams(Group::S, -1, 2, 2);
  spec.choice = DiagramChoice::List;
  EXPECT_EQ(spec.diagrams.size(), 15u);
  EXPECT_EQ(atMostTwoBlocks, 8u);
  EXPECT_LE(errorOf(spec, 2, random), tolerance);
}

TEST(EvaluateShared, OnePlanServesEveryN) {
  Random random(14);
  for (Group group : {Group::S, Group::O, Group::Sp})
    for (int k = 0; k <= 3; ++k)
      for (int l = 0; l <= 3; ++l) {
        if (!whyNoDiagrams(group, -1, l, k).empty())
          continue;
        const bool bias = whyNoDiagrams(group, -1, l, 0).empty();
        LayerSpec spec = makeLayer(group, -1, k, l, 2, 2, bias);
        spec.normalize = (k + l) % 2 ? Normalize::Mean : Normalize::None;
        for (int64_t n : {1, 2, 4, 5})
          if (group != Group::Sp || n % 2 == 0)
            EXPECT_LE(errorOf(spec, n, random), tolerance)
                << nameOf(spec) << " at n = " << n;
      }
}
