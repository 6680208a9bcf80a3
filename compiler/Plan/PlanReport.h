//===- PlanReport.h - Plans and their costs in words ------------*- C++ -*-===//

#ifndef EQC_PLAN_PLANREPORT_H
#define EQC_PLAN_PLANREPORT_H

#include "compiler/Plan/CostModel.h"

#include <string>
#include <string_view>

namespace eqc {

/// What `eqc explain` says about the plans of a layer that is compiled with
/// `plan`: the diagrams by propagating order, the stages of the plan as they
/// are `counted`, the exact costs and predicted times of all that were
/// compared, and why this one was taken: `why` where it is not the cheapest but
/// was `asked` for (Auto: it is).
std::string reportPlans(const LayerSpec &spec, const PlanChoice &choice,
                        PlanKind plan, const CountedPlan &counted,
                        PlanKind asked = PlanKind::Auto,
                        std::string_view why = "as asked for");

} // namespace eqc

#endif // EQC_PLAN_PLANREPORT_H
