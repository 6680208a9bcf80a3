//===- GpuLimits.cpp - What a GPU can do at most --------------------------===//

#include "compiler/Bench/GpuLimits.h"

#include "compiler/Bench/GpuLoops.h"

#include <algorithm>

using namespace eqc;

/// Blocks of a processor, enough to keep it busy.
static constexpr unsigned kBlocks = 4;
/// An event may be off by half a microsecond.
static constexpr double kShortestRun = 500e-6;

std::unique_ptr<GpuLimits> GpuLimits::load(Gpu &gpu, std::string &error) {
  std::unique_ptr<GpuLimits> limits(new GpuLimits(gpu));
  return limits->open(error) ? std::move(limits) : nullptr;
}

bool GpuLimits::open(std::string &error) {
  const GpuDriver &driver = gpu.driver();
  const std::string text = gpuLoops();
  auto function = [&](const char *name, void *&function) {
    return gpu.succeeded(driver.cuModuleGetFunction(&function, module, name),
                         "cuModuleGetFunction");
  };
  int device = 0;
  const bool isOpen =
      gpu.succeeded(
          driver.cuModuleLoadDataEx(&module, text.c_str(), 0, nullptr, nullptr),
          "cuModuleLoadDataEx") &&
      function("empty", empty) && function("copy", copy) &&
      function("multiply_add_f32", multiplyAdd[0]) &&
      function("multiply_add_f64", multiplyAdd[1]) &&
      gpu.succeeded(driver.cuEventCreate(&start, 0), "cuEventCreate") &&
      gpu.succeeded(driver.cuEventCreate(&end, 0), "cuEventCreate") &&
      gpu.succeeded(driver.cuCtxGetDevice(&device), "cuCtxGetDevice") &&
      gpu.succeeded(driver.cuDeviceGetAttribute(
                        &processors, EQC_CU_MULTIPROCESSOR_COUNT, device),
                    "cuDeviceGetAttribute");
  if (!isOpen)
    error = gpu.takeProblems();
  return isOpen;
}

GpuLimits::~GpuLimits() {
  for (void *event : {start, end})
    if (event)
      gpu.driver().cuEventDestroy(event);
  if (module)
    gpu.driver().cuModuleUnload(module);
}

void GpuLimits::launch(void *function, unsigned blocks, void **parameters) {
  gpu.succeeded(gpu.driver().cuLaunchKernel(function, blocks, 1, 1,
                                            kLoopThreads, 1, 1, 0, nullptr,
                                            parameters, nullptr),
                "cuLaunchKernel");
}

double GpuLimits::run(const std::function<void()> &call, int64_t calls) {
  const GpuDriver &driver = gpu.driver();
  gpu.succeeded(driver.cuEventRecord(start, nullptr), "cuEventRecord");
  for (int64_t i = 0; i < calls; ++i)
    call();
  gpu.succeeded(driver.cuEventRecord(end, nullptr), "cuEventRecord");
  gpu.succeeded(driver.cuEventSynchronize(end), "cuEventSynchronize");
  float milliseconds = 0;
  gpu.succeeded(driver.cuEventElapsedTime(&milliseconds, start, end),
                "cuEventElapsedTime");
  return double(milliseconds) * 1e-3;
}

Timing GpuLimits::time(const std::function<void()> &call, double seconds) {
  return timeRuns([&](int64_t calls) { return run(call, calls); }, seconds,
                  kShortestRun);
}

double GpuLimits::emptyKernel(double seconds) {
  void *none = nullptr;
  if (!emptySeconds)
    emptySeconds = time([&] { launch(empty, 1, &none); }, seconds).median;
  return *emptySeconds;
}

const Rate &GpuLimits::peak(DType dtype, double seconds) {
  const bool isDouble = dtype == DType::F64;
  std::optional<Rate> &rate = peaks[isDouble];
  if (rate)
    return *rate;
  rate.emplace();
  const unsigned blocks = kBlocks * static_cast<unsigned>(processors);
  const auto threads = int64_t(blocks) * kLoopThreads;
  void *sums = gpu.allocate(static_cast<size_t>(threads) *
                                (isDouble ? sizeof(double) : sizeof(float)),
                            0);
  if (!sums)
    return *rate;
  *rate = {
      bestRate(2.0 * double(threads * kLoopSteps), seconds,
               [&](int64_t rounds) {
                 void *parameters[] = {&rounds, &sums, nullptr};
                 return run(
                     [&] { launch(multiplyAdd[isDouble], blocks, parameters); },
                     1);
               }),
      isDouble ? "fma.rn.f64" : "fma.rn.f32"};
  gpu.release(sums);
  return *rate;
}

Rate GpuLimits::bandwidth(int64_t workingSet, double seconds) {
  int64_t pieces = std::max<int64_t>(workingSet / (2 * kCopyBytes), 1);
  const auto bytes = static_cast<size_t>(pieces * kCopyBytes);
  void *from = gpu.allocate(bytes, 0), *to = gpu.allocate(bytes, 0);
  Rate best;
  if (from && to) {
    const auto blocks = static_cast<unsigned>(
        std::min<int64_t>(pieces, int64_t(kBlocks) * processors));
    const double own =
        bestRate(2.0 * double(bytes), seconds / 2, [&](int64_t rounds) {
          void *parameters[] = {&rounds, &to, &from, &pieces, nullptr};
          return run([&] { launch(copy, blocks, parameters); }, 1);
        });
    const double drivers =
        bestRate(2.0 * double(bytes), seconds / 2, [&](int64_t calls) {
          return run(
              [&] {
                gpu.succeeded(gpu.driver().cuMemcpyDtoDAsync(
                                  reinterpret_cast<uint64_t>(to),
                                  reinterpret_cast<uint64_t>(from), bytes,
                                  nullptr),
                              "cuMemcpyDtoDAsync");
              },
              calls);
        });
    best = drivers > own ? Rate{drivers, "cuMemcpy"} : Rate{own, "copy"};
  }
  gpu.release(from);
  gpu.release(to);
  return best;
}
