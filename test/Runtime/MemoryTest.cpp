//===- MemoryTest.cpp - The allocator hook and what threads keep ----------===//

#include "test/Runtime/FakeLayer.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

using namespace eqc::test;
using testing::Each;
using testing::HasSubstr;

namespace {

/// An allocator that knows what it gave away and fails on request.
class Ledger {
public:
  Ledger() { eqc_set_allocator(get, put, this); }
  ~Ledger() {
    restore();
    EXPECT_EQ(live(), 0u) << "memory was not put back";
  }
  void restore() { eqc_set_allocator(nullptr, nullptr, nullptr); }

  size_t live() {
    std::lock_guard<std::mutex> guard(lock);
    return blocks.size();
  }

  std::atomic<int> gets{0};
  int failAt = -1; ///< the number of the get that fails, from 0
  size_t offset = 0;

private:
  static void *get(size_t size, size_t align, void *ctx) {
    auto *self = static_cast<Ledger *>(ctx);
    if (self->gets++ == self->failAt)
      return nullptr;
    void *base = std::aligned_alloc(align, size + align);
    std::lock_guard<std::mutex> guard(self->lock);
    char *p = static_cast<char *>(base) + self->offset;
    self->blocks[p] = {base, size};
    return p;
  }
  static void put(void *p, size_t size, void *ctx) {
    auto *self = static_cast<Ledger *>(ctx);
    std::lock_guard<std::mutex> guard(self->lock);
    auto it = self->blocks.find(static_cast<char *>(p));
    ASSERT_NE(it, self->blocks.end()) << "not from this allocator";
    EXPECT_EQ(it->second.second, size);
    std::free(it->second.first);
    self->blocks.erase(it);
  }

