//===- DenseRules.cpp - What there is to say about the dense plan ---------===//

#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Plan/PlanRules.h"
#include "compiler/Plan/Saturating.h"

using namespace eqc;

static PlanRefusal whyNot(const LayerSpec &spec) {
  if (spec.pools())
    return refusedForPooling(spec);
  if (spec.dynamicN())
    return {"n is given at run time", "E0050"};
  int64_t entries = 1;
  for (const auto &lengths : {lengthsOfInput(spec), lengthsOfOutput(spec)})
    for (int64_t length : lengths)
      entries = saturatingMultiply(entries, length);
  if (saturatingMultiply(saturatingMultiply(entries, spec.cIn), spec.cOut) >
      maxDenseElements)
    return {"the matrix has more than 2^26 elements", "E0095"};
  return {};
}

static CountedPlan count(const LayerSpec &spec, BuiltPlans &) {
  return countedPlan(buildDensePlan(spec));
}

const PlanRules eqc::DenseRules = {whyNot, count, /*promisesLess=*/true,
                                   /*oneMatrix=*/true};
