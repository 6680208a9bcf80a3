//===- SharedRules.cpp - What there is to say about the shared plan -------===//

#include "compiler/Plan/PlanRules.h"
#include "compiler/Plan/Strands/StrandPlan.h"

using namespace eqc;

static CountedPlan count(const LayerSpec &spec, BuiltPlans &) {
  return countedPlan(withoutStrands(buildSharedPlan(spec)));
}

const PlanRules eqc::SharedRules = {neverRefused, count};
