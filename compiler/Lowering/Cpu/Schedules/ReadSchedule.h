//===- ReadSchedule.h - How a CPU reads input patterns ----------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_READSCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_READSCHEDULE_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Shared/SharedPlan.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace eqc {

/// So many lines, along the last axis but one, a sweep adds at once.
constexpr int64_t kSweepLines = 4;

/// A stage of reads.
struct ReadSchedule {
  /// Whether x is read once for all entries, by whoever has all of them; parts
  /// go entry by entry.
  bool sweeps = false;
  /// Values of the last kept letter that are summed at once, at most:
  /// independent sums hide the latency of additions.
  int64_t mostRows = 1;

  /// How many of these rows, each of `vectors` vectors of channels, have their
  /// sums in registers together.
  int64_t rows(int64_t vectors) const {
    return std::max<int64_t>(1, std::min(mostRows, kSums / vectors));
  }

  static constexpr int64_t kSums = 8; ///< vectors of sums
  /// A sum with no other row beside it is as many, of every so many-th term.
  static constexpr int64_t kSumsOfOne = 4;
};

ReadSchedule scheduleRead(const LayerSpec &spec, const SharedPlan &plan,
                          const ReadStage &stage);

/// "one sweep over x", "pattern by pattern of x, up to 8 rows at once".
std::string describe(const ReadSchedule &schedule, std::string_view source);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_READSCHEDULE_H
