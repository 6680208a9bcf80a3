//===- SchurRules.cpp - What there is to say about schur ------------------===//

#include "compiler/Plan/PlanRules.h"
#include "compiler/Plan/SchurChoice.h"

using namespace eqc;

static CountedPlan count(const LayerSpec &spec) {
  const SchurChoice schur = chooseSchur(spec);
  return {costOf(schur), basisName(schur.basis()), schur.condition()};
}

static std::string_view basisOf(const LayerSpec &spec) {
  return basisName(chooseSchur(spec).basis());
}

const PlanRules eqc::SchurRules = {neverRefused,          count,
                                   /*promisesLess=*/true,
                                   /*oneMatrix=*/false,
                                   /*rowCost=*/1,         basisOf,
                                   /*takesRagged=*/false};
