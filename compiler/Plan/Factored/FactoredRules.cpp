//===- FactoredRules.cpp - What there is to say about the factored plan ---===//

#include "compiler/Plan/PlanRules.h"

using namespace eqc;

/// All n! entries of a Levi-Civita symbol are spelled out.
static PlanRefusal whyNot(const LayerSpec &spec) {
  if (spec.n > 8)
    for (const Diagram &diagram : spec.diagrams)
      if (diagram.free >= 0)
        return {"the Levi-Civita symbol has more than 40320 entries", "E0097"};
  return {};
}

static CountedPlan count(const LayerSpec &spec) {
  return {costOf(buildFactoredPlan(spec)), "", 1};
}

// Steps go row by row, where the shared plan sums several rows at once.
const PlanRules eqc::FactoredRules = {whyNot, count, /*promisesLess=*/false,
                                      /*oneMatrix=*/false, /*rowCost=*/5};
