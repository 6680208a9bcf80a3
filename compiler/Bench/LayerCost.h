//===- LayerCost.h - What a layer must cost ---------------------*- C++ -*-===//
//
// Flops of each plan and the bytes no plan can avoid, and the least time they
// allow on a machine of given rates.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_BENCH_LAYERCOST_H
#define EQC_BENCH_LAYERCOST_H

#include "compiler/Algebra/LayerSpec.h"

#include <string>
#include <vector>

namespace eqc {

/// Flops of one plan for one sample. A multiply-add counts as two, and so does
/// an addition that has no multiplication to fuse with: it takes the same slot.
struct PlanFlops {
  std::string plan; ///< as NAME_info() names it
  double perSample = 0;
  double inputRows = 0; ///< read of x, in all passes over it
};

/// The plans whose flops are known, for the actual size `n`.
std::vector<PlanFlops> planFlops(const LayerSpec &spec, int64_t n);

/// Flops of all gradients of a layer compiled by the plan of that name, for a
/// batch.
double backwardFlops(const LayerSpec &spec, int64_t n, int64_t batch,
                     const std::string &plan);

/// Bytes of x, y, weight and bias together.
double leastBytes(const LayerSpec &spec, int64_t n, int64_t batch);

/// Bytes of so many rows of x.
double bytesOfInputRows(const LayerSpec &spec, double rows);

/// The least seconds for so much work, and which rate decides.
struct Floor {
  double seconds = 0;
  bool boundByBytes = false;
};
Floor floorOf(double flops, double bytes, double peak, double bandwidth);

} // namespace eqc

#endif // EQC_BENCH_LAYERCOST_H
