//===- FailureTest.cpp - Every call of the driver fails in turn -----------===//

#include "test/Cuda/CudaTest.h"

using namespace eqc::test;
using namespace eqc::standin;
using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

constexpr int illegalAddress = 700;

/// What a program does, with a layer that nothing was called for yet.
struct Scenario {
  const char *name;
  Chip chip;
  int64_t n;
  size_t offset;
  bool otherContext; ///< than the stream's
  int (*run)(FakeLayer &, FakeCall &, void *stream);
};

int runForward(FakeLayer &layer, FakeCall &call, void *stream) {
  return call.forward(layer, stream);
}

int runBackward(FakeLayer &layer, FakeCall &call, void *stream) {
  return call.backward(layer, stream);
}

int runPack(FakeLayer &layer, FakeCall &call, void *stream) {
  return eqc_rt_cuda_pack(&layer.kernel, -1, call.weight, call.gradX, stream);
}

int runCopy(FakeLayer &layer, FakeCall &call, void *stream) {
  layer.pack.clear();
  layer.kernel.packed_bytes = 0;
  layer.update();
  return runPack(layer, call, stream);
}

int runClear(FakeLayer &layer, FakeCall &call, void *stream) {
  return eqc_rt_cuda_backward(&layer.kernel, call.n, 0, nullptr, nullptr,
                              nullptr, nullptr, call.gradWeight, call.gradBias,
                              stream);
}

int runWorkspace(FakeLayer &layer, FakeCall &call, void *) {
  int64_t bytes =
      eqc_rt_cuda_workspace_bytes(&layer.kernel, call.n, call.batch, 1);
  return bytes < 0 ? static_cast<int>(bytes) : EQC_OK;
}

Chip withoutPools(Chip chip) {
  chip.pools = false;
  return chip;
}

const Scenario scenarios[] = {
    {"Block", sm90, 4, 0, false, runForward},
    {"Grid", sm90, 4, 4, true, runForward},
    {"Cluster", sm90, 60, 0, false, runForward},
    {"WithoutPools", withoutPools(sm90), 4, 4, false, runForward},
    {"Backward", sm80, 4, 0, true, runBackward},
    {"Pack", sm80, 8, 0, false, runPack},
    {"Copy", sm80, 8, 0, false, runCopy},
    {"Clear", sm80, 4, 0, false, runClear},
    {"Workspace", sm80, 4, 0, false, runWorkspace},
};

class Failure : public CudaTest, public testing::WithParamInterface<Scenario> {
protected:
  /// A call with an error at the nth call of `function`, and one without.
  void failOnce(const std::string &function, int nth, int error, int status) {
    const Scenario &scenario = GetParam();
    SCOPED_TRACE(function + " " + std::to_string(nth));
    start({scenario.chip, scenario.chip});
    void *stream =
        createStream(scenario.otherContext ? createContext(1) : context);
    {
      FakeLayer layer;
      FakeCall call(scenario.n, 130, scenario.offset);
      failCall(function, nth, error);
      EXPECT_EQ(scenario.run(layer, call, stream), status);
      EXPECT_THAT(eqc_last_error(),
                  AllOf(StartsWith("fake_"), HasSubstr(function)));
      // What is enqueued is not taken back, but its memory is.
      if (function != "cuMemFreeAsync" && scenario.chip.pools)
        EXPECT_EQ(liveBytes(), 0u);
      // A buffer has an event and, for 64 sums, 256 bytes.
      if (!scenario.chip.pools)
        EXPECT_EQ(liveEvents(), liveBytes() / 256);
      if (function != "cuCtxPopCurrent")
        EXPECT_EQ(stackDepth(), 1u);
      failCall(function, 0, 0);
      if (function == "cuCtxPopCurrent")
        setCurrent(nullptr), setCurrent(context);
      EXPECT_EQ(scenario.run(layer, call, stream), EQC_OK) << eqc_last_error();
      if (scenario.run == runForward)
        EXPECT_EQ(call.result(), call.expected());
    }
    EXPECT_EQ(liveModules(), 0u);
    EXPECT_THAT(violations(), testing::IsEmpty());
  }
};

TEST_P(Failure, EachCallInTurn) {
  const Scenario &scenario = GetParam();
  // What is called at all.
  std::vector<std::string> called;
  {
    start({scenario.chip, scenario.chip});
    void *stream =
        createStream(scenario.otherContext ? createContext(1) : context);
    FakeLayer layer;
    FakeCall call(scenario.n, 130, scenario.offset);
    ASSERT_EQ(scenario.run(layer, call, stream), EQC_OK) << eqc_last_error();
    called = calls();
  }
  std::map<std::string, int> counts;
  for (const std::string &function : called) {
    int nth = ++counts[function];
    failOnce(function, nth, illegalAddress, EQC_ERR_CUDA);
    EXPECT_THAT(eqc_last_error(),
                HasSubstr("an illegal memory access was encountered "
                          "(CUDA_ERROR_ILLEGAL_ADDRESS, 700)"));
    failOnce(function, nth, 2, EQC_ERR_NOMEM);
  }
  // What the failures of the last scenarios have left on purpose.
  start({sm90});
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Failure, testing::ValuesIn(scenarios),
                         [](const auto &info) { return info.param.name; });

class Errors : public CudaTest {};

// cuEventDestroy and cuModuleUnload are called when something else failed, and
// their errors would hide it.
TEST_F(Errors, WhatFailsWhileCleaningUpHidesNothing) {
  {
    FakeLayer layer;
    FakeCall call(4, 3, 4);
    failCall("cuModuleGetFunction", 2, illegalAddress);
    failCall("cuModuleUnload", 1, illegalAddress);
    failCall("cuThreadExchangeStreamCaptureMode", 2, illegalAddress);
    expectError(call.forward(layer), EQC_ERR_CUDA, "cuModuleGetFunction");
    EXPECT_EQ(call.forward(layer), EQC_OK);
    failCall("cuLaunchKernel", 2, illegalAddress);
    failCall("cuMemFreeAsync", 1, illegalAddress);
    expectError(call.forward(layer), EQC_ERR_CUDA, "cuLaunchKernel");
  }
  // A module and some memory are still there.
  start({sm90});
}

TEST_F(Errors, ThatTheDriverDoesNotKnow) {
  FakeLayer layer;
  FakeCall call(4, 3);
  failCall("cuLaunchKernel", 1, 4321);
  expectError(call.forward(layer), EQC_ERR_CUDA,
              "fake_forward: cuLaunchKernel of 'fake_block': the driver does "
              "not know the error (error, 4321)");
}

TEST_F(Errors, AbsentDevices) {
  FakeLayer layer;
  FakeCall call(4, 3);
  failCall("cuCtxGetCurrent", 1, 100);
  expectError(call.forward(layer), EQC_ERR_NO_DEVICE,
              "no CUDA-capable device is detected (CUDA_ERROR_NO_DEVICE, 100)");
  failCall("cuDeviceGetCount", 1, 100);
  expectError(eqc_cuda_device_count(), EQC_ERR_NO_DEVICE,
              "eqc_cuda_device_count: cuDeviceGetCount");
}

} // namespace
