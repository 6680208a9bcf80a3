//===- LoadTest.cpp - Contexts, images, and what is kept of them ----------===//

#include "test/Cuda/CudaTest.h"

using namespace eqc::test;
using namespace eqc::standin;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

class Load : public CudaTest {
protected:
  void expectRight(const FakeLayer &layer, void *stream = nullptr) {
    FakeCall call(5, 3);
    EXPECT_EQ(call.forward(layer, stream), EQC_OK) << eqc_last_error();
    EXPECT_EQ(call.result(), call.expected());
  }
  /// The image that a device takes: the number in ".target", 1000 more for a
  /// cubin; or a negative status.
  int64_t taken(FakeLayer &layer) {
    layer.update();
    forgetCalls();
    FakeCall call(5, 3);
    if (int status = call.forward(layer))
      return status;
    const char *ptx = launches()[0].ptx;
    return std::atoi(std::strstr(ptx, "sm_") + 3) +
           (std::strstr(ptx, "9.9") ? 1000 : 0);
  }
};

TEST_F(Load, ModulesAreLoadedOnce) {
  FakeLayer layer, other;
  for (int i = 0; i != 3; ++i)
    expectRight(layer);
  EXPECT_EQ(countCalls("cuModuleLoadDataEx"), 1);
  EXPECT_EQ(countCalls("cuModuleGetFunction"), 9);
  expectRight(other);
  EXPECT_EQ(countCalls("cuModuleLoadDataEx"), 2);
  EXPECT_EQ(liveModules(), 2u);
}

TEST_F(Load, ACallAsksForLittle) {
  FakeLayer layer;
  FakeCall call(5, 3), narrow(5, 3, 4);
  call.forward(layer);
  forgetCalls();
  call.forward(layer);
  EXPECT_THAT(calls(),
              ElementsAre("cuCtxGetCurrent", "cuCtxGetId", "cuLaunchKernel"));
  forgetCalls();
  narrow.forward(layer);
  EXPECT_THAT(calls(), ElementsAre("cuCtxGetCurrent", "cuCtxGetId",
                                   "cuMemAllocAsync", "cuLaunchKernel",
                                   "cuLaunchKernel", "cuMemFreeAsync"));
}

TEST_F(Load, PreparingLoads) {
  FakeLayer layer;
  EXPECT_EQ(eqc_rt_cuda_prepare(&layer.kernel, nullptr), EQC_OK);
  EXPECT_EQ(liveModules(), 1u);
  forgetCalls();
  expectRight(layer);
  EXPECT_EQ(countCalls("cuModuleLoadDataEx"), 0);
}

TEST_F(Load, TheStreamSaysTheContext) {
  start({sm80, sm90});
  void *second = createContext(1);
  void *stream = createStream(second);
  FakeLayer layer;
  expectRight(layer, stream);
  EXPECT_EQ(launches()[0].device, 1);
  EXPECT_EQ(current(), context);
  EXPECT_EQ(stackDepth(), 1u);
  // The device of the stream has a form that the current one has not.
  FakeCall call(25, 2);
  forgetCalls();
  EXPECT_EQ(call.forward(layer, stream), EQC_OK);
  EXPECT_THAT(kernelNames(), ElementsAre("fake_block"));
  // Without a current context it serves as well.
  setCurrent(nullptr);
  expectRight(layer, stream);
  EXPECT_EQ(stackDepth(), 0u);
  setCurrent(context);
  expectRight(layer);
  EXPECT_EQ(launches().back().device, 0);
  EXPECT_EQ(liveModules(), 2u);
}

TEST_F(Load, SpecialStreamsAreOfTheCurrentContext) {
  FakeLayer layer;
  for (uintptr_t stream : {1, 2})
    expectRight(layer, reinterpret_cast<void *>(stream));
  setCurrent(nullptr);
  FakeCall call(5, 3);
  expectError(call.forward(layer, reinterpret_cast<void *>(1)),
              EQC_ERR_NO_DEVICE, "no CUDA context");
  setCurrent(context);
}

TEST_F(Load, AStreamThatIsNone) {
  FakeLayer layer;
  FakeCall call(5, 3);
  int nothing;
  expectError(call.forward(layer, &nothing), EQC_ERR_CUDA,
              "fake_forward: cuStreamGetCtx: invalid resource handle "
              "(CUDA_ERROR_INVALID_HANDLE, 400)");
}

TEST_F(Load, AContextInThePlaceOfAnother) {
  FakeLayer layer;
  expectRight(layer);
  destroyContext(context);
  void *next = createContext(0);
  ASSERT_EQ(next, context);
  setCurrent(next);
  expectRight(layer);
  EXPECT_EQ(liveModules(), 1u);
}

TEST_F(Load, ReleasingUnloadsFromContextsThatAreThere) {
  start({sm90, sm90, sm90});
  void *second = createContext(1), *third = createContext(2);
  {
    FakeLayer layer;
    for (void *each : {context, second, third}) {
      setCurrent(each);
      expectRight(layer);
    }
    EXPECT_EQ(liveModules(), 3u);
    destroyContext(third);
    ASSERT_EQ(createContext(2), third);
    setCurrent(context);
    eqc_rt_cuda_release(&layer.kernel);
    EXPECT_EQ(liveModules(), 0u);
    EXPECT_EQ(countCalls("cuModuleUnload"), 2);
    EXPECT_EQ(stackDepth(), 1u);
    // It can be used again.
    expectRight(layer);
    EXPECT_EQ(liveModules(), 1u);
  }
}

