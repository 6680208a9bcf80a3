//===- RaggedTest.cpp - Samples of different sizes share the threads ------===//

#include "test/Runtime/FakeLayer.h"

#include "gtest/gtest.h"

#include <atomic>
#include <chrono>
#include <thread>

using namespace eqc::test;

namespace {

/// Restores the defaults that a test changed.
class Ragged : public testing::Test {
protected:
  ~Ragged() override { eqc_set_num_threads(0); }
};

/// A batch of the fake layer, with small whole numbers.
struct RaggedCall {
  explicit RaggedCall(std::vector<int64_t> n) : n(std::move(n)), one(1, 1) {
    int64_t nodes = 0;
    for (int64_t size : this->n)
      nodes += size;
    for (int64_t i = 0; i < nodes * fakeIn; ++i)
      x.push_back(static_cast<float>(i * 7 % 11 - 5));
    y.assign(nodes * fakeOut, untouched);
  }

  int run(const eqc_kernel &kernel) {
    return eqc_rt_forward_ragged(&kernel, static_cast<int64_t>(n.size()),
                                 n.data(), x.data(), one.weight.data(),
                                 one.bias.data(), y.data());
  }
  std::vector<float> expected() const {
    std::vector<float> all;
    const float *from = x.data();
    for (int64_t size : n) {
      const std::vector<float> sample =
          fakeDefinition(size, 1, from, one.weight.data(), one.bias.data());
      all.insert(all.end(), sample.begin(), sample.end());
      from += size * fakeIn;
    }
    return all;
  }

  std::vector<int64_t> n;
  FakeCall one; ///< for its weights
  std::vector<float> x, y;
};

std::vector<int64_t> manySizes() {
  std::vector<int64_t> sizes;
  for (int64_t i = 0; i < 500; ++i)
    sizes.push_back(i / 3 * 5 % 13);
  return sizes;
}

/// How many calls of the kernel there are at a time, and were at most.
std::atomic<int> now, most;

void noteCall() {
  const int calls = ++now;
  int known = most;
  while (known < calls && !most.compare_exchange_weak(known, calls))
    ;
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  --now;
}

} // namespace

TEST_F(Ragged, SameBitsForAnyThreadsAndSchedule) {
  FakeLayer layer;
  for (int threads : {1, 2, 3, 8, 33})
    for (int64_t block : {1, 4, 64})
      for (int64_t parts : {1, 2, 7})
        for (const std::vector<int64_t> &sizes : {std::vector<int64_t>{9},
                                                  {0, 3, 3, 3, 0},
                                                  {1, 1, 200, 1, 90, 2},
                                                  manySizes()}) {
          eqc_set_num_threads(threads);
          layer.schedule = {0, block, 2, parts, 0};
          RaggedCall call(sizes);
          ASSERT_EQ(call.run(layer.kernel), EQC_OK);
          ASSERT_EQ(call.y, call.expected())
              << threads << " threads, blocks of " << block << ", " << parts
              << " parts, " << sizes.size() << " samples";
        }
}

// Samples handed out one by one would keep one thread busy.
TEST_F(Ragged, OneLargeSampleUsesAllThreads) {
  if (sanitized)
    GTEST_SKIP() << "threads start too slowly";
  eqc_set_num_threads(4);
  FakeLayer layer;
  layer.schedule = {0, 1, 2, 8, 0};
  layer.onForward = noteCall;
  for (const std::vector<int64_t> &sizes :
       {std::vector<int64_t>{100}, {1, 100, 1}, {9, 9, 9, 9, 9, 9, 9, 9, 9}}) {
    most = 0;
    RaggedCall call(sizes);
    ASSERT_EQ(call.run(layer.kernel), EQC_OK);
    EXPECT_GE(most, 2) << sizes.size() << " samples";
    EXPECT_LE(most, 4) << sizes.size() << " samples";
  }
}

TEST_F(Ragged, LittleWorkStaysOnTheCaller) {
  eqc_set_num_threads(4);
  FakeLayer layer;
  layer.schedule = {0, 1, 2, 8, 100};
  layer.onForward = noteCall;
  most = 0;
  RaggedCall call({3, 1, 2});
  ASSERT_EQ(call.run(layer.kernel), EQC_OK);
  EXPECT_EQ(most, 1);
}

TEST_F(Ragged, ALayerOfOneSizeHasNone) {
  FakeLayer layer(/*dynamic=*/false);
  RaggedCall call({4, 4});
  EXPECT_EQ(call.run(layer.kernel), EQC_ERR_ARG);
  EXPECT_EQ(call.y, std::vector<float>(call.y.size(), untouched));
}
