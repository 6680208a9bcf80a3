//===- SharedRules.cpp - What there is to say about the shared plan -------===//

#include "compiler/Plan/PlanRules.h"
#include "compiler/Plan/Strands/StrandPlan.h"

using namespace eqc;

static CountedPlan count(const LayerSpec &spec, BuiltPlans &) {
  const MemberLayer layer = membersOf(spec);
  return countedPlan(withoutStrands(buildSharedPlan(layer.spec), layer));
}

const PlanRules eqc::SharedRules = {neverRefused, count};
