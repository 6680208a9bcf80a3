//===- BackwardTest.cpp - Gradients of compiled layers --------------------===//

#include "test/Integration/GuardedPages.h"
#include "test/Integration/Layers/Layers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace eqc;
using namespace eqc::test;

namespace {

struct Shape {
  int64_t n, batch;
};

/// One slab of samples, several, many; for dynamic n few large samples, whose
/// parts are worked on together.
constexpr Shape shapes[] = {{3, 1}, {5, 7}, {4, 64}, {4, 999}, {33, 2}};

bool wanted(const Layer &layer, const Shape &shape) {
  return layer.info->n < 0 || shape.n < 10;
}

} // namespace

TEST(Backward, AnyNumberOfThreadsGivesTheSameBits) {
  for (const Layer &layer : allLayers())
    for (const Shape &shape : shapes) {
      if (!wanted(layer, shape))
        continue;
      BackwardCall call(layer, shape.n, shape.batch);
      ASSERT_EQ(eqc_set_num_threads(1), EQC_OK);
      const Bytes expected = call.result();
      EXPECT_LE(call.error(), call.forward.tolerance())
          << layer.name << " n=" << shape.n << " batch=" << shape.batch;
      for (int threads : {2, 3, 7}) {
        ASSERT_EQ(eqc_set_num_threads(threads), EQC_OK);
        EXPECT_EQ(call.result(), expected)
            << layer.name << " n=" << shape.n << " batch=" << shape.batch
            << " threads=" << threads;
      }
    }
  ASSERT_EQ(eqc_set_num_threads(0), EQC_OK);
}

TEST(Backward, TheCallersOwnLoopGivesTheSameBits) {
  auto lastToFirst = [](int64_t tasks, void (*task)(int64_t, void *), void *arg,
                        void *) {
    while (tasks-- > 0)
      task(tasks, arg);
    return 0;
  };
  for (const Layer &layer : allLayers())
    for (const Shape &shape : {Shape{5, 7}, Shape{4, 999}}) {
      BackwardCall call(layer, shape.n, shape.batch);
      const Bytes expected = call.result();
      ASSERT_EQ(eqc_set_num_threads(5), EQC_OK);
      ASSERT_EQ(eqc_set_parallel_for(lastToFirst, nullptr), EQC_OK);
      EXPECT_EQ(call.result(), expected) << layer.name;
      ASSERT_EQ(eqc_set_parallel_for(nullptr, nullptr), EQC_OK);
      ASSERT_EQ(eqc_set_num_threads(0), EQC_OK);
    }
}

// A stray access is a segmentation fault.
TEST(Backward, NothingBesideTheArraysIsTouched) {
  for (const Layer &layer : allLayers())
    for (int64_t n : {1, 5, 9})
      for (int64_t batch : {1, 11})
        for (bool flush : {false, true}) {
          if (layer.info->n > 0 && n > 1)
            continue;
          BackwardCall call(layer, n, batch);
          const Bytes expected = call.result();
          GuardedPages x(call.forward.x, flush),
              weight(call.forward.weight, flush), gradY(call.gradY, flush),
              gradX(call.gradX, flush), gradWeight(call.gradWeight, flush),
              gradBias(call.gradBias, flush);
          x.makeReadOnly();
          weight.makeReadOnly();
          gradY.makeReadOnly();
          ASSERT_EQ(layer.backward(call.forward.n, batch, x.data(),
                                   weight.data(), gradY.data(), gradX.data(),
                                   gradWeight.data(), gradBias.data()),
                    EQC_OK);
          EXPECT_EQ(memcmp(gradX.data(), expected.data(), call.gradX.size()), 0)
              << layer.name << " n=" << call.forward.n << " batch=" << batch;
        }
}

TEST(Backward, RefusedCallsLeaveTheGradientsAlone) {
  for (const Layer &layer : allLayers()) {
    BackwardCall call(layer, 4, 3);
    call.result();
    for (Bytes *gradient : {&call.gradX, &call.gradWeight, &call.gradBias})
      std::fill(gradient->begin(), gradient->end(), 0x5a);
    const Bytes gradX = call.gradX, gradWeight = call.gradWeight;
    void *x = call.forward.x.data(), *w = call.forward.weight.data(),
         *gy = call.gradY.data(), *gx = call.gradX.data(),
         *gw = call.gradWeight.data(), *gb = call.gradBias.data();
    const int64_t n = call.forward.n;
    EXPECT_EQ(layer.backward(n, -1, x, w, gy, gx, gw, gb), EQC_ERR_ARG);
    EXPECT_EQ(layer.backward(n, 3, nullptr, w, gy, gx, gw, gb), EQC_ERR_NULL);
    EXPECT_EQ(layer.backward(n, 3, x, nullptr, gy, gx, gw, gb), EQC_ERR_NULL);
    EXPECT_EQ(layer.backward(n, 3, x, w, nullptr, gx, gw, gb), EQC_ERR_NULL);
    EXPECT_EQ(layer.backward(n, INT64_MAX / 2, x, w, gy, gx, gw, gb),
              EQC_ERR_SIZE);
    EXPECT_EQ(layer.backward(n, 3, x, w, gy, x, gw, gb), EQC_ERR_ALIAS);
    EXPECT_EQ(layer.backward(n, 3, x, w, gy, gx, w, gb), EQC_ERR_ALIAS);
    EXPECT_EQ(layer.backward(n, 3, x, w, gy, gx, gx, gb), EQC_ERR_ALIAS);
    if (layer.spec.bias)
      EXPECT_EQ(layer.backward(n, 3, x, w, gy, gx, gw, gy), EQC_ERR_ALIAS);
    // Nothing is asked for, nothing is needed.
    EXPECT_EQ(layer.backward(n, 3, nullptr, nullptr, nullptr, nullptr, nullptr,
                             nullptr),
              EQC_OK);
    EXPECT_EQ(call.gradX, gradX) << layer.name;
    EXPECT_EQ(call.gradWeight, gradWeight) << layer.name;
  }
}

TEST(Backward, AnEmptyBatchGivesZero) {
  for (const Layer &layer : allLayers()) {
    BackwardCall call(layer, 4, 3);
    EXPECT_EQ(layer.backward(call.forward.n, 0, nullptr, nullptr, nullptr,
                             nullptr, call.gradWeight.data(),
                             call.gradBias.data()),
              EQC_OK);
    EXPECT_EQ(call.gradWeight, Bytes(call.gradWeight.size(), 0)) << layer.name;
    EXPECT_EQ(call.gradBias, Bytes(call.gradBias.size(), 0)) << layer.name;
  }
}
