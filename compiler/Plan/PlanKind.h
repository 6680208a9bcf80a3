//===- PlanKind.h - The ways to multiply diagrams ---------------*- C++ -*-===//

#ifndef EQC_PLAN_PLANKIND_H
#define EQC_PLAN_PLANKIND_H

#include <string_view>

namespace eqc {

enum class PlanKind { Auto, Dense, Factored, Shared, Schur };

inline constexpr PlanKind allPlanKinds[] = {PlanKind::Auto, PlanKind::Dense,
                                            PlanKind::Factored,
                                            PlanKind::Shared, PlanKind::Schur};

/// The plan as --plan names it.
constexpr std::string_view planName(PlanKind kind) {
  switch (kind) {
  case PlanKind::Auto:
    return "auto";
  case PlanKind::Dense:
    return "dense";
  case PlanKind::Factored:
    return "factored";
  case PlanKind::Shared:
    return "shared";
  case PlanKind::Schur:
    return "schur";
  }
  return "";
}

} // namespace eqc

#endif // EQC_PLAN_PLANKIND_H
