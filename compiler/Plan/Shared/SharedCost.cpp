//===- SharedCost.cpp - Counting the shared plan --------------------------===//

#include "compiler/Plan/CostOfStages.h"
#include "compiler/Plan/PolyKey.h"
#include "compiler/Plan/Shared/SharedPlan.h"

#include <algorithm>
#include <set>

using namespace eqc;

/// Rows of x that a stage reads. Patterns that are read together share a pass;
/// views that differ in the order of their letters alone are of the same rows.
static Poly inputRowsOf(const ReadStage &stage) {
  Poly most;
  if (stage.source != PlanArray::Input)
    return most;
  for (const ReadEntry &entry : stage.entries) {
    const Poly rows =
        costOfStage(ReadStage{stage.kept, stage.source, {entry}}, false)
            .sourceRows;
    if (keyOf(most) < keyOf(rows))
      most = rows;
  }
  return most;
}
static Poly inputRowsOf(const MixStage &stage) {
  std::set<std::vector<std::vector<int64_t>>> views;
  for (const MixTarget &target : stage.targets)
    for (const MixTerm &term : target.fromInput) {
      std::vector<std::vector<int64_t>> place;
      for (const Poly &stride : term.view.strides)
        place.push_back(keyOf(stride));
      std::sort(place.begin(), place.end());
      place.push_back(keyOf(term.view.offset));
      views.insert(std::move(place));
    }
  return productOf(stage.lengths,
                   stage.subsets * static_cast<int64_t>(views.size()));
}
static Poly inputRowsOf(const WriteStage &) { return Poly(); }

PlanCost eqc::costOf(const SharedPlan &plan) {
  PlanCost cost;
  for (const SharedStage &stage : plan.stages)
    cost.stages.push_back(std::visit(
        [&](const auto &s) { return costOfStage(s, plan.mean); }, stage));
  cost.scratchIn = plan.storedRows;
  cost.scratchOut = plan.nodeRows;
  cost.packedMatrices = Poly(static_cast<int64_t>(plan.packedOrder.size()));
  for (const SharedStage &stage : plan.stages)
    cost.inputRows +=
        std::visit([](const auto &s) { return inputRowsOf(s); }, stage);
  return cost;
}
