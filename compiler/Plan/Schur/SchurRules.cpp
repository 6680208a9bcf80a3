//===- SchurRules.cpp - What there is to say about schur ------------------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Plan/PlanRules.h"
#include "compiler/Plan/Schur/SchurChoice.h"

using namespace eqc;

static PlanRefusal whyNot(const LayerSpec &spec) {
  if (spec.pools())
    return refusedForPooling(spec);
  if (spec.group.isProduct())
    return {"its axes are of several spaces, for whose tensors no basis is "
            "built yet",
            "E0051"};
  if (rulesOf(spec.group).hasOrbits())
    return {"its group is one of permutations that are spelled out, for which "
            "no basis of irreducible tensors is built yet",
            "E0051"};
  if (!rulesOf(spec.group).hasSchurBasis())
    return {"its group keeps no length, so it has no orthogonal basis of "
            "irreducible tensors",
            "E0051"};
  return {};
}

static CountedPlan count(const LayerSpec &spec, BuiltPlans &built) {
  const SchurChoice schur = chooseSchur(spec, built);
  KeptPlan plan =
      schur.isotypic ? KeptPlan(schur.isotypic) : KeptPlan(keep(schur.strands));
  return {costOf(schur), std::string(basisName(schur.basis())),
          schur.condition(), std::move(plan)};
}

static std::string_view basisOf(const LayerSpec &spec, BuiltPlans &built) {
  return basisName(chooseSchur(spec, built).basis());
}

static bool isBasis(std::string_view name) {
  return findBasis(name).has_value();
}

const PlanRules eqc::SchurRules = {whyNot,
                                   count,
                                   /*promisesLess=*/true,
                                   /*oneMatrix=*/false,
                                   basisOf,
                                   isBasis,
                                   /*takesRagged=*/false};
