//===- StandInTest.cpp - The stand-in notices what it is there for --------===//

#include "compiler/Check/StandIn/Driver.h"

#include "runtime/cuda/src/Driver.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace eqc::standin;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Its entry points, as the runtime believes them to be.
extern "C" {
#define EQC_CUDA_CALL(name, symbol, parameters)                                \
  int name parameters __asm__(symbol);
#include "runtime/cuda/src/Driver.def"
}

namespace {

const char simplePtx[] = ".version 7.0\n.target sm_75\n.address_size 64\n"
                         "// .entry .shared\n"
                         ".shared .align 16 .b8 common[256];\n"
                         "/* .shared .b8 more[8]; */\n"
                         ".entry k(.param .u64 a, .param .u32 b)\n"
                         ".maxntid 64, 1, 1\n{ ret; }\n";

class StandIn : public testing::Test {
protected:
  void SetUp() override {
    reset({sm90});
    cuInit(0);
    context = createContext(0);
    setCurrent(context);
  }
  void TearDown() override { reset({sm90}); }

  void *load(const char *name) {
    alignas(8) static char image[sizeof simplePtx];
    std::memcpy(image, simplePtx, sizeof simplePtx);
    void *module = nullptr, *function = nullptr;
    EXPECT_EQ(cuModuleLoadDataEx(&module, image, 0, nullptr, nullptr), 0);
    EXPECT_EQ(cuModuleGetFunction(&function, module, name), 0);
    return function;
  }
  int launch(void *function, std::vector<void *> params, unsigned grid = 1,
             unsigned threads = 64, unsigned shared = 0) {
    params.push_back(nullptr);
    return cuLaunchKernel(function, grid, 1, 1, threads, 1, 1, shared, nullptr,
                          params.data(), nullptr);
  }

  void *context;
  uint64_t a = 0;
  uint32_t b = 0;
};

TEST_F(StandIn, ReadsPtx) {
  auto entries = readPtx(simplePtx);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ((*entries)[0].name, "k");
  EXPECT_THAT((*entries)[0].params, ElementsAre(8u, 4u));
  EXPECT_EQ((*entries)[0].maxThreads, 64u);
  EXPECT_EQ((*entries)[0].staticShared, 256u);
  EXPECT_EQ(ptxVersion(simplePtx), 70);
  EXPECT_EQ(ptxTarget(simplePtx), 75);
  EXPECT_FALSE(readPtx("nothing"));
}

TEST_F(StandIn, ChecksLaunches) {
  void *k = load("k");
  EXPECT_EQ(launch(k, {&a, &b}), Success);
  EXPECT_EQ(launch(k, {&a, &b}, 0), InvalidValue);
  EXPECT_EQ(launch(k, {&a, &b}, 1, 65), LaunchOutOfResources);
  EXPECT_EQ(launch(k, {&a, &b}, 1, 64, 48 << 10), Success);
  EXPECT_EQ(launch(k, {&a, &b}, 1, 64, (48 << 10) + 1), InvalidValue);
  EXPECT_EQ(cuFuncSetAttribute(k, 8, 232448 - 255), InvalidValue);
  EXPECT_EQ(cuFuncSetAttribute(k, 8, 232448 - 256), Success);
  EXPECT_EQ(launch(k, {&a, &b}, 1, 64, 232448 - 256), Success);
  EXPECT_THAT(violations(), IsEmpty());
  EXPECT_EQ(launch(k, {&a}), InvalidValue);
  EXPECT_EQ(launch(k, {&a, &b, &b}), Success);
  EXPECT_EQ(launch(&a, {}), InvalidHandle);
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("fewer"), HasSubstr("more"),
                                        HasSubstr("not there")));
}

TEST_F(StandIn, ChecksContexts) {
  void *k = load("k"), *stream = createStream(context);
  setCurrent(createContext(0));
  EXPECT_EQ(launch(k, {&a, &b}), InvalidHandle);
  EXPECT_EQ(cuMemsetD8Async(0, 0, 0, stream), InvalidHandle);
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("function of another"),
                                        HasSubstr("stream of another")));
  setCurrent(nullptr);
  EXPECT_EQ(launch(k, {&a, &b}), InvalidContext);
}

TEST_F(StandIn, GuardsMemory) {
  uint64_t address = 0;
  ASSERT_EQ(cuMemAllocAsync(&address, 100, nullptr), 0);
  EXPECT_EQ(address % 256, 0u);
  EXPECT_EQ(liveBytes(), 100u);
  EXPECT_TRUE(isDeviceMemory(address, 100));
  EXPECT_FALSE(isDeviceMemory(address, 101));
  EXPECT_FALSE(isDeviceMemory(address - 1, 1));
  auto *bytes = reinterpret_cast<unsigned char *>(address);
  EXPECT_EQ(bytes[99], 0xff);
  bytes[100] = 0;
  EXPECT_EQ(cuMemFreeAsync(address, nullptr), 0);
  EXPECT_EQ(cuMemFreeAsync(address, nullptr), InvalidValue);
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("beside an array"),
                                        HasSubstr("not allocated")));
  EXPECT_DEATH(*(volatile char *)(address + 256) = 1, "");
}

TEST_F(StandIn, EndsCapturesThatAreDisturbed) {
  void *stream = createStream(context);
  uint64_t address = 0;
  beginCapture(stream, 0);
  EXPECT_EQ(cuMemAlloc(&address, 8), CaptureUnsupported);
  EXPECT_EQ(cuMemsetD8Async(0, 0, 0, stream), CaptureInvalidated);
  EXPECT_EQ(endCapture(stream), 0);
  beginCapture(stream, 0);
  int mode = 2;
  EXPECT_EQ(cuThreadExchangeStreamCaptureMode(&mode), 0);
  EXPECT_EQ(mode, 0);
  EXPECT_EQ(cuMemAlloc(&address, 8), Success);
  EXPECT_EQ(cuMemFree(address), Success);
  EXPECT_EQ(cuMemAllocAsync(&address, 8, stream), Success);
  EXPECT_NE(endCapture(stream), 0);
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("cuMemAlloc during"),
                                        HasSubstr("never freed")));
}

TEST_F(StandIn, RunsKernelsAndFails) {
  void *k = load("k");
  uint32_t seen = 0;
  onKernel("k", [&](const Launch &l) { seen = l.param<uint32_t>(1) + l.grid; });
  b = 40;
  failCall("cuLaunchKernel", 2, 700);
  EXPECT_EQ(launch(k, {&a, &b}, 2), Success);
  EXPECT_EQ(seen, 42u);
  seen = 0;
  EXPECT_EQ(launch(k, {&a, &b}), 700);
  EXPECT_EQ(seen, 0u);
  EXPECT_EQ(launch(k, {&a, &b}), Success);
  EXPECT_EQ(countCalls("cuLaunchKernel"), 3);
  EXPECT_EQ(launches().size(), 2u);
}

} // namespace
