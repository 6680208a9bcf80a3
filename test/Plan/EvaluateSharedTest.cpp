//===- EvaluateSharedTest.cpp - The shared plan against the oracle --------===//

#include "Sample.h"

#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/Shared/EvaluateShared.h"

#include <gtest/gtest.h>

#include <set>

using namespace eqc;
using namespace eqc::test;

namespace {

/// Compares the plan with the definition for one sample at size n.
double errorOf(const LayerSpec &spec, int64_t n, Random &random) {
  const Sample sample(spec, n, random);
  return relativeError(evaluateSharedPlan(buildSharedPlan(spec), n, spec.cIn,
                                          spec.cOut, sample.x, sample.weight,
                                          sample.bias),
                       sample.y);
}

constexpr double tolerance = 1e-12;

/// With and without a bias, as sums and as means.
void checkGrid(Group group, const std::vector<int64_t> &sizes, Orders orders,
               int least) {
  Random random(7);
  int seen = 0;
  forLayers(group, sizes, orders, [&](LayerSpec spec) {
    const bool canBias = spec.bias;
    for (bool bias : {false, true}) {
      if (bias && !canBias)
        continue;
      spec = makeLayer(group, spec.n, spec.k, spec.l, 2, 3, bias);
      for (Normalize normalize : {Normalize::None, Normalize::Mean}) {
        spec.normalize = normalize;
        EXPECT_LE(errorOf(spec, spec.n, random), tolerance)
            << nameOf(spec) << (normalize == Normalize::Mean ? " mean" : "");
        ++seen;
      }
    }
  });
  EXPECT_GE(seen, least);
}

} // namespace

TEST(EvaluateShared, AgreesForPermutations) {
  checkGrid(Group::S, {1, 2, 3, 5}, {4, 5}, 140);
}
TEST(EvaluateShared, AgreesForPermutationsOfOrderThree) {
  checkGrid(Group::S, {2, 4}, {3, 6}, 60);
}
TEST(EvaluateShared, AgreesForOrthogonalMaps) {
  checkGrid(Group::O, {1, 2, 3, 4}, {4, 8}, 120);
}
TEST(EvaluateShared, AgreesForSymplecticMaps) {
  checkGrid(Group::Sp, {2, 4}, {4, 8}, 60);
}
TEST(EvaluateShared, AgreesForRotations) {
  checkGrid(Group::SO, {1, 2, 3, 4}, {4, 6}, 120);
}
TEST(EvaluateShared, AgreesForSignedPermutations) {
  checkGrid(Group::H, {1, 2, 3, 4}, {3, 5}, 30);
}
TEST(EvaluateShared, AgreesForBistochasticMaps) {
  checkGrid(Group::B, {1, 2, 3}, {3, 5}, 60);
}
TEST(EvaluateShared, AgreesForGroupsUpToSign) {
  checkGrid(Group::SPrime, {2, 3}, {3, 5}, 15);
  checkGrid(Group::BPrime, {2, 3}, {3, 5}, 15);
}
TEST(EvaluateShared, AgreesForEvenPermutations) {
  checkGrid(Group::A, {2, 3, 4}, {3, 5}, 80);
  checkGrid(Group::A, {5}, {4, 4}, 30);
}
TEST(EvaluateShared, AgreesForSignatures) {
  for (Group group : signatures())
    checkGrid(group, {sizeOf(group)}, {4, 6}, 3);
}
TEST(EvaluateShared, AgreesForRotationsOfHighOrder) {
  checkGrid(Group::SO, {5}, {5, 5}, 10);
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
                        Case{Group::SO, 2, 2, 4}, Case{Group::SO, 3, 2, 3},
                        Case{Group::H, 3, 3, 3}, Case{Group::B, 3, 3, 2},
                        Case{Group::A, 3, 3, 2}, Case{Group::A, 4, 2, 3},
                        Case{Group(Family::O, 1, 3), 4, 3, 3},
                        Case{Group(Family::SO, 1, 2), 3, 3, 2},
                        Case{Group(Family::SO, 2, 2), 4, 3, 3}})
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

namespace {

/// y and the gradient of x of layers that take extremes, with ties among the
/// entries where `levels` is small.
void checkExtremes(LayerSpec spec, int64_t levels, Random &random) {
  const int64_t n = spec.n;
  Sample sample(spec, n, random);
  for (double &v : sample.x)
    v = std::round(v * static_cast<double>(levels));
  for (Pool pool : {Pool::Max, Pool::Min}) {
    spec.pool = pool;
    const auto y = oracleForward(spec, n, 1, sample.x.data(),
                                 sample.weight.data(), sample.bias.data());
    EXPECT_LE(relativeError(evaluateSharedPlan(buildSharedPlan(spec), n,
                                               spec.cIn, spec.cOut, sample.x,
                                               sample.weight, sample.bias),
                            y),
              tolerance)
        << nameOf(spec);
    // <grad_y, y> is <x, grad_x>: y is as large as x.
    std::vector<double> gradY(y.size());
    for (double &g : gradY)
      g = random.symmetric();
    const OracleGradients expected = oracleBackward(
        spec, n, 1, sample.x.data(), sample.weight.data(), gradY.data());
    const LayerSpec flipped = gradientLayer(spec);
    std::vector<double> turned(sample.weight.size());
    const auto d = static_cast<int64_t>(spec.diagrams.size());
    for (int64_t i = 0; i < d; ++i)
      for (int64_t ci = 0; ci < spec.cIn; ++ci)
        for (int64_t co = 0; co < spec.cOut; ++co)
          turned[(i * spec.cOut + co) * spec.cIn + ci] =
              sample.weight[(i * spec.cIn + ci) * spec.cOut + co] *
              flipFactor(spec, spec.diagrams[i]).sign;
    EXPECT_LE(relativeError(evaluateSharedPlan(buildSharedPlan(flipped), n,
                                               flipped.cIn, flipped.cOut, gradY,
                                               turned, {}, sample.x),
                            expected.x),
              tolerance)
        << nameOf(spec);
  }
}

} // namespace

