//===- GpuLoops.h - Kernels that run at a GPU's limits ----------*- C++ -*-===//

#ifndef EQC_BENCH_GPULOOPS_H
#define EQC_BENCH_GPULOOPS_H

#include <cstdint>
#include <string>

namespace eqc {

/// Threads of a block of each of them.
constexpr unsigned kLoopThreads = 256;
/// Multiply-adds of a thread in a round of `multiply_add_*`.
constexpr int64_t kLoopSteps = 64;
/// What a block copies at once: each thread four vectors of 16 bytes.
constexpr int64_t kCopyBytes = int64_t(kLoopThreads) * 4 * 16;

/// PTX for any GPU that layers are compiled for:
///   empty();
///   multiply_add_f32(u64 rounds, f32 *sums), multiply_add_f64: a sum for each
///     thread, which depends on all that it computed;
///   copy(u64 rounds, void *to, const void *from, u64 pieces): that many times,
///     pieces of kCopyBytes, past the caches of single processors.
std::string gpuLoops();

} // namespace eqc

#endif // EQC_BENCH_GPULOOPS_H
