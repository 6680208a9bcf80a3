//===- CheckCasesTest.cpp - Choice and reduction of cases -----------------===//

#include "compiler/Check/CheckCases.h"
#include "test/Check/TestLayers.h"

using namespace eqc;
using namespace eqc::test;

/// What the oracle will spend on a case.
static double work(const LayerSpec &spec, const CheckCase &test) {
  double visits = 0;
  for (const Diagram &diagram : spec.diagrams)
    visits += oracleVisits(diagram, spec.group, test.n);
  double part = static_cast<double>(test.diagrams) / spec.diagrams.size();
  double rows = realOutputPositions(spec, test.n) * spec.diagrams.size();
  return part * test.samples *
         (visits * test.cIn + rows * test.cIn * test.cOut);
}

TEST(CheckCases, SmallLayersAreNotReduced) {
  LayerSpec spec = makeLayer(Group::S, 4, 2, 2, 3, 5);
  std::vector<int64_t> batches;
  for (const CheckCase &test : planCases(spec, {})) {
    batches.push_back(test.batch);
    EXPECT_EQ(test.n, 4);
    EXPECT_EQ(test.samples, test.batch);
    EXPECT_EQ(test.cIn, 3);
    EXPECT_EQ(test.cOut, 5);
    EXPECT_EQ(test.diagrams, 15);
    EXPECT_EQ(test.note, "");
  }
  EXPECT_EQ(batches, (std::vector<int64_t>{1, 3, 8, 17}));
}

TEST(CheckCases, LargeTensorsGetSmallBatches) {
  LayerSpec spec = makeLayer(Group::S, 1000, 2, 2, 2, 2);
  std::vector<CheckCase> cases = planCases(spec, {});
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0].batch, 1);
  EXPECT_EQ(cases[1].batch, 2);
  EXPECT_EQ(cases[1].note.find("batch 3 reduced to 2"), 0u) << cases[1].note;
}

TEST(CheckCases, TheBatchOfTheLayerIsOne) {
  LayerSpec spec = makeLayer(Group::S, 4, 1, 1);
  spec.batch = 32;
  EXPECT_EQ(planCases(spec, {}).back().batch, 32);
}

TEST(CheckCases, ReductionsKeepToTheLimitAndSaySo) {
  LayerSpec spec = makeLayer(Group::S, 5, 3, 3, 16, 8);
  for (double limit : {1e7, 1e6, 1e5, 1e4}) {
    CheckOptions options;
    options.workLimit = limit;
    std::vector<CheckCase> cases = planCases(spec, options);
    ASSERT_FALSE(cases.empty());
    for (const CheckCase &test : cases) {
      EXPECT_FALSE(test.skipped);
      EXPECT_LE(work(spec, test), limit);
      EXPECT_GE(test.samples, 1);
      EXPECT_GE(test.diagrams, 1);
    }
    EXPECT_NE(cases.back().note, "");
  }
  CheckOptions options;
  options.workLimit = 1e4;
  EXPECT_EQ(planCases(spec, options).back().note,
            "1 of 17 samples, 1 of 16 input channels, 1 of 8 output "
            "channels, 40 of 202 diagrams");
}

TEST(CheckCases, DynamicSizesFollowTheGroup) {
  auto sizes = [](Group group) {
    std::vector<int64_t> result;
    LayerSpec spec = makeLayer(group, -1, 2, 2);
    for (const CheckCase &test : planCases(spec, {}))
      if (!test.skipped)
        result.push_back(test.n);
    return result;
  };
  EXPECT_EQ(sizes(Group::S), (std::vector<int64_t>{1, 2, 3, 5, 8, 13}));
  EXPECT_EQ(sizes(Group::Sp), (std::vector<int64_t>{2, 4, 6, 8, 12}));
}

TEST(CheckCases, HugeLeviCivitaSymbolsAreSkipped) {
  auto skipped = [](int64_t n, const char *list) {
    LayerSpec spec = makeListLayer(Group::SO, n, 6, 6, {list});
    EXPECT_EQ(spec.diagrams.size(), 1u);
    return planCases(spec, {}).front().skipped;
  };
  EXPECT_TRUE(skipped(12, "* o1 o2 o3 o4 o5 o6 i1 i2 i3 i4 i5 i6"));
  EXPECT_FALSE(skipped(12, "o1 i1 | o2 i2 | o3 i3 | o4 i4 | o5 i5 | o6 i6"));
}

TEST(CheckCases, TensorsBeyondMemoryAreSkippedAndNotCalledChecked) {
  LayerSpec spec = makeLayer(Group::O, 100000, 2, 2);
  std::vector<CheckCase> cases = planCases(spec, {});
  for (const CheckCase &test : cases)
    EXPECT_TRUE(test.skipped);
  int calls = 0;
  KernelFunctions kernel;
  kernel.forward = [&](int64_t, int64_t, const void *, const void *,
                       const void *, void *) { return ++calls; };
  CheckReport report = runCheck(spec, kernel);
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(report.failed());
  EXPECT_FALSE(report.passed());
  EXPECT_EQ(renderSummary({report}), "0 of 1 layer agrees with the definition, "
                                     "1 too large to check\n");
}
