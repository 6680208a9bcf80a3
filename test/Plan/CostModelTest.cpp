//===- CostModelTest.cpp - The choice of a plan ---------------------------===//

#include "Support.h"

#include "compiler/Lowering/Cpu/Schedules/CpuWork.h"
#include "compiler/Plan/PlanReport.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

const CostTarget v4 = cpuCostTarget({64, 32});
const CostTarget v3 = cpuCostTarget({32, 16});
const CostTarget v2 = cpuCostTarget({16, 16});

const PlanCandidate &candidateOf(const PlanChoice &choice, PlanKind kind) {
  for (const PlanCandidate &candidate : choice.candidates)
    if (candidate.kind == kind)
      return candidate;
  ADD_FAILURE() << "no candidate " << planName(kind);
  return choice.candidates.front();
}

/// What is said of a layer that is compiled by `plan`.
std::string report(const LayerSpec &spec, PlanKind plan,
                   PlanKind asked = PlanKind::Auto) {
  const PlanChoice choice = choosePlan(spec, v4);
  return reportPlans(spec, choice, plan, candidateOf(choice, plan).counted,
                     asked);
}

LayerSpec withBatch(LayerSpec spec, int64_t batch) {
  spec.batch = batch;
  return spec;
}

} // namespace

TEST(CostModel, TakesTheLeastPredictedTime) {
  for (const CostTarget &target : {v2, v3, v4})
    for (auto [group, n, k, l] :
         {std::tuple(Group::S, 20, 2, 2), std::tuple(Group::S, 8, 3, 3),
          std::tuple(Group::O, 3, 2, 2), std::tuple(Group::SO, 3, 1, 2),
          std::tuple(Group::Sp, 4, 2, 2), std::tuple(Group::S, 1, 0, 0)})
      for (int64_t channels : {1, 7, 64})
        for (int64_t batch : {1, 64, 100000}) {
          const PlanChoice choice = choosePlan(
              withBatch(makeLayer(group, n, k, l, channels, channels), batch),
              target);
          EXPECT_EQ(choice.n, n);
          EXPECT_EQ(choice.batch, batch);
          int possible = 0;
          for (const PlanCandidate &candidate : choice.candidates)
            if (candidate.refused.empty()) {
              ++possible;
              EXPECT_GT(candidate.sampleNs, 0);
              EXPECT_TRUE(std::isfinite(candidate.callNs));
              EXPECT_GE(candidate.callNs, choice.winner().callNs);
              EXPECT_GE(candidate.callNs, batch * candidate.sampleNs);
            }
          EXPECT_GE(possible, 2);
          EXPECT_TRUE(choice.winner().refused.empty());
        }
}

TEST(CostModel, RefusesDenseForReasons) {
  const LayerSpec dynamic = makeLayer(Group::S, -1, 2, 2);
  EXPECT_EQ(candidateOf(choosePlan(dynamic, v4), PlanKind::Dense).refused,
            "n is given at run time");
  // 2^26 elements are allowed, one more is not: n^(k+l) = 2^24 and 2 x 2, 2
  // x 3.
  auto refused = [](int64_t cIn, int64_t cOut) {
    const LayerSpec spec = makeLayer(Group::S, 64, 2, 2, cIn, cOut);
    return candidateOf(choosePlan(spec, v4), PlanKind::Dense).refused;
  };
  EXPECT_EQ(refused(2, 2), "");
  EXPECT_EQ(refused(2, 3), "the matrix has more than 2^26 elements");
  EXPECT_EQ(refused(1024, 1024), "the matrix has more than 2^26 elements");
}

// Strands are worth it where order 2 or more propagates through many channels.
TEST(CostModel, TakesSharedOrSchurForGraphLayers) {
  using K = PlanKind;
  for (const CostTarget &target : {v2, v3, v4})
    for (auto [n, k, l, channels, batch, kind] :
         {std::tuple(20, 2, 2, 4, 128, K::Shared),
          std::tuple(50, 2, 2, 32, 32, K::Schur),
          std::tuple(50, 1, 2, 32, 32, K::Shared),
          std::tuple(50, 2, 0, 32, 32, K::Shared),
          std::tuple(8, 3, 3, 16, 64, K::Schur),
          std::tuple(1000, 1, 1, 64, 32, K::Shared)})
      EXPECT_EQ(
          choosePlan(withBatch(makeLayer(Group::S, n, k, l, channels, channels),
                               batch),
                     target)
              .winner()
              .kind,
          kind)
          << n << " " << k << "->" << l;
}

TEST(CostModel, PackingCountsAgainstDenseInSmallBatches) {
  const LayerSpec spec = makeLayer(Group::O, 3, 2, 2, 64, 64);
  const auto small = choosePlan(withBatch(spec, 1), v4);
  const auto large = choosePlan(withBatch(spec, 1000000), v4);
  auto ratio = [](const PlanChoice &choice) {
    return candidateOf(choice, PlanKind::Dense).callNs /
           candidateOf(choice, PlanKind::Shared).callNs;
  };
  EXPECT_GT(ratio(small), ratio(large));
  EXPECT_GT(candidateOf(small, PlanKind::Dense).packNs,
            candidateOf(small, PlanKind::Shared).packNs);
}

