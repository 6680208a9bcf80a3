//===- ArraysTest.cpp - What kernels do to the caller's memory ------------===//

#include "test/Integration/GuardedPages.h"
#include "test/Integration/Layers/Layers.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

// A stray access is a segmentation fault.
TEST(Arrays, NothingBesideThemIsTouched) {
  for (const Layer &layer : allLayers())
    for (int64_t n : {1, 2, 5, 9})
      for (int64_t batch : {1, 3, 8, 11})
        for (int flush = 0; flush < 16; ++flush) {
          if (layer.info->n > 0 && n > 1)
            continue;
          Call call(layer, n, batch);
          const Bytes expected = call.result();
          ASSERT_LE(call.error(), call.tolerance()) << layer.name;
          GuardedPages x(call.x, flush & 1), weight(call.weight, flush & 2),
              bias(call.bias, flush & 4), y(call.y, flush & 8);
          x.makeReadOnly();
          weight.makeReadOnly();
          bias.makeReadOnly();
          ASSERT_EQ(layer.forward(call.n, batch, x.data(), weight.data(),
                                  bias.data(), y.data()),
                    EQC_OK);
          EXPECT_EQ(memcmp(expected.data(), y.data(), expected.size()), 0)
              << layer.name << " n=" << call.n << " batch=" << batch;
        }
}

TEST(Arrays, NaturalAlignmentIsEnough) {
  for (const Layer &layer : allLayers()) {
    Call call(layer, 6, 9);
    const Bytes expected = call.result();
    for (size_t shift = 1; shift < 16; shift += 2) {
      auto moved = [&](const Bytes &bytes, size_t by) {
        // Vectors of the C++ library start at a multiple of 16 bytes.
        Bytes result(by * layer.elementSize() + bytes.size());
        std::copy(bytes.begin(), bytes.end(),
                  result.begin() + by * layer.elementSize());
        return result;
      };
      const size_t by[] = {shift, shift / 2 + 1, shift / 3 + 1, 16 - shift};
      Bytes x = moved(call.x, by[0]), weight = moved(call.weight, by[1]),
            bias = moved(call.bias, by[2]), y = moved(call.y, by[3]);
      auto at = [&](Bytes &bytes, int array) {
        return bytes.data() + by[array] * layer.elementSize();
      };
      ASSERT_EQ(layer.forward(call.n, call.batch, at(x, 0), at(weight, 1),
                              at(bias, 2), at(y, 3)),
                EQC_OK);
      EXPECT_EQ(memcmp(expected.data(), at(y, 3), expected.size()), 0)
          << layer.name << " shift " << shift;
    }
  }
}

TEST(Arrays, RefusedCallsLeaveTheOutputAlone) {
  for (const Layer &layer : allLayers()) {
    Call call(layer, 4, 3);
    std::fill(call.y.begin(), call.y.end(), 0x5a);
    const Bytes before = call.y;
    void *x = call.x.data(), *w = call.weight.data(), *b = call.bias.data(),
         *y = call.y.data();
    auto forward = [&](int64_t n, int64_t batch, void *x, void *w, void *y) {
      return layer.forward(n, batch, x, w, b, y);
    };
    EXPECT_EQ(forward(call.n, -1, x, w, y), EQC_ERR_ARG);
    EXPECT_EQ(forward(call.n, 3, nullptr, w, y), EQC_ERR_NULL);
    EXPECT_EQ(forward(call.n, 3, x, nullptr, y), EQC_ERR_NULL);
    EXPECT_EQ(forward(call.n, 3, x, w, nullptr), EQC_ERR_NULL);
    EXPECT_EQ(forward(call.n, INT64_MAX / 2, x, w, y), EQC_ERR_SIZE);
    EXPECT_EQ(forward(call.n, 3, x, w, x), EQC_ERR_ALIAS);
    EXPECT_EQ(layer.forward(call.n, 3, x, w, nullptr, y),
              layer.spec.bias ? EQC_ERR_NULL : EQC_OK);
    if (!layer.spec.bias)
      std::copy(before.begin(), before.end(), call.y.begin());
    if (layer.info->n < 0) {
      EXPECT_EQ(forward(0, 3, x, w, y), EQC_ERR_ARG);
      EXPECT_EQ(forward(INT64_MAX / 2, 3, x, w, y), EQC_ERR_SIZE);
    }
    EXPECT_EQ(call.y, before) << layer.name;
  }
}
