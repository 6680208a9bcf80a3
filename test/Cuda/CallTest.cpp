//===- CallTest.cpp - Every status of a call, and the right numbers -------===//

#include "test/Cuda/CudaTest.h"

using namespace eqc::test;
using namespace eqc::standin;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

constexpr int64_t huge = int64_t(1) << 61;

extern "C" int cuda_header_as_c(void);

class Call : public CudaTest {};

TEST_F(Call, TheHeaderReadsAsC) { EXPECT_EQ(cuda_header_as_c(), EQC_CUDA_ABI); }

TEST_F(Call, ComputesTheLayer) {
  FakeLayer layer;
  for (int64_t batch : {1, 2, 64, 65, 257}) {
    FakeCall call(6, batch);
    ASSERT_EQ(call.forward(layer), EQC_OK) << eqc_last_error();
    EXPECT_EQ(call.result(), call.expected()) << "batch " << batch;
  }
}

TEST_F(Call, UsesTheFixedNumber) {
  FakeLayer layer;
  layer.info.n = 6;
  FakeCall call(6, 3);
  std::vector<float> expected = call.expected();
  call.n = -1;
  ASSERT_EQ(call.forward(layer), EQC_OK) << eqc_last_error();
  call.n = 6;
  EXPECT_EQ(call.result(), expected);
}

TEST_F(Call, PackedWeights) {
  FakeLayer layer;
  FakeCall c(6, 9);
  float *packed = static_cast<float *>(allocate(64));
  ASSERT_EQ(eqc_rt_cuda_pack(&layer.kernel, -1, c.weight, packed, nullptr),
            EQC_OK);
  EXPECT_EQ(packed[1], c.weight[fakeOut]);
  ASSERT_EQ(eqc_rt_cuda_forward_packed(&layer.kernel, 6, 9, c.x, packed, c.bias,
                                       c.y, nullptr),
            EQC_OK);
  EXPECT_EQ(c.result(), c.expected());
  expectError(eqc_rt_cuda_pack(&layer.kernel, -1, nullptr, packed, nullptr),
              EQC_ERR_NULL, "fake_pack: 'weight'");
  expectError(eqc_rt_cuda_pack(&layer.kernel, -1, c.weight, nullptr, nullptr),
              EQC_ERR_NULL, "'packed'");
  // Packed weights are longer than others.
  expectError(eqc_rt_cuda_pack(&layer.kernel, -1, packed + 15, packed, nullptr),
              EQC_ERR_ALIAS, "'packed' overlaps 'weight'");
  expectError(eqc_rt_cuda_forward_packed(&layer.kernel, 6, 9, c.x, nullptr,
                                         c.bias, c.y, nullptr),
              EQC_ERR_NULL, "fake_forward_packed: 'packed'");
  release(packed);
}

TEST_F(Call, WeightsThatNeedNoPackingAreCopied) {
  FakeLayer layer;
  layer.pack.clear();
  layer.kernel.packed_bytes = 0;
  layer.update();
  FakeCall c(1, 1);
  float *packed = static_cast<float *>(allocate(60));
  ASSERT_EQ(eqc_rt_cuda_pack(&layer.kernel, -1, c.weight, packed, nullptr),
            EQC_OK);
  EXPECT_TRUE(std::equal(packed, packed + 15, c.weight));
  release(packed);
}

TEST_F(Call, Gradients) {
  FakeLayer layer;
  for (int64_t batch : {1, 7, 70}) {
    const int64_t n = 4;
    FakeCall c(n, batch);
    for (int64_t i = 0; i != n * batch * fakeOut; ++i)
      c.y[i] = static_cast<float>(i * 3 % 5 - 2);
    ASSERT_EQ(c.backward(layer), EQC_OK) << eqc_last_error();
    // By the definition, in another order.
    for (int64_t o = 0; o != fakeOut; ++o) {
      float bias = 0, weight[fakeIn] = {};
      for (int64_t row = 0; row != n * batch; ++row) {
        bias += c.y[row * fakeOut + o];
        for (int64_t i = 0; i != fakeIn; ++i)
          weight[i] += c.y[row * fakeOut + o] * c.x[row * fakeIn + i];
      }
      EXPECT_EQ(c.gradBias[o], bias);
      for (int64_t i = 0; i != fakeIn; ++i)
        EXPECT_EQ(c.gradWeight[i * fakeOut + o], weight[i]);
    }
    for (int64_t i = 0; i != n * batch * fakeIn; ++i) {
      const float *sample = c.y + i / (n * fakeIn) * n * fakeOut;
      float grad = 0;
      for (int64_t o = 0; o != n * fakeOut; ++o)
        grad += sample[o];
      for (int64_t o = 0; o != fakeOut; ++o)
        grad +=
            c.y[i / fakeIn * fakeOut + o] * c.weight[i % fakeIn * fakeOut + o];
      EXPECT_EQ(c.gradX[i], grad);
    }
  }
}

