//===- FactoredRules.cpp - What there is to say about the factored plan ---===//

#include "compiler/Plan/Factored/FactoredPlan.h"
#include "compiler/Plan/PlanRules.h"

using namespace eqc;

static PlanRefusal whyNot(const LayerSpec &spec) {
  return {whyNoFactoredPlan(spec), "E0097"};
}

static CountedPlan count(const LayerSpec &spec, BuiltPlans &) {
  return {costOf(buildFactoredPlan(spec)), "", 1};
}

// Steps go row by row, where the shared plan sums several rows at once.
const PlanRules eqc::FactoredRules = {whyNot, count, /*promisesLess=*/false,
                                      /*oneMatrix=*/false, /*rowCost=*/5};