TEST(EvaluateShared, TakesExtremesAndTheirGradients) {
  Random random(15);
  int seen = 0;
  for (Group group : {Group::S, Group::A})
    forLayers(group, {2, 3, 4}, {3, 5}, [&](LayerSpec spec) {
      spec = makeLayer(group, spec.n, spec.k, spec.l, 2, 3, false);
      checkExtremes(spec, 2, random);
      checkExtremes(spec, 1 << 20, random);
      // Which entry is taken of several does not depend on the diagrams.
      spec.choice = DiagramChoice::List;
      random.shuffle(spec.diagrams);
      spec.diagrams.resize(1 + random.below(static_cast<int64_t>(
                                   std::min<size_t>(spec.diagrams.size(), 5))));
      checkExtremes(spec, 2, random);
      ++seen;
    });
  EXPECT_GE(seen, 60);
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
  for (Group group : {Group::S, Group::O, Group::Sp, Group::H, Group::B,
                      Group::SPrime, Group::BPrime})
    forLayers(group, {-1}, {3, group == Group::S ? 6 : 5}, [&](LayerSpec spec) {
      spec.normalize =
          (spec.k + spec.l) % 2 ? Normalize::Mean : Normalize::None;
      for (int64_t n : {1, 2, 4, 5})
        if (group != Group::Sp || n % 2 == 0)
          EXPECT_LE(errorOf(spec, n, random), tolerance)
              << nameOf(spec) << " at n = " << n;
    });
}

/// The layer of these graph maps.
static LayerSpec makeMaps(int64_t n, const std::string &edges, int k, int l,
                          const std::vector<std::string> &maps) {
  LayerSpec spec;
  spec.name = "maps";
  spec.group =
      Group(std::get<const Action *>(Action::make(Family::Graph, n, {edges})));
  spec.n = n;
  spec.k = k;
  spec.l = l;
  spec.cIn = 2;
  spec.cOut = 3;
  spec.choice = DiagramChoice::List;
  for (const std::string &text : maps) {
    spec.diagrams.push_back(std::get<Diagram>(parseDiagram(text, l, k)));
    EXPECT_EQ(rulesOf(spec.group).complete(spec.diagrams.back()), "") << text;
  }
  return spec;
}

TEST(EvaluateShared, AgreesForGraphMaps) {
  Random random(7);
  for (const char *edges :
       {"0-1 1-2 2-3 3-4 4-0 0-2", "0>1:2 1-2:-3 3>3", ""}) {
    for (const LayerSpec &spec :
         {makeMaps(5, edges, 1, 1,
                   {"o1=a i1=a", "o1=a i1=b : a-b", "o1=a i1=b : a-c c-b",
                    "o1=a i1=a : a-b b-c c-a", "o1=a i1=b", "o1=a i1=b : b-c"}),
          makeMaps(5, edges, 2, 2,
                   {"o1=a o2=b i1=c i2=d : a-c d-b",
                    "o1=a o2=b i1=b i2=a : a>b",
                    "o1=a o2=a i1=b i2=c : a-b b-c c>a"}),
          makeMaps(5, edges, 2, 0, {"i1=a i2=b : a-b", "i1=a i2=a : a-c"}),
          makeMaps(5, edges, 0, 2, {"o1=a o2=b : a-b", "o1=a o2=a"}),
          makeMaps(5, edges, 0, 0, {": a-b b-c c-a"})})
      EXPECT_LE(errorOf(spec, spec.n, random), tolerance)
          << edges << ": " << spec.k << " -> " << spec.l;
  }
}

TEST(EvaluateShared, SharesTheStepsOfGraphMaps) {
  const SharedPlan plan = buildSharedPlan(makeMaps(
      6, "0-1 1-2 2-3 3-4 4-5 5-0", 1, 1,
      {"o1=a i1=b : a-c c-b", "o1=a i1=b : a-b", "o1=a i1=b : a-c c-d d-b"}));
  std::vector<std::string> read;
  for (const RowPattern &pattern : plan.stored)
    read.push_back(toString(pattern));
  EXPECT_EQ(read, (std::vector<std::string>{
                      "1 ; ~1 +1 : 1>2", "1 ; ~1 +1 : 1>2 ; ~2 +1 : 2>3",
                      "1 ; ~1 +1 : 1>2 ; ~2 +1 : 2>3 ; ~3 +1 : 3>4"}));
}
