//===- OracleTest.cpp - The fast oracle against the definition ------------===//

#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "test/Check/TestLayers.h"

#include <Eigen/LU>

using namespace eqc;
using namespace eqc::test;

/// Of y, for random arguments, beside the definition.
static double errorOfOracle(const LayerSpec &spec, Random &random) {
  auto x = randomValues(xSize(spec, spec.n, 2), random);
  auto w = randomValues(weightSize(spec), random);
  auto b = randomValues(biasSize(spec), random);
  auto fast = oracleForward(spec, spec.n, 2, x.data(), w.data(), b.data());
  auto slow = definitionForward(spec, spec.n, 2, x.data(), w.data(), b.data());
  return relativeError(fast, slow);
}

TEST(Oracle, AgreesWithTheDefinition) {
  Random random(1);
  forEachSmallLayer([&](const LayerSpec &spec) {
    SCOPED_TRACE(describe(spec));
    EXPECT_LT(errorOfOracle(spec, random), 1e-13);
  });
}

/// What a weight multiplies is found by Moebius inversion in the one, by
/// comparing indices in the other.
TEST(Oracle, AgreesWithTheDefinitionOfWeightsOfOrbits) {
  Random random(4);
  int tried = 0;
  forEachSmallLayer([&](LayerSpec spec) {
    if (!rulesOf(spec.group).isMonomial())
      return;
    ++tried;
    SCOPED_TRACE(describe(spec));
    spec.normalize = Normalize::None;
    spec.weightsOf = WeightsOf::Orbits;
    EXPECT_LT(errorOfOracle(spec, random), 1e-11);
  });
  EXPECT_GT(tried, 60);
}

TEST(Oracle, AgreesWithTheDefinitionOfExtremes) {
  Random random(5);
  int tried = 0;
  forEachSmallLayer([&](LayerSpec spec) {
    if (spec.group != Group::S && spec.group != Group::A)
      return;
    ++tried;
    SCOPED_TRACE(describe(spec));
    spec.normalize = Normalize::None;
    for (Pool pool : {Pool::Max, Pool::Min}) {
      spec.pool = pool;
      EXPECT_LT(errorOfOracle(spec, random), 1e-13);
    }
  });
  EXPECT_GT(tried, 40);
}

TEST(Oracle, TakesLargestEntriesOfRows) {
  LayerSpec spec = makeListLayer(Group::S, 2, 2, 1, {"o1 i1 | i2"});
  spec.pool = Pool::Max;
  const double x[] = {1, 5, 3, 2}, weight[] = {1};
  EXPECT_EQ(oracleForward(spec, 2, 1, x, weight, nullptr),
            (std::vector<double>{5, 3}));
  spec.pool = Pool::Min;
  EXPECT_EQ(oracleForward(spec, 2, 1, x, weight, nullptr),
            (std::vector<double>{1, 2}));
  // The gradient goes to the first of those that are equal, and to NaN.
  spec.pool = Pool::Max;
  const double gradY[] = {10, 20};
  const double ties[] = {4, 4, 1, std::nan("")};
  EXPECT_EQ(oracleBackward(spec, 2, 1, ties, weight, gradY).x,
            (std::vector<double>{10, 0, 0, 20}));
}

