//===- Limits.h - What this machine can do at most --------------*- C++ -*-===//
//
// The two rates that bound every kernel from below: multiply-adds and bytes per
// second, measured on the spot.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_BENCH_LIMITS_H
#define EQC_BENCH_LIMITS_H

#include "compiler/Algebra/LayerSpec.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace eqc {

struct Rate {
  double perSecond = 0; ///< flops, or bytes
  std::string how;      ///< the loop that was fastest
};

/// Flops per second of `threads` threads that multiply and add whole vectors in
/// registers, a multiply-add counted as two; the best of every vector unit and
/// of several trials within `seconds`. Of units with vectors of `vectorBytes`
/// alone where that is not 0.
Rate measurePeak(DType dtype, int threads, double seconds,
                 size_t vectorBytes = 0);

/// Bytes read plus bytes written per second when `threads` threads copy arrays
/// that have `workingSet` bytes together, sources and targets, over and over;
/// the best of plain copies, copies past the caches and memcpy. Zero when there
/// is not enough memory.
Rate measureBandwidth(int64_t workingSet, int threads, double seconds);

/// Bytes of a second-level cache of this machine, or a usual number of them.
int64_t secondLevelCache();

/// The CPU's name, such as "AMD EPYC 9755"; empty when it is not known.
std::string cpuName();

} // namespace eqc

#endif // EQC_BENCH_LIMITS_H
