//===- SchedulesTest.cpp - How CPUs run plans -----------------------------===//

#include "test/Plan/Support.h"

#include "compiler/Lowering/Nests/Summation.h"
#include "compiler/Lowering/Schedules/GradientSchedule.h"
#include "compiler/Lowering/Schedules/SharedSchedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

using namespace eqc;
using namespace eqc::test;

namespace {

const Machine avx512{64, 32}, avx2{32, 16}, sse{16, 16};

std::vector<StageForm> formsOf(const LayerSpec &spec, const StrandPlan &plan) {
  std::vector<StageForm> forms;
  for (const StageSchedule &stage : scheduleShared(spec, plan, avx2).stages)
    forms.push_back(stage.form);
  return forms;
}

TEST(Schedules, SumsOverSingleAxesAreOneSweep) {
  const LayerSpec spec = makeLayer(Group::S, 20, 2, 2, 16, 16);
  const StrandPlan plan = withoutStrands(buildSharedPlan(spec));
  const SharedSchedule schedule = scheduleShared(spec, plan, avx512);
  ASSERT_EQ(schedule.stages.front().form, StageForm::Sweep);
  EXPECT_EQ(describe(schedule.stages.front()), "one sweep over x");
  EXPECT_EQ(schedule.stages.size(), plan.shared.stages.size());
}

TEST(Schedules, OutputsOfLowerPatternsAloneAreGathered) {
  // The cross product is the only map of SO(3) from vectors to matrices.
  const LayerSpec spec = makeLayer(Group::SO, 3, 1, 2, 16, 16);
  const std::vector<StageForm> forms =
      formsOf(spec, withoutStrands(buildSharedPlan(spec)));
  ASSERT_GE(forms.size(), 2u);
  EXPECT_EQ(forms[forms.size() - 2], StageForm::Gather);
  EXPECT_EQ(forms.back(), StageForm::Done);
}

TEST(Schedules, TheOutputOfAMixThatKeepsAllIsNotGathered) {
  const LayerSpec spec = makeLayer(Group::O, 3, 2, 2, 16, 16);
  for (StageForm form : formsOf(spec, withoutStrands(buildSharedPlan(spec)))) {
    EXPECT_NE(form, StageForm::Gather);
    EXPECT_NE(form, StageForm::Done);
  }
}

TEST(Schedules, SumsOfTilesStayInRegisters) {
  for (const Machine &machine : {avx512, avx2, sse})
    for (int64_t n : {-1, 1, 2, 3, 7, 16, 50})
      for (int64_t channels : {1, 5, 16, 33}) {
        const LayerSpec spec = makeLayer(Group::S, n, 2, 2, channels, channels);
        const StrandPlan plan = withoutStrands(buildSharedPlan(spec));
        for (const StageSchedule &stage :
             scheduleShared(spec, plan, machine).stages) {
          if (stage.form != StageForm::Tiles)
            continue;
          const int64_t vectors = stage.mix.columns.vectors;
          for (const TileRows &rows : {stage.mix.rows, stage.mix.shortRows})
            EXPECT_LE((rows.samples * rows.along + 1) * vectors + 2,
                      machine.registers);
          EXPECT_GE(stage.mix.columns.columns(), channels);
          EXPECT_EQ(stage.mix.minAlong > 0 && n > 0, false);
        }
      }
}

TEST(Schedules, FewChannelsRunInLanes) {
  auto lanes = [](int64_t n, int64_t channels, const Machine &machine) {
    const LayerSpec spec = makeLayer(Group::S, n, 2, 2, channels, channels);
    return scheduleShared(spec, withoutStrands(buildSharedPlan(spec)), machine)
        .lanes;
  };
  EXPECT_TRUE(lanes(12, 1, avx512));
  EXPECT_TRUE(lanes(12, 1, avx2));
  EXPECT_FALSE(lanes(12, 32, avx512)); // whole vectors of channels
  EXPECT_FALSE(lanes(12, 4, avx2));    // half a vector of them
  EXPECT_FALSE(lanes(-1, 1, avx512));
  EXPECT_FALSE(lanes(150, 1, avx512)); // a group of samples leaves the cache
}

TEST(Schedules, OnlyTheLongestMixFetchesAhead) {
  LayerSpec spec = makeLayer(Group::S, 40, 2, 2, 64, 64);
  const StrandPlan plan = withoutStrands(buildSharedPlan(spec));
  auto fetching = [&] {
    int count = 0;
    for (const StageSchedule &stage :
         scheduleShared(spec, plan, avx512).stages) {
      EXPECT_FALSE(stage.mix.prefetchOutput);
      count += stage.mix.prefetchInput;
    }
    return count;
  };
  EXPECT_EQ(fetching(), 1);
  // Planes are copied into rows, which fetches them.
  spec.layout = Layout::ChannelsFirst;
  EXPECT_EQ(fetching(), 0);
}

TEST(Schedules, RowsOfOneCacheSetAreNoMoreThanItsWays) {
  // 64 rows of 16 floats are 4 KB: rows along the first axis of x, which the
  // transpose reads, share a set.
  const LayerSpec spec = makeLayer(Group::S, 64, 2, 2, 16, 16);
  const StrandPlan plan = withoutStrands(buildSharedPlan(spec));
  int seen = 0;
  for (size_t i = 0; i < plan.shared.stages.size(); ++i) {
    const auto *mix = std::get_if<MixStage>(&plan.shared.stages[i]);
    if (!mix || mix->kept != 2)
      continue;
    const StageSchedule stage = scheduleShared(spec, plan, avx512).stages[i];
    ASSERT_EQ(stage.form, StageForm::Tiles);
    EXPECT_LE(stage.mix.rows.along, avx512.l1Ways);
    ++seen;
  }
  EXPECT_EQ(seen, 1);
}

TEST(Schedules, ChunksOfStrandsAreWholeTilesInTheFirstCache) {
  for (const Machine &machine : {avx512, avx2, sse})
    for (int64_t n : {-1, 5, 24, 80})
      for (int order : {2, 3}) {
        const LayerSpec spec =
            makeLayer(Group::S, n, order, order, 32, order == 2 ? 32 : 8);
        const SharedPlan plan = buildSharedPlan(spec);
        for (const SharedStage &stage : plan.stages) {
          const auto *mix = std::get_if<MixStage>(&stage);
          if (!mix || mix->kept != order)
            continue;
          const std::optional<StrandStage> strands = makeStrandStage(*mix, n);
          ASSERT_TRUE(strands);
          const StrandNest nest(*strands, 0);
          const StrandSchedule schedule = scheduleStrands(spec, machine, nest);
          EXPECT_EQ(schedule.chunkRows % schedule.tileRows, 0);
          EXPECT_LE((schedule.tileRows + 1) * schedule.columns.vectors + 2,
                    machine.registers);
          // More than one tile only where all of a chunk fits.
          const int64_t rowBytes = nest.transform.slots * spec.elementSize() *
                                   (nest.sources.size() * spec.cIn +
                                    nest.ends.targets.size() * spec.cOut);
          if (schedule.chunkRows > schedule.tileRows)
            EXPECT_LE(schedule.chunkRows * rowBytes, machine.l1Bytes);
          EXPECT_GE(schedule.stripLetters, n < 0 ? 4 : std::min<int64_t>(4, n));
        }
      }
}

TEST(Schedules, ChunksOfGradientsAreSumsOfFewTerms) {
  for (const Machine &machine : {avx512, sse})
    for (int64_t n : {-1, 2, 8, 9, 40})
      for (int64_t channels : {1, 64, 512}) {
        const LayerSpec spec = makeLayer(Group::S, n, 2, 2, channels, channels);
        for (const GradientStage &stage : buildGradientPlan(spec).stages) {
          const GradientNest nest(stage, channels);
          const GradientSchedule schedule =
              scheduleGradient(spec, machine, nest);
          EXPECT_GE(schedule.chunkRows, kTermsOfBlock / 2);
          EXPECT_LE(schedule.chunkRows, kMostTermsOfBlock);
          // More than a block only to keep a sample whole: 9^2 rows are.
          if (schedule.chunkRows > kTermsOfBlock)
            EXPECT_EQ(schedule.chunkRows, nest.rowsFrom(0).at(n));
          if (n == 9 && stage.kept == 2 && channels == 1)
            EXPECT_EQ(schedule.chunkRows, 81);
        }
      }
}

TEST(Schedules, AreSaidInAFewWords) {
  StageSchedule stage;
  stage.form = StageForm::Tiles;
  stage.mix.columns = {2, 32, 1};
  stage.mix.rows = {1, 6};
  EXPECT_EQ(describe(stage), "tiles of 6 rows by 2 vectors");
  stage.mix.rows = {4, 1};
  stage.mix.prefetchInput = true;
  EXPECT_EQ(describe(stage),
            "tiles of 1 row of 4 samples by 2 vectors, fetching the next x");
}

} // namespace
