//===- EvaluateFactored.h - Run a factored plan uncompiled ------*- C++ -*-===//

#ifndef EQC_PLAN_FACTORED_EVALUATEFACTORED_H
#define EQC_PLAN_FACTORED_EVALUATEFACTORED_H

#include "compiler/Plan/Factored/FactoredPlan.h"

namespace eqc {

/// What a run of a factored plan did.
struct FactoredCounts {
  /// Additions of PlanarMult per input channel, all diagrams: contractions and
  /// Levi-Civita factors, neither mixing nor writing.
  int64_t additions = 0;
};

/// The layer's result for one sample in double precision, channels last, by
/// interpreting the plan as it will be emitted. `n` is the actual size;
/// `counts` may be null.
std::vector<double> evaluateFactoredPlan(const FactoredPlan &plan, int64_t n,
                                         int64_t cIn, int64_t cOut,
                                         const std::vector<double> &x,
                                         const std::vector<double> &weight,
                                         const std::vector<double> &bias,
                                         FactoredCounts *counts = nullptr);

} // namespace eqc

#endif // EQC_PLAN_FACTORED_EVALUATEFACTORED_H
