//===- WorkspaceTest.cpp - Device memory in stream order ------------------===//

#include "test/Cuda/CudaTest.h"

using namespace eqc::test;
using namespace eqc::standin;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

class Workspace : public CudaTest {
protected:
  void TearDown() override {
    // What devices without pools keep belongs to the contexts.
    keptBytes = liveBytes();
    CudaTest::TearDown();
  }
};

Chip withoutPools(Chip chip) {
  chip.pools = false;
  return chip;
}

TEST_F(Workspace, TheCallersIsUsed) {
  FakeLayer layer;
  for (size_t offset : {0, 4, 100}) {
    FakeCall call(4, 70, 4);
    int64_t bytes = eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, 70, 0);
    EXPECT_EQ(bytes, 64 * 4 + 255);
    void *workspace = allocate(bytes, offset);
    forgetCalls();
    EXPECT_EQ(eqc_rt_cuda_forward_in(&layer.kernel, 4, 70, call.x, call.weight,
                                     call.bias, call.y, workspace, nullptr),
              EQC_OK)
        << eqc_last_error();
    EXPECT_EQ(call.result(), call.expected());
    EXPECT_EQ(countCalls("cuMemAllocAsync"), 0);
    EXPECT_EQ(launches()[0].param<uint64_t>(1) % 256, 0u);
    release(workspace);
  }
}

TEST_F(Workspace, GradientsShareTheirs) {
  FakeLayer layer;
  layer.gradX[0].workspace = layer.formula(value(1000));
  EXPECT_EQ(eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, 3, 1), 1000 + 255);
  layer.gradX[0].workspace = nullptr;
  EXPECT_EQ(eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, 3, 1), 3 * 80 + 255);
  FakeCall call(4, 3);
  void *workspace = allocate(3 * 80 + 255, 1);
  EXPECT_EQ(eqc_rt_cuda_backward_in(&layer.kernel, 4, 3, call.x, call.weight,
                                    call.y, call.gradX, call.gradWeight,
                                    call.gradBias, workspace, nullptr),
            EQC_OK)
      << eqc_last_error();
  EXPECT_EQ(countCalls("cuMemAllocAsync"), 0);
  release(workspace);
}

TEST_F(Workspace, NoneIsNeeded) {
  FakeLayer layer;
  layer.forward.resize(1);
  layer.forward[0].condition = nullptr;
  layer.update();
  FakeCall call(4, 3);
  EXPECT_EQ(eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, 3, 0), 0);
  EXPECT_EQ(eqc_rt_cuda_forward_in(&layer.kernel, 4, 3, call.x, call.weight,
                                   call.bias, call.y, nullptr, nullptr),
            EQC_OK);
  EXPECT_EQ(eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, 0, 0), 0);
  EXPECT_EQ(eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, 0, 1), 0);
}

TEST_F(Workspace, TheCallersIsChecked) {
  FakeLayer layer;
  FakeCall call(4, 3, 4);
  auto run = [&](void *workspace) {
    return eqc_rt_cuda_forward_in(&layer.kernel, 4, 3, call.x, call.weight,
                                  call.bias, call.y, workspace, nullptr);
  };
  expectError(run(nullptr), EQC_ERR_NULL, "fake_forward_in: 'workspace'");
  expectError(run(call.x - 1), EQC_ERR_ALIAS, "'workspace' overlaps 'x'");
  expectError(run(call.weight), EQC_ERR_ALIAS, "'workspace' overlaps 'weight'");
  EXPECT_THAT(launches(), IsEmpty());
}

TEST_F(Workspace, OfTheDeviceOfTheCurrentContext) {
  start({sm75, sm90});
  FakeLayer layer;
  layer.forward[0].condition = nullptr;
  // sm_90 has shared memory for it, sm_75 has not.
  EXPECT_EQ(eqc_rt_cuda_workspace_bytes(&layer.kernel, 20, 3, 0), 3 * 4 + 255);
  setCurrent(createContext(1));
  EXPECT_EQ(eqc_rt_cuda_workspace_bytes(&layer.kernel, 20, 3, 0), 0);
}

