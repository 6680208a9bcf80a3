//===- OnGpuTest.cpp - libeqc_torch on tensors of a GPU -------------------===//
//
// The library as it is shipped, on a libtorch of our own (FakeTorch.h) and a
// driver without a GPU that executes the PTX. What the operators give there is
// what they give on the CPU.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/StandIn/Interpreted.h"
#include "test/Torch/FakeTorch.h"

#include <eqc/torch.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <random>
#include <stdexcept>

using namespace eqc;

namespace {

using Sizes = std::vector<int64_t>;

struct Case {
  const char *fields; ///< of the layer
  int64_t n;
  Sizes x, weight, bias, y; ///< bias: empty for none
  const char *dtype = "f32";
};

std::ostream &operator<<(std::ostream &os, const Case &c) {
  return os << c.fields;
}

class OnGpu : public testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    ASSERT_STREQ(eqc_torch_register(), nullptr);
    standin::reset({standin::sm90, standin::sm80});
    standin::interpretKernels();
    fake::stream = nullptr;
  }
  void TearDown() override {
    EXPECT_EQ(fake::numTensors(), 0);
    EXPECT_THAT(standin::violations(), testing::IsEmpty());
  }

  std::string key() const {
    return std::string(R"({"source": "layer a { )") + GetParam().fields +
           "; dtype = " + GetParam().dtype + R"( }", "ragged": )" +
           (std::string(GetParam().fields).find('?') != std::string::npos
                ? "true}"
                : "false}");
  }
  int32_t type() const {
    return std::string(GetParam().dtype) == "f32" ? fake::kFloat
                                                  : fake::kDouble;
  }

  /// Random numbers, the same on every device.
  fake::Tensor *draw(const Sizes &sizes, fake::Device device, int32_t index,
                     unsigned seed) const {
    fake::Tensor *tensor = fake::make(sizes, type(), device, index);
    std::mt19937 engine(seed);
    std::uniform_real_distribution<double> distribution(-1, 1);
    const size_t size = tensor->bytes() / (type() == fake::kFloat ? 4 : 8);
    for (size_t i = 0; i < size; ++i) {
      const double number = distribution(engine);
      if (type() == fake::kFloat)
        reinterpret_cast<float *>(tensor->data)[i] = static_cast<float>(number);
      else
        reinterpret_cast<double *>(tensor->data)[i] = number;
    }
    return tensor;
  }

  /// The numbers of a result, which goes.
  std::vector<double> take(uint64_t value, fake::Device device,
                           int32_t index) const {
    auto *tensor = reinterpret_cast<fake::Tensor *>(value);
    EXPECT_EQ(tensor->device, device);
    EXPECT_EQ(tensor->index, index);
    std::vector<double> numbers;
    if (type() == fake::kFloat)
      for (size_t i = 0; i < tensor->bytes() / 4; ++i)
        numbers.push_back(reinterpret_cast<float *>(tensor->data)[i]);
    else
      for (size_t i = 0; i < tensor->bytes() / 8; ++i)
        numbers.push_back(reinterpret_cast<double *>(tensor->data)[i]);
    fake::destroy(tensor);
    return numbers;
  }
  static uint64_t boxed(fake::Tensor *tensor) {
    return reinterpret_cast<uint64_t>(tensor);
  }

  static const char *nameOf(fake::Device device) {
    return device == fake::kCpu ? "CPU" : "CUDA";
  }

  std::vector<double> linear(fake::Device device, int32_t index,
                             bool withBias) const {
    const Case &c = GetParam();
    uint64_t stack[5] = {
        boxed(draw(c.x, device, index, 1)),
        boxed(draw(c.weight, device, index, 2)),
        fake::boxOptional(withBias ? draw(c.bias, device, index, 3) : nullptr),
        fake::boxString(key()), static_cast<uint64_t>(c.n)};
    fake::kernelOf(nameOf(device), "linear")(stack, 5, 1);
    return take(stack[0], device, index);
  }
  std::vector<std::vector<double>> backward(fake::Device device, int32_t index,
                                            bool needX, bool needWeight) const {
    const Case &c = GetParam();
    uint64_t stack[8] = {boxed(draw(c.x, device, index, 1)),
                         boxed(draw(c.weight, device, index, 2)),
                         boxed(draw(c.y, device, index, 4)),
                         fake::boxString(key()),
                         static_cast<uint64_t>(c.n),
                         needX,
                         needWeight,
                         !c.bias.empty()};
    fake::kernelOf(nameOf(device), "linear_backward")(stack, 8, 3);
    std::vector<std::vector<double>> results;
    for (int i = 0; i < 3; ++i)
      results.push_back(take(stack[i], device, index));
    return results;
  }

  void expectNear(const std::vector<double> &got,
                  const std::vector<double> &want) const {
    ASSERT_EQ(got.size(), want.size());
    double largest = 0, difference = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      largest = std::max(largest, std::abs(want[i]));
      difference = std::max(difference, std::abs(got[i] - want[i]));
    }
    EXPECT_LE(difference, (type() == fake::kFloat ? 3e-5 : 1e-11) * largest);
  }
};

