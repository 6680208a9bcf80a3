//===- CallTest.cpp - Every status of a call, and what it leaves alone ----===//

#include "test/Runtime/FakeLayer.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <string>

using namespace eqc::test;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

constexpr int64_t huge = int64_t(1) << 61;

/// Expects that the call fails with the status and says where.
void expectError(int got, int status, const char *argument) {
  EXPECT_EQ(got, status) << eqc_last_error();
  EXPECT_THAT(eqc_last_error(), AllOf(HasSubstr("fake"), HasSubstr(argument)));
}

TEST(Call, ComputesTheLayer) {
  FakeLayer layer;
  for (int64_t batch : {1, 2, 3, 4, 5, 8, 9, 257}) {
    FakeCall call(6, batch);
    ASSERT_EQ(call.run(layer.kernel), EQC_OK) << eqc_last_error();
    EXPECT_EQ(call.y, call.expected()) << "batch " << batch;
  }
}

TEST(Call, UsesTheFixedNumber) {
  FakeLayer layer(/*dynamic=*/false);
  FakeCall call(4, 3);
  call.n = -1;
  ASSERT_EQ(call.run(layer.kernel), EQC_OK) << eqc_last_error();
  call.n = 4;
  EXPECT_EQ(call.y, call.expected());
}

TEST(Call, NullsAreNamed) {
  FakeLayer layer;
  FakeCall c(4, 2);
  float *x = c.x.data(), *w = c.weight.data(), *b = c.bias.data(),
        *y = c.y.data();
  expectError(eqc_rt_forward(&layer.kernel, 4, 2, nullptr, w, b, y),
              EQC_ERR_NULL, "'x'");
  expectError(eqc_rt_forward(&layer.kernel, 4, 2, x, nullptr, b, y),
              EQC_ERR_NULL, "'weight'");
  expectError(eqc_rt_forward(&layer.kernel, 4, 2, x, w, nullptr, y),
              EQC_ERR_NULL, "'bias'");
  expectError(eqc_rt_forward(&layer.kernel, 4, 2, x, w, b, nullptr),
              EQC_ERR_NULL, "'y'");
  expectError(eqc_rt_forward_packed(&layer.kernel, 4, 2, x, nullptr, b, y),
              EQC_ERR_NULL, "'packed'");
  EXPECT_THAT(c.y, Each(untouched));
}

TEST(Call, AnEmptyBatchNeedsNothing) {
  FakeLayer layer;
  EXPECT_EQ(
      eqc_rt_forward(&layer.kernel, 4, 0, nullptr, nullptr, nullptr, nullptr),
      EQC_OK);
  EXPECT_EQ(eqc_rt_forward(&layer.kernel, huge, 0, nullptr, nullptr, nullptr,
                           nullptr),
            EQC_OK);
}

TEST(Call, BiasIsIgnoredWithoutOne) {
  FakeLayer layer;
  layer.info.bias_size = layer.info.bias_diagrams = 0;
  FakeCall c(4, 2);
  std::fill(c.bias.begin(), c.bias.end(), 0.0f);
  EXPECT_EQ(eqc_rt_forward(&layer.kernel, 4, 2, c.x.data(), c.weight.data(),
                           nullptr, c.y.data()),
            EQC_OK);
  EXPECT_EQ(c.y, c.expected());
  // Not even looked at: it may be y itself.
  EXPECT_EQ(eqc_rt_forward(&layer.kernel, 4, 2, c.x.data(), c.weight.data(),
                           c.y.data(), c.y.data()),
            EQC_OK);
  EXPECT_EQ(c.y, c.expected());
}

