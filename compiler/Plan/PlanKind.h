//===- PlanKind.h - The ways to multiply diagrams ---------------*- C++ -*-===//

#ifndef EQC_PLAN_PLANKIND_H
#define EQC_PLAN_PLANKIND_H

#include <optional>
#include <string>
#include <string_view>

namespace eqc {

/// Auto stands for the plan that is predicted to be the fastest.
enum class PlanKind {
  Auto,
#define EQC_PLAN(NAME, TEXT, WORDS) NAME,
#include "compiler/Plan/Plans.def"
};

/// All plans; Auto is none.
inline constexpr PlanKind allPlans[] = {
#define EQC_PLAN(NAME, TEXT, WORDS) PlanKind::NAME,
#include "compiler/Plan/Plans.def"
};

/// The plan as --plan names it.
constexpr std::string_view planName(PlanKind kind) {
  constexpr std::string_view names[] = {
      "auto",
#define EQC_PLAN(NAME, TEXT, WORDS) TEXT,
#include "compiler/Plan/Plans.def"
  };
  return names[static_cast<int>(kind)];
}

/// The plan of that name, "auto" included.
constexpr std::optional<PlanKind> findPlan(std::string_view name) {
  if (name == planName(PlanKind::Auto))
    return PlanKind::Auto;
  for (PlanKind kind : allPlans)
    if (name == planName(kind))
      return kind;
  return std::nullopt;
}

/// "auto, shared, .." as messages and the help list them.
std::string planNames();
/// "shared (with everything shared), ..".
std::string planWords();

} // namespace eqc

#endif // EQC_PLAN_PLANKIND_H