/// What is done where numbers change little: as differences of values say.
TEST(Oracle, DerivesExtremes) {
  Random random(6);
  for (auto [group, n, k, l] :
       {std::tuple(Group::S, 3, 2, 2), std::tuple(Group::S, 3, 3, 1),
        std::tuple(Group::A, 3, 2, 1)}) {
    LayerSpec spec = makeLayer(group, n, k, l, 2, 3);
    spec.pool = Pool::Max;
    const auto x = randomValues(xSize(spec, n, 2), random);
    const auto v = randomValues(xSize(spec, n, 2), random);
    const auto w = randomValues(weightSize(spec), random);
    const auto g = randomValues(ySize(spec, n, 2), random);
    const auto none = std::vector<double>(biasSize(spec));
    constexpr double step = 0x1p-20;
    auto moved = x;
    for (size_t i = 0; i < x.size(); ++i)
      moved[i] += step * v[i];
    const auto y = oracleForward(spec, n, 2, x.data(), w.data(), none.data());
    const auto after =
        oracleForward(spec, n, 2, moved.data(), w.data(), none.data());
    const auto along =
        oracleAlong(spec, n, 2, x.data(), v.data(), w.data(), none.data());
    const auto gradients =
        oracleBackward(spec, n, 2, x.data(), w.data(), g.data());
    double difference = 0, ofAlong = 0, ofGradient = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      difference += g[i] * (after[i] - y[i]) / step;
      ofAlong += g[i] * along[i];
    }
    for (size_t i = 0; i < x.size(); ++i)
      ofGradient += gradients.x[i] * v[i];
    EXPECT_NEAR(difference, ofAlong, 1e-7);
    EXPECT_NEAR(ofGradient, ofAlong, 1e-12);
  }
}

TEST(Oracle, ConvertsWeightsOfOrbitsAsTheContractSays) {
  // S, 1 -> 2: weights of orbits 1 2 3 4 5 are those of diagrams 2 -3 -2 -1 5.
  LayerSpec orbits = makeLayer(Group::S, 4, 1, 2);
  orbits.weightsOf = WeightsOf::Orbits;
  const MemberLayer layer = membersOf(orbits);
  ASSERT_EQ(layer.spec.diagrams, orbits.diagrams);
  std::vector<double> weights;
  for (const PackedTerm &term : layer.weights) {
    double sum = 0;
    for (const WeightedDiagram &weight : term)
      sum += weight.factor * (weight.diagram + 1);
    weights.push_back(sum);
  }
  EXPECT_EQ(weights, (std::vector<double>{2, -3, -2, -1, 5}));
  // Pairs of a diagram and a coarser one.
  for (auto [vertices, pairs] :
       {std::pair(2, 3), {3, 12}, {4, 60}, {6, 2471}}) {
    size_t found = 0;
    for (const Diagram &diagram :
         enumerateDiagrams(Group::S, -1, vertices, 0)) {
      found += coarserThan(diagram).size();
      EXPECT_EQ(coarserThan(diagram).size(), countCoarser(diagram));
      EXPECT_EQ(coarserThan(diagram).front().diagram, diagram);
    }
    EXPECT_EQ(found, static_cast<size_t>(pairs));
  }
}

TEST(Oracle, AgreesWithTheDefinitionWhenNIsDynamic) {
  Random random(2);
  for (auto [group, n, k, l] :
       {std::tuple(Group::S, 3, 2, 1), std::tuple(Group::O, 3, 1, 3),
        std::tuple(Group::Sp, 4, 2, 2)}) {
    LayerSpec spec = makeLayer(group, -1, k, l, 2, 2);
    spec.normalize = Normalize::Mean;
    auto x = randomValues(xSize(spec, n, 3), random);
    auto w = randomValues(weightSize(spec), random);
    auto b = randomValues(biasSize(spec), random);
    auto fast = oracleForward(spec, n, 3, x.data(), w.data(), b.data());
    auto slow = definitionForward(spec, n, 3, x.data(), w.data(), b.data());
    EXPECT_LT(relativeError(fast, slow), 1e-13);
  }
}

