//===- EmitUnpool.h - Gradients of largest and smallest entries -*- C++ -*-===//
//
// What a layer takes of its input by extremes has a gradient that goes to one
// entry each. Kernels of such gradients find x where y, the gradient of x, will
// be: the caller puts it there.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_EMITUNPOOL_H
#define EQC_LOWERING_CPU_EMITUNPOOL_H

#include "compiler/Lowering/Cpu/KernelFunction.h"

namespace eqc {

/// x, and what each pattern of `SharedPlan::nodes` takes of it.
struct PooledValues {
  Pool pool = Pool::Sum;
  KernelArray x, nodes;
};

/// Phases that copy x and take the extremes, finer patterns first.
PooledValues emitPooledValues(ForwardKernel &forward, const SharedPlan &plan);

/// Adds the patterns of a stage to its target, each row where the pattern's
/// extreme was; see RouteNest.h. Others are written as usual.
void emitUnpool(KernelBuilder &kernel, PlanArrays &arrays,
                const WriteStage &stage, PooledValues &pooled);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITUNPOOL_H
