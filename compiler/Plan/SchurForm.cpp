//===- SchurForm.cpp - Which form the schur plan of a layer takes ---------===//

#include "compiler/Plan/SchurForm.h"
#include "compiler/Plan/Cost.h"

using namespace eqc;

SchurForm eqc::schurFormOf(const LayerSpec &spec) {
  SchurForm form;
  form.strands = withStrands(buildSharedPlan(spec), spec);
  std::string refused;
  std::shared_ptr<const SchurPlan> full = getSchurPlan(spec, refused);
  if (!full)
    return form;
  auto flops = [&](const PlanCost &cost) {
    return operationsOf(cost, spec, spec.n).flops();
  };
  if (flops(costOf(*full)) <= flops(costOf(form.strands)))
    form.full = std::move(full);
  return form;
}
