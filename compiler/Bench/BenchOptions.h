//===- BenchOptions.h - How to measure --------------------------*- C++ -*-===//

#ifndef EQC_BENCH_BENCHOPTIONS_H
#define EQC_BENCH_BENCHOPTIONS_H

#include <cstdint>
#include <vector>

namespace eqc {

struct BenchOptions {
  static constexpr int64_t defaultBatch = 32;

  int64_t batch = 0;        ///< 0: the layer's own, else `defaultBatch`
  int64_t n = 0;            ///< the size for layers with `n = ?`
  std::vector<int> threads; ///< empty: one, and all of them
  double seconds = 0.5;     ///< for each measurement
  bool backward = false;    ///< measure all gradients too
  bool moreBatches = false; ///< on GPUs a multiple of the batch too
};

} // namespace eqc

#endif // EQC_BENCH_BENCHOPTIONS_H
