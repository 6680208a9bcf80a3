//===- KnownLayersTest.cpp - Layers whose result everybody knows ----------===//

#include "test/Check/TestLayers.h"

using namespace eqc;
using namespace eqc::test;

using Values = std::vector<double>;

/// y of a layer without bias, one channel and one sample; both evaluators.
static Values evaluate(const LayerSpec &spec, const Values &x,
                       const Values &weight) {
  Values fast =
      oracleForward(spec, spec.n, 1, x.data(), weight.data(), nullptr);
  Values slow =
      definitionForward(spec, spec.n, 1, x.data(), weight.data(), nullptr);
  EXPECT_EQ(fast, slow); // small integers: exact
  return fast;
}

TEST(KnownLayers, DeepSets) {
  // Canonical order: `o1 i1` (identity), then `o1 | i1` (sum, everywhere).
  LayerSpec spec = makeLayer(Group::S, 3, 1, 1);
  spec.bias = false;
  spec.biasDiagrams.clear();
  ASSERT_EQ(spec.diagrams.size(), 2u);
  EXPECT_EQ(evaluate(spec, {1, 2, 4}, {10, 100}), (Values{710, 720, 740}));
  spec.normalize = Normalize::Mean;
  Values y = oracleForward(spec, 3, 1, Values{1, 2, 3}.data(),
                           Values{10, 100}.data(), nullptr);
  EXPECT_EQ(y, (Values{210, 220, 230}));
}

TEST(KnownLayers, BiasOfAGraphLayer) {
  // (2,0)-diagrams of S: the diagonal, then everything.
  LayerSpec spec = makeLayer(Group::S, 2, 0, 2, 1, 2);
  Values zeros(weightSize(spec), 0.0), x = {5}, bias = {1, 2, 10, 20};
  Values y = oracleForward(spec, 2, 1, x.data(), zeros.data(), bias.data());
  EXPECT_EQ(y, (Values{11, 22, 10, 20, 10, 20, 11, 22}));
}

TEST(KnownLayers, OrthogonalMatrices) {
  LayerSpec spec = makeListLayer(
      Group::O, 2, 2, 2, {"o1 i1 | o2 i2", "o1 i2 | o2 i1", "o1 o2 | i1 i2"});
  const Values x = {1, 2, 3, 4};
  EXPECT_EQ(evaluate(spec, x, {1, 0, 0}), (Values{1, 2, 3, 4}));
  EXPECT_EQ(evaluate(spec, x, {0, 1, 0}), (Values{1, 3, 2, 4}));
  EXPECT_EQ(evaluate(spec, x, {0, 0, 1}), (Values{5, 0, 0, 5}));
}

TEST(KnownLayers, CrossProduct) {
  LayerSpec spec = makeListLayer(Group::SO, 3, 2, 1, {"* o1 i1 i2"});
  // x = u v^T gives the vector product of u and v.
  const Values u = {1, 2, 3}, v = {-4, 5, 7};
  Values x;
  for (double a : u)
    for (double b : v)
      x.push_back(a * b);
  EXPECT_EQ(evaluate(spec, x, {1}),
            (Values{u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2],
                    u[0] * v[1] - u[1] * v[0]}));
}

TEST(KnownLayers, DeterminantAndLeviCivitaTensor) {
  LayerSpec determinant = makeListLayer(Group::SO, 2, 2, 0, {"* i1 i2"});
  EXPECT_EQ(evaluate(determinant, {1, 2, 3, 4}, {1}), (Values{2 - 3}));
  LayerSpec tensor = makeListLayer(Group::SO, 2, 0, 2, {"* o1 o2"});
  EXPECT_EQ(evaluate(tensor, {3}, {1}), (Values{0, 3, -3, 0}));
  // Outputs come first in the symbol: eps(j, i) x_i, so (x, y) -> (y, -x).
  LayerSpec quarter = makeListLayer(Group::SO, 2, 1, 1, {"* o1 i1"});
  EXPECT_EQ(evaluate(quarter, {5, 7}, {1}), (Values{7, -5}));
}

TEST(KnownLayers, SymplecticForm) {
  // In the interleaved basis <u, v> = u0 v1 - u1 v0 + u2 v3 - u3 v2.
  LayerSpec form = makeListLayer(Group::Sp, 4, 2, 0, {"i1 i2"});
  const Values u = {1, 2, 3, 4}, v = {5, 7, 11, 13};
  Values x;
  for (double a : u)
    for (double b : v)
      x.push_back(a * b);
  EXPECT_EQ(evaluate(form, x, {1}), (Values{1 * 7 - 2 * 5 + 3 * 13 - 4 * 11}));

  LayerSpec dual = makeListLayer(Group::Sp, 4, 0, 2, {"o1 o2"});
  EXPECT_EQ(evaluate(dual, {2}, {1}), (Values{0, 2, 0, 0, -2, 0, 0, 0, //
                                              0, 0, 0, 2, 0, 0, -2, 0}));

  // A pair of outputs or inputs is ascending however it was written.
  LayerSpec reversed = makeListLayer(Group::Sp, 4, 2, 0, {"i2 i1"});
  EXPECT_EQ(evaluate(reversed, x, {1}), evaluate(form, x, {1}));
}

