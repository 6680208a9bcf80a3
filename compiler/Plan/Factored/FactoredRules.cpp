//===- FactoredRules.cpp - What there is to say about the factored plan ---===//

#include "compiler/Plan/Factored/FactoredPlan.h"
#include "compiler/Plan/PlanRules.h"

using namespace eqc;

static PlanRefusal whyNot(const LayerSpec &spec) {
  if (spec.pools())
    return refusedForPooling(spec);
  return {whyNoFactoredPlan(spec), "E0097"};
}

static CountedPlan count(const LayerSpec &spec, BuiltPlans &) {
  return countedPlan(
      FactoredLayer{buildFactoredPlan(membersOf(spec).spec), {}, {}});
}

const PlanRules eqc::FactoredRules = {whyNot, count};
