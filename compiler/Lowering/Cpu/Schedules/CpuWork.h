//===- CpuWork.h - What a CPU does for a layer ------------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_SCHEDULES_CPUWORK_H
#define EQC_LOWERING_CPU_SCHEDULES_CPUWORK_H

#include "compiler/Plan/CostModel.h"

namespace eqc {

/// The work of one core for a layer by `plan`, in calls of `batch` samples of
/// size n, under the schedules that kernels are emitted by.
PlanWork countCpuWork(const LayerSpec &spec, const KeptPlan &plan,
                      const Machine &machine, int64_t n, int64_t batch);

/// The built-in rates of CPUs with vectors and registers like these.
CostTarget cpuCostTarget(const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SCHEDULES_CPUWORK_H