TEST(Call, NumbersOutOfRange) {
  FakeLayer layer;
  FakeCall c(4, 2);
  auto run = [&](int64_t n, int64_t batch) {
    return eqc_rt_forward(&layer.kernel, n, batch, c.x.data(), c.weight.data(),
                          c.bias.data(), c.y.data());
  };
  expectError(run(4, -1), EQC_ERR_ARG, "'batch'");
  expectError(run(4, INT64_MIN), EQC_ERR_ARG, "'batch'");
  expectError(run(0, 2), EQC_ERR_ARG, "'n'");
  expectError(run(-1, 0), EQC_ERR_ARG, "'n'");
  layer.info.group = "Sp";
  layer.kernel.size_unit = 2;
  expectError(run(3, 2), EQC_ERR_ARG, "'n' is 3, must be even for Sp");
  layer.kernel.size_unit = 3;
  expectError(run(4, 2), EQC_ERR_ARG, "must be a multiple of 3 for Sp");
  layer.kernel.size_unit = 2;
  expectError(run(huge, 2), EQC_ERR_SIZE, "'x'");
  expectError(run(4, huge), EQC_ERR_SIZE, "'x'");
  expectError(run(INT64_MAX - 1, INT64_MAX), EQC_ERR_SIZE, "'x'");
  layer.info.k = 0;
  expectError(run(huge, 1), EQC_ERR_SIZE, "'y'");
  layer.info.l = 64;
  expectError(run(2, 1), EQC_ERR_SIZE, "'y'");
  EXPECT_THAT(c.y, Each(untouched));
}

TEST(Call, OutputsOverlapNothing) {
  FakeLayer layer;
  // One arena: x (24), weight (15), bias (5), y (40) with gaps to slide into.
  std::vector<float> arena(200, untouched);
  float *x = &arena[0], *w = &arena[50], *b = &arena[80], *y = &arena[100];
  auto run = [&](float *out) {
    return eqc_rt_forward(&layer.kernel, 4, 2, x, w, b, out);
  };
  expectError(run(x), EQC_ERR_ALIAS, "'y' overlaps 'x'");
  expectError(run(x + 23), EQC_ERR_ALIAS, "'y' overlaps 'x'");
  expectError(run(w - 20), EQC_ERR_ALIAS, "'weight'");
  expectError(run(b + 4), EQC_ERR_ALIAS, "'bias'");
  EXPECT_THAT(arena, Each(untouched));
  EXPECT_EQ(run(y), EQC_OK);
  // Neighbours are fine.
  b = y + 40;
  EXPECT_EQ(run(y), EQC_OK);
  b = y - 5;
  EXPECT_EQ(run(y), EQC_OK);
}

TEST(Call, AnotherAbiIsRefused) {
  FakeLayer layer;
  FakeCall c(4, 2);
  layer.kernel.abi = EQC_KERNEL_ABI + 1;
  EXPECT_EQ(c.run(layer.kernel), EQC_ERR_ARG);
  EXPECT_THAT(eqc_last_error(),
              HasSubstr("abi " + std::to_string(EQC_KERNEL_ABI + 1)));
}

TEST(Call, PackedWeights) {
  FakeLayer layer;
  FakeCall c(4, 9);
  ASSERT_EQ(eqc_rt_packed_bytes(&layer.kernel), 60);
  // Only the alignment of a float.
  alignas(64) float packed[17];
  ASSERT_EQ(eqc_rt_pack(&layer.kernel, -1, c.weight.data(), packed + 1),
            EQC_OK);
  EXPECT_EQ(eqc_rt_forward_packed(&layer.kernel, 4, 9, c.x.data(), packed + 1,
                                  c.bias.data(), c.y.data()),
            EQC_OK);
  EXPECT_EQ(c.y, c.expected());
  expectError(eqc_rt_pack(&layer.kernel, -1, nullptr, packed), EQC_ERR_NULL,
              "'weight'");
  expectError(eqc_rt_pack(&layer.kernel, -1, packed, nullptr), EQC_ERR_NULL,
              "'packed'");
  expectError(eqc_rt_pack(&layer.kernel, -1, packed, packed), EQC_ERR_ALIAS,
              "'packed' overlaps 'weight'");
}

TEST(Call, WeightsMayBeUsedAsTheyAre) {
  FakeLayer layer;
  layer.variants[0].packed_bytes = 0;
  layer.variants[0].pack = nullptr;
  FakeCall c(4, 9);
  EXPECT_EQ(c.run(layer.kernel), EQC_OK);
  EXPECT_EQ(c.y, c.expected());
  float packed[15];
  EXPECT_EQ(eqc_rt_packed_bytes(&layer.kernel), 60);
  EXPECT_EQ(eqc_rt_pack(&layer.kernel, -1, c.weight.data(), packed), EQC_OK);
  EXPECT_EQ(std::vector<float>(packed, packed + 15), c.weight);
}

