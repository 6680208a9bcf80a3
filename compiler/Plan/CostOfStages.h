//===- CostOfStages.h - Counting what plans are made of ---------*- C++ -*-===//

#ifndef EQC_PLAN_COSTOFSTAGES_H
#define EQC_PLAN_COSTOFSTAGES_H

#include "compiler/Plan/Cost.h"
#include "compiler/Plan/RowTransform.h"

namespace eqc {

/// A stage of one sample; `mean`: sums are divided.
StageCost costOfStage(const ReadStage &stage, bool mean);
StageCost costOfStage(const MixStage &stage, bool mean = false);
StageCost costOfStage(const WriteStage &stage, bool mean = false);

/// Writes of patterns to `target`.
StageCost costOfWalks(PlanArray target, const std::vector<const Walk *> &walks);

/// A change of basis of so many rows.
StageCost costOfTransform(const RowTransform &transform, int64_t sources);

} // namespace eqc

#endif // EQC_PLAN_COSTOFSTAGES_H
