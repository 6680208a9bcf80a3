//===- SchurChoice.cpp - Which plan schur is for a layer ------------------===//

#include "compiler/Plan/SchurChoice.h"
#include "compiler/Plan/Cost.h"

using namespace eqc;

SchurChoice eqc::chooseSchur(const LayerSpec &spec) {
  SchurChoice form;
  form.strands = withStrands(buildSharedPlan(spec), spec);
  std::string refused;
  std::shared_ptr<const IsotypicPlan> isotypic = getIsotypicPlan(spec, refused);
  if (!isotypic)
    return form;
  auto flops = [&](const PlanCost &cost) {
    return operationsOf(cost, spec, spec.n).flops();
  };
  if (flops(costOf(*isotypic)) <= flops(costOf(form.strands)))
    form.isotypic = std::move(isotypic);
  return form;
}
