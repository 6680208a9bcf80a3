//===- SharedRules.cpp - What there is to say about the shared plan -------===//

#include "compiler/Plan/PlanRules.h"
#include "compiler/Plan/Shared/SharedPlan.h"

using namespace eqc;

static CountedPlan count(const LayerSpec &spec, BuiltPlans &) {
  return {costOf(buildSharedPlan(spec)), "", 1};
}

const PlanRules eqc::SharedRules = {neverRefused, count};
