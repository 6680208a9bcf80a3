//===- Timing.cpp - Median of many runs -----------------------------------===//

#include "compiler/Bench/Timing.h"

#include "compiler/Bench/Workers.h"

#include <algorithm>

using namespace eqc;

/// What one reading of the clock may cost beside what it measures.
static constexpr double shortestRun = 20e-6;
/// One trial of a rate is at least this long, so that starting the threads and
/// reading the clock do not show.
static constexpr double trialSeconds = 2e-3;
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

Timing eqc::timeRuns(const std::function<double(int64_t)> &run, double seconds,
                     double shortestRun) {
  run(1); // caches, pages and threads
  const double warmEnd = now() + std::min(warmSeconds, seconds);
  double spent = 0;
  int64_t calls = 0;
  while (calls < warmCalls || now() < warmEnd) {
    spent += run(1);
    ++calls;
  }
  const double each = spent / double(calls);
  const int64_t callsPerRun =
      each < shortestRun ? int64_t(shortestRun / std::max(each, 1e-9)) + 1 : 1;

  std::vector<double> values;
  const double end = now() + seconds;
  do
    values.push_back(run(callsPerRun) / double(callsPerRun));
  while (int64_t(values.size()) < leastRuns ||
         (now() < end && int64_t(values.size()) < mostRuns));
  return summarize(values, callsPerRun);
}

Timing eqc::timeCalls(const std::function<void()> &call, double seconds) {
  return timeRuns(
      [&](int64_t calls) {
        const double start = now();
        for (int64_t i = 0; i < calls; ++i)
          call();
        return now() - start;
      },
      seconds, shortestRun);
}

double eqc::bestRate(double amount, double seconds,
                     const std::function<double(int64_t)> &run) {
  int64_t repeats = 1;
  double took = run(repeats);
  while (took < trialSeconds && repeats < (int64_t(1) << 40)) {
    double factor = took > 0 ? 1.2 * trialSeconds / took : 16;
    repeats = int64_t(double(repeats) * std::clamp(factor, 2.0, 16.0));
    took = run(repeats);
  }
  double best = amount * double(repeats) / took;
  const double end = now() + seconds;
  int trials = 0;
  do {
    best = std::max(best, amount * double(repeats) / run(repeats));
  } while (++trials < 3 || now() < end);
  return best;
}