TEST_F(Workspace, OutOfMemory) {
  FakeLayer layer;
  layer.forward[2].workspace = layer.formula(value(int64_t(1) << 50));
  FakeCall call(4, 3, 4);
  expectError(call.forward(layer), EQC_ERR_NOMEM,
              "fake_forward: cuMemAllocAsync of 1125899906842624 bytes of "
              "workspace: out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2)");
  EXPECT_THAT(launches(), IsEmpty());
  layer.forward[2].workspace = layer.formula(value(64 * 4));
  EXPECT_EQ(call.forward(layer), EQC_OK);
}

TEST_F(Workspace, ASizeThatOverflows) {
  FakeLayer layer;
  layer.forward[2].workspace = layer.formula(
      apply(EQC_OP_MUL, {variable(EQC_VAR_BATCH), value(int64_t(1) << 62)}));
  FakeCall call(4, 3, 4);
  expectError(call.forward(layer), EQC_ERR_SIZE,
              "a size overflows for n = 4 and batch = 3");
  layer.forward[2].workspace = layer.formula(value(INT64_MAX - 100));
  expectError(eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, 3, 0), EQC_ERR_SIZE,
              "fake_workspace_bytes");
  layer.forward[2].workspace = layer.formula(value(-1));
  expectError(call.forward(layer), EQC_ERR_ARG, "damaged: the workspace");
}

//===-- Devices without pools ---------------------------------------------===//

TEST_F(Workspace, BuffersAreKept) {
  start({withoutPools(sm90)});
  FakeLayer layer;
  FakeCall call(4, 70, 4);
  for (int i = 0; i != 5; ++i) {
    call.clear();
    EXPECT_EQ(call.forward(layer), EQC_OK) << eqc_last_error();
    EXPECT_EQ(call.result(), call.expected());
  }
  EXPECT_EQ(countCalls("cuMemAlloc"), 1);
  EXPECT_EQ(countCalls("cuMemAllocAsync"), 0);
  EXPECT_EQ(countCalls("cuEventRecord"), 5);
  EXPECT_EQ(liveBytes(), 256u);
  // Larger than asked for, so that few are left behind.
  layer.forward[2].workspace = layer.formula(value(300));
  call.forward(layer);
  EXPECT_EQ(liveBytes(), 256u + 512u);
}

TEST_F(Workspace, BuffersInUseAreNotTaken) {
  start({withoutPools(sm90)});
  FakeLayer layer;
  FakeCall call(4, 70, 4);
  setFinished(false);
  for (int i = 0; i != 4; ++i)
    EXPECT_EQ(call.forward(layer), EQC_OK);
  EXPECT_EQ(countCalls("cuMemAlloc"), 4);
  EXPECT_EQ(countCalls("cuStreamWaitEvent"), 0);
  // Then the device waits, not the host.
  for (int i = 0; i != 3; ++i)
    EXPECT_EQ(call.forward(layer), EQC_OK);
  EXPECT_EQ(countCalls("cuMemAlloc"), 4);
  EXPECT_EQ(countCalls("cuStreamWaitEvent"), 3);
  setFinished(true);
  EXPECT_EQ(call.forward(layer), EQC_OK);
  EXPECT_EQ(countCalls("cuStreamWaitEvent"), 3);
}

TEST_F(Workspace, BuffersWithoutAnEventAreNotTaken) {
  start({withoutPools(sm90)});
  FakeLayer layer;
  FakeCall call(4, 70, 4);
  failCall("cuEventRecord", 1, 700);
  expectError(call.forward(layer), EQC_ERR_CUDA,
              "cuEventRecord of the workspace");
  for (int i = 0; i != 2; ++i)
    EXPECT_EQ(call.forward(layer), EQC_OK);
  EXPECT_EQ(countCalls("cuMemAlloc"), 2);
}

TEST_F(Workspace, BuffersAreOfAContext) {
  start({withoutPools(sm90), withoutPools(sm90)});
  FakeLayer layer;
  FakeCall call(4, 70, 4);
  EXPECT_EQ(call.forward(layer), EQC_OK);
  setCurrent(createContext(1));
  EXPECT_EQ(call.forward(layer), EQC_OK);
  EXPECT_EQ(countCalls("cuMemAlloc"), 2);
}

} // namespace
