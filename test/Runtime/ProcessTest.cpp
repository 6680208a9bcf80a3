//===- ProcessTest.cpp - fork, exit, dlopen and dlclose -------------------===//

#include "test/Runtime/FakeLayer.h"

#include "gtest/gtest.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace eqc::test;

namespace {

/// Forks; the child runs body and exits with what it returns, by exit() when
/// it is to run destructors. The child is killed if it hangs.
template <typename Body> int inChild(Body body, bool destructors = false) {
  pid_t child = fork();
  if (child == 0) {
    alarm(30);
    int result = body();
    if (destructors)
      std::exit(result);
    _exit(result);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status; // 0 when it exited with 0
}

int callOnce(FakeLayer &layer) {
  FakeCall call(9, 50);
  return call.run(layer.kernel) != EQC_OK || call.y != call.expected();
}

TEST(Process, ForkAfterUse) {
  FakeLayer layer;
  eqc_set_num_threads(4);
  ASSERT_EQ(callOnce(layer), 0);
  for (int i = 0; i != 20; ++i)
    EXPECT_EQ(inChild([&] { return callOnce(layer) + callOnce(layer); }), 0);
  // A child of a child, and a full exit.
  EXPECT_EQ(inChild(
                [&] {
                  return callOnce(layer) +
                         inChild([&] { return callOnce(layer); });
                },
                /*destructors=*/true),
            0);
  EXPECT_EQ(callOnce(layer), 0);
  eqc_set_num_threads(0);
}

TEST(Process, ForkWhileOthersRun) {
  FakeLayer layer;
  layer.schedule.parts = 3;
  eqc_set_num_threads(3);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i != 3; ++i)
    threads.emplace_back([&, i] {
      while (!stop) {
        wrong += callOnce(layer);
        if (i == 1) // so that the locks are often held
          eqc_set_allocator(nullptr, nullptr, nullptr);
        if (i == 2)
          std::thread([&] { wrong += callOnce(layer); }).join();
      }
    });
  for (int i = 0; i != (sanitized ? 10 : 100); ++i)
    EXPECT_EQ(inChild([&] {
                int status = eqc_set_allocator(nullptr, nullptr, nullptr);
                std::thread([&] { status += callOnce(layer); }).join();
                return status + callOnce(layer);
              }),
              0);
  stop = true;
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  eqc_set_num_threads(0);
}

TEST(Process, ExitWhileOthersRun) {
  if (sanitized)
    GTEST_SKIP() << "the leak checker wants to stop all threads first";
  FakeLayer layer;
  eqc_set_num_threads(3);
  for (int i = 0; i != 20; ++i)
    EXPECT_EQ(inChild(
                  [&] {
                    for (int t = 0; t != 4; ++t)
                      std::thread([&] {
                        for (;;)
                          if (callOnce(layer) != 0)
                            abort();
                      }).detach();
                    usleep(5000);
                    return 0;
                  },
                  /*destructors=*/true),
              0);
  eqc_set_num_threads(0);
}

TEST(Process, CpuLevelMayBeLowered) {
#ifdef __x86_64__
  FakeLayer layer;
  for (const char *level : {"1", "2", "3", "4", "9", "x"}) {
    // A library of its own has not looked at the CPU yet.
    EXPECT_EQ(inChild([&] {
                setenv("EQC_CPU_LEVEL", level, 1);
                void *library = dlopen(EQC_TEST_LIBRARY, RTLD_NOW);
                auto best =
                    reinterpret_cast<int (*)()>(dlsym(library, "test_level"));
                // Features of higher levels are hidden, too.
                auto avx2 =
                    reinterpret_cast<int (*)()>(dlsym(library, "test_avx2"));
                int supported = __builtin_cpu_supports("x86-64-v4")   ? 4
                                : __builtin_cpu_supports("x86-64-v3") ? 3
                                : __builtin_cpu_supports("x86-64-v2") ? 2
                                                                      : 1;
                int limit = *level >= '1' && *level <= '4' ? *level - '0' : 4;
                const int level = std::min(supported, limit);
                return best() != level || avx2() != (level >= 3);
              }),
              0)
        << level;
  }
#endif
}

//===----------------------------------------------------------------------===//
// Libraries that carry a runtime of their own
//===----------------------------------------------------------------------===//

long fromStatus(const char *field) {
  FILE *file = fopen("/proc/self/status", "r");
  char line[256];
  long value = -1;
  while (file && fgets(line, sizeof line, file))
    if (strncmp(line, field, strlen(field)) == 0)
      value = atol(line + strlen(field));
  if (file)
    fclose(file);
  return value;
}

TEST(Process, LoadedAndUnloadedManyTimes) {
  long threads = 0, memory = 0;
  for (int i = 0; i != 1000; ++i) {
    void *library = dlopen(EQC_TEST_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    auto call = reinterpret_cast<int (*)()>(dlsym(library, "test_call"));
    ASSERT_NE(call, nullptr);
    ASSERT_EQ(call(), 0);
    // A thread that outlives the library, or is outlived by it.
    std::atomic<int> stage{0};
    std::thread other([&] {
      EXPECT_EQ(call(), 0);
      stage = 1;
      while (i % 2 == 0 && stage != 2)
        std::this_thread::yield();
    });
    while (stage != 1)
      std::this_thread::yield();
    if (i % 2 != 0)
      other.join();
    ASSERT_EQ(dlclose(library), 0);
    ASSERT_EQ(dlopen(EQC_TEST_LIBRARY, RTLD_NOW | RTLD_NOLOAD), nullptr)
        << "still loaded";
    stage = 2;
    if (i % 2 == 0)
      other.join();
    // fork calls whatever handlers are still registered.
    if (i % 100 == 0) {
      EXPECT_EQ(inChild([] { return 0; }), 0);
    }
    if (i == 100) {
      threads = fromStatus("Threads:");
      memory = fromStatus("VmSize:");
    }
  }
  EXPECT_EQ(fromStatus("Threads:"), threads);
  // Sanitizers keep what was freed for a while.
  if (!sanitized) {
    EXPECT_LE(fromStatus("VmSize:"), memory + 20000) << "kB";
  }
}

TEST(Process, LibrariesDoNotDisturbEachOther) {
  void *library = dlopen(EQC_TEST_LIBRARY, RTLD_NOW | RTLD_GLOBAL);
  ASSERT_NE(library, nullptr) << dlerror();
  auto lastError =
      reinterpret_cast<const char *(*)()>(dlsym(library, "eqc_last_error"));
  auto setThreads =
      reinterpret_cast<int (*)(int)>(dlsym(library, "eqc_set_num_threads"));
  ASSERT_NE(lastError, nullptr);
  ASSERT_NE(setThreads, nullptr);
  EXPECT_NE(lastError, &eqc_last_error);
  EXPECT_EQ(eqc_set_num_threads(-17), EQC_ERR_ARG);
  EXPECT_STREQ(lastError(), "");
  EXPECT_EQ(setThreads(-23), EQC_ERR_ARG);
  EXPECT_NE(std::string(lastError()).find("-23"), std::string::npos);
  EXPECT_NE(std::string(eqc_last_error()).find("-17"), std::string::npos);
  // Only the public functions can be seen.
  EXPECT_EQ(dlsym(library, "eqc_rt_forward"), nullptr);
  EXPECT_EQ(dlsym(library, "eqc_rt_fail"), nullptr);
  EXPECT_EQ(dlclose(library), 0);
}

} // namespace
