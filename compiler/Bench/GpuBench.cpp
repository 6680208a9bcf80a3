//===- GpuBench.cpp - A layer's kernels against a GPU's limits ------------===//

#include "compiler/Bench/GpuBench.h"

#include "compiler/Bench/RandomArray.h"

#include <fmt/format.h>

using namespace eqc;

namespace {

/// Arrays of a call in the memory of a GPU.
class GpuArrays {
public:
  explicit GpuArrays(Gpu &gpu) : gpu(gpu) {}
  ~GpuArrays() {
    for (void *array : arrays)
      gpu.release(array);
  }
  GpuArrays(const GpuArrays &) = delete;
  GpuArrays &operator=(const GpuArrays &) = delete;

  /// Null where there is no memory for it.
  void *add(double bytes) {
    void *array =
        bytes < 0x1p46 ? gpu.allocate(static_cast<size_t>(bytes), 0) : nullptr;
    isComplete &= array != nullptr;
    arrays.push_back(array);
    return array;
  }
  /// The same numbers `copies` times.
  void *add(const RandomArray &values, double bytes, int64_t copies = 1) {
    void *array = values.data() ? add(bytes * double(copies)) : nullptr;
    const auto size = static_cast<size_t>(bytes);
    isComplete &= array && gpu.write(array, values.data(), size);
    const auto from = reinterpret_cast<uint64_t>(array);
    for (int64_t i = 1; i < copies && isComplete && size > 0; ++i)
      isComplete &= gpu.succeeded(
          gpu.driver().cuMemcpyDtoDAsync(from + static_cast<uint64_t>(i) * size,
                                         from, size, nullptr),
          "cuMemcpyDtoDAsync");
    return array;
  }
  bool complete() const { return isComplete; }

private:
  Gpu &gpu;
  std::vector<void *> arrays;
  bool isComplete = true;
};

} // namespace

/// At `copies` times the batch of the result.
static BenchResult benchBatch(const LayerSpec &spec,
                              const LoadedLibrary &library,
                              const BenchOptions &options, int64_t copies,
                              Gpu &gpu, GpuLimits &limits) {
  BenchResult result = describeBench(spec, library, options);
  const int64_t n = result.n, samples = result.batch;
  const int64_t batch = result.batch *= copies;
  std::optional<KernelFunctions> kernel = library.kernel(spec, result.error);
  if (!kernel)
    return result;
  if (options.backward && !kernel->backward) {
    result.error = "the layer was compiled without gradients";
    return result;
  }

  const auto width = double(spec.elementSize());
  const double xBytes = width * LayerArrays::inputs(spec, n, samples),
               yBytes = width * LayerArrays::outputs(spec, n, batch),
               weightBytes = width * LayerArrays::weights(spec),
               biasBytes = width * LayerArrays::biases(spec);
  GpuArrays arrays(gpu);
  const void *x = arrays.add(
      RandomArray(spec.dtype, LayerArrays::inputs(spec, n, samples), 3), xBytes,
      copies);
  const void *weight = arrays.add(
      RandomArray(spec.dtype, LayerArrays::weights(spec), 1), weightBytes);
  const void *bias = arrays.add(
      RandomArray(spec.dtype, LayerArrays::biases(spec), 2), biasBytes);
  void *y = arrays.add(yBytes);
  void *gradX = nullptr, *gradWeight = nullptr, *gradBias = nullptr;
  if (options.backward) {
    gradX = arrays.add(xBytes * double(copies));
    gradWeight = arrays.add(weightBytes);
    gradBias = arrays.add(biasBytes);
  }
  if (!arrays.complete()) {
    gpu.takeProblems();
    result.error =
        fmt::format("not enough memory on the GPU for a batch of {}", batch);
    return result;
  }

  int status = 0;
  const char *called = "forward";
  auto forward = [&] {
    status = status ? status : kernel->forward(n, batch, x, weight, bias, y);
  };
  auto backward = [&] {
    called = status ? called : "backward";
    status = status ? status
                    : kernel->backward(n, batch, x, weight, y, gradX,
                                       gradWeight, gradBias);
  };
  BenchRow row;
  row.threads = 0;
  row.peak = limits.peak(spec.dtype, options.seconds);
  row.launch = limits.emptyKernel(options.seconds);
  row.bytes = leastBytes(spec, n, batch);
  row.bandwidth = limits.bandwidth(int64_t(row.bytes), options.seconds);
  forward();
  if (!status)
    row.timing = limits.time(forward, options.seconds);
  if (!status && options.backward) {
    backward();
    if (!status)
      row.backward = limits.time(backward, options.seconds);
    row.backwardFlops = backwardFlops(spec, n, batch, result.plan);
  }
  gpu.wait();
  const std::string problems = gpu.takeProblems();
  if (status || !problems.empty())
    result.error = status ? fmt::format("'{}_{}' returned {}: {}", spec.name,
                                        called, status, library.lastError())
                          : problems;
  else
    addRow(result, row);
  return result;
}

std::vector<BenchResult> eqc::benchOnGpu(const LayerSpec &spec,
                                         const LoadedLibrary &library,
                                         const BenchOptions &options, Gpu &gpu,
                                         GpuLimits &limits) {
  std::vector<BenchResult> results;
  results.push_back(benchBatch(spec, library, options, 1, gpu, limits));
  if (options.moreBatches)
    results.push_back(
        benchBatch(spec, library, options, kGpuBatches, gpu, limits));
  return results;
}