// As when objects are loaded into memory, and others in their place.
TEST_F(Load, ALayerInThePlaceOfAnother) {
  alignas(FakeLayer) unsigned char place[sizeof(FakeLayer)];
  for (int chip : {75, 80}) {
    auto *layer = new (place) FakeLayer;
    layer->images = {layer->ptx(chip)};
    EXPECT_EQ(taken(*layer), chip);
    layer->~FakeLayer();
  }
}

//===-- Images ------------------------------------------------------------===//

TEST_F(Load, TheBestImageIsTaken) {
  for (auto [chip, expected] :
       {std::pair{sm75, 75}, {sm80, 1080}, {sm90, 1090}, {sm120, 100}}) {
    start({chip});
    FakeLayer layer;
    layer.images = {layer.cubin(80), layer.ptx(75),   layer.cubin(90),
                    layer.ptx(80),   layer.cubin(86), layer.ptx(100)};
    EXPECT_EQ(taken(layer), expected);
    EXPECT_EQ(countCalls("cuModuleLoadDataEx"), 1);
  }
  Chip sm89 = sm80;
  sm89.sm = 89;
  start({sm89});
  FakeLayer layer;
  layer.images = {layer.cubin(80), layer.ptx(89), layer.cubin(86)};
  EXPECT_EQ(taken(layer), 1086);
}

TEST_F(Load, ImagesOfOneChipAlone) {
  auto exact = [](eqc_cuda_image image) {
    image.exact = 1;
    return image;
  };
  {
    FakeLayer layer;
    layer.images = {layer.ptx(90), exact(layer.ptx(90))};
    EXPECT_EQ(taken(layer), 90);
    EXPECT_EQ(countCalls("cuModuleLoadDataEx"), 1);
  }
  start({sm120});
  FakeLayer layer;
  layer.images = {exact(layer.ptx(90)), layer.ptx(80)};
  EXPECT_EQ(taken(layer), 80);
}

TEST_F(Load, NoImageFits) {
  start({sm75});
  FakeLayer layer;
  layer.images = {layer.ptx(80), layer.cubin(90)};
  EXPECT_EQ(taken(layer), EQC_ERR_NO_DEVICE);
  EXPECT_THAT(eqc_last_error(),
              HasSubstr("this GPU is an sm_75, and the layer was compiled for "
                        "sm_80+, sm_90 (+: and newer)"));
}

TEST_F(Load, AnImageThatDoesNotLoadMakesRoomForTheNext) {
  FakeLayer layer;
  layer.images = {layer.cubin(90), layer.ptx(80), layer.ptx(90)};
  failCall("cuModuleLoadDataEx", 1, 200);
  EXPECT_EQ(taken(layer), 90);
  EXPECT_EQ(liveModules(), 1u);
  // Other errors are not the image's.
  FakeLayer second;
  second.images = layer.images;
  failCall("cuModuleLoadDataEx", 1, 700);
  EXPECT_EQ(taken(second), EQC_ERR_CUDA);
  EXPECT_EQ(taken(second), 1090);
}

TEST_F(Load, PtxOfANewerToolkit) {
  FakeLayer layer;
  layer.images = {layer.ptx(90, "8.7"), layer.ptx(80, "7.0")};
  EXPECT_EQ(taken(layer), 80);
  FakeLayer alone;
  alone.images = {alone.ptx(90, "8.7")};
  EXPECT_EQ(taken(alone), EQC_ERR_CUDA);
  EXPECT_THAT(eqc_last_error(),
              AllOf(HasSubstr("cuModuleLoadDataEx of PTX for sm_90"),
                    HasSubstr("the driver is older than the code"),
                    HasSubstr("(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, 222)")));
}

TEST_F(Load, TheDriversCompilerIsQuoted) {
  FakeLayer layer;
  layer.images = {{75, EQC_IMAGE_PTX, 0,
                   layer.text(".version 7.0\n.target sm_75\nnothing of sense"),
                   &layer.code}};
  EXPECT_EQ(taken(layer), EQC_ERR_CUDA);
  EXPECT_THAT(
      eqc_last_error(),
      AllOf(HasSubstr("fake_forward: cuModuleLoadDataEx of PTX for sm_75: "
                      "ptxas application ptx input, line 3; fatal   : Parsing "
                      "error ptxas fatal"),
            HasSubstr("(CUDA_ERROR_INVALID_PTX, 218)"), Not(HasSubstr("\n"))));
}

TEST_F(Load, AKernelThatTheImageLacks) {
  FakeLayer layer;
  layer.functions[3].name = "fake_other";
  EXPECT_EQ(taken(layer), EQC_ERR_CUDA);
  EXPECT_THAT(eqc_last_error(),
              HasSubstr("cuModuleGetFunction of 'fake_other': named symbol "
                        "not found (CUDA_ERROR_NOT_FOUND, 500)"));
  EXPECT_EQ(liveModules(), 0u);
}

} // namespace
