//===- FakeTorchCuda.cpp - What only a libtorch with CUDA has -------------===//

#include "test/Torch/FakeTorch.h"

// NOLINTNEXTLINE(readability-identifier-naming): theirs.
extern "C" int32_t aoti_torch_get_current_cuda_stream(int32_t device,
                                                      void **current) {
  fake::deviceOfStream = device;
  *current = fake::stream;
  return 0;
}
