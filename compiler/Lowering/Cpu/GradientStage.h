//===- GradientStage.h - Weights' gradients of one order --------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_GRADIENTSTAGE_H
#define EQC_LOWERING_CPU_GRADIENTSTAGE_H

#include "compiler/Lowering/Cpu/Schedules/GradientSchedule.h"
#include "compiler/Lowering/Cpu/SumPlanes.h"
#include "compiler/Plan/Gradient/GradientPlan.h"

namespace eqc {

/// sums[diagram, ci, co] += x[row, ci] * grad_y[row, co] for the diagrams of
/// one propagating order; `x` and `gradY` are what is read of either side.
void emitGradientStage(KernelBuilder &kernel, const GradientStage &stage,
                       const GradientStageSchedule &schedule,
                       const SumTiling &tiling, PlanArrays &x,
                       PlanArrays &gradY, SumPlanes &planes);

} // namespace eqc

#endif // EQC_LOWERING_CPU_GRADIENTSTAGE_H
