//===- Timing.cpp - Median of many runs -----------------------------------===//

#include "compiler/Bench/Timing.h"

#include "compiler/Bench/Workers.h"

#include <algorithm>

using namespace eqc;

/// What one reading of the clock may cost beside what it measures.
static constexpr double shortestRun = 20e-6;
static constexpr double warmSeconds = 0.05;
static constexpr int64_t warmCalls = 3;
static constexpr int64_t leastRuns = 7;
static constexpr int64_t mostRuns = 100000;

/// Linear interpolation between the two values around the fraction.
static double quantile(const std::vector<double> &sorted, double fraction) {
  double place = fraction * double(sorted.size() - 1);
  size_t below = size_t(place);
  size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] +
         (place - double(below)) * (sorted[above] - sorted[below]);
}

Timing eqc::summarize(std::vector<double> &values, int64_t callsPerRun) {
  Timing timing;
  timing.callsPerRun = callsPerRun;
  timing.runs = int64_t(values.size());
  if (values.empty())
    return timing;
  std::sort(values.begin(), values.end());
  timing.fastest = values.front();
  timing.lowerQuartile = quantile(values, 0.25);
  timing.median = quantile(values, 0.5);
  timing.upperQuartile = quantile(values, 0.75);
  return timing;
}

Timing eqc::timeCalls(const std::function<void()> &call, double seconds) {
  call(); // caches, pages and threads
  double start = now();
  int64_t calls = 0;
  while (calls < warmCalls || now() - start < std::min(warmSeconds, seconds)) {
    call();
    ++calls;
  }
  double each = (now() - start) / double(calls);
  int64_t callsPerRun =
      each < shortestRun ? int64_t(shortestRun / std::max(each, 1e-9)) + 1 : 1;

  std::vector<double> values;
  start = now();
  double before = start;
  do {
    for (int64_t i = 0; i < callsPerRun; ++i)
      call();
    double after = now();
    values.push_back((after - before) / double(callsPerRun));
    before = after;
  } while (int64_t(values.size()) < leastRuns ||
           (before - start < seconds && int64_t(values.size()) < mostRuns));
  return summarize(values, callsPerRun);
}
