//===- GradientSchedule.h - How a CPU sums gradients ------------*- C++ -*-===//

#ifndef EQC_LOWERING_SCHEDULES_GRADIENTSCHEDULE_H
#define EQC_LOWERING_SCHEDULES_GRADIENTSCHEDULE_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Nests/GradientNest.h"
#include "compiler/Machine/Machine.h"

namespace eqc {

struct GradientSchedule {
  /// Rows that stay in the first-level cache for all diagrams, and whose sums
  /// are taken on their own.
  int64_t chunkRows = 1;
  /// Whether all axes stay loops: of unrolled outer ones each copy would hold
  /// the inner loops.
  bool staysLoops = false;
};

GradientSchedule scheduleGradient(const LayerSpec &spec, const Machine &machine,
                                  const GradientNest &nest);

} // namespace eqc

#endif // EQC_LOWERING_SCHEDULES_GRADIENTSCHEDULE_H
