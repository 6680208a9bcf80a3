//===- Timing.h - Median of many runs ---------------------------*- C++ -*-===//

#ifndef EQC_BENCH_TIMING_H
#define EQC_BENCH_TIMING_H

#include <cstdint>
#include <functional>
#include <vector>

namespace eqc {

/// Seconds of one call.
struct Timing {
  double median = 0, fastest = 0;
  double lowerQuartile = 0, upperQuartile = 0;
  int64_t runs = 0;        ///< how many times were taken
  int64_t callsPerRun = 1; ///< a time is the mean of so many calls in a row
};

/// Calls until nothing is cold, then measures for at least `seconds` and at
/// least 7 times. Calls too short for the clock are timed several in a row.
Timing timeCalls(const std::function<void()> &call, double seconds);

/// Medians of what `values` holds; sorts it.
Timing summarize(std::vector<double> &values, int64_t callsPerRun);

} // namespace eqc

#endif // EQC_BENCH_TIMING_H
