//===- FakeTorch.h - The C interface of a libtorch with a GPU ---*- C++ -*-===//
//
// As much of it as libeqc_torch calls, over tensors of the host and of the
// stand-in for the CUDA driver. Stands in a library of libtorch_cpu's name, so
// that libeqc_torch finds it as it finds the real one.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TEST_TORCH_FAKETORCH_H
#define EQC_TEST_TORCH_FAKETORCH_H

#include <cstdint>
#include <string>
#include <vector>

namespace fake {

enum Device : int32_t { kCpu = 0, kCuda = 1 };
enum Type : int32_t {
  kUint8 = 0,
  kHalf = 5,
  kFloat = 6,
  kDouble = 7,
  kBFloat16 = 15
};

struct Tensor {
  std::vector<int64_t> sizes;
  int32_t type = kFloat, device = kCpu, index = 0;
  char *data = nullptr;

  size_t bytes() const;
};

/// Of the stand-in's memory on the GPU; filled with 0xff.
Tensor *make(const std::vector<int64_t> &sizes, int32_t type, int32_t device,
             int32_t index);
void destroy(Tensor *tensor);
int64_t numTensors(); ///< that are there

/// What was registered for "eqc::NAME" on "CPU" or "CUDA"; null for nothing.
using Kernel = void(uint64_t *stack, uint64_t inputs, uint64_t outputs);
Kernel *kernelOf(const std::string &device, const std::string &name);

/// The boxed values of a `Tensor?` and of a `str`, which a kernel owns.
uint64_t boxOptional(Tensor *tensor);
uint64_t boxString(const std::string &text);

/// What the current stream of a device is, and of which it was asked last.
extern void *stream;
extern int32_t deviceOfStream;

} // namespace fake

#endif // EQC_TEST_TORCH_FAKETORCH_H
