//===- CpuLoops.h - Loops that run at a CPU's limits ------------*- C++ -*-===//
//
// The instruction sequences that peak rates are measured with, one set per kind
// of vector unit, chosen at run time: eqc itself is built for any CPU.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_BENCH_CPULOOPS_H
#define EQC_BENCH_CPULOOPS_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace eqc {

/// One kind of vector unit.
struct CpuLoops {
  const char *name;    ///< as the tables print it
  size_t vectorBytes;  ///< of one register
  int64_t stepsPerRun; ///< multiply-adds of whole vectors in one iteration
  /// Runs `iterations` iterations of independent multiply-adds that touch
  /// nothing but registers. The result depends on all of them.
  double (*multiplyAddF32)(int64_t iterations);
  double (*multiplyAddF64)(int64_t iterations);
  /// Copies `bytes`, a multiple of 256, between arrays aligned to 64. The
  /// second goes past the caches and is null where there is no such store.
  void (*copy)(void *to, const void *from, size_t bytes);
  void (*streamCopy)(void *to, const void *from, size_t bytes);
};

/// The sets that this CPU can run, widest vectors first; never empty.
const std::vector<CpuLoops> &usableCpuLoops();

} // namespace eqc

#endif // EQC_BENCH_CPULOOPS_H
