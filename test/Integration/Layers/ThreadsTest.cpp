//===- ThreadsTest.cpp - Threads change no bit ----------------------------===//
//
// Run with `--bits`, the program prints a digest of results instead: the tests
// start it again with other environments.
//
//===----------------------------------------------------------------------===//

#include "test/Integration/Layers/Layers.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <thread>
#include <unistd.h>

using namespace eqc;
using namespace eqc::test;

namespace {

struct Shape {
  int64_t n, batch;
};

/// From less than one block of samples to many; for dynamic n also few large
/// samples, which are worked on together.
constexpr Shape shapes[] = {{3, 1},   {5, 7},  {8, 64},
                            {4, 999}, {40, 1}, {33, 2}};

bool wanted(const Layer &layer, const Shape &shape) {
  return layer.info->n < 0 || shape.n < 10;
}

uint64_t digest() {
  uint64_t hash = 14695981039346656037u; // FNV-1a
  for (const Layer &layer : allLayers())
    for (const Shape &shape : shapes) {
      if (!wanted(layer, shape))
        continue;
      Call call(layer, shape.n, shape.batch);
      for (unsigned char byte : call.result())
        hash = (hash ^ byte) * 1099511628211u;
    }
  return hash;
}

std::string digestWith(const std::string &environment) {
  char self[4096] = {};
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
    return "no /proc/self/exe";
  const std::string command =
      "env " + environment + " '" + self + "' --bits 2>&1";
  FILE *pipe = popen(command.c_str(), "r");
  if (!pipe)
    return "popen failed";
  std::string text;
  char line[256];
  while (fgets(line, sizeof line, pipe))
    text += line;
  return pclose(pipe) == 0 ? text : "failed: " + text;
}

} // namespace

TEST(Threads, AnyNumberGivesTheSameBits) {
  for (const Layer &layer : allLayers())
    for (const Shape &shape : shapes) {
      if (!wanted(layer, shape))
        continue;
      Call call(layer, shape.n, shape.batch);
      ASSERT_EQ(eqc_set_num_threads(1), EQC_OK);
      const Bytes expected = call.result();
      EXPECT_LE(call.error(), call.tolerance()) << layer.name;
      for (int threads : {2, 3, 7}) {
        ASSERT_EQ(eqc_set_num_threads(threads), EQC_OK);
        EXPECT_EQ(call.result(), expected)
            << layer.name << " n=" << call.n << " batch=" << call.batch
            << " threads=" << threads;
      }
    }
  ASSERT_EQ(eqc_set_num_threads(0), EQC_OK);
}

TEST(Threads, TheEnvironmentGivesTheSameBits) {
  const std::string expected = digestWith("EQC_NUM_THREADS=1");
  EXPECT_EQ(expected.rfind("bits ", 0), 0u) << expected;
  for (const char *count : {"2", "3", "7"})
    EXPECT_EQ(digestWith(std::string("EQC_NUM_THREADS=") + count), expected);
}

TEST(Threads, TheCallersOwnLoopGivesTheSameBits) {
  // Tasks last to first: they may run in any order.
  auto backwards = [](int64_t tasks, void (*task)(int64_t, void *), void *arg,
                      void *) {
    while (tasks-- > 0)
      task(tasks, arg);
    return 0;
  };
  for (const Layer &layer : allLayers())
    for (const Shape &shape : shapes) {
      if (!wanted(layer, shape))
        continue;
      Call call(layer, shape.n, shape.batch);
      const Bytes expected = call.result();
      ASSERT_EQ(eqc_set_num_threads(5), EQC_OK);
      ASSERT_EQ(eqc_set_parallel_for(backwards, nullptr), EQC_OK);
      EXPECT_EQ(call.result(), expected) << layer.name;
      ASSERT_EQ(eqc_set_parallel_for(nullptr, nullptr), EQC_OK);
      ASSERT_EQ(eqc_set_num_threads(0), EQC_OK);
    }
}

TEST(Threads, SixtyFourAtOnce) {
  for (const Layer &layer : allLayers()) {
    Call call(layer, 7, 33);
    const Bytes expected = call.result();
    std::vector<Bytes> results(64, Bytes(expected.size()));
    std::vector<std::thread> threads;
    for (Bytes &result : results)
      threads.emplace_back([&call, &result] {
        for (int repeat = 0; repeat < 4; ++repeat)
          if (call.layer.forward(call.n, call.batch, call.x.data(),
                                 call.weight.data(), call.bias.data(),
                                 result.data()) != EQC_OK)
            result.clear();
      });
    for (std::thread &thread : threads)
      thread.join();
    for (const Bytes &result : results)
      EXPECT_EQ(result, expected) << layer.name;
  }
}

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc == 2 && strcmp(argv[1], "--bits") == 0) {
    printf("bits %016llx\n", static_cast<unsigned long long>(digest()));
    return testing::UnitTest::GetInstance()->Failed();
  }
  return RUN_ALL_TESTS();
}
