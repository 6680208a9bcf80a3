//===- SchedulesTest.cpp - How CPUs run plans -----------------------------===//

#include "test/Plan/Support.h"

#include "compiler/Lowering/Cpu/Schedules/DenseSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/FactoredSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/GradientSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"
#include "compiler/Lowering/Cpu/Schedules/SharedSchedule.h"
#include "compiler/Lowering/Nests/Summation.h"

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
  ASSERT_EQ(schedule.stages.front().form, StageForm::Read);
  EXPECT_TRUE(schedule.stages.front().read.sweeps);
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
          const MixSchedule &mix = stage.mix;
          auto expectFits = [&](const MixRows &how, int64_t vectors) {
            for (const TileRows &rows : {how.rows, how.shortRows})
              EXPECT_LE((rows.samples * rows.along + 1) * vectors + 2,
                        machine.registers);
            EXPECT_EQ(how.minAlong > 0 && n > 0, false);
          };
          expectFits(mix.whole, mix.columns.vectors);
          expectFits(mix.last, mix.columns.lastVectors);
          expectFits(mix.dots, mix.columns.dots);
          EXPECT_GE(mix.columns.columns(), channels);
        }
      }
}

TEST(Schedules, FewChannelsRunInLanes) {
  auto lanes = [](int64_t n, int64_t channels, const Machine &machine) {
    const LayerSpec spec = makeLayer(Group::S, n, 2, 2, channels, channels);
    return scheduleShared(spec, withoutStrands(buildSharedPlan(spec)), machine)
        .lanes.has_value();
  };
  EXPECT_TRUE(lanes(12, 1, avx512));
  EXPECT_TRUE(lanes(12, 1, avx2));
  EXPECT_FALSE(lanes(12, 32, avx512)); // whole vectors of channels
  EXPECT_FALSE(lanes(12, 4, avx2));    // half a vector of them
  EXPECT_FALSE(lanes(-1, 1, avx512));
  EXPECT_FALSE(lanes(150, 1, avx512)); // a group of samples leaves the cache
}

TEST(Schedules, TilesOfLanesStayInRegisters) {
  for (const Machine &machine : {avx512, avx2})
    for (int64_t n : {1, 3, 7, 12, 40})
      for (int order : {1, 2})
        for (auto [cIn, cOut] : {std::pair<int64_t, int64_t>{1, 1}, {2, 3}}) {
          const LayerSpec spec = makeLayer(Group::S, n, order, 2, cIn, cOut);
          const SharedPlan plan = buildSharedPlan(spec);
          const auto lanes = scheduleLanes(spec, plan, machine);
          ASSERT_TRUE(lanes);
          EXPECT_EQ(lanes->samples, machine.vectorBytes / 4);
          for (size_t i = 0; i < plan.stages.size(); ++i) {
            const auto *mix = std::get_if<MixStage>(&plan.stages[i]);
            if (!mix)
              continue;
            const LaneMixSchedule &how = lanes->mixes[i];
            // Sums, a vector of x, weights of a channel of x.
            EXPECT_TRUE(how.rows == 1 ||
                        how.rows * cOut + 1 + cOut <= machine.registers);
            EXPECT_LE(how.rows, mix->kept > 0 ? n : 1);
          }
        }
}

TEST(Schedules, LinesOfLanesAreWholeTiles) {
  // Tiles of 8 elements by 8 samples: 2 lines of 12 rows are 3 of them.
  auto mixOf = [](const LayerSpec &spec) {
    const SharedPlan plan = buildSharedPlan(spec);
    const std::optional<LanesSchedule> lanes = scheduleLanes(spec, plan, avx2);
    LaneMixSchedule last;
    for (size_t i = 0; lanes && i < plan.stages.size(); ++i)
      if (std::holds_alternative<MixStage>(plan.stages[i]))
        last = lanes->mixes[i];
    return last;
  };
  EXPECT_EQ(mixOf(makeLayer(Group::S, 12, 2, 2)).lines, 2);
  EXPECT_EQ(mixOf(makeLayer(Group::S, 16, 2, 2)).lines, 1);
  EXPECT_EQ(mixOf(makeLayer(Group::S, 7, 2, 2)).lines, 0);  // 8 lines of 7
  EXPECT_EQ(mixOf(makeLayer(Group::S, 12, 2, 1)).lines, 0); // one line
  const LayerSpec swept = makeLayer(Group::S, 12, 2, 2);
  const auto lanes = scheduleLanes(swept, buildSharedPlan(swept), avx2);
  EXPECT_EQ(lanes->inputLines, 4);
  const LayerSpec unswept = makeLayer(Group::S, 12, 1, 2);
  EXPECT_EQ(scheduleLanes(unswept, buildSharedPlan(unswept), avx2)->inputLines,
            0);
}

