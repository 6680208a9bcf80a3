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

/// The same of calls whose time others measure: `run` makes so many of them,
/// and returns the seconds that they took. A run is at least `shortestRun`
/// long.
Timing timeRuns(const std::function<double(int64_t calls)> &run, double seconds,
                double shortestRun);

/// The highest rate of repeated trials. `run` returns the seconds that so many
/// repetitions took, `amount` is what one of them does.
double bestRate(double amount, double seconds,
                const std::function<double(int64_t repeats)> &run);

/// Medians of what `values` holds; sorts it.
Timing summarize(std::vector<double> &values, int64_t callsPerRun);

} // namespace eqc

#endif // EQC_BENCH_TIMING_H