TEST(KnownLayers, SignedPermutations) {
  // All of four equal indices; the trace times 1; x; its transpose.
  LayerSpec spec = makeLayer(Group::H, 2, 2, 2);
  spec.bias = false;
  spec.biasDiagrams.clear();
  EXPECT_EQ(evaluate(spec, {1, 2, 3, 4}, {1000, 100, 10, 1}),
            (Values{1000 + 500 + 11, 20 + 3, 30 + 2, 4000 + 500 + 44}));
}

TEST(KnownLayers, BistochasticSumsAndTraces) {
  LayerSpec spec =
      makeListLayer(Group::B, 2, 2, 1,
                    {"o1 i1 | i2", "o1 i2 | i1", "o1 | i1 i2", "o1 | i1 | i2"});
  EXPECT_EQ(evaluate(spec, {1, 2, 3, 4}, {1000, 100, 10, 1}),
            (Values{3000 + 400 + 50 + 10, 7000 + 600 + 50 + 10}));
}

TEST(KnownLayers, SquaresOfFourVectors) {
  const Group lorentz(Family::O, 1, 3);
  LayerSpec square = makeListLayer(lorentz, 4, 2, 0, {"i1 i2"});
  Values diagonal(16, 0.0);
  for (int i = 0; i < 4; ++i)
    diagonal[5 * i] = i + 1;
  EXPECT_EQ(evaluate(square, diagonal, {1}), Values{-8});
  LayerSpec metric = makeListLayer(lorentz, 4, 0, 2, {"o1 o2"});
  EXPECT_EQ(evaluate(metric, {2}, {1}), (Values{2, 0, 0, 0, 0, -2, 0, 0, //
                                                0, 0, -2, 0, 0, 0, 0, -2}));
  // Across the rows nothing is lowered.
  LayerSpec same = makeListLayer(lorentz, 4, 1, 1, {"o1 i1"});
  EXPECT_EQ(evaluate(same, {1, 2, 3, 4}, {1}), (Values{1, 2, 3, 4}));
}

TEST(KnownLayers, FreeInputsOfASignatureAreLowered) {
  LayerSpec cross =
      makeListLayer(Group(Family::SO, 1, 2), 3, 2, 1, {"* o1 i1 i2"});
  Values x(9, 0.0);
  x[1] = 1; // x[0, 1]
  EXPECT_EQ(evaluate(cross, x, {1}), (Values{0, 0, -1}));
  LayerSpec determinant =
      makeListLayer(Group(Family::SO, 1, 1), 2, 2, 0, {"* i1 i2"});
  EXPECT_EQ(evaluate(determinant, {1, 2, 3, 4}, {1}), Values{-(2 - 3)});
  LayerSpec tensor =
      makeListLayer(Group(Family::SO, 1, 1), 2, 0, 2, {"* o1 o2"});
  EXPECT_EQ(evaluate(tensor, {3}, {1}), (Values{0, 3, -3, 0}));
}

TEST(KnownLayers, NormalizeCountsBlocksOfInputsOnly) {
  auto scale = [](Group group, int64_t n, int l, int k, const char *text) {
    auto parsed = parseDiagram(text, l, k);
    EXPECT_TRUE(std::holds_alternative<Diagram>(parsed)) << text;
    const Diagram &diagram = std::get<Diagram>(parsed);
    EXPECT_EQ(whyNotOfGroup(diagram, group, n), "");
    return diagramScale(diagram, Group::S, Normalize::Mean, n);
  };
  EXPECT_EQ(scale(Group::S, 4, 1, 3, "o1 i1 | i2 | i3"), 1.0 / 16);
  EXPECT_EQ(scale(Group::S, 4, 2, 1, "o1 | o2 | i1"), 1.0 / 4);
  EXPECT_EQ(scale(Group::O, 4, 2, 2, "o1 o2 | i1 i2"), 1.0 / 4);
  EXPECT_EQ(scale(Group::Sp, 4, 2, 2, "o1 i1 | o2 i2"), 1.0);
  EXPECT_EQ(scale(Group::H, 4, 2, 4, "o1 i1 | o2 i2 | i3 i4"), 1.0 / 4);
  EXPECT_EQ(scale(Group::B, 4, 1, 4, "o1 | i1 i2 | i3 | i4"), 1.0 / 64);
  EXPECT_EQ(scale(Group(Family::O, 1, 3), 4, 2, 2, "o1 o2 | i1 i2"), 1.0 / 4);
  // The free block never counts, even when it holds inputs only.
  EXPECT_EQ(scale(Group::SO, 2, 0, 4, "* i1 i2 | i3 i4"), 1.0 / 2);
  EXPECT_EQ(scale(Group::SO, 2, 0, 2, "* i1 i2"), 1.0);
}

TEST(KnownLayers, PartitionsWithMoreBlocksThanNStillCount) {
  LayerSpec spec = makeListLayer(Group::S, 1, 1, 1, {"o1 | i1", "o1 i1"});
  EXPECT_EQ(evaluate(spec, {3}, {10, 1}), (Values{33}));
}
