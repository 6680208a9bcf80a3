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

/// Memory with a page behind it that nobody may touch.
size_t pageSize() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }
void *guardedGet(size_t size, size_t, void *) {
  const size_t inner = (size + pageSize() - 1) / pageSize() * pageSize();
  void *map = mmap(nullptr, inner + pageSize(), PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return map != MAP_FAILED && mprotect(map, inner, PROT_READ | PROT_WRITE) == 0
             ? map
             : nullptr;
}
void guardedPut(void *memory, size_t size, void *) {
  munmap(memory,
         (size + pageSize() - 1) / pageSize() * pageSize() + pageSize());
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

TEST(Backward, EachGradientAloneNeedsItsOwnMemoryOnly) {
  for (const Layer &layer : allLayers())
    for (const Shape &shape : {Shape{3, 1}, Shape{5, 7}}) {
      BackwardCall call(layer, shape.n, shape.batch);
      const Bytes expected = call.result();
      Bytes *const gradients[] = {&call.gradX, &call.gradWeight,
                                  &call.gradBias};
      size_t offset = 0;
      for (Bytes *wanted : gradients) {
        if (wanted->empty())
          continue;
        std::fill(wanted->begin(), wanted->end(), 0x5a);
        auto given = [&](Bytes &gradient) {
          return &gradient == wanted ? gradient.data() : nullptr;
        };
        // Nothing is left of earlier calls.
        ASSERT_EQ(eqc_set_allocator(guardedGet, guardedPut, nullptr), EQC_OK);
        EXPECT_EQ(layer.backward(call.forward.n, shape.batch,
                                 call.forward.x.data(),
                                 call.forward.weight.data(), call.gradY.data(),
                                 given(call.gradX), given(call.gradWeight),
                                 given(call.gradBias)),
                  EQC_OK);
        EXPECT_EQ(
            memcmp(wanted->data(), expected.data() + offset, wanted->size()), 0)
            << layer.name << " n=" << call.forward.n << " batch=" << shape.batch
            << " from byte " << offset;
        offset += wanted->size();
      }
      ASSERT_EQ(eqc_set_allocator(nullptr, nullptr, nullptr), EQC_OK);
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
    // Of a layer without a bias its gradient is ignored.
    unsigned char ignored = 0x5a;
    if (!layer.spec.bias)
      EXPECT_EQ(layer.backward(n, 3, nullptr, nullptr, nullptr, nullptr,
                               nullptr, &ignored),
                EQC_OK);
    EXPECT_EQ(ignored, 0x5a);
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
