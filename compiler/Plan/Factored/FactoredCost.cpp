//===- FactoredCost.cpp - Counting the factored plan ----------------------===//

#include "compiler/Plan/CostOfStages.h"
#include "compiler/Plan/Factored/FactoredPlan.h"

#include <algorithm>

using namespace eqc;

/// What a contraction adds up: entries per row, planes counting two.
static Poly termsOf(const Contraction &contraction) {
  const bool halved = !contraction.extent.isConstant() &&
                      !(contraction.extent == contraction.values);
  return halved ? contraction.values
                : contraction.extent + contraction.minusExtent;
}

PlanCost eqc::costOf(const FactoredPlan &plan) {
  StageCost permute, contract, leviCivita, diagonal, mix;
  permute.kind = diagonal.kind = StageKind::Copy;
  contract.kind = leviCivita.kind = StageKind::Read;
  contract.source = leviCivita.source = diagonal.source = PlanArray::Stored;
  mix.kind = StageKind::Mix;
  mix.source = PlanArray::Stored;
  mix.target = PlanArray::Nodes;
  std::vector<const Walk *> writes, biases;
  for (const Walk &walk : plan.bias)
    biases.push_back(&walk);
  for (const FactoredSteps &steps : plan.diagrams) {
    ++permute.patterns;
    const Poly input = productOf(steps.permuteExtents);
    permute.sourceRows += input;
    permute.targetRows += input;
    for (const Contraction &c : steps.contractions) {
      ++contract.patterns;
      const Poly targets = c.left * c.right;
      const Poly sources = targets * termsOf(c);
      contract.sourceRows += sources;
      contract.targetRows += targets;
      contract.additions += sources + targets * Poly(-1);
      if (plan.mean)
        contract.scalings += targets;
    }
    for (const LeviCivitaStep &step : steps.leviCivita) {
      ++leviCivita.patterns;
      const auto entries = static_cast<int64_t>(
          plan.leviCivita.at({step.space, step.top}).size());
      leviCivita.sourceRows += step.kept * Poly(entries);
      leviCivita.targetRows += step.targetRows;
      leviCivita.additions += step.kept * Poly(entries);
    }
    for (const DiagonalStep &step : steps.diagonals) {
      ++diagonal.patterns;
      const Poly rows = productOf(step.extents);
      diagonal.sourceRows += rows;
      diagonal.targetRows += rows;
    }
    ++mix.patterns;
    ++mix.terms;
    if (steps.mixOrder > mix.kept) {
      mix.kept = steps.mixOrder;
      mix.last = steps.mixLast;
    }
    mix.sourceRows += steps.mixRows;
    mix.targetRows += steps.mixRows;
    mix.multiplyAdds += steps.mixRows;
    writes.push_back(&steps.write);
  }
  PlanCost cost;
  auto addStage = [&](const StageCost &stage) {
    if (stage.patterns > 0)
      cost.stages.push_back(stage);
  };
  addStage(costOfWalks(PlanArray::Output, biases));
  addStage(permute);
  addStage(contract);
  addStage(leviCivita);
  addStage(diagonal);
  addStage(mix);
  addStage(costOfWalks(PlanArray::Output, writes));
  cost.scratchIn = plan.planarRows;
  cost.scratchOut = plan.mixedRows;
  cost.packedMatrices = Poly(static_cast<int64_t>(plan.diagrams.size()));
  cost.inputRows = permute.sourceRows;
  return cost;
}

PlanCost eqc::costOf(const FactoredLayer &layer) { return costOf(layer.plan); }
