//===- SharedCost.cpp - Counting the shared plan --------------------------===//

#include "compiler/Plan/CostOfStages.h"
#include "compiler/Plan/Shared/SharedPlan.h"

using namespace eqc;

PlanCost eqc::costOf(const SharedPlan &plan) {
  PlanCost cost;
  for (const SharedStage &stage : plan.stages)
    cost.stages.push_back(std::visit(
        [&](const auto &s) { return costOfStage(s, plan.mean); }, stage));
  cost.scratchIn = plan.storedRows;
  cost.scratchOut = plan.nodeRows;
  cost.packedMatrices = Poly(static_cast<int64_t>(plan.packedOrder.size()));
  return cost;
}