TEST(Schedules, ReadsSumAsManyRowsAsRegistersAndLettersAllow) {
  for (int64_t n : {-1, 1, 3, 20}) {
    const LayerSpec spec = makeLayer(Group::S, n, 3, 0, 16, 16);
    const SharedPlan plan = buildSharedPlan(spec);
    int together = 0;
    for (const SharedStage &stage : plan.stages) {
      const auto *read = std::get_if<ReadStage>(&stage);
      if (!read)
        continue;
      const ReadSchedule schedule = scheduleRead(spec, plan, *read);
      for (int64_t vectors : {1, 2, 3, 4}) {
        EXPECT_LE(schedule.rows(vectors) * vectors, 8);
        EXPECT_LE(schedule.rows(vectors), n < 0 ? 8 : n);
      }
      if (read->kept == 0)
        EXPECT_EQ(schedule.rows(1), 1);
      together += schedule.rows(1) > 1;
    }
    EXPECT_EQ(together > 0, n != 1);
  }
}

TEST(Schedules, ChangesOfBasisStayInRegistersWhereTheyAreSmall) {
  // A component of `sources` rows that all meet in as many.
  auto scheduleOf = [](int sources, const Machine &machine) {
    RowTransform transform;
    for (int t = 0; t < sources; ++t) {
      transform.rows.emplace_back();
      for (int s = 0; s < sources; ++s)
        transform.rows.back().push_back({s, 1.0 + s + t});
    }
    const RowsSchedule schedule = scheduleRows(transform, machine);
    EXPECT_EQ(schedule.size(), 1u);
    return schedule;
  };
  EXPECT_TRUE(scheduleOf(6, avx2).front().inLine);
  EXPECT_EQ(scheduleOf(6, avx2).front().vectors, 2);
  EXPECT_EQ(scheduleOf(7, avx2).front().vectors, 1);
  EXPECT_EQ(scheduleOf(14, avx512).front().vectors, 2);
  EXPECT_EQ(scheduleOf(15, avx512).front().vectors, 1);
  EXPECT_TRUE(scheduleOf(22, avx512).front().inLine); // 484 terms
  EXPECT_FALSE(scheduleOf(23, avx512).front().inLine);
  EXPECT_EQ(describe(scheduleOf(3, sse)),
            "component by component, in registers");
  EXPECT_EQ(describe(scheduleOf(23, sse)), "row by row, as sums");
}

TEST(Schedules, TilesOfOneMatrixStayInRegisters) {
  for (const Machine &machine : {avx512, avx2, sse})
    for (int l : {0, 1, 2})
      for (int64_t channels : {1, 3, 40}) {
        const LayerSpec spec = makeLayer(Group::O, 3, l, l, 2, channels);
        const DensePlan plan = buildDensePlan(spec);
        const DenseSchedule schedule = scheduleDense(spec, plan, machine);
        EXPECT_LE((schedule.samples + 1) * schedule.columns.vectors + 2,
                  machine.registers);
        EXPECT_GE(schedule.columns.columns(), plan.columns);
        EXPECT_LT(schedule.columns.columns() - schedule.columns.width,
                  plan.columns);
        EXPECT_LT(schedule.columns.width, 2 * plan.columns);
      }
}

TEST(Schedules, ManyDiagramsAreSummedInBlocks) {
  auto scheduleOf = [](int k, int l, const Machine &machine) {
    const LayerSpec spec = makeLayer(Group::S, 4, k, l, 8, 24);
    return scheduleFactored(spec, buildFactoredPlan(spec), machine);
  };
  EXPECT_EQ(scheduleOf(2, 2, avx2).blockDiagrams, 0);             // 15
  EXPECT_EQ(scheduleOf(3, 3, avx2).blockDiagrams, kTermsOfBlock); // 187
  for (const Machine &machine : {avx512, avx2, sse}) {
    const FactoredSchedule schedule = scheduleOf(2, 2, machine);
    EXPECT_LE((schedule.tileRows + 1) * schedule.columns.vectors + 2,
              machine.registers);
  }
}