TEST(Oracle, LayoutsDifferByAnExchangeOfAxesOnly) {
  Random random(3);
  const int64_t n = 3, batch = 2, rows = 9, cols = 9;
  LayerSpec last = makeLayer(Group::S, n, 2, 2, 2, 3);
  LayerSpec first = last;
  first.layout = Layout::ChannelsFirst;
  auto x = randomValues(xSize(last, n, batch), random);
  auto w = randomValues(weightSize(last), random);
  auto b = randomValues(biasSize(last), random);
  std::vector<double> exchanged(x.size());
  for (int64_t s = 0; s < batch; ++s)
    for (int64_t p = 0; p < cols; ++p)
      for (int64_t c = 0; c < 2; ++c)
        exchanged[(s * 2 + c) * cols + p] = x[(s * cols + p) * 2 + c];
  auto y = oracleForward(last, n, batch, x.data(), w.data(), b.data());
  auto z = oracleForward(first, n, batch, exchanged.data(), w.data(), b.data());
  for (int64_t s = 0; s < batch; ++s)
    for (int64_t p = 0; p < rows; ++p)
      for (int64_t c = 0; c < 3; ++c)
        EXPECT_NEAR(y[(s * rows + p) * 3 + c], z[(s * 3 + c) * rows + p],
                    1e-13);
}

TEST(Oracle, IsEquivariant) {
  Random random(4);
  const int64_t batch = 2;
  forEachSmallLayer([&](const LayerSpec &spec) {
    SCOPED_TRACE(describe(spec));
    auto x = randomValues(xSize(spec, spec.n, batch), random);
    auto w = randomValues(weightSize(spec), random);
    auto b = randomValues(biasSize(spec), random);
    GroupElement g = rulesOf(spec.group).randomElement(spec.n, random);
    auto gx = g.apply(x, spec.k, batch, spec.cIn, spec.layout);
    auto y = oracleForward(spec, spec.n, batch, x.data(), w.data(), b.data());
    auto yOfGx =
        oracleForward(spec, spec.n, batch, gx.data(), w.data(), b.data());
    auto gy = g.apply(y, spec.l, batch, spec.cOut, spec.layout);
    EXPECT_LT(relativeError(yOfGx, gy), 1e-11);
  });
}

TEST(Oracle, IsNotEquivariantUnderStrangers) {
  // A rotation is no permutation, and a reflection flips a cross product: the
  // test of equivariance can fail.
  Random random(5);
  auto error = [&](Group layerGroup, int k, int l, const GroupElement &g) {
    LayerSpec spec = makeLayer(layerGroup, 3, k, l);
    auto x = randomValues(xSize(spec, 3, 1), random);
    auto w = randomValues(weightSize(spec), random);
    auto b = randomValues(biasSize(spec), random);
    auto gx = g.apply(x, k, 1, 1, spec.layout);
    auto y = oracleForward(spec, 3, 1, x.data(), w.data(), b.data());
    auto yOfGx = oracleForward(spec, 3, 1, gx.data(), w.data(), b.data());
    return relativeError(yOfGx, g.apply(y, l, 1, 1, spec.layout));
  };
  EXPECT_GT(error(Group::S, 2, 2, rulesOf(Group::O).randomElement(3, random)),
            1e-3);
  GroupElement reflection = rulesOf(Group::O).randomElement(3, random);
  while (reflection.matrix().determinant() > 0)
    reflection = rulesOf(Group::O).randomElement(3, random);
  EXPECT_GT(error(Group::SO, 2, 1, reflection), 1e-3);
}

TEST(Oracle, DependentRowsAreTheSupportOfAColumn) {
  forEachSmallLayer([&](const LayerSpec &spec) {
    if (spec.k + spec.l > 4)
      return;
    SCOPED_TRACE(describe(spec));
    const int64_t rows = integerPower(spec.n, spec.l);
    const int64_t cols = integerPower(spec.n, spec.k);
    for (const Diagram &diagram : spec.diagrams) {
      auto matrix = diagramMatrix(diagram, spec.group, spec.n);
      for (int64_t j = 0; j < cols; ++j) {
        std::vector<bool> marked(rows, false);
        markDependentRows(diagram, spec.group, spec.n, j, marked);
        for (int64_t i = 0; i < rows; ++i)
          ASSERT_EQ(marked[i], matrix[i * cols + j] != 0) << toString(diagram);
      }
    }
  });
}
