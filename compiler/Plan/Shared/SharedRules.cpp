//===- SharedRules.cpp - What there is to say about the shared plan -------===//

#include "compiler/Plan/PlanRules.h"

using namespace eqc;

static CountedPlan count(const LayerSpec &spec) {
  return {costOf(buildSharedPlan(spec)), "", 1};
}

const PlanRules eqc::SharedRules = {neverRefused, count};
