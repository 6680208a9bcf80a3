//===- LayerCostTest.cpp - Floors against figures by hand -----------------===//

#include "compiler/Bench/LayerCost.h"

#include "compiler/Algebra/Enumerate.h"

#include "gtest/gtest.h"

using namespace eqc;

static LayerSpec deepSets(int64_t n, int64_t cIn, int64_t cOut) {
  LayerSpec spec;
  spec.name = "sets";
  spec.group = Group::S;
  spec.n = n;
  spec.k = spec.l = 1;
  spec.cIn = cIn;
  spec.cOut = cOut;
  spec.diagrams = {makeDiagram(1, 1, {0, 0}), makeDiagram(1, 1, {0, 1})};
  return spec;
}

static double flopsOf(const std::vector<PlanFlops> &plans, const char *plan) {
  for (const PlanFlops &item : plans)
    if (item.plan == plan)
      return item.perSample;
  ADD_FAILURE() << "no plan " << plan;
  return 0;
}

TEST(LayerCost, CountsADeepSetsLayer) {
  // Dense: a matrix of 10 x 10 per pair of channels. Shared: pool with 9
  // additions per input channel, multiply n + 1 rows; the broadcast of the
  // pooled row is where the accumulators start.
  std::vector<PlanFlops> plans = planFlops(deepSets(10, 4, 6), 10);
  EXPECT_EQ(flopsOf(plans, "dense"), 2 * 100 * 24);
  EXPECT_EQ(flopsOf(plans, "shared"), 2 * 9 * 4 + 2 * 11 * 24);
  // Each diagram on its own shares nothing.
  EXPECT_GE(flopsOf(plans, "factored"), flopsOf(plans, "shared"));
}

TEST(LayerCost, CountsEveryArrayOnce) {
  LayerSpec spec = deepSets(10, 4, 6);
  EXPECT_EQ(leastBytes(spec, 10, 8), 4 * (8 * 10 * (4 + 6) + 2 * 24));
  spec.dtype = DType::F64;
  spec.bias = true;
  spec.biasDiagrams = {makeDiagram(1, 0, {0})};
  EXPECT_EQ(leastBytes(spec, 10, 8), 8 * (8 * 10 * (4 + 6) + 2 * 24 + 6));
}

TEST(LayerCost, TheSlowerRateDecides) {
  Floor compute = floorOf(1e9, 1e6, 1e10, 1e10);
  EXPECT_DOUBLE_EQ(compute.seconds, 0.1);
  EXPECT_FALSE(compute.boundByBytes);
  Floor memory = floorOf(1e6, 1e9, 1e10, 1e10);
  EXPECT_DOUBLE_EQ(memory.seconds, 0.1);
  EXPECT_TRUE(memory.boundByBytes);
}