TEST_F(Call, OnlyWhatIsAskedForIsLaunched) {
  FakeLayer layer;
  FakeCall c(4, 2);
  auto run = [&](float *gradX, float *gradWeight, float *gradBias) {
    forgetCalls();
    // What is not read may be anything.
    auto *nowhere = reinterpret_cast<float *>(1);
    EXPECT_EQ(eqc_rt_cuda_backward(&layer.kernel, 4, 2,
                                   gradWeight ? c.x : nowhere,
                                   gradX ? c.weight : nowhere, c.y, gradX,
                                   gradWeight, gradBias, nullptr),
              EQC_OK)
        << eqc_last_error();
    return kernelNames();
  };
  EXPECT_THAT(run(c.gradX, nullptr, nullptr), ElementsAre("fake_grad_x"));
  EXPECT_THAT(run(nullptr, c.gradWeight, nullptr),
              ElementsAre("fake_slabs", "fake_add"));
  EXPECT_EQ(launches()[0].param<int32_t>(5), EQC_CUDA_SUM_WEIGHT);
  EXPECT_EQ(launches()[1].param<uint64_t>(2), 0u);
  run(nullptr, nullptr, c.gradBias);
  EXPECT_EQ(launches()[0].param<int32_t>(5), EQC_CUDA_SUM_BIAS);
  EXPECT_THAT(run(nullptr, nullptr, nullptr), IsEmpty());
  // A layer without bias has no gradient of one, whatever is passed.
  layer.info.bias_size = layer.info.bias_diagrams = 0;
  EXPECT_THAT(run(nullptr, nullptr, c.gradBias), IsEmpty());
}

TEST_F(Call, AnEmptyBatchLaunchesNothing) {
  FakeLayer layer;
  FakeCall c(4, 1);
  EXPECT_EQ(eqc_rt_cuda_forward(&layer.kernel, 4, 0, nullptr, nullptr, nullptr,
                                nullptr, nullptr),
            EQC_OK);
  EXPECT_EQ(eqc_rt_cuda_forward_in(&layer.kernel, 4, 0, nullptr, nullptr,
                                   nullptr, nullptr, nullptr, nullptr),
            EQC_OK);
  EXPECT_EQ(eqc_rt_cuda_backward(&layer.kernel, 4, 0, nullptr, nullptr, nullptr,
                                 nullptr, c.gradWeight, c.gradBias, nullptr),
            EQC_OK);
  EXPECT_THAT(launches(), IsEmpty());
  EXPECT_EQ(c.gradWeight[14], 0);
  EXPECT_EQ(c.gradBias[4], 0);
  // It needs a device all the same.
  setCurrent(nullptr);
  expectError(eqc_rt_cuda_forward(&layer.kernel, 4, 0, nullptr, nullptr,
                                  nullptr, nullptr, nullptr),
              EQC_ERR_NO_DEVICE, "no CUDA context");
  setCurrent(context);
}

TEST_F(Call, NullsAreNamed) {
  FakeLayer layer;
  FakeCall c(4, 2);
  auto run = [&](float *x, float *w, float *b, float *y) {
    return eqc_rt_cuda_forward(&layer.kernel, 4, 2, x, w, b, y, nullptr);
  };
  expectError(run(nullptr, c.weight, c.bias, c.y), EQC_ERR_NULL, "'x'");
  expectError(run(c.x, nullptr, c.bias, c.y), EQC_ERR_NULL, "'weight'");
  expectError(run(c.x, c.weight, nullptr, c.y), EQC_ERR_NULL, "'bias'");
  expectError(run(c.x, c.weight, c.bias, nullptr), EQC_ERR_NULL, "'y'");
  expectError(eqc_rt_cuda_backward(&layer.kernel, 4, 2, c.x, c.weight, nullptr,
                                   c.gradX, nullptr, nullptr, nullptr),
              EQC_ERR_NULL, "fake_backward: 'grad_y'");
  EXPECT_THAT(launches(), IsEmpty());
}

