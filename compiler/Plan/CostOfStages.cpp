//===- CostOfStages.cpp - Counting what plans are made of -----------------===//

#include "compiler/Plan/CostOfStages.h"

#include <algorithm>
#include <cassert>

using namespace eqc;

/// How often a walk visits a pair of entries: over all terms and letters.
static Poly visitsOf(const Walk &walk) {
  // A letter over planes goes n/2 times, and its pair has two terms; one that
  // does not move has all of them as terms.
  int64_t scale = static_cast<int64_t>(walk.terms.size());
  std::vector<Poly> lengths;
  for (const std::vector<Letter> *list : {&walk.kept, &walk.dropped})
    for (const Letter &letter : *list) {
      const bool halved =
          !letter.extent.isConstant() && !(letter.extent == letter.values);
      if (halved) {
        assert(scale % 2 == 0 && "planes come with two terms");
        scale /= 2;
      }
      lengths.push_back(halved ? letter.values : letter.extent);
    }
  return productOf(lengths, scale);
}

/// The entries of the inner tensor that a walk reaches.
static Poly innerEntriesOf(const Walk &walk) {
  if (walk.isUneven) {
    std::vector<Poly> all;
    for (const std::vector<Letter> *list : {&walk.kept, &walk.grouped})
      for (const Letter &letter : *list)
        all.push_back(letter.extent);
    return productOf(all);
  }
  const int64_t groups =
      static_cast<int64_t>(walk.terms.size()) / walk.termsPerGroup;
  std::vector<Poly> lengths;
  for (const Letter &letter : walk.kept)
    lengths.push_back(letter.extent);
  return productOf(lengths, groups);
}

StageCost eqc::costOfStage(const ReadStage &stage, bool mean) {
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

StageCost eqc::costOfStage(const MixStage &stage, bool) {
  StageCost cost;
  cost.kind = StageKind::Mix;
  cost.target = stage.target;
  cost.kept = stage.kept;
  cost.subsets = stage.subsets;
  cost.patterns = static_cast<int64_t>(stage.targets.size());
  if (!stage.lengths.empty())
    cost.last = stage.lengths.back();
  const Poly rows = productOf(stage.lengths, stage.subsets);
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

StageCost eqc::costOfWalks(PlanArray target,
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

StageCost eqc::costOfStage(const WriteStage &stage, bool) {
  std::vector<const Walk *> walks;
  for (const WriteEntry &entry : stage.entries)
    walks.push_back(&entry.walk);
  return costOfWalks(stage.target, walks);
}

StageCost eqc::costOfTransform(const RowTransform &transform, int64_t sources) {
  StageCost cost;
  cost.kind = StageKind::Transform;
  cost.source = transform.source;
  cost.target = transform.target;
  cost.sourceRows = Poly(sources);
  cost.targetRows = Poly(static_cast<int64_t>(transform.rows.size()));
  cost.additions = Poly(transform.nonZeros());
  return cost;
}
