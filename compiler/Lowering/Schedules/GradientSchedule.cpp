//===- GradientSchedule.cpp - How a CPU sums gradients --------------------===//

#include "compiler/Lowering/Schedules/GradientSchedule.h"
#include "compiler/Lowering/Nests/Summation.h"

#include <algorithm>

using namespace eqc;

/// Positions of a nest of loops that may be unrolled as a whole.
static constexpr int64_t kMostUnrolled = 128;

GradientSchedule eqc::scheduleGradient(const LayerSpec &spec,
                                       const Machine &machine,
                                       const GradientNest &nest) {
  GradientSchedule schedule;
  // The rows of both sides share the cache.
  int64_t &rows = schedule.chunkRows;
  rows = std::clamp<int64_t>(machine.l1Bytes /
                                 ((spec.cIn + spec.cOut) * spec.elementSize()),
                             kTermsOfBlock / 2, kTermsOfBlock);
  if (spec.dynamicN())
    return schedule;
  // A sample that is little more than a chunk stays whole: cut in two, it would
  // meet the sums twice.
  const int64_t ofSample = nest.rowsFrom(0).at(spec.n);
  if (rows == kTermsOfBlock && ofSample <= kMostTermsOfBlock)
    rows = std::max(rows, ofSample);
  int64_t outer = 1;
  for (int a = 0; a + 1 < nest.strided; ++a)
    outer *= nest.axes[static_cast<size_t>(a)].extent.at(spec.n);
  schedule.staysLoops = outer > kMostUnrolled;
  return schedule;
}
