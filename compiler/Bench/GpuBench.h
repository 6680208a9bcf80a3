//===- GpuBench.h - A layer's kernels against a GPU's limits ----*- C++ -*-===//

#ifndef EQC_BENCH_GPUBENCH_H
#define EQC_BENCH_GPUBENCH_H

#include "compiler/Bench/BenchLayer.h"
#include "compiler/Bench/GpuLimits.h"

namespace eqc {

/// How many times its batch a layer is measured at too, where nothing else was
/// asked for: small batches show what a launch costs, large ones the kernels.
constexpr int64_t kGpuBatches = 16;

/// Measures one layer of a library for GPUs, at the batch of `options`, else at
/// its own and at kGpuBatches times that.
std::vector<BenchResult> benchOnGpu(const LayerSpec &spec,
                                    const LoadedLibrary &library,
                                    const BenchOptions &options, Gpu &gpu,
                                    GpuLimits &limits);

} // namespace eqc

#endif // EQC_BENCH_GPUBENCH_H
