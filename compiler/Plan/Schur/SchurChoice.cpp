//===- SchurChoice.cpp - Which plan schur is for a layer ------------------===//

#include "compiler/Plan/Schur/SchurChoice.h"
#include "compiler/Plan/Cost.h"

using namespace eqc;

SchurChoice eqc::chooseSchur(const LayerSpec &spec, BuiltPlans &built) {
  SchurChoice form;
  const MemberLayer layer = membersOf(spec);
  form.strands =
      withoutCancelled(withStrands(buildSharedPlan(layer.spec), layer));
  std::string refused;
  std::shared_ptr<const IsotypicPlan> isotypic =
      getIsotypicPlan(spec, built, refused);
  if (!isotypic)
    return form;
  auto flops = [&](const PlanCost &cost) {
    return operationsOf(cost, spec, spec.n).flops();
  };
  if (flops(costOf(*isotypic)) <= flops(costOf(form.strands)))
    form.isotypic = std::move(isotypic);
  return form;
}

PlanCost eqc::costOf(const SchurChoice &form) {
  return form.isotypic ? costOf(*form.isotypic) : costOf(form.strands);
}
