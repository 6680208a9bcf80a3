//===- CostOfPlans.cpp - Counting the stages of every plan ----------------===//

#include "compiler/Plan/Cost.h"

#include "compiler/Plan/Saturating.h"

#include <algorithm>
#include <cassert>

using namespace eqc;

/// How often a walk visits a pair of entries: over all terms and letters.
static Poly visitsOf(const Walk &walk) {
  // A letter over planes goes n/2 times, and its pair has two terms; one that
  // does not move has all of them as terms.
  int letters = 0;
  int64_t scale = static_cast<int64_t>(walk.terms.size());
  for (const std::vector<Letter> *list : {&walk.kept, &walk.dropped})
    for (const Letter &letter : *list) {
      if (letter.extent.isConstant())
        continue;
      ++letters;
      if (letter.extent.halfCoefficient() != 0) {
        assert(scale % 2 == 0 && "planes come with two terms");
        scale /= 2;
      }
    }
  return Poly::power(letters, scale);
}

//===----------------------------------------------------------------------===//
// The shared plan
//===----------------------------------------------------------------------===//

/// The entries of the inner tensor that a walk reaches.
static Poly innerEntriesOf(const Walk &walk) {
  const int64_t groups =
      static_cast<int64_t>(walk.terms.size()) / walk.termsPerGroup;
  return Poly::power(static_cast<int>(walk.kept.size()), groups);
}

static StageCost costOfStage(const ReadStage &stage, bool mean) {
  StageCost cost;
  cost.kind = StageKind::Read;
  cost.source = stage.source;
  cost.target = PlanArray::Stored;
  cost.kept = stage.kept;
  cost.patterns = static_cast<int64_t>(stage.entries.size());
  for (const ReadEntry &entry : stage.entries) {
    const Poly visits = visitsOf(entry.walk);
    const Poly targets = innerEntriesOf(entry.walk);
    cost.subsets = static_cast<int64_t>(entry.walk.terms.size()) /
                   entry.walk.termsPerGroup;
    cost.sourceRows += visits;
    cost.targetRows += targets;
    cost.additions += visits + targets * Poly(-1);
    if (mean && entry.divisions > 0)
      cost.scalings += targets;
  }
  return cost;
}

static StageCost costOfStage(const MixStage &stage, bool) {
  StageCost cost;
  cost.kind = StageKind::Mix;
  cost.target = stage.target;
  cost.kept = stage.kept;
  cost.subsets = stage.subsets;
  cost.patterns = static_cast<int64_t>(stage.targets.size());
  const Poly rows = Poly::power(stage.kept, stage.subsets);
  for (const MixTarget &target : stage.targets) {
    const auto terms = static_cast<int64_t>(target.fromInput.size() +
                                            target.fromStored.size());
    const auto inits = static_cast<int64_t>(target.inits.size());
    cost.terms += terms;
    cost.sourceRows += rows * Poly(terms);
    cost.targetRows += rows;
    cost.broadcasts += rows * Poly(inits);
    cost.additions += rows * Poly(inits > 0 ? inits - 1 : 0);
    cost.multiplyAdds += rows * Poly(terms);
  }
  return cost;
}

static StageCost costOfWalks(PlanArray target,
                             const std::vector<const Walk *> &walks) {
  StageCost cost;
  cost.kind = StageKind::Write;
  cost.source = PlanArray::Nodes;
  cost.target = target;
  cost.patterns = static_cast<int64_t>(walks.size());
  for (const Walk *walk : walks) {
    const Poly visits = visitsOf(*walk);
    cost.kept = std::max(cost.kept, static_cast<int>(walk->kept.size()));
    cost.sourceRows += visits;
    cost.targetRows += visits;
    cost.additions += visits;
  }
  return cost;
}

static StageCost costOfStage(const WriteStage &stage, bool) {
  std::vector<const Walk *> walks;
  for (const WriteEntry &entry : stage.entries)
    walks.push_back(&entry.walk);
  return costOfWalks(stage.target, walks);
}

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

//===----------------------------------------------------------------------===//
// The factored plan
//===----------------------------------------------------------------------===//

/// What a contraction adds up: entries per row, planes counting two.
static Poly termsOf(const Contraction &contraction) {
  return contraction.extent.halfCoefficient() != 0
             ? Poly::power(1)
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
    const Poly input = Poly::power(static_cast<int>(steps.permute.size()));
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
      const auto entries =
          static_cast<int64_t>(plan.leviCivita.at(step.top).size());
      leviCivita.sourceRows += step.kept * Poly(entries);
      leviCivita.targetRows += step.targetRows;
      leviCivita.additions += step.kept * Poly(entries);
    }
    for (const DiagonalStep &step : steps.diagonals) {
      ++diagonal.patterns;
      const Poly rows = Poly::power(static_cast<int>(step.strides.size()));
      diagonal.sourceRows += rows;
      diagonal.targetRows += rows;
    }
    ++mix.patterns;
    ++mix.terms;
    mix.kept = std::max(mix.kept, steps.mixRows.degree());
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
  return cost;
}

