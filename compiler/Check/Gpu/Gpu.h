//===- Gpu.h - A GPU to call layers on --------------------------*- C++ -*-===//
//
// The first device of the driver, or without one the stand-in, which executes
// kernels as their PTX says, or in block-level form.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_GPU_GPU_H
#define EQC_CHECK_GPU_GPU_H

extern "C" {
#include "runtime/cuda/src/Driver.h"
}

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace eqc {

/// The functions of the driver that the runtime and these tools call.
struct GpuDriver {
  // NOLINTBEGIN(bugprone-macro-parentheses): declarations.
#define EQC_CUDA_CALL(name, symbol, parameters) int(*name) parameters = nullptr;
#include "runtime/cuda/src/Driver.def"
#define EQC_CUDA_CALL(name, symbol, parameters) int(*name) parameters = nullptr;
#include "compiler/Check/Gpu/Driver.def"
  // NOLINTEND(bugprone-macro-parentheses)
};

/// Its primary context is current for the thread that made it. What is loaded
/// is to be unloaded before it goes.
class Gpu {
public:
  /// Null and why, where there is none.
  static std::unique_ptr<Gpu> find(std::string &error);
  /// The code of kernels in block-level form; see StandIn/OnHost.h.
  using FindPhase = std::function<void *(const std::string &)>;
  /// Of that number, 90 for sm_90. It has clusters where `clusters` finds the
  /// kernels that are launched with some.
  static std::unique_ptr<Gpu> standIn(int64_t chip, std::string &error,
                                      const FindPhase &clusters = {});
  ~Gpu();
  Gpu(const Gpu &) = delete;
  Gpu &operator=(const Gpu &) = delete;

  bool isStandIn() const { return isInterpreted; }
  /// Of the stand-in: from now on all kernels are executed in block-level form,
  /// by these functions; with none, as their PTX says.
  void runOnHost(const FindPhase &find);
  int64_t chip() const { return number; }
  const std::string &name() const { return text; }
  const GpuDriver &driver() const { return calls; }

  /// Memory for an array, whose first byte lies `offset` (below 256) past a
  /// multiple of 256, between memory that nobody may write. Null where there is
  /// none.
  void *allocate(size_t bytes, size_t offset);
  void release(void *array);
  /// Notes an error of the driver's, which the call returned.
  bool succeeded(int error, const char *call);
  /// False after an error.
  bool write(void *to, const void *from, size_t bytes);
  bool read(void *to, const void *from, size_t bytes);
  bool wait();

  /// What layers did since the last time that they may not, as far as it can be
  /// seen; empty for nothing.
  std::string takeProblems();

private:
  Gpu() = default;
  bool open(std::string &error);

  struct Array {
    uint64_t base;
    size_t before, bytes;
  };
  bool guardsIntact(const Array &array, uint64_t begin);

  GpuDriver calls;
  FindPhase clusters;
  bool isInterpreted = false, isPushed = false;
  int64_t number = 0;
  std::string text, problems;
  size_t seen = 0; ///< violations of the stand-in
  std::map<uint64_t, Array> arrays;
};

} // namespace eqc

#endif // EQC_CHECK_GPU_GPU_H
