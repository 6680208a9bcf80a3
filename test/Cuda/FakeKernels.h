//===- FakeKernels.h - The kernels of the layer written by hand -*- C++ -*-===//

#ifndef EQC_TEST_CUDA_FAKEKERNELS_H
#define EQC_TEST_CUDA_FAKEKERNELS_H

#include <cstdint>
#include <string>

namespace eqc::test {

/// How packed weights differ from others.
constexpr int64_t fakePackedBytes = 64;
/// Rows of the slabs that sums over the batch are made of.
constexpr int64_t fakeSlabBytes = 20 * sizeof(float);

/// Gives the stand-in the functions that run the kernels.
void registerFakeKernels();
/// Their PTX: declarations, and bodies that do nothing.
std::string fakePtx(int chip, const char *version);

} // namespace eqc::test

#endif // EQC_TEST_CUDA_FAKEKERNELS_H
