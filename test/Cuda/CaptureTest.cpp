//===- CaptureTest.cpp - Layers in graphs ---------------------------------===//

#include "test/Cuda/CudaTest.h"

using namespace eqc::test;
using namespace eqc::standin;
using testing::IsEmpty;

namespace {

class Capture : public CudaTest {};

TEST_F(Capture, ReplaysComputeTheLayer) {
  for (bool prepared : {true, false})
    for (int mode : {0, 1, 2}) {
      FakeLayer layer;
      FakeCall call(4, 130, 4);
      void *stream = createStream(context);
      if (prepared)
        ASSERT_EQ(eqc_rt_cuda_prepare(&layer.kernel, stream), EQC_OK);
      forgetCalls();
      beginCapture(stream, mode);
      EXPECT_EQ(call.forward(layer, stream), EQC_OK) << eqc_last_error();
      EXPECT_THAT(launches(), IsEmpty());
      int graph = endCapture(stream);
      ASSERT_NE(graph, 0);
      for (int i = 0; i != 3; ++i) {
        call.clear();
        call.x[7] = static_cast<float>(i);
        launchGraph(graph);
        EXPECT_EQ(call.result(), call.expected());
      }
    }
}

TEST_F(Capture, OfAnotherStream) {
  FakeLayer layer;
  FakeCall call(4, 3);
  void *captured = createStream(context);
  beginCapture(captured, 0);
  // Loading would end the capture in the mode that threads begin with.
  EXPECT_EQ(call.forward(layer), EQC_OK) << eqc_last_error();
  EXPECT_NE(endCapture(captured), 0);
  EXPECT_EQ(call.result(), call.expected());
}

TEST_F(Capture, LayersAreReleasedBesideIt) {
  void *stream = createStream(context);
  {
    FakeLayer layer;
    ASSERT_EQ(eqc_rt_cuda_prepare(&layer.kernel, nullptr), EQC_OK);
    beginCapture(stream, 0);
  }
  EXPECT_EQ(liveModules(), 0u);
  EXPECT_NE(endCapture(stream), 0);
}

TEST_F(Capture, GradientsOfAnEmptyBatch) {
  FakeLayer layer;
  FakeCall call(4, 1);
  void *stream = createStream(context);
  beginCapture(stream, 0);
  EXPECT_EQ(eqc_rt_cuda_backward(&layer.kernel, 4, 0, nullptr, nullptr, nullptr,
                                 nullptr, call.gradWeight, nullptr, stream),
            EQC_OK);
  int graph = endCapture(stream);
  call.gradWeight[3] = 5;
  launchGraph(graph);
  EXPECT_EQ(call.gradWeight[3], 0);
}

TEST_F(Capture, ACallersWorkspace) {
  FakeLayer layer;
  FakeCall call(4, 3, 4);
  void *stream = createStream(context);
  int64_t bytes = eqc_rt_cuda_workspace_bytes(&layer.kernel, 4, 3, 0);
  void *workspace = allocate(bytes);
  forgetCalls();
  beginCapture(stream, 0);
  EXPECT_EQ(eqc_rt_cuda_forward_in(&layer.kernel, 4, 3, call.x, call.weight,
                                   call.bias, call.y, workspace, stream),
            EQC_OK);
  int graph = endCapture(stream);
  EXPECT_EQ(countCalls("cuMemAllocAsync"), 0);
  launchGraph(graph);
  EXPECT_EQ(call.result(), call.expected());
  release(workspace);
}

TEST_F(Capture, WithoutPools) {
  Chip chip = sm90;
  chip.pools = false;
  start({chip});
  FakeLayer layer;
  FakeCall call(4, 3, 4);
  void *stream = createStream(context);
  beginCapture(stream, 0);
  expectError(call.forward(layer, stream), EQC_ERR_NOMEM,
              "call the function that ends in _in, with 267 bytes");
  EXPECT_NE(endCapture(stream), 0);
  // Beside a capture they work.
  beginCapture(stream, 0);
  EXPECT_EQ(call.forward(layer), EQC_OK) << eqc_last_error();
  EXPECT_NE(endCapture(stream), 0);
  EXPECT_EQ(call.result(), call.expected());
  keptBytes = 256;
}

TEST_F(Capture, ACaptureThatIsInvalid) {
  FakeLayer layer;
  FakeCall call(4, 3);
  ASSERT_EQ(eqc_rt_cuda_prepare(&layer.kernel, nullptr), EQC_OK);
  void *stream = createStream(context);
  beginCapture(stream, 0);
  failCall("cuLaunchKernel", 1, 901);
  expectError(call.forward(layer, stream), EQC_ERR_CUDA,
              "cuLaunchKernel of 'fake_block'");
  EXPECT_NE(endCapture(stream), 0);
}

} // namespace
