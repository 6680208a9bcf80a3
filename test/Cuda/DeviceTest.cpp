//===- DeviceTest.cpp - Being in the primary context of a device ----------===//

#include "test/Cuda/CudaTest.h"

using namespace eqc::test;
using namespace eqc::standin;

namespace {

class Device : public CudaTest {
protected:
  /// No context is current, as in a thread that somebody just started.
  void SetUp() override {
    reset({sm90, sm80});
    setCurrent(nullptr);
  }
};

TEST_F(Device, TellsItsChip) {
  EXPECT_EQ(eqc_cuda_device_count(), 2);
  EXPECT_EQ(eqc_cuda_device_chip(0), 90);
  EXPECT_EQ(eqc_cuda_device_chip(1), 80);
  expectError(eqc_cuda_device_chip(2), EQC_ERR_NO_DEVICE, "device 2");
  expectError(eqc_cuda_device_chip(-1), EQC_ERR_NO_DEVICE, "device -1");
}

TEST_F(Device, LayersRunInThePrimaryContext) {
  FakeLayer layer;
  FakeCall call(5, 3);
  expectError(call.forward(layer), EQC_ERR_NO_DEVICE, "context");
  for (int device : {1, 0, 1}) {
    forgetCalls();
    ASSERT_EQ(eqc_cuda_push_device(device), EQC_OK);
    EXPECT_EQ(call.forward(layer), EQC_OK) << eqc_last_error();
    EXPECT_EQ(call.result(), call.expected());
    EXPECT_EQ(launches().front().device, device);
    call.clear();
    EXPECT_EQ(eqc_cuda_pop_device(device), EQC_OK) << eqc_last_error();
    EXPECT_EQ(stackDepth(), 0u);
  }
}

TEST_F(Device, PushesNest) {
  ASSERT_EQ(eqc_cuda_push_device(0), EQC_OK);
  void *outer = current();
  ASSERT_EQ(eqc_cuda_push_device(1), EQC_OK);
  expectError(eqc_cuda_pop_device(0), EQC_ERR_ARG, "device 0 is not current");
  ASSERT_EQ(eqc_cuda_push_device(0), EQC_OK);
  EXPECT_EQ(current(), outer);
  EXPECT_EQ(eqc_cuda_pop_device(0), EQC_OK);
  EXPECT_EQ(eqc_cuda_pop_device(1), EQC_OK);
  EXPECT_EQ(eqc_cuda_pop_device(0), EQC_OK);
  expectError(eqc_cuda_pop_device(0), EQC_ERR_CUDA, "cuCtxPopCurrent");
}

TEST_F(Device, FailuresLeaveNothing) {
  ASSERT_EQ(eqc_cuda_device_count(), 2);
  for (const char *function :
       {"cuDeviceGet", "cuDevicePrimaryCtxRetain", "cuCtxPushCurrent"}) {
    failCall(function, 1, 700);
    expectError(eqc_cuda_push_device(0), EQC_ERR_CUDA, "ILLEGAL_ADDRESS");
    EXPECT_EQ(stackDepth(), 0u);
    expectError(eqc_cuda_pop_device(0), EQC_ERR_CUDA, "cuCtxPopCurrent");
  }
  failCall("cuDevicePrimaryCtxRetain", 1, 2);
  expectError(eqc_cuda_push_device(0), EQC_ERR_NOMEM, "out of memory");
  ASSERT_EQ(eqc_cuda_push_device(0), EQC_OK);
  failCall("cuDevicePrimaryCtxRelease", 1, 700);
  expectError(eqc_cuda_pop_device(0), EQC_ERR_CUDA, "PrimaryCtxRelease");
  EXPECT_EQ(stackDepth(), 0u);
}

TEST_F(Device, ProgramsFindMoreOfTheDriver) {
  EXPECT_NE(eqc_rt_cuda_function("cuMemsetD8Async"), nullptr);
  EXPECT_EQ(eqc_rt_cuda_function("cuNothing"), nullptr);
  EXPECT_THAT(eqc_last_error(), testing::HasSubstr("cuNothing"));
}

} // namespace
