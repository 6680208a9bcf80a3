//===- BilinearSchedule.h - How a CPU joins two tensors ---------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_BILINEARSCHEDULE_H
#define EQC_LOWERING_CPU_SCHEDULES_BILINEARSCHEDULE_H

#include "compiler/Lowering/Cpu/Schedules/ReadSchedule.h"
#include "compiler/Machine/Machine.h"
#include "compiler/Plan/Bilinear/BilinearPlan.h"

#include <string>
#include <vector>

namespace eqc {

/// Joins of one shape. With weights on each channel a tile is rows of one array
/// by rows of the other, a vector of channels each. With weights on pairs of
/// channels it is channels of the first array by a vector of those of the
/// second, at some positions one after the other, which are then mixed at once.
struct JoinSchedule {
  int64_t rowsOfA = 1, rowsOfB = 1;
  int64_t positions = 1, channels = 1;
};

struct BilinearSchedule {
  std::vector<ReadSchedule> a, b, third;
  std::vector<JoinSchedule> stages;
};

BilinearSchedule scheduleBilinear(const LayerSpec &spec,
                                  const BilinearPlan &plan,
                                  const Machine &machine);

std::string describe(const BilinearSchedule &schedule, const BilinearPlan &plan,
                     bool depthwise);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_BILINEARSCHEDULE_H
