//===- ParallelTest.cpp - Threads: the pool, the hook, the same bits ------===//

#include "test/Runtime/FakeLayer.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <atomic>
#include <cfenv>
#include <pthread.h>
#include <sched.h>
#include <set>
#include <thread>

using namespace eqc::test;
using testing::HasSubstr;

namespace {

/// Restores the defaults that a test changed.
class Parallel : public testing::Test {
protected:
  ~Parallel() override {
    eqc_set_parallel_for(nullptr, nullptr);
    eqc_set_num_threads(0);
  }
};

using Task = void (*)(int64_t, void *);

TEST_F(Parallel, SameBitsForAnyThreadsAndSchedule) {
  FakeLayer layer;
  for (int threads : {1, 2, 3, 8, 33, 100000})
    for (int64_t block : {1, 4, 64})
      for (int64_t parts : {1, 2, 7, 50})
        for (int64_t batch : {1, 3, 64, 130}) {
          eqc_set_num_threads(threads);
          layer.schedule = {0, block, 2, parts, 0};
          FakeCall call(9, batch);
          ASSERT_EQ(call.run(layer.kernel), EQC_OK);
          ASSERT_EQ(call.y, call.expected())
              << threads << " threads, blocks of " << block << ", " << parts
              << " parts, batch " << batch;
        }
}

std::mutex seenLock;
std::set<std::thread::id> seen;

void noteThread() {
  {
    std::lock_guard<std::mutex> guard(seenLock);
    seen.insert(std::this_thread::get_id());
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

size_t threadsOf(FakeLayer &layer, int64_t batch) {
  seen.clear();
  layer.onForward = noteThread;
  FakeCall call(3, batch);
  EXPECT_EQ(call.run(layer.kernel), EQC_OK);
  EXPECT_EQ(call.y, call.expected());
  return seen.size();
}

TEST_F(Parallel, UsesAsManyThreadsAsAsked) {
  FakeLayer layer;
  layer.schedule.block = 1;
  eqc_set_num_threads(1);
  EXPECT_EQ(threadsOf(layer, 40), 1u);
  eqc_set_num_threads(4);
  EXPECT_GT(threadsOf(layer, 40), 1u);
  EXPECT_LE(threadsOf(layer, 40), 4u);
  eqc_set_num_threads(2);
  EXPECT_LE(threadsOf(layer, 40), 2u);
  // Inside one block, by parts.
  layer.schedule = {0, 64, 2, 16, 0};
  EXPECT_GT(threadsOf(layer, 5), 1u);
}

TEST_F(Parallel, LittleWorkAndNoThreadsRunOnTheCaller) {
  FakeLayer layer;
  eqc_set_num_threads(4);
  layer.schedule = {0, 1, 2, 1, 10};
  EXPECT_EQ(threadsOf(layer, 40), 1u);
  layer.schedule.flops = 1 << 20;
  EXPECT_GT(threadsOf(layer, 40), 1u);
  layer.kernel.threads = 0;
  EXPECT_EQ(threadsOf(layer, 40), 1u);
}

TEST_F(Parallel, NumberOfThreads) {
  EXPECT_EQ(eqc_set_num_threads(-1), EQC_ERR_ARG);
  EXPECT_THAT(eqc_last_error(), HasSubstr("-1"));
  FakeLayer layer;
  layer.schedule.block = 1;
  setenv("EQC_NUM_THREADS", "3", 1);
  eqc_set_num_threads(0);
  EXPECT_GT(threadsOf(layer, 40), 1u);
  EXPECT_LE(threadsOf(layer, 40), 3u);
  setenv("EQC_NUM_THREADS", "1", 1);
  eqc_set_num_threads(0);
  EXPECT_EQ(threadsOf(layer, 40), 1u);
  // Nonsense is as good as nothing.
  cpu_set_t cpus;
  ASSERT_EQ(sched_getaffinity(0, sizeof cpus, &cpus), 0);
  for (const char *text : {"", "-3", "0", "two", "1x"}) {
    setenv("EQC_NUM_THREADS", text, 1);
    eqc_set_num_threads(0);
    if (CPU_COUNT(&cpus) > 1)
      EXPECT_GT(threadsOf(layer, 40), 1u) << text;
  }
  unsetenv("EQC_NUM_THREADS");
}

//===----------------------------------------------------------------------===//
// The hook
//===----------------------------------------------------------------------===//

int calls = 0;

int reversed(int64_t tasks, Task task, void *arg, void *ctx) {
  ++calls;
  EXPECT_EQ(ctx, &calls);
  for (int64_t i = tasks; i-- > 0;)
    task(i, arg);
  return 0;
}

int threaded(int64_t tasks, Task task, void *arg, void *ctx) {
  std::vector<std::thread> threads;
  for (int64_t i = 0; i != tasks; ++i)
    threads.emplace_back(task, i, arg);
  for (std::thread &thread : threads)
    thread.join();
  return 0;
}

TEST_F(Parallel, HookRunsTheTasks) {
  FakeLayer layer;
  for (int64_t parts : {1, 5})
    for (int64_t batch : {1, 2, 40}) {
      layer.schedule = {0, 2, 2, parts, 0};
      eqc_set_num_threads(6);
      calls = 0;
      eqc_set_parallel_for(reversed, &calls);
      FakeCall call(7, batch);
      ASSERT_EQ(call.run(layer.kernel), EQC_OK) << eqc_last_error();
      EXPECT_EQ(call.y, call.expected());
      EXPECT_GE(calls, 1);
      eqc_set_parallel_for(threaded, nullptr);
      FakeCall again(7, batch);
      ASSERT_EQ(again.run(layer.kernel), EQC_OK) << eqc_last_error();
      EXPECT_EQ(again.y, again.expected());
    }
}

TEST_F(Parallel, HookIsNotAskedWithoutThreads) {
  FakeLayer layer;
  layer.kernel.threads = 0;
  calls = 0;
  eqc_set_parallel_for(reversed, &calls);
  FakeCall call(7, 40);
  ASSERT_EQ(call.run(layer.kernel), EQC_OK);
  EXPECT_EQ(calls, 0);
}

TEST_F(Parallel, BadHooksAreCaught) {
  using Run = int (*)(int64_t, Task, void *, void *);
  struct {
    Run run;
    const char *text;
  } hooks[] = {
      {[](int64_t, Task, void *, void *) { return 7; }, "returned 7"},
      {[](int64_t, Task, void *, void *) { return 0; }, "left out task 0"},
      {[](int64_t tasks, Task task, void *arg, void *) {
         for (int64_t i = 1; i < tasks; ++i)
           task(i, arg);
         return 0;
       },
       "left out task 0"},
      {[](int64_t tasks, Task task, void *arg, void *) {
         for (int64_t i = 0; i + 1 < tasks; ++i)
           task(i, arg);
         return 0;
       },
       "left out task"},
      {[](int64_t tasks, Task task, void *arg, void *) {
         for (int64_t i = 0; i != tasks; ++i)
           task(i, arg);
         task(tasks - 1, arg);
         return 0;
       },
       "twice"},
      {[](int64_t tasks, Task task, void *arg, void *) {
         for (int64_t i = 0; i <= tasks; ++i)
           task(i, arg);
         return 0;
       },
       "out of range"},
      {[](int64_t tasks, Task task, void *arg, void *) {
         for (int64_t i = -1; i != tasks; ++i)
           task(i, arg);
         return 0;
       },
       "out of range"},
  };
  FakeLayer layer;
  for (int threads : {1, 5})
    for (int64_t parts : {1, 3})
      for (auto &hook : hooks) {
        eqc_set_num_threads(threads);
        layer.schedule = {0, 3, 2, parts, 0};
        eqc_set_parallel_for(hook.run, nullptr);
        FakeCall call(7, 10);
        EXPECT_EQ(call.run(layer.kernel), EQC_ERR_HOOK);
        EXPECT_THAT(eqc_last_error(), HasSubstr(hook.text));
        EXPECT_THAT(eqc_last_error(), HasSubstr("fake"));
      }
  // The thread's memory is free for the next call.
  eqc_set_parallel_for(nullptr, nullptr);
  FakeCall call(7, 10);
  EXPECT_EQ(call.run(layer.kernel), EQC_OK);
  EXPECT_EQ(call.y, call.expected());
}

FakeLayer *inner = nullptr;

TEST_F(Parallel, AHookMayCallLayers) {
  FakeLayer layer;
  inner = &layer;
  static bool nested;
  nested = false;
  eqc_set_parallel_for(
      [](int64_t tasks, Task task, void *arg, void *) {
        if (!nested) {
          nested = true;
          FakeCall call(3, 11);
          EXPECT_EQ(call.run(inner->kernel), EQC_OK) << eqc_last_error();
          EXPECT_EQ(call.y, call.expected());
        }
        for (int64_t i = 0; i != tasks; ++i)
          task(i, arg);
        return 0;
      },
      nullptr);
  FakeCall call(7, 10);
  ASSERT_EQ(call.run(layer.kernel), EQC_OK);
  EXPECT_TRUE(nested);
  EXPECT_EQ(call.y, call.expected());
}

//===----------------------------------------------------------------------===//
// Many callers
//===----------------------------------------------------------------------===//

TEST_F(Parallel, SixtyFourCallersAtOnce) {
  FakeLayer layer;
  layer.schedule = {0, 4, 2, 3, 0};
  eqc_set_num_threads(4);
  const FakeCall shared(9, 50);
  const std::vector<float> expected = shared.expected();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i != 64; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round != 30; ++round) {
        std::vector<float> y(shared.y.size());
        // Setting changes under way disturbs nobody.
        if (i == 0)
          eqc_set_num_threads(1 + round % 5);
        if (i == 1)
          eqc_set_allocator(nullptr, nullptr, &wrong);
        if (i == 2)
          eqc_set_parallel_for(nullptr, &wrong);
        wrong += eqc_rt_forward(&layer.kernel, 9, 50, shared.x.data(),
                                shared.weight.data(), shared.bias.data(),
                                y.data()) != EQC_OK;
        wrong += y != expected;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(Parallel, SmallStacksAreEnough) {
  if (sanitized)
    GTEST_SKIP() << "sanitizers need more stack";
  static FakeLayer *shared;
  FakeLayer layer;
  shared = &layer;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 64 << 10), 0);
  auto body = [](void *) -> void * {
    FakeCall call(7, 40);
    int status = call.run(shared->kernel);
    status += eqc_rt_forward(&shared->kernel, 7, -1, nullptr, nullptr, nullptr,
                             nullptr) != EQC_ERR_ARG;
    return status == 0 ? shared : nullptr;
  };
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &attributes, body, nullptr), 0);
  void *result = nullptr;
  pthread_join(thread, &result);
  pthread_attr_destroy(&attributes);
  EXPECT_EQ(result, shared);
}

std::atomic<int> otherRounding{0};

TEST_F(Parallel, WorkersRoundLikeTheCaller) {
  FakeLayer layer;
  layer.schedule.block = 1;
  eqc_set_num_threads(4);
  EXPECT_GT(threadsOf(layer, 40), 1u); // workers exist, rounding to nearest
  layer.onForward = [] {
    otherRounding += fegetround() != FE_UPWARD;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
#ifdef __x86_64__
  // fegetround reads the x87 word, which the caller's setting leaves alone in
  // workers; look at the unit that kernels use.
  layer.onForward = [] {
    otherRounding += (__builtin_ia32_stmxcsr() & 0x6000) != 0x4000;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
#endif
  fesetround(FE_UPWARD);
  FakeCall call(3, 40);
  int status = call.run(layer.kernel);
  fesetround(FE_TONEAREST);
  EXPECT_EQ(status, EQC_OK);
  EXPECT_EQ(otherRounding, 0);
}

} // namespace
