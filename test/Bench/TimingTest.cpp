//===- TimingTest.cpp - Medians and threads -------------------------------===//

#include "compiler/Bench/Timing.h"
#include "compiler/Bench/Workers.h"

#include "gtest/gtest.h"

#include <atomic>

using namespace eqc;

TEST(Timing, SummarizesUnsortedValues) {
  std::vector<double> values = {5, 1, 4, 2, 3};
  Timing timing = summarize(values, 7);
  EXPECT_EQ(timing.median, 3);
  EXPECT_EQ(timing.fastest, 1);
  EXPECT_EQ(timing.lowerQuartile, 2);
  EXPECT_EQ(timing.upperQuartile, 4);
  EXPECT_EQ(timing.runs, 5);
  EXPECT_EQ(timing.callsPerRun, 7);
}

TEST(Timing, MedianOfAnEvenNumberLiesBetween) {
  std::vector<double> values = {1, 2, 4, 10};
  EXPECT_EQ(summarize(values, 1).median, 3);
}

TEST(Timing, MeasuresAtLeastSevenTimes) {
  int calls = 0;
  double last = now();
  auto wait = [&] {
    ++calls;
    for (last = now(); now() < last + 1e-3;)
      ;
  };
  Timing timing = timeCalls(wait, 1e-6);
  EXPECT_GE(timing.runs, 7);
  EXPECT_EQ(timing.callsPerRun, 1);
  EXPECT_GE(timing.fastest, 0.9e-3);
  EXPECT_GE(calls, 7);
}

TEST(Timing, ShortCallsAreTimedSeveralInARow) {
  std::atomic<int> calls{0};
  Timing timing = timeCalls([&] { ++calls; }, 1e-3);
  EXPECT_GT(timing.callsPerRun, 1);
  EXPECT_GT(timing.median, 0);
}

TEST(Workers, EveryThreadWorksOnceAndTheLastOneCounts) {
  std::atomic<int> prepared{0}, worked{0};
  int started = 0;
  double seconds = runTogether(
      3, [&](int) { ++prepared; },
      [&](int thread) {
        ++worked;
        double begin = now();
        while (thread == 2 && now() < begin + 5e-3)
          ;
      },
      &started);
  EXPECT_EQ(started, 3);
  EXPECT_EQ(prepared, 3);
  EXPECT_EQ(worked, 3);
  EXPECT_GE(seconds, 5e-3);
}