TEST(Cpu, ChoosesTheMostDemandingThatFits) {
  FakeLayer layer;
  FakeCall c(4, 2);
  layer.variants = {FakeLayer::variant(0), FakeLayer::variant(9)};
  layer.update();
  EXPECT_EQ(c.run(layer.kernel), EQC_OK);
  EXPECT_EQ(layer.chosen, 1);
  layer.variants = {FakeLayer::variant(0), FakeLayer::variant(-1, ""),
                    FakeLayer::variant(-1, "not_a_feature")};
  layer.update();
  EXPECT_EQ(c.run(layer.kernel), EQC_OK);
  EXPECT_EQ(layer.chosen, 2);
}

TEST(Cpu, RefusesWhatItCannotRun) {
  FakeLayer layer;
  FakeCall c(4, 2);
  for (auto variant :
       {FakeLayer::variant(9), FakeLayer::variant(-1, "not_a_feature"),
        // Names are whole names.
        FakeLayer::variant(-1, "ss"), FakeLayer::variant(-1, "asim")}) {
    layer.variants = {variant};
    layer.update();
    // The second time from what the object remembers.
    expectError(c.run(layer.kernel), EQC_ERR_UNSUPPORTED_CPU, "CPU");
    expectError(c.run(layer.kernel), EQC_ERR_UNSUPPORTED_CPU, "CPU");
    layer.kernel.chosen = nullptr;
    expectError(c.run(layer.kernel), EQC_ERR_UNSUPPORTED_CPU, "CPU");
    EXPECT_EQ(eqc_rt_packed_bytes(&layer.kernel), EQC_ERR_UNSUPPORTED_CPU);
  }
  EXPECT_THAT(c.y, Each(untouched));
}

#ifdef __x86_64__
TEST(Cpu, AgreesWithTheCompiler) {
  struct {
    const char *ours;
    int theirs;
  } features[] = {
      {"sse2", __builtin_cpu_supports("sse2")},
      {"sse4_2", __builtin_cpu_supports("sse4.2")},
      {"sse4.2", __builtin_cpu_supports("sse4.2")},
      {"avx", __builtin_cpu_supports("avx")},
      {"avx2", __builtin_cpu_supports("avx2")},
      {"fma", __builtin_cpu_supports("fma")},
      {"bmi1", __builtin_cpu_supports("bmi")},
      {"bmi2", __builtin_cpu_supports("bmi2")},
      {"avx512f", __builtin_cpu_supports("avx512f")},
      {"avx512bw", __builtin_cpu_supports("avx512bw")},
      {"avx512_vnni", __builtin_cpu_supports("avx512vnni")},
      {"avx512_bf16", __builtin_cpu_supports("avx512bf16")},
      {"fma4", __builtin_cpu_supports("fma4")},
      {"sse2,,avx2", __builtin_cpu_supports("avx2")},
  };
  FakeLayer layer;
  for (auto &feature : features) {
    layer.variants = {FakeLayer::variant(-1, feature.ours)};
    layer.update();
    EXPECT_EQ(eqc_rt_packed_bytes(&layer.kernel) > 0, feature.theirs != 0)
        << feature.ours;
  }
  int levels[] = {1,
                  1,
                  __builtin_cpu_supports("x86-64-v2"),
                  __builtin_cpu_supports("x86-64-v3"),
                  __builtin_cpu_supports("x86-64-v4"),
                  0};
  for (int level = 0; level != 6; ++level) {
    layer.variants = {FakeLayer::variant(level)};
    layer.update();
    EXPECT_EQ(eqc_rt_packed_bytes(&layer.kernel) > 0, levels[level] != 0)
        << level;
  }
}
#endif

TEST(Error, TextsAndNames) {
  EXPECT_STREQ(eqc_version(), EQC_TEST_VERSION);
  const char *names[] = {"EQC_OK",
                         "EQC_ERR_NULL",
                         "EQC_ERR_ARG",
                         "EQC_ERR_SIZE",
                         "EQC_ERR_ALIAS",
                         "EQC_ERR_NOMEM",
                         "EQC_ERR_UNSUPPORTED_CPU",
                         "EQC_ERR_HOOK",
                         "EQC_ERR_NO_DEVICE",
                         "EQC_ERR_CUDA",
                         "EQC_ERR_SELFTEST"};
  for (int i = 0; i != 11; ++i)
    EXPECT_THAT(eqc_status_string(-i), StartsWith(names[i]));
  EXPECT_STREQ(eqc_status_string(1), "unknown eqc status");
  EXPECT_STREQ(eqc_status_string(-11), "unknown eqc status");
}

} // namespace
