//===- ChoosePlans.h - Which plan each layer is compiled with ---*- C++ -*-===//

#ifndef EQC_TRANSFORMS_CHOOSEPLANS_H
#define EQC_TRANSFORMS_CHOOSEPLANS_H

#include "compiler/Plan/CostModel.h"
#include "compiler/Transforms/Passes.h"
#include "dialect/Eqc/EqcAttrs.h"

namespace eqc {

/// What a caller decides plans by.
struct PlanContext {
  CostTarget target; ///< maybe with other rates than the built-in ones
  BuiltPlans &built; ///< kept for whatever it does with the layers next
};

/// `eqc-choose-plans` in a context.
std::unique_ptr<mlir::Pass>
createChoosePlansPass(const ChoosePlansPassOptions &options,
                      const PlanContext &context);

/// What plans were compared by, as the pass has noted it; nothing is counted
/// again, so candidates are without their stages.
PlanChoice choiceOf(ir::PlanAttr plan);
/// The basis that channels are mixed in, and its condition.
CountedPlan basisOf(ir::PlanAttr plan);

} // namespace eqc

#endif // EQC_TRANSFORMS_CHOOSEPLANS_H
