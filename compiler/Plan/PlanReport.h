//===- PlanReport.h - Plans and their costs in words ------------*- C++ -*-===//

#ifndef EQC_PLAN_PLANREPORT_H
#define EQC_PLAN_PLANREPORT_H

#include "compiler/Plan/CostModel.h"

#include <string>
#include <string_view>

namespace eqc {

/// What `eqc explain` says about the plans of a layer: the diagrams by
/// propagating order, the stages of the plan `asked` for (Auto: the cheapest),
/// the exact costs and predicted times of all plans, and why one was taken, of
/// one that was asked for `why`. `batch` as for `choosePlan`.
struct PlanReport {
  PlanKind plan = PlanKind::Shared; ///< the one whose stages are listed
  std::string text;
};
PlanReport reportPlans(const LayerSpec &spec, const CostTarget &target,
                       PlanKind asked = PlanKind::Auto,
                       std::string_view why = "as asked for",
                       int64_t batch = 0);

} // namespace eqc

#endif // EQC_PLAN_PLANREPORT_H
