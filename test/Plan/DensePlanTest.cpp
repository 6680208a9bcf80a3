//===- DensePlanTest.cpp - The assembled matrix against its definition ----===//

#include "Support.h"

#include "compiler/Check/Oracle.h"
#include "compiler/Plan/Dense/DensePlan.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

/// The matrix entry by entry, from the definition of the diagrams.
std::vector<double> matrixOf(const LayerSpec &spec,
                             const std::vector<double> &weight) {
  const int64_t inputs = integerPower(spec.n, spec.k);
  const int64_t outputs = integerPower(spec.n, spec.l);
  const int64_t columns = outputs * spec.cOut;
  const bool last = spec.layout == Layout::ChannelsLast;
  std::vector<double> matrix(inputs * spec.cIn * columns, 0.0);
  for (size_t d = 0; d < spec.diagrams.size(); ++d) {
    const auto entries = diagramMatrix(spec.diagrams[d], spec.group, spec.n);
    const double scale =
        diagramScale(spec.diagrams[d], spec.group, spec.normalize, spec.n);
    for (int64_t i = 0; i < outputs; ++i)
      for (int64_t j = 0; j < inputs; ++j)
        for (int64_t ci = 0; ci < spec.cIn; ++ci)
          for (int64_t co = 0; co < spec.cOut; ++co) {
            const int64_t row = last ? j * spec.cIn + ci : ci * inputs + j;
            const int64_t column = last ? i * spec.cOut + co : co * outputs + i;
            matrix[row * columns + column] +=
                scale * entries[i * inputs + j] *
                weight[(d * spec.cIn + ci) * spec.cOut + co];
          }
  }
  return matrix;
}

void checkGrid(Group group, const std::vector<int64_t> &sizes, int maxTotal,
               int least) {
  Random random(31);
  bool channelsFirst = false;
  const int seen =
      forLayers(group, sizes, {maxTotal, maxTotal}, [&](LayerSpec spec) {
        spec.normalize = spec.k % 2 ? Normalize::Mean : Normalize::None;
        spec.layout =
            channelsFirst ? Layout::ChannelsFirst : Layout::ChannelsLast;
        channelsFirst = !channelsFirst;
        const auto weight =
            randomVector(random, spec.diagrams.size() * spec.cIn * spec.cOut);
        EXPECT_LE(
            relativeError(assembleDense(buildDensePlan(spec), spec, weight),
                          matrixOf(spec, weight)),
            1e-12)
            << nameOf(spec);
      });
  EXPECT_GE(seen, least);
}

} // namespace

TEST(DensePlan, AssemblesPermutations) {
  checkGrid(Group::S, {1, 2, 3, 4}, 5, 80);
}
TEST(DensePlan, AssemblesOrthogonalMaps) {
  checkGrid(Group::O, {1, 2, 3}, 6, 40);
}
TEST(DensePlan, AssemblesSymplecticMaps) {
  checkGrid(Group::Sp, {2, 4}, 6, 30);
}
TEST(DensePlan, AssemblesRotations) {
  checkGrid(Group::SO, {1, 2, 3, 4, 5}, 6, 80);
}

TEST(DensePlan, AssemblesGroupsBetweenPermutationsAndRotations) {
  checkGrid(Group::H, {1, 2, 3}, 4, 12);
  checkGrid(Group::B, {1, 2, 3}, 4, 30);
  checkGrid(Group::SPrime, {2, 3}, 4, 12);
  checkGrid(Group::BPrime, {2, 3}, 4, 12);
}
TEST(DensePlan, AssemblesJellyfish) {
  checkGrid(Group::A, {2, 3, 4, 5}, 4, 50);
}
TEST(DensePlan, AssemblesSignatures) {
  for (Group group : signatures())
    checkGrid(group, {sizeOf(group)}, 5, 6);
}

TEST(DensePlan, BiasIsWhatALayerWithoutInputsGives) {
  Random random(32);
  for (auto [group, n, l] :
       {std::tuple(Group::S, 3, 3), std::tuple(Group::O, 3, 4),
        std::tuple(Group::Sp, 4, 4), std::tuple(Group::SO, 3, 3),
        std::tuple(Group::SO, 2, 4), std::tuple(Group::B, 3, 3),
        std::tuple(Group::A, 3, 2), std::tuple(Group::A, 4, 4),
        std::tuple(Group(Family::O, 1, 2), 3, 4),
        std::tuple(Group(Family::SO, 2, 1), 3, 3)})
    for (Layout layout : {Layout::ChannelsLast, Layout::ChannelsFirst}) {
      LayerSpec spec = makeLayer(group, n, 0, l, 2, 3, true);
      spec.layout = layout;
      const auto bias = randomVector(random, spec.biasDiagrams.size() * 3);
      const std::vector<double> x(2), weight(spec.diagrams.size() * 6);
      EXPECT_LE(
          relativeError(
              assembleDenseBias(buildDensePlan(spec), spec, bias),
              oracleForward(spec, n, 1, x.data(), weight.data(), bias.data())),
          1e-12)
          << nameOf(spec);
    }
}

TEST(DensePlan, SharesTermsBetweenDiagrams) {
  // 70 choices of four free vertices, 3 matchings of the others each, and 105
  // matchings: one set of 24 permutations and one trivial term.
  const DensePlan plan = buildDensePlan(makeLayer(Group::SO, 4, 4, 4));
  EXPECT_EQ(plan.diagrams.size(), 315u);
  EXPECT_EQ(plan.terms.size(), 25u);
}
