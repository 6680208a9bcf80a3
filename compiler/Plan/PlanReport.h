//===- PlanReport.h - Plans and their costs in words ------------*- C++ -*-===//

#ifndef EQC_PLAN_PLANREPORT_H
#define EQC_PLAN_PLANREPORT_H

#include "compiler/Plan/CostModel.h"

#include <string>
#include <string_view>
#include <vector>

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

/// Why a plan was taken, as the last line of that report says it.
std::string reasonOf(const PlanChoice &choice, PlanKind asked,
                     std::string_view why);

/// A stage in words: what it is, what it is done to, how much work that is.
struct StageWords {
  StageKind kind = StageKind::Read;
  std::string name, what, work;
};
std::vector<StageWords> stagesInWords(const CountedPlan &counted,
                                      const LayerSpec &spec);

/// A time in words: "12.3 us".
std::string timeText(double ns);

/// What reports call an array that a stage reads or writes.
std::string_view arrayName(PlanArray array);

} // namespace eqc

#endif // EQC_PLAN_PLANREPORT_H