TEST(CostModel, MoreWorkTakesLonger) {
  double last = 0;
  for (int64_t n : {2, 4, 8, 16, 32, 64, 1000, 100000}) {
    const double now =
        candidateOf(choosePlan(makeLayer(Group::S, n, 2, 2, 8, 8), v4),
                    PlanKind::Shared)
            .sampleNs;
    EXPECT_GT(now, last) << n;
    last = now;
  }
  const LayerSpec spec = makeLayer(Group::S, 32, 2, 2, 32, 32);
  LayerSpec doubles = spec;
  doubles.dtype = DType::F64;
  auto sampleNs = [](const LayerSpec &layer, const CostTarget &target) {
    return choosePlan(layer, target).winner().sampleNs;
  };
  EXPECT_GT(sampleNs(doubles, v4), 1.5 * sampleNs(spec, v4));
  EXPECT_GT(sampleNs(spec, v3), sampleNs(spec, v4));
  EXPECT_GT(sampleNs(spec, v2), sampleNs(spec, v3));
}

TEST(CostModel, SurvivesHugeSizes) {
  for (int64_t n : {int64_t(1) << 31, INT64_MAX}) {
    const PlanChoice choice =
        choosePlan(makeLayer(Group::S, n, 2, 2, 1024, 1024), v4);
    EXPECT_EQ(choice.winner().operations.multiplyAdds, INT64_MAX);
    for (const PlanCandidate &candidate : choice.candidates)
      if (candidate.refused.empty()) {
        EXPECT_TRUE(std::isfinite(candidate.callNs));
        EXPECT_GE(candidate.scratchBytes, 0);
        EXPECT_GE(candidate.work.packedBytes, 0);
      }
    const LayerSpec spec = makeLayer(Group::S, n, 2, 2);
    EXPECT_NE(report(spec, choice.winner().kind).find("2^63 or more"),
              std::string::npos);
  }
}

TEST(CostModel, DynamicSizesAreComparedAtATypicalN) {
  const PlanChoice choice = choosePlan(makeLayer(Group::S, -1, 2, 2, 4, 4), v4);
  EXPECT_EQ(choice.n, typicalN);
  EXPECT_EQ(choice.batch, typicalBatch);
  EXPECT_EQ(choice.winner().operations.multiplyAdds,
            (2 * typicalN * typicalN + 9 * typicalN + 4) * 16);
}

TEST(CostModel, SkipsLeviCivitaSymbolsThatAreTooLarge) {
  const LayerSpec spec = makeLayer(Group::SO, 9, 4, 5);
  EXPECT_EQ(candidateOf(choosePlan(spec, v4), PlanKind::Factored).refused,
            "the Levi-Civita symbol has more than 40320 entries");
}

TEST(PlanReport, SaysWhatEveryPlanCosts) {
  const LayerSpec spec = withBatch(makeLayer(Group::S, 16, 2, 2, 8, 8), 4);
  const std::string text = report(spec, PlanKind::Shared);
  auto contains = [&](const std::string &part) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in:\n" << text;
  };
  contains("stages of the shared plan");
  contains("2 n^2 = 512 multiply-adds per channel pair");
  contains("9 n = 144 multiply-adds per channel pair");
  contains("plans at n = 16 and batch = 4");
  // multiply-adds: (2 n^2 + 9 n + 4) 8^2 and n^4 8^2
  contains(std::to_string(660 * 64));
  contains(std::to_string(65536 * 64));
  contains("any plan moves at least 16384 bytes per sample and 3840 per call");
  contains("plan: shared; shared is predicted to take");
  contains("of the time of factored");
}

TEST(PlanReport, ShowsThePlanThatWasAskedFor) {
  const LayerSpec spec = makeLayer(Group::S, 4, 2, 1, 2, 2);
  for (PlanKind kind :
       {PlanKind::Shared, PlanKind::Factored, PlanKind::Dense}) {
    const std::string text = report(spec, kind, kind);
    EXPECT_NE(
        text.find("stages of the " + std::string(planName(kind)) + " plan"),
        std::string::npos);
  }
  const LayerSpec dynamic = makeLayer(Group::S, -1, 2, 1);
  const std::string text = report(dynamic, PlanKind::Shared, PlanKind::Dense);
  EXPECT_NE(text.find("dense as asked for is not possible: n is given"),
            std::string::npos)
      << text;
}

TEST(PlanReport, KeepsPolynomialsWhereNIsOpen) {
  const std::string text =
      report(makeLayer(Group::S, -1, 2, 2), PlanKind::Shared);
  EXPECT_NE(text.find("2 n^2 multiply-adds per channel pair"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("dense: not possible, n is given at run time"),
            std::string::npos);
}
