//===- GpuPlans.h - Which plans GPUs get ------------------------*- C++ -*-===//

#ifndef EQC_PIPELINES_GPUPLANS_H
#define EQC_PIPELINES_GPUPLANS_H

#include "compiler/Pipelines/Compile.h"

namespace eqc {

/// The plan for what is asked for: the cost model knows no GPU's rates.
PlanKind planOfGpu(PlanKind asked);

} // namespace eqc

#endif // EQC_PIPELINES_GPUPLANS_H