  std::mutex lock;
  std::map<char *, std::pair<void *, size_t>> blocks;
};

TEST(Memory, NothingIsAllocatedAfterTheFirstCall) {
  for (int threads : {1, 3}) {
    eqc_set_num_threads(threads);
    FakeLayer layer;
    Ledger ledger;
    FakeCall call(6, 40);
    ASSERT_EQ(call.run(layer.kernel), EQC_OK);
    int first = ledger.gets;
    EXPECT_GE(first, 1);
    for (int i = 0; i != 20; ++i)
      ASSERT_EQ(call.run(layer.kernel), EQC_OK);
    EXPECT_EQ(ledger.gets, first);
    EXPECT_EQ(call.y, call.expected());
  }
  eqc_set_num_threads(0);
}

TEST(Memory, EveryFailureLeavesOutputsAlone) {
  eqc_set_num_threads(3);
  FakeLayer layer;
  int status = EQC_ERR_NOMEM, failed = 0;
  for (int n = 0; status != EQC_OK; ++n) {
    Ledger ledger;
    ledger.failAt = n;
    FakeCall call(6, 40);
    status = call.run(layer.kernel);
    if (ledger.gets <= n) { // it did not get that far
      EXPECT_EQ(status, EQC_OK);
      EXPECT_EQ(call.y, call.expected());
      break;
    }
    ++failed;
    EXPECT_EQ(status, EQC_ERR_NOMEM);
    EXPECT_THAT(eqc_last_error(), HasSubstr("fake"));
    EXPECT_THAT(call.y, Each(untouched));
    EXPECT_EQ(ledger.live(), 0u);
    // And the thread is not worse for it.
    EXPECT_EQ(call.run(layer.kernel), EQC_OK);
    EXPECT_EQ(call.y, call.expected());
  }
  EXPECT_GE(failed, 1);
  eqc_set_num_threads(0);
}

TEST(Memory, MisalignedMemoryIsRefused) {
  FakeLayer layer;
  Ledger ledger;
  ledger.offset = 32;
  FakeCall call(6, 40);
  EXPECT_EQ(call.run(layer.kernel), EQC_ERR_NOMEM);
  EXPECT_THAT(eqc_last_error(), HasSubstr("aligned"));
  EXPECT_THAT(call.y, Each(untouched));
  EXPECT_EQ(ledger.live(), 0u);
  ledger.offset = 0;
  EXPECT_EQ(call.run(layer.kernel), EQC_OK);
}

TEST(Memory, AChangeOfAllocatorPutsIdleMemoryBack) {
  FakeLayer layer;
  Ledger first;
  FakeCall call(6, 40);
  ASSERT_EQ(call.run(layer.kernel), EQC_OK);
  EXPECT_EQ(first.live(), 1u);
  Ledger second;
  EXPECT_EQ(first.live(), 0u);
  ASSERT_EQ(call.run(layer.kernel), EQC_OK);
  EXPECT_EQ(second.live(), 1u);
}

Ledger *newcomer = nullptr;

TEST(Memory, AChangeDuringACallComesIntoForceAfterIt) {
  eqc_set_num_threads(1);
  FakeLayer layer;
  layer.onForward = [] {
    if (!newcomer)
      newcomer = new Ledger;
  };
  Ledger first;
  FakeCall call(6, 40);
  ASSERT_EQ(call.run(layer.kernel), EQC_OK);
  EXPECT_EQ(call.y, call.expected());
  EXPECT_EQ(first.live(), 0u) << "the call should have put its memory back";
  EXPECT_EQ(newcomer->gets, 0);
  delete newcomer;
  newcomer = nullptr;
  eqc_set_num_threads(0);
}

TEST(Memory, AThreadThatEndsPutsItsMemoryBack) {
  FakeLayer layer;
  Ledger ledger;
  for (int i = 0; i != 600; ++i)
    std::thread([&] {
      FakeCall call(6, 9);
      EXPECT_EQ(call.run(layer.kernel), EQC_OK);
    }).join();
  EXPECT_EQ(ledger.live(), 0u);
}

TEST(Memory, ManyThreadsAtOnceKeepTheirOwn) {
  // More than the runtime has records for without asking the heap.
  constexpr int count = 300;
  FakeLayer layer;
  Ledger ledger;
  std::atomic<int> inside{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i != count; ++i)
    threads.emplace_back([&] {
      FakeCall call(6, 9);
      wrong += call.run(layer.kernel) != EQC_OK || call.y != call.expected();
      wrong += eqc_rt_forward(&layer.kernel, 6, -1, nullptr, nullptr, nullptr,
                              nullptr) != EQC_ERR_ARG;
      for (++inside; inside < count;)
        std::this_thread::yield();
      wrong += std::string(eqc_last_error()).find("batch") == std::string::npos;
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(ledger.live(), 0u);
}

TEST(Memory, HooksComeInPairs) {
  EXPECT_EQ(eqc_set_allocator(
                [](size_t, size_t, void *) -> void * { return nullptr; },
                nullptr, nullptr),
            EQC_ERR_NULL);
  EXPECT_THAT(eqc_last_error(), HasSubstr("'put'"));
  EXPECT_EQ(eqc_set_allocator(
                nullptr, [](void *, size_t, void *) {}, nullptr),
            EQC_ERR_NULL);
  EXPECT_THAT(eqc_last_error(), HasSubstr("'get'"));
}

TEST(Memory, LargeMemoryIsNotKept) {
  FakeLayer layer;
  layer.variants[0].packed_bytes = int64_t(300) << 20;
  Ledger ledger;
  FakeCall call(6, 9);
  ASSERT_EQ(call.run(layer.kernel), EQC_OK);
  EXPECT_EQ(call.y, call.expected());
  EXPECT_EQ(ledger.live(), 0u);
}

TEST(Memory, SizesThatNoMachineHasAreRefused) {
  FakeLayer layer;
  FakeCall call(6, 9);
  layer.variants[0].packed_bytes = INT64_MAX;
  EXPECT_EQ(call.run(layer.kernel), EQC_ERR_NOMEM);
  layer.variants[0].packed_bytes = INT64_MAX - 4096;
  EXPECT_EQ(call.run(layer.kernel), EQC_ERR_NOMEM);
  EXPECT_THAT(call.y, Each(untouched));
}

} // namespace
