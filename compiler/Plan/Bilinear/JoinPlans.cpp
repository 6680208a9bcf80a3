//===- JoinPlans.cpp - The plans of layers of two inputs ------------------===//

#include "compiler/Plan/Bilinear/JoinPlans.h"

#include <utility>

using namespace eqc;

static constexpr std::pair<PlanKind, bool> joinPlans[] = {
#define EQC_JOIN_PLAN(NAME, SHARES) {PlanKind::NAME, SHARES},
#include "compiler/Plan/Bilinear/JoinPlans.def"
};

std::optional<bool> eqc::sharesJoins(PlanKind kind) {
  for (const auto &[known, shares] : joinPlans)
    if (known == kind)
      return shares;
  return std::nullopt;
}

PlanKind eqc::defaultJoinPlan() { return joinPlans[0].first; }
