//===- StrandGradient.cpp - Gradients in the irreps of the strands --------===//

#include "compiler/Plan/Gradient/GradientPlan.h"

#include <algorithm>

using namespace eqc;

/// The mix whose weights have these sums as their gradients: terms with the
/// same rows of grad_y are those of one target.
static MixStage mixOf(const GradientStage &stage) {
  MixStage mix;
  mix.kept = stage.kept;
  mix.lengths = stage.lengths;
  mix.subsets = stage.subsets;
  mix.target = stage.terms.front().gradY.array;
  for (const GradientTerm &term : stage.terms) {
    auto target = std::find_if(
        mix.targets.begin(), mix.targets.end(), [&](const MixTarget &known) {
          return known.target.offset == term.gradY.offset;
        });
    if (target == mix.targets.end()) {
      MixTarget &added = mix.targets.emplace_back();
      added.target = {mix.target, term.gradY.offset,
                      rowMajorStrides(stage.lengths, stage.subsets)};
      target = mix.targets.end() - 1;
    }
    (term.x.array == PlanArray::Input ? target->fromInput : target->fromStored)
        .push_back({term.number, term.x});
  }
  return mix;
}

/// The sums of a stage in Fourier space, where that pays.
static std::optional<StrandStage> strandsOf(const GradientStage &stage,
                                            const MemberLayer &members) {
  const MixStage mix = mixOf(stage);
  std::optional<StrandStage> strands =
      makeStrandStage(mix, members.spec.group, members.spec.n);
  if (!strands)
    return std::nullopt;
  strands->packed = inWeights(members, std::move(strands->packed));
  *strands = withoutCancelled(std::move(*strands));
  if (!strandsPay(mix, *strands, members.spec))
    return std::nullopt;
  return strands;
}

GradientPlan eqc::buildStrandGradientPlan(const LayerSpec &layer) {
  GradientPlan plan = buildGradientPlan(layer);
  const MemberLayer members = membersOf(layer);
  for (GradientStage &stage : plan.stages)
    stage.strands = strandsOf(stage, members);
  if (!plan.changesBasis())
    return plan;
  // Of every sum, in order, the weights that it is a part of the gradient of.
  std::vector<PackedTerm> packed;
  for (GradientStage &stage : plan.stages) {
    stage.firstSum = static_cast<int>(packed.size());
    if (stage.strands) {
      packed.insert(packed.end(), stage.strands->packed.begin(),
                    stage.strands->packed.end());
      stage.terms.clear();
      continue;
    }
    std::vector<int> diagrams;
    for (GradientTerm &term : stage.terms) {
      diagrams.push_back(term.number);
      term.number = static_cast<int>(packed.size() + diagrams.size()) - 1;
    }
    for (PackedTerm &term : inWeights(members, packedTermsOf(diagrams)))
      packed.push_back(std::move(term));
  }
  if (!plan.unpack) {
    GradientUnpack &unpack = plan.unpack.emplace();
    for (const BiasTerm &term : plan.bias)
      unpack.bias.push_back({{term.row, 1}});
  }
  plan.unpack->weight = transposedTerms(packed, layer.diagrams.size());
  return plan;
}
