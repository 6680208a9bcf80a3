//===- FitRates.h - Rates that explain measured times -----------*- C++ -*-===//

#ifndef EQC_TUNE_FITRATES_H
#define EQC_TUNE_FITRATES_H

#include "compiler/Plan/CostModel.h"

#include <vector>

namespace eqc {

/// The time of one call of a layer, and what the model needs to predict it.
struct Observation {
  const LayerSpec *spec = nullptr;
  PlanCandidate plan; ///< with its counts
  int64_t n = 1, batch = 1;
  double callNs = 0; ///< measured
};

struct RateFit {
  CostRates rates;
  /// The median and the largest of predicted over measured times, or the other
  /// way round where that is larger.
  double typicalRatio = 1, worstRatio = 1;
};

/// The rates near those of `start` with which the cost model predicts the
/// observed times best.
///
/// Least squares of the logarithms, because times range over decades and rates
/// are positive. Observations pull each rate away from where it starts, and
/// what they leave open stays there, so that the problem is always well posed;
/// a few kernels that the model gets quite wrong count for less.
RateFit fitRates(const CostTarget &start,
                 const std::vector<Observation> &observations);

} // namespace eqc

#endif // EQC_TUNE_FITRATES_H
