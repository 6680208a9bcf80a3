//===- CudaTest.h - What tests of the CUDA runtime start from ---*- C++ -*-===//

#ifndef EQC_TEST_CUDA_CUDATEST_H
#define EQC_TEST_CUDA_CUDATEST_H

#include "compiler/Check/StandIn/StandIn.h"
#include "test/Cuda/FakeLayer.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace eqc::test {

/// A device, its context, and a look at the end at what was left.
class CudaTest : public testing::Test {
protected:
  void SetUp() override { start({standin::sm90}); }

  void start(const std::vector<standin::Chip> &chips) {
    standin::reset(chips);
    context = standin::createContext(0);
    standin::setCurrent(context);
  }

  void TearDown() override {
    EXPECT_THAT(standin::violations(), testing::IsEmpty());
    EXPECT_LE(standin::stackDepth(), 1u);
    EXPECT_EQ(standin::liveModules(), 0u);
    EXPECT_EQ(standin::liveBytes(), keptBytes);
  }

  void *context = nullptr;
  size_t keptBytes = 0; ///< what devices without pools keep
};

/// Expects that the call fails with the status and a text.
inline void expectError(int64_t got, int status, const char *text) {
  EXPECT_EQ(got, status) << eqc_last_error();
  EXPECT_THAT(eqc_last_error(), testing::HasSubstr(text));
}

/// The kernels that were launched, in order.
inline std::vector<std::string> kernelNames() {
  std::vector<std::string> names;
  for (const standin::Launch &launch : standin::launches())
    names.push_back(launch.entry.name);
  return names;
}

} // namespace eqc::test

#endif // EQC_TEST_CUDA_CUDATEST_H
