//===- LayerPlan.h - The plan of a layer, whichever it is -------*- C++ -*-===//

#ifndef EQC_PLAN_LAYERPLAN_H
#define EQC_PLAN_LAYERPLAN_H

#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Plan/Factored/FactoredPlan.h"
#include "compiler/Plan/Isotypic/IsotypicPlan.h"
#include "compiler/Plan/Strands/StrandPlan.h"

#include <memory>
#include <variant>

namespace eqc {

namespace detail {
template <typename First, typename... Plans> struct PlansAfter {
  using Variant = std::variant<Plans...>;
};
} // namespace detail

/// What kernels are written for: stages of one kind. Of those of the shared
/// plan, some mixes may be in Fourier space.
using LayerPlan = detail::PlansAfter<void
#define EQC_STAGES(NAME, PLAN, OP) , PLAN
#include "compiler/Plan/StageKinds.def"
                                     >::Variant;

PlanCost costOf(const LayerPlan &plan);

/// One that was built to be counted, kept for whoever counts more of it.
using KeptPlan = detail::PlansAfter<void
#define EQC_STAGES(NAME, PLAN, OP) , std::shared_ptr<const PLAN>
#include "compiler/Plan/StageKinds.def"
                                    >::Variant;

template <typename PlanT> KeptPlan keep(PlanT plan) {
  return std::make_shared<const PlanT>(std::move(plan));
}

} // namespace eqc

#endif // EQC_PLAN_LAYERPLAN_H
