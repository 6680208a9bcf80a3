//===- LanesSchedule.h - How a CPU runs samples in lanes --------*- C++ -*-===//
//
// With few channels a vector of channels is mostly padding. A group of as many
// samples as a vector has lanes can run at once instead.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_LANESSCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_LANESSCHEDULE_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Nests/MixNest.h"
#include "compiler/Machine/Machine.h"

#include <optional>
#include <string>
#include <vector>

namespace eqc {

/// A mix of a group.
struct LaneMixSchedule {
  /// Rows of a tile along the last axis, as even as they can be; the last one
  /// overlaps.
  int64_t rows = 1;
  /// Lines of y, along its first axis, that are finished and put where they
  /// belong at a time; 0: y is made as a whole.
  int64_t lines = 0;
};

struct LanesSchedule {
  int64_t samples = 1; ///< of a group
  /// Lines of x, along its first axis, that are swept while they are in the
  /// cache; 0: there is no sweep to begin with, all of x comes first.
  int64_t inputLines = 0;
  std::vector<LaneMixSchedule> mixes; ///< one for each stage of the plan
};

/// Whether vectors of channels would be mostly padding, and a group of samples,
/// of so many elements each, stays in the second-level cache.
bool wantsLanes(const LayerSpec &spec, int64_t elements,
                const Machine &machine);

/// Null where vectors of channels are the better way, or a group would leave
/// the second-level cache.
std::optional<LanesSchedule> scheduleLanes(const LayerSpec &spec,
                                           const SharedPlan &plan,
                                           const Machine &machine);

/// "groups of 8 samples run in the lanes of vectors instead, ..".
std::string describe(const LanesSchedule &schedule, const SharedPlan &plan);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_LANESSCHEDULE_H
