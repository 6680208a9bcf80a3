//===- StrandCost.cpp - Counting a plan in strands ------------------------===//

#include "compiler/Plan/CostOfStages.h"
#include "compiler/Plan/Strands/StrandPlan.h"

#include <algorithm>

using namespace eqc;

Poly eqc::strandRows(int order, int64_t factor, int64_t n) {
  const int64_t divisor = order == 2 ? 2 : 6;
  // n (n + 1) and n (n + 1) (n + 2).
  const std::vector<int64_t> coefficients =
      order == 2 ? std::vector<int64_t>{0, 1, 1}
                 : std::vector<int64_t>{0, 2, 3, 1};
  Poly rows;
  for (size_t i = 0; i < coefficients.size(); ++i)
    rows += Poly::power(static_cast<int>(i), coefficients[i] * factor);
  if (n >= 0)
    return Poly(countAt(rows, n) / divisor);
  Poly rounded;
  for (int i = 0; i <= rows.degree(); ++i)
    rounded += Poly::power(i, (rows.coefficient(i) + divisor - 1) / divisor);
  return rounded;
}

StrandCounts eqc::countsOf(const StrandStage &stage) {
  const StrandTransform transform(stage.order, stage.irreps);
  const auto sources = static_cast<int64_t>(stage.sources.size());
  const auto targets = static_cast<int64_t>(stage.targets.size());
  StrandCounts counts;
  int64_t cubes = 0, entries = 0;
  for (const StrandIrrep &irrep : transform.irreps) {
    counts.squares += irrep.dimension * irrep.dimension;
    cubes += irrep.dimension * irrep.dimension * irrep.dimension;
  }
  for (const std::vector<double> &row : transform.matrix)
    entries += std::count_if(row.begin(), row.end(),
                             [](double entry) { return entry != 0; });
  counts.products = sources * targets * cubes;
  counts.spread = sources * entries;
  counts.gather = targets * entries;
  return counts;
}

static void addStrands(const StrandStage &stage, int64_t n, PlanCost &cost) {
  const auto sources = static_cast<int64_t>(stage.sources.size());
  const auto targets = static_cast<int64_t>(stage.targets.size());
  const StrandCounts counts = countsOf(stage);
  auto rows = [&](int64_t factor) {
    return strandRows(stage.order, factor, n);
  };

  StageCost spread, mix, gather;
  spread.kind = gather.kind = StageKind::Transform;
  spread.source = stage.sources.front().array;
  spread.target = PlanArray::Stored;
  spread.patterns = sources;
  spread.sourceRows = spread.targetRows = rows(sources * counts.squares);
  spread.additions = rows(counts.spread);
  mix.kind = StageKind::Mix;
  mix.target = PlanArray::Nodes;
  mix.patterns = targets;
  // Tiles run along the rows of all letters.
  mix.subsets = n >= 0 ? countAt(rows(1), n) : 1;
  mix.kept = n >= 0 ? 0 : 1;
  mix.last = n >= 0 ? Poly(1) : Poly::power(1);
  mix.terms = counts.products;
  mix.sourceRows = mix.multiplyAdds = rows(mix.terms);
  mix.targetRows = rows(targets * counts.squares);
  gather.source = PlanArray::Nodes;
  gather.target = stage.target;
  gather.patterns = targets;
  gather.sourceRows = gather.targetRows = rows(targets * counts.squares);
  int64_t inits = 0;
  for (const MixTarget &target : stage.targets)
    inits += static_cast<int64_t>(target.inits.size());
  gather.additions = rows(counts.gather + inits * counts.squares);
  cost.stages.insert(cost.stages.end(), {spread, mix, gather});
}

PlanCost eqc::costOf(const StrandPlan &plan) {
  PlanCost shared = costOf(plan.shared);
  PlanCost cost = shared;
  cost.stages.clear();
  for (size_t i = 0; i < shared.stages.size(); ++i) {
    if (plan.strands[i])
      addStrands(*plan.strands[i], plan.shared.n, cost);
    else
      cost.stages.push_back(shared.stages[i]);
  }
  cost.packedMatrices = Poly(static_cast<int64_t>(plan.packed.size()));
  int64_t entries = 0;
  for (const PackedTerm &term : plan.packed)
    entries += static_cast<int64_t>(term.size());
  if (plan.hasStrands())
    cost.packMultiplyAdds = Poly(entries);
  return cost;
}
