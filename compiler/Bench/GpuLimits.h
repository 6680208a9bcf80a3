//===- GpuLimits.h - What a GPU can do at most ------------------*- C++ -*-===//
//
// Times are those of the driver's events, on the legacy stream.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_BENCH_GPULIMITS_H
#define EQC_BENCH_GPULIMITS_H

#include "compiler/Bench/Limits.h"
#include "compiler/Bench/Timing.h"
#include "compiler/Check/Gpu/Gpu.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace eqc {

/// Each rate is measured when it is asked for first. Errors of the driver are
/// problems of the GPU (Gpu::takeProblems).
class GpuLimits {
public:
  /// Null and why, where the kernels that measure cannot be loaded.
  static std::unique_ptr<GpuLimits> load(Gpu &gpu, std::string &error);
  ~GpuLimits();
  GpuLimits(const GpuLimits &) = delete;
  GpuLimits &operator=(const GpuLimits &) = delete;

  /// Seconds from one launch of a kernel that does nothing to the next.
  double emptyKernel(double seconds);
  /// As measurePeak and measureBandwidth say of CPUs.
  const Rate &peak(DType dtype, double seconds);
  Rate bandwidth(int64_t workingSet, double seconds);

  /// Of calls that enqueue work.
  Timing time(const std::function<void()> &call, double seconds);

private:
  explicit GpuLimits(Gpu &gpu) : gpu(gpu) {}
  bool open(std::string &error);
  /// Seconds that so many calls take on the device.
  double run(const std::function<void()> &call, int64_t calls);
  void launch(void *function, unsigned blocks, void **parameters);

  Gpu &gpu;
  void *module = nullptr, *start = nullptr, *end = nullptr;
  void *empty = nullptr, *copy = nullptr, *multiplyAdd[2] = {};
  int processors = 0;
  std::optional<double> emptySeconds;
  std::optional<Rate> peaks[2];
};

} // namespace eqc

#endif // EQC_BENCH_GPULIMITS_H
