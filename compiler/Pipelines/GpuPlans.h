//===- GpuPlans.h - Which plans GPUs have kernels for -----------*- C++ -*-===//

#ifndef EQC_PIPELINES_GPUPLANS_H
#define EQC_PIPELINES_GPUPLANS_H

#include "compiler/Pipelines/Compile.h"

namespace eqc {

/// The plan for what is asked for: the cost model knows no GPU's rates.
PlanKind planOfGpu(PlanKind asked);

/// Whether there are kernels for the plan that is asked for; else `failure` is
/// filled in.
bool isServedByGpu(llvm::ArrayRef<LayerSpec> layers,
                   const CompileOptions &options, CompileFailure &failure);

} // namespace eqc

#endif // EQC_PIPELINES_GPUPLANS_H