TEST(Schedules, GradientsReadBothSidesAndSumEveryOrder) {
  const LayerSpec spec = makeLayer(Group::S, 9, 2, 2, 8, 8, true);
  const GradientPlan plan = buildGradientPlan(spec);
  const GradientSchedule schedule = scheduleGradient(spec, plan, avx2);
  EXPECT_EQ(schedule.x.size(), plan.x.stages.size());
  EXPECT_EQ(schedule.gradY.size(), plan.gradY.stages.size());
  EXPECT_EQ(schedule.stages.size(), plan.stages.size());
  EXPECT_LE((schedule.tiling.rows + 1) * schedule.tiling.columns.vectors + 2,
            avx2.registers);
  const std::string text = describe(schedule, plan);
  EXPECT_NE(text.find("    read   one sweep over grad_y\n"), std::string::npos);
  EXPECT_NE(text.find("    read   one sweep over x\n"), std::string::npos);
  EXPECT_NE(text.find("    sum    tiles of 8 input channels by 1 vector, "
                      "chunks of 81 rows\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("    bias   row by row\n"), std::string::npos);
}

TEST(Schedules, GradientsOfFewChannelsRunInLanes) {
  for (const Machine &machine : {avx512, avx2, sse})
    for (int64_t ins : {1, 2, 3, 4, 8})
      for (int64_t outs : {1, 2, 3, 5, 7, 8}) {
        const LayerSpec spec = makeLayer(Group::S, 9, 2, 2, ins, outs, true);
        const GradientPlan plan = buildGradientPlan(spec);
        const GradientSchedule schedule = scheduleGradient(spec, plan, machine);
        const int64_t lanes = machine.lanes(spec.elementSize());
        EXPECT_EQ(schedule.lanes,
                  2 * ins <= lanes && 2 * outs < lanes ? lanes : 0);
        if (schedule.lanes == 0)
          continue;
        // Sums, a row of grad_y and an element of x.
        EXPECT_GE(schedule.laneChannels, 1);
        for (const GradientStageSchedule &stage : schedule.stages) {
          EXPECT_GE(stage.laneRows, 1);
          EXPECT_LE((stage.laneRows * schedule.laneChannels + 1) * outs + 1,
                    machine.registers);
        }
      }
  LayerSpec dynamic = makeLayer(Group::S, -1, 2, 2, 1, 1);
  EXPECT_EQ(scheduleGradient(dynamic, buildGradientPlan(dynamic), avx2).lanes,
            0);
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

TEST(Schedules, ShortLinesWithoutProductsAreUnrolled) {
  auto unrolled = [](int64_t n, int k) {
    const LayerSpec spec = makeLayer(Group::S, n, k, 2, 32, 32);
    int count = 0;
    for (const StageSchedule &stage :
         scheduleShared(spec, withoutStrands(buildSharedPlan(spec)), avx512)
             .stages)
      count += stage.form == StageForm::Tiles && stage.mix.unrollLines;
    return count;
  };
  EXPECT_EQ(unrolled(50, 1), 1);
  EXPECT_EQ(unrolled(50, 2), 0);  // y has products
  EXPECT_EQ(unrolled(200, 1), 0); // many tiles
  EXPECT_EQ(unrolled(-1, 1), 0);
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
    EXPECT_LE(stage.mix.whole.rows.along, avx512.l1Ways);
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
          const std::optional<StrandStage> strands =
              makeStrandStage(*mix, spec.group, n);
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
          // A pipeline where samples are large, 100 KB each for n = 24.
          EXPECT_EQ(schedule.pipelined,
                    order == 2 && (n == 80 || (n < 0 && machine == avx512)));
          if (!schedule.pipelined)
            continue;
          // The sums leave registers for two vectors of two rows and their sum.
          EXPECT_LE(schedule.tileRows * schedule.columns.vectors + 6,
                    machine.registers);
          // All rows of a chunk are done by the time that its tiles are.
          const int64_t tiles = nest.transform.slots * schedule.columns.tiles;
          const int64_t groups =
              (spec.cIn + schedule.groupChannels - 1) / schedule.groupChannels;
          EXPECT_GE(schedule.rowsBetween * tiles * groups, schedule.chunkRows);
          EXPECT_LT((schedule.rowsBetween - 1) * tiles * groups,
                    schedule.chunkRows);
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
          const GradientStageSchedule schedule =
              scheduleGradientStage(spec, machine, nest);
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
  stage.mix.whole.rows = {1, 6};
  EXPECT_EQ(describe(stage), "tiles of 6 rows by 2 vectors");
  stage.mix.whole.rows = {4, 1};
  stage.mix.prefetchInput = true;
  EXPECT_EQ(describe(stage),
            "tiles of 1 row of 4 samples by 2 vectors, fetching the next x");
  stage.mix.columns = {2, 32, 3, 1, 3};
  stage.mix.last.rows = {1, 9};
  stage.mix.dots.rows = {1, 5};
  EXPECT_EQ(describe(stage), "tiles of 1 row of 4 samples by 2 vectors and 9 "
                             "rows by 1 vector and 5 rows by 3 dots, "
                             "fetching the next x");
  DenseSchedule dense;
  dense.columns = {1, 4, 3};
  dense.samples = 8;
  EXPECT_EQ(describe(dense), "    mix    tiles of 8 samples by 4 columns\n"
                             "    pack   entry by entry of each diagram\n");
  ReadSchedule read;
  EXPECT_EQ(describe(read, "x"), "pattern by pattern of x");
  read.mostRows = 3;
  EXPECT_EQ(describe(read, "x"),
            "pattern by pattern of x, up to 3 rows at once");
  const LayerSpec spec = makeLayer(Group::O, 3, 2, 2, 16, 16);
  const FactoredPlan factored = buildFactoredPlan(spec);
  EXPECT_EQ(describe(scheduleFactored(spec, factored, avx2), factored),
            "    copy   row by row, for one diagram after the other\n"
            "    read   block by block\n"
            "    mix    tiles of 4 rows by 2 vectors\n"
            "    write  walk by walk\n");
}

} // namespace
