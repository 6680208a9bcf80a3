//===- PlanRules.cpp - What there is to say about a plan ------------------===//

#include "compiler/Plan/PlanRules.h"

#include <cassert>

using namespace eqc;

const PlanRules &eqc::rulesOf(PlanKind kind) {
  assert(kind != PlanKind::Auto && "no plan is chosen yet");
  static constexpr const PlanRules *rules[] = {
#define EQC_PLAN(NAME, TEXT, WORDS) &NAME##Rules,
#include "compiler/Plan/Plans.def"
  };
  return *rules[static_cast<int>(kind) - 1];
}

std::string eqc::planNames() {
  std::string text(planName(PlanKind::Auto));
  for (PlanKind kind : allPlans)
    text.append(", ").append(planName(kind));
  return text;
}

std::string eqc::planWords() {
  std::string text;
#define EQC_PLAN(NAME, TEXT, WORDS)                                            \
  text += text.empty() ? "" : ", ";                                            \
  text += TEXT " (" WORDS ")";
#include "compiler/Plan/Plans.def"
  return text;
}
