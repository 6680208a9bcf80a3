//===- IsotypicCost.cpp - Counting the isotypic plan ----------------------===//

#include "compiler/Plan/CostOfStages.h"
#include "compiler/Plan/Isotypic/IsotypicPlan.h"

using namespace eqc;

PlanCost eqc::costOf(const IsotypicPlan &plan) {
  PlanCost cost;
  const int64_t inputs = Poly::power(plan.k).at(plan.n);
  cost.stages.push_back(costOfTransform(plan.read, inputs));
  for (const MixStage &stage : plan.mixes)
    cost.stages.push_back(costOfStage(stage, false));
  cost.stages.push_back(costOfTransform(plan.write, plan.nodeRows));
  cost.inputRows = Poly(inputs);
  cost.scratchIn = Poly(plan.storedRows);
  cost.scratchOut = Poly(plan.nodeRows);
  cost.packedMatrices = Poly(static_cast<int64_t>(plan.packed.size()));
  int64_t entries = 0;
  for (const PackedTerm &term : plan.packed)
    entries += static_cast<int64_t>(term.size());
  cost.packMultiplyAdds = Poly(entries);
  return cost;
}
