//===- StreamTest.cpp - Outputs that are larger than the caches -----------===//

#include "test/Integration/Layers/Layers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

using namespace eqc;
using namespace eqc::test;

namespace {

struct Free {
  void operator()(void *memory) const { free(memory); }
};

/// An array whose bytes begin `offset` bytes after a cache line.
struct Array {
  Array(size_t bytes, size_t offset) : bytes(bytes) {
    memory.reset(
        static_cast<char *>(aligned_alloc(64, (bytes + 127) / 64 * 64)));
    data = memory.get() + offset;
    memset(data, 0xff, bytes);
  }
  bool operator==(const Array &other) const {
    return bytes == other.bytes && memcmp(data, other.data, bytes) == 0;
  }

  std::unique_ptr<char, Free> memory;
  size_t bytes;
  char *data;
};

} // namespace

TEST(Stream, WritesTheBitsOfSmallCalls) {
  const Layer &layer = findLayer("lines");
  // Just above 32 MiB, not a whole number of blocks.
  const int64_t batch = 174783, step = 1000;
  const Call call(layer, 0, batch);
  const size_t sample = call.y.size() / batch;
  ASSERT_GT(call.y.size(), size_t(32) << 20);
  auto run = [&](char *y, int64_t first, int64_t count) {
    ASSERT_EQ(layer.forward(0, count, call.x.data() + first * sample,
                            call.weight.data(), call.bias.data(), y),
              EQC_OK);
  };
  ASSERT_EQ(eqc_set_num_threads(1), EQC_OK);
  Array expected(call.y.size(), 0);
  for (int64_t first = 0; first < batch; first += step)
    run(expected.data + first * sample, first, std::min(step, batch - first));
  for (int threads : {1, 3})
    for (size_t offset : {0, 4}) {
      ASSERT_EQ(eqc_set_num_threads(threads), EQC_OK);
      Array y(call.y.size(), offset);
      run(y.data, 0, batch);
      EXPECT_TRUE(y == expected) << threads << " threads, offset " << offset;
    }
}

TEST(Stream, WritesTheSameGradients) {
  const Layer &layer = findLayer("lines");
  const int64_t batch = 174783;
  // The gradient of y is as large as y; any numbers will do.
  const Call call(layer, 0, batch);
  ASSERT_EQ(eqc_set_num_threads(2), EQC_OK);
  Array aligned(call.x.size(), 0), unaligned(call.x.size(), 4);
  for (Array *gradX : {&aligned, &unaligned})
    ASSERT_EQ(layer.backward(0, batch, nullptr, call.weight.data(),
                             call.x.data(), gradX->data, nullptr, nullptr),
              EQC_OK);
  EXPECT_TRUE(aligned == unaligned);
}
