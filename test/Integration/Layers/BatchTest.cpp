//===- BatchTest.cpp - Batches from none to a million ---------------------===//

#include "test/Integration/Layers/Layers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <pthread.h>

using namespace eqc;
using namespace eqc::test;

TEST(Batch, OfEverySizeAgreesWithTheOracle) {
  for (const Layer &layer : allLayers())
    for (int64_t batch : {1, 2, 3, 7, 8, 9, 15, 33, 64, 65})
      for (int64_t n : {1, 2, 3, 7, 10}) {
        if (layer.info->n > 0 && n > 1)
          continue;
        Call call(layer, n, batch);
        call.result();
        EXPECT_LE(call.error(), call.tolerance())
            << layer.name << " n=" << call.n << " batch=" << batch;
      }
}

TEST(Batch, NoneNeedsNoArrays) {
  for (const Layer &layer : allLayers()) {
    Call call(layer, 4, 1);
    EXPECT_EQ(layer.forward(call.n, 0, nullptr, call.weight.data(),
                            call.bias.data(), nullptr),
              EQC_OK)
        << layer.name << ": " << eqc_last_error();
  }
}

namespace {

/// Counts what the runtime asks for.
struct Meter {
  std::atomic<int64_t> now{0}, most{0}, calls{0};
};

void *meteredGet(size_t size, size_t align, void *ctx) {
  auto *meter = static_cast<Meter *>(ctx);
  int64_t now = meter->now += static_cast<int64_t>(size);
  int64_t most = meter->most;
  while (now > most && !meter->most.compare_exchange_weak(most, now)) {
  }
  ++meter->calls;
  void *p = nullptr;
  return posix_memalign(&p, align < sizeof(void *) ? sizeof(void *) : align,
                        size) == 0
             ? p
             : nullptr;
}

void meteredPut(void *p, size_t size, void *ctx) {
  static_cast<Meter *>(ctx)->now -= static_cast<int64_t>(size);
  free(p);
}

} // namespace

TEST(Batch, OfAMillionNeedsNoMoreMemoryThanAThousand) {
  const int64_t million = 1000000;
  for (const char *name : {"tiny", "serial"}) {
    Meter meter;
    ASSERT_EQ(eqc_set_num_threads(2), EQC_OK);
    ASSERT_EQ(eqc_set_allocator(meteredGet, meteredPut, &meter), EQC_OK);
    Call call(findLayer(name), 0, million);
    call.result();
    EXPECT_LE(call.error(), call.tolerance()) << name;
    // A few megabytes: blocks of samples that fit the cache, for two threads.
    EXPECT_LE(meter.most, 4 << 20) << name;
    // Once the workspace is there, nothing allocates.
    const int64_t calls = meter.calls;
    call.result();
    EXPECT_LE(meter.calls - calls, 2) << name;
    ASSERT_EQ(eqc_set_allocator(nullptr, nullptr, nullptr), EQC_OK);
    EXPECT_EQ(meter.now, 0) << name;
    ASSERT_EQ(eqc_set_num_threads(0), EQC_OK);
  }
}

TEST(Batch, RunsOnASmallStack) {
  ASSERT_EQ(eqc_set_num_threads(1), EQC_OK);
  for (const Layer &layer : allLayers()) {
    Call call(layer, 6, 40);
    const Bytes expected = call.result();
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, 64 << 10), 0);
    pthread_t thread;
    ASSERT_EQ(pthread_create(
                  &thread, &attributes,
                  [](void *p) -> void * {
                    auto *call = static_cast<Call *>(p);
                    return call->run() == EQC_OK ? p : nullptr;
                  },
                  &call),
              0);
    void *result = nullptr;
    ASSERT_EQ(pthread_join(thread, &result), 0);
    pthread_attr_destroy(&attributes);
    EXPECT_NE(result, nullptr);
    EXPECT_EQ(call.y, expected) << layer.name;
  }
  ASSERT_EQ(eqc_set_num_threads(0), EQC_OK);
}