TEST_F(Call, NumbersOutOfRange) {
  FakeLayer layer;
  FakeCall c(4, 2);
  auto run = [&](int64_t n, int64_t batch) {
    return eqc_rt_cuda_forward(&layer.kernel, n, batch, c.x, c.weight, c.bias,
                               c.y, nullptr);
  };
  expectError(run(4, -1), EQC_ERR_ARG, "fake_forward: 'batch' is -1");
  expectError(run(0, 2), EQC_ERR_ARG, "'n' is 0");
  layer.info.group = "Sp";
  layer.kernel.size_unit = 2;
  expectError(run(3, 2), EQC_ERR_ARG, "'n' is 3, must be even for Sp");
  layer.kernel.size_unit = 1;
  expectError(run(huge, 2), EQC_ERR_SIZE, "'x'");
  expectError(run(4, huge), EQC_ERR_SIZE, "'x'");
  expectError(eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, -1, 0), EQC_ERR_ARG,
              "fake_workspace_bytes: 'batch'");
  expectError(eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, huge, 1),
              EQC_ERR_SIZE, "'x'");
}

TEST_F(Call, OutputsOverlapNothing) {
  FakeLayer layer;
  FakeCall c(4, 2);
  expectError(eqc_rt_cuda_forward(&layer.kernel, 4, 2, c.x, c.weight, c.bias,
                                  c.x + 23, nullptr),
              EQC_ERR_ALIAS, "'y' overlaps 'x'");
  expectError(eqc_rt_cuda_backward(&layer.kernel, 4, 2, c.x, c.weight, c.y,
                                   c.gradX, c.gradX + 1, nullptr, nullptr),
              EQC_ERR_ALIAS, "'grad_weight' overlaps 'grad_x'");
}

TEST_F(Call, ElementsAreAligned) {
  FakeLayer layer;
  FakeCall c(4, 2);
  auto *x =
      reinterpret_cast<const float *>(reinterpret_cast<const char *>(c.x) + 2);
  expectError(eqc_rt_cuda_forward(&layer.kernel, 4, 2, x, c.weight, c.bias, c.y,
                                  nullptr),
              EQC_ERR_ARG, "'x' is not aligned to 4 bytes");
  EXPECT_THAT(launches(), IsEmpty());
}

TEST_F(Call, ArgumentsComeBeforeTheDevice) {
  FakeLayer layer;
  setCurrent(nullptr);
  expectError(eqc_rt_cuda_forward(&layer.kernel, 4, 2, nullptr, nullptr,
                                  nullptr, nullptr, nullptr),
              EQC_ERR_NULL, "'x'");
  expectError(eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, 2, 0),
              EQC_ERR_NO_DEVICE, "no CUDA context");
  expectError(eqc_rt_cuda_prepare(&layer.kernel, nullptr), EQC_ERR_NO_DEVICE,
              "fake_prepare: no CUDA context");
  setCurrent(context);
}

TEST_F(Call, WithoutGradients) {
  FakeLayer layer;
  layer.info.has_backward = 0;
  FakeCall c(4, 2);
  expectError(c.backward(layer), EQC_ERR_ARG, "without gradients");
  expectError(eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, 2, 1), EQC_ERR_ARG,
              "without gradients");
}

TEST_F(Call, AnotherAbiIsRefused) {
  FakeLayer layer;
  FakeCall c(4, 2);
  layer.kernel.abi = EQC_CUDA_ABI + 1;
  expectError(c.forward(layer), EQC_ERR_ARG, "another runtime");
  expectError(eqc_rt_cuda_prepare(&layer.kernel, nullptr), EQC_ERR_ARG, "abi");
  layer.kernel.abi = EQC_CUDA_ABI;
  layer.kernel.struct_size = 8;
  expectError(c.forward(layer), EQC_ERR_ARG, "another runtime");
  layer.kernel.struct_size = sizeof layer.kernel;
}

TEST_F(Call, DevicesAreCounted) {
  EXPECT_EQ(eqc_cuda_device_count(), 1);
  start({sm80, sm90});
  EXPECT_EQ(eqc_cuda_device_count(), 2);
  start({sm90});
}

// Objects lay the records out by hand.
TEST_F(Call, RecordsAreSequencesOfWords) {
  EXPECT_EQ(sizeof(eqc_cuda_param), 3 * 8u);
  EXPECT_EQ(sizeof(eqc_cuda_function), 3 * 8u);
  EXPECT_EQ(sizeof(eqc_cuda_launch), 7 * 8u);
  EXPECT_EQ(sizeof(eqc_cuda_form), 6 * 8u);
  EXPECT_EQ(sizeof(eqc_cuda_code), 12 * 8u);
  EXPECT_EQ(sizeof(eqc_cuda_image), 5 * 8u);
  EXPECT_EQ(sizeof(eqc_cuda_kernel), 8 * 8u);
  EXPECT_EQ(offsetof(eqc_cuda_kernel, info), 8u);
  EXPECT_EQ(offsetof(eqc_cuda_kernel, state), 56u);
}

} // namespace
