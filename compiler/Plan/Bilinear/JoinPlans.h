//===- JoinPlans.h - The plans of layers of two inputs ----------*- C++ -*-===//

#ifndef EQC_PLAN_BILINEAR_JOINPLANS_H
#define EQC_PLAN_BILINEAR_JOINPLANS_H

#include "compiler/Plan/PlanKind.h"

#include <optional>

namespace eqc {

/// Whether diagrams share their joins under a plan; nothing where layers of two
/// inputs have no such plan.
std::optional<bool> sharesJoins(PlanKind kind);

/// The plan where none is asked for.
PlanKind defaultJoinPlan();

} // namespace eqc

#endif // EQC_PLAN_BILINEAR_JOINPLANS_H
