//===- LimitsTest.cpp - Loops do what their rates are counted by ----------===//

#include "compiler/Bench/Limits.h"

#include "compiler/Bench/CpuLoops.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>

using namespace eqc;

/// What the multiply-add loops add up, lane by lane in double precision.
static double expectedSum(int64_t iterations, int64_t steps, int64_t lanes) {
  double total = 0;
  for (int64_t a = 0; a < steps; ++a) {
    double value = 1.0 + 0.001 * double(a);
    for (int64_t i = 0; i < iterations; ++i)
      value = value * 0.9990234375 + 0.0009765625;
    total += value;
  }
  return total * double(lanes);
}

TEST(CpuLoops, MultiplyAddsAreAllDone) {
  for (const CpuLoops &loops : usableCpuLoops()) {
    SCOPED_TRACE(loops.name);
    int64_t lanes = int64_t(loops.vectorBytes) / 8;
    for (int64_t iterations : {0, 1, 100}) {
      double exact = expectedSum(iterations, loops.stepsPerRun, lanes);
      EXPECT_NEAR(loops.multiplyAddF64(iterations), exact, 1e-12 * exact);
      exact = expectedSum(iterations, loops.stepsPerRun, 2 * lanes);
      EXPECT_NEAR(loops.multiplyAddF32(iterations), exact, 1e-5 * exact);
    }
  }
}

TEST(CpuLoops, CopiesCopyEverything) {
  constexpr size_t bytes = 256 * 37;
  auto allocate = [] {
    return std::unique_ptr<unsigned char, void (*)(void *)>(
        static_cast<unsigned char *>(std::aligned_alloc(64, bytes)), std::free);
  };
  auto from = allocate(), to = allocate();
  for (size_t i = 0; i < bytes; ++i)
    from.get()[i] = static_cast<unsigned char>(i * 7 + i / 256);
  for (const CpuLoops &loops : usableCpuLoops())
    for (auto *copy : {loops.copy, loops.streamCopy}) {
      if (!copy)
        continue;
      SCOPED_TRACE(loops.name);
      std::memset(to.get(), 0, bytes);
      copy(to.get(), from.get(), bytes);
      EXPECT_EQ(std::memcmp(to.get(), from.get(), bytes), 0);
    }
}

TEST(Limits, AreMeasured) {
  Rate single = measurePeak(DType::F32, 1, 0.01);
  EXPECT_GT(single.perSecond, 1e8);
  EXPECT_FALSE(single.how.empty());
  EXPECT_GT(measurePeak(DType::F64, 2, 0.01).perSecond, 1e8);
  // Smaller than a step of a loop, and of two threads.
  EXPECT_GT(measureBandwidth(1, 2, 0.01).perSecond, 0);
  EXPECT_GT(measureBandwidth(1 << 20, 1, 0.01).perSecond, 1e8);
}
