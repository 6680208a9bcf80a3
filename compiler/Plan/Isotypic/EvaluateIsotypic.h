//===- EvaluateIsotypic.h - Run an isotypic plan ----------------*- C++ -*-===//

#ifndef EQC_PLAN_ISOTYPIC_EVALUATEISOTYPIC_H
#define EQC_PLAN_ISOTYPIC_EVALUATEISOTYPIC_H

#include "compiler/Plan/Isotypic/IsotypicPlan.h"

namespace eqc {

/// The plan applied to one sample, stage by stage, in double precision. x and
/// the result are rows of channels. `bias` is empty for a layer without.
std::vector<double> evaluateIsotypicPlan(const IsotypicPlan &plan, int64_t cIn,
                                         int64_t cOut,
                                         const std::vector<double> &x,
                                         const std::vector<double> &weight,
                                         const std::vector<double> &bias);

} // namespace eqc

#endif // EQC_PLAN_ISOTYPIC_EVALUATEISOTYPIC_H