TEST_P(OnGpu, OperatorsGiveWhatTheyGiveOnTheCpu) {
  for (int32_t index : {0, 1}) {
    expectNear(linear(fake::kCuda, index, false), linear(fake::kCpu, 0, false));
    EXPECT_EQ(fake::deviceOfStream, index);
    if (!GetParam().bias.empty())
      expectNear(linear(fake::kCuda, index, true), linear(fake::kCpu, 0, true));
  }
  for (auto [needX, needWeight] :
       {std::pair(true, true), {true, false}, {false, true}}) {
    const auto got = backward(fake::kCuda, 0, needX, needWeight),
               want = backward(fake::kCpu, 0, needX, needWeight);
    for (size_t i = 0; i < 3; ++i)
      expectNear(got[i], want[i]);
  }
}

TEST_P(OnGpu, WorksOnTheCurrentStream) {
  using Retain = int(void **, int);
  void *context = nullptr;
  ASSERT_EQ(reinterpret_cast<Retain *>(
                standin::find("cuDevicePrimaryCtxRetain"))(&context, 0),
            0);
  fake::stream = standin::createStream(context);
  linear(fake::kCuda, 0, false);
  EXPECT_EQ(standin::stackDepth(), 0U);
  ASSERT_FALSE(standin::launches().empty());
  for (const standin::Launch &launch : standin::launches())
    EXPECT_EQ(launch.stream, fake::stream);
}

TEST_P(OnGpu, RefusesTensorsOfSeveralDevices) {
  const Case &c = GetParam();
  auto expectRefused = [&](fake::Device device, int32_t index,
                           const char *words) {
    uint64_t stack[5] = {boxed(draw(c.x, fake::kCuda, 0, 1)),
                         boxed(draw(c.weight, device, index, 2)), 0,
                         fake::boxString(key()), static_cast<uint64_t>(c.n)};
    try {
      fake::kernelOf("CUDA", "linear")(stack, 5, 1);
      FAIL() << "not refused";
    } catch (const std::runtime_error &error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(words));
    }
  };
  expectRefused(fake::kCpu, 0, "cuda:0, and weight is on cpu");
  expectRefused(fake::kCuda, 1, "cuda:0, and weight is on cuda:1");
}

TEST_P(OnGpu, SaysWhatTheDriverSays) {
  standin::failCall("cuLaunchKernel", 1, 700);
  EXPECT_THROW(linear(fake::kCuda, 0, false), std::runtime_error);
  standin::failCall("cuLaunchKernel", 0, 0);
  expectNear(linear(fake::kCuda, 0, false), linear(fake::kCpu, 0, false));
}

TEST_P(OnGpu, SaysWhereThereIsNoChipForADevice) {
  standin::reset({{70, 98304, 98304, 0}});
  try {
    linear(fake::kCuda, 0, false);
    FAIL() << "not refused";
  } catch (const std::runtime_error &error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("compute capability 7.0"));
  }
}

const Case cases[] = {
    {"group = S; n = 3; k = 2; l = 2; channels = 4 -> 8; bias = true",
     3,
     {2, 3, 3, 4},
     {14, 4, 8},
     {2, 8},
     {2, 3, 3, 8}},
    {"group = S; n = ?; k = 1; l = 1; channels = 3 -> 2; layout = "
     "channels_first",
     5,
     {3, 3, 5},
     {2, 3, 2},
     {},
     {3, 2, 5},
     "f64"},
};

INSTANTIATE_TEST_SUITE_P(Layers, OnGpu, testing::ValuesIn(cases));

} // namespace