//===----------------------------------------------------------------------===//
// The dense plan
//===----------------------------------------------------------------------===//

/// Entries of the matrix that a diagram adds to, per pair of channels.
static int64_t entriesOf(const DenseEntry &entry) {
  int64_t entries = entry.endTerm - entry.firstTerm;
  for (const DenseLetter &letter : entry.letters)
    entries = saturatingMultiply(entries, letter.extent);
  return entries;
}

PlanCost eqc::costOf(const DensePlan &plan, const LayerSpec &spec) {
  StageCost product;
  product.kind = StageKind::Mix;
  product.target = PlanArray::Output;
  product.patterns = 1;
  const int64_t inputs = plan.rows / spec.cIn;
  const int64_t outputs = plan.columns / spec.cOut;
  product.terms = saturatingMultiply(inputs, outputs);
  product.sourceRows = Poly(inputs);
  product.targetRows = Poly(outputs);
  product.broadcasts = Poly(plan.bias.empty() ? 0 : outputs);
  product.multiplyAdds = Poly(product.terms);
  PlanCost cost;
  cost.stages.push_back(product);
  cost.packedMatrices = product.multiplyAdds;
  int64_t entries = 0;
  for (const DenseEntry &entry : plan.diagrams)
    entries = saturatingAdd(entries, entriesOf(entry));
  cost.packMultiplyAdds = Poly(entries);
  return cost;
}

//===----------------------------------------------------------------------===//
// The isotypic plan and strands
//===----------------------------------------------------------------------===//

static StageCost costOfTransform(const RowTransform &transform,
                                 int64_t sources) {
  StageCost cost;
  cost.kind = StageKind::Transform;
  cost.source = transform.source;
  cost.target = transform.target;
  cost.sourceRows = Poly(sources);
  cost.targetRows = Poly(static_cast<int64_t>(transform.rows.size()));
  cost.additions = Poly(transform.nonZeros());
  return cost;
}

PlanCost eqc::costOf(const IsotypicPlan &plan) {
  PlanCost cost;
  const int64_t inputs = Poly::power(plan.k).at(plan.n);
  cost.stages.push_back(costOfTransform(plan.read, inputs));
  for (const MixStage &stage : plan.mixes)
    cost.stages.push_back(costOfStage(stage, false));
  cost.stages.push_back(costOfTransform(plan.write, plan.nodeRows));
  cost.scratchIn = Poly(plan.storedRows);
  cost.scratchOut = Poly(plan.nodeRows);
  cost.packedMatrices = Poly(static_cast<int64_t>(plan.packed.size()));
  int64_t entries = 0;
  for (const PackedTerm &term : plan.packed)
    entries += static_cast<int64_t>(term.size());
  cost.packMultiplyAdds = Poly(entries);
  return cost;
}

/// How often the letters m_1 <= .. <= m_t of t strands take values, times
/// `factor`: factor * binomial(n + t - 1, t).
static Poly strandRows(int order, int64_t factor, int64_t n) {
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

static void addStrands(const StrandStage &stage, int64_t n, PlanCost &cost) {
  const StrandTransform transform(stage.order);
  const auto sources = static_cast<int64_t>(stage.sources.size());
  const auto targets = static_cast<int64_t>(stage.targets.size());
  int64_t squares = 0, cubes = 0, entries = 0;
  for (const StrandIrrep &irrep : transform.irreps) {
    squares += irrep.dimension * irrep.dimension;
    cubes += irrep.dimension * irrep.dimension * irrep.dimension;
  }
  for (const std::vector<double> &row : transform.matrix)
    entries += std::count_if(row.begin(), row.end(),
                             [](double entry) { return entry != 0; });
  auto rows = [&](int64_t factor) {
    return strandRows(stage.order, factor, n);
  };

  StageCost spread, mix, gather;
  spread.kind = gather.kind = StageKind::Transform;
  spread.source = stage.sources.front().array;
  spread.target = PlanArray::Stored;
  spread.patterns = sources;
  spread.sourceRows = spread.targetRows = rows(sources * squares);
  spread.additions = rows(sources * entries);
  mix.kind = StageKind::Mix;
  mix.target = PlanArray::Nodes;
  mix.patterns = targets;
  // Tiles run along the rows of all letters.
  mix.subsets = n >= 0 ? countAt(rows(1), n) : 1;
  mix.kept = n >= 0 ? 0 : 1;
  mix.terms = sources * targets * cubes;
  mix.sourceRows = mix.multiplyAdds = rows(mix.terms);
  mix.targetRows = rows(targets * squares);
  gather.source = PlanArray::Nodes;
  gather.target = stage.target;
  gather.patterns = targets;
  gather.sourceRows = gather.targetRows = rows(targets * squares);
  int64_t inits = 0;
  for (const MixTarget &target : stage.targets)
    inits += static_cast<int64_t>(target.inits.size());
  gather.additions = rows(targets * entries + inits * squares);
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

PlanCost eqc::costOf(const SchurChoice &form) {
  return form.isotypic ? costOf(*form.isotypic) : costOf(form.strands);
}
