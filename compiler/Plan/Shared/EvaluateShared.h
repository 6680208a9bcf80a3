//===- EvaluateShared.h - Run a shared plan without compiling ---*- C++ -*-===//

#ifndef EQC_PLAN_SHARED_EVALUATESHARED_H
#define EQC_PLAN_SHARED_EVALUATESHARED_H

#include "compiler/Plan/Shared/SharedPlan.h"

namespace eqc {

/// The layer's result for one sample in double precision, channels last, by
/// interpreting the plan as it will be emitted. `n` is the actual size. `at` is
/// the x that a plan which unpools is told.
std::vector<double> evaluateSharedPlan(const SharedPlan &plan, int64_t n,
                                       int64_t cIn, int64_t cOut,
                                       const std::vector<double> &x,
                                       const std::vector<double> &weight,
                                       const std::vector<double> &bias,
                                       const std::vector<double> &at = {});

} // namespace eqc

#endif // EQC_PLAN_SHARED_EVALUATESHARED_H
