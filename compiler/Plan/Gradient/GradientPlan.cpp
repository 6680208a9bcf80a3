//===- GradientPlan.cpp - The gradients of a layer ------------------------===//

#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Schur/SchurChoice.h"
#include "compiler/Plan/Shared/ReadPlan.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

using namespace eqc;

LayerSpec eqc::gradientLayer(const LayerSpec &spec) {
  LayerSpec flipped = spec;
  flipped.name = gradientOfXName(spec.name);
  std::swap(flipped.k, flipped.l);
  std::swap(flipped.xAxes, flipped.yAxes);
  std::swap(flipped.xDuals, flipped.yDuals);
  std::swap(flipped.cIn, flipped.cOut);
  flipped.unpools = spec.pools();
  flipped.pool = flipped.unpools ? spec.pool : Pool::Sum;
  flipped.bias = false;
  flipped.biasDiagrams.clear();
  // Where the layer takes means, so does its gradient, lest sums of values that
  // are finite when divided are not. What the two divide by differs: that is a
  // factor of the weights.
  flipped.choice = DiagramChoice::List;
  std::swap(flipped.symmetry.in, flipped.symmetry.out);
  for (Diagram &diagram : flipped.diagrams)
    diagram = transpose(spec.group, diagram).diagram;
  return flipped;
}

std::string eqc::gradientOfXName(const std::string &layer) {
  return layer + ".grad_x";
}

std::string eqc::gradientOfWeightName(const std::string &layer) {
  return layer + ".grad_weight";
}

FlipFactor eqc::flipFactor(const LayerSpec &spec, const Diagram &diagram) {
  FlipFactor factor;
  const SignedDiagram flipped = transpose(spec.group, diagram);
  factor.sign = flipped.sign;
  if (spec.normalize != Normalize::Mean)
    return factor;
  factor.divisions =
      diagram.numBottomOnlyBlocks() - flipped.diagram.numBottomOnlyBlocks();
  if (spec.group.isProduct()) {
    factor.of.assign(spec.group.spaces().size(), 0);
    for (int space : diagram.spacesOfBottomOnlyBlocks())
      ++factor.of[space];
    for (int space : flipped.diagram.spacesOfBottomOnlyBlocks())
      --factor.of[space];
  }
  return factor;
}

GradientPlan eqc::buildGradientPlan(const LayerSpec &layer) {
  const MemberLayer members = membersOf(layer);
  const LayerSpec &spec = members.spec;
  LayerSpec ofX = inputsAlone(spec, spec.k, spec.xAxes);
  ofX.normalize = spec.normalize;
  ofX.pool = spec.pool;
  SharedGeometry x(ofX);
  SharedGeometry gradY(inputsAlone(spec, spec.l, spec.yAxes));
  std::vector<Split> splits;
  std::vector<RowPattern> bottoms, tops, biasTops;
  for (const Diagram &diagram : spec.diagrams) {
    splits.push_back(splitDiagram(diagram));
    bottoms.push_back(splits.back().bottom);
    tops.push_back(splits.back().top);
  }
  for (const Diagram &diagram : spec.biasDiagrams) {
    biasTops.push_back(splitDiagram(diagram).top);
    tops.push_back(biasTops.back());
  }
  // Copied views make the rows of one order lie in one array: the only pattern
  // that keeps as many blocks as its row has vertices is the row itself, or,
  // where there are none, a copy with the sign of a head.
  ReadOptions options;
  options.storeViews = true;
  addReads(x, bottoms, options);
  options.byOtherRow = true;
  addReads(gradY, tops, options);

  std::map<std::tuple<int, int64_t, std::vector<int>, PlanArray, PlanArray>,
           GradientStage>
      stages;
  for (size_t d = 0; d < splits.size(); ++d) {
    const Split &split = splits[d];
    GradientTerm term;
    term.number = static_cast<int>(d);
    const RowView bottom = x.viewOfBottom(split.bottom);
    term.x = bottom;
    term.x.strides.clear();
    for (int a : split.sigma)
      term.x.strides.push_back(bottom.strides[a]);
    term.gradY = gradY.viewOfBottom(split.top);
    const int kept = split.bottom.numKept();
    const int64_t subsets = numSubsetsOf(split.bottom, spec.group, spec.n);
    GradientStage &stage = stages[{-kept, subsets, split.top.spacesOfKept(),
                                   term.gradY.array, term.x.array}];
    stage.kept = kept;
    stage.lengths = lengthsOfKept(spec.group, split.top);
    stage.subsets = subsets;
    stage.terms.push_back(std::move(term));
  }
  GradientPlan plan;
  for (auto &[key, stage] : stages)
    plan.stages.push_back(std::move(stage));
  for (size_t e = 0; e < biasTops.size(); ++e)
    plan.bias.push_back({static_cast<int>(e), gradY.viewOfBottom(biasTops[e])});
  plan.x = std::move(x.plan);
  plan.gradY = std::move(gradY.plan);
  std::vector<int> all(spec.diagrams.size());
  std::iota(all.begin(), all.end(), 0);
  if (members.sumsWeights || dividesByOrbits(spec))
    plan.unpack = {
        transposedTerms(inWeights(members, packedTermsOf(all)),
                        layer.diagrams.size()),
        transposedTerms(members.biasWeights, layer.biasDiagrams.size())};
  return plan;
}

int64_t GradientPlan::numTerms() const {
  int64_t sums = 0;
  for (const GradientStage &stage : stages)
    sums += stage.sums();
  return sums;
}

bool GradientPlan::changesBasis() const {
  return basis || std::any_of(stages.begin(), stages.end(),
                              [](const GradientStage &stage) {
                                return stage.strands.has_value();
                              });
}

/// A multiplication and the addition of its product count as two.
static double flopsOf(const std::vector<PackedTerm> &sums) {
  size_t terms = 0;
  for (const PackedTerm &sum : sums)
    terms += sum.size();
  return 2 * double(terms);
}

GradientFlops eqc::flopsOf(const GradientPlan &plan, const LayerSpec &spec,
                           int64_t n) {
  GradientFlops flops;
  const auto ins = double(spec.cIn), outs = double(spec.cOut);
  if (plan.basis) {
    flops.sample += 2 * double(plan.basis->x.nonZeros()) * ins;
    flops.sample += 2 * double(plan.basis->gradY.nonZeros()) * outs;
  } else {
    const LayerSpec flipped = gradientLayer(spec);
    flops.sample += double(operationsOf(costOf(plan.x), spec, n).flops());
    flops.sample +=
        double(operationsOf(costOf(plan.gradY), flipped, n).flops());
  }
  if (plan.unpack) {
    flops.call += ::flopsOf(plan.unpack->weight) * ins * outs;
    flops.call += ::flopsOf(plan.unpack->bias) * outs;
  }
  for (const GradientStage &stage : plan.stages) {
    if (stage.strands) {
      const StrandCounts counts = countsOf(*stage.strands);
      const auto rows = double(countAt(strandRows(stage.kept, 1, n), n));
      flops.sample +=
          rows * (2 * double(counts.products) * ins * outs +
                  double(counts.spread) * ins + double(counts.gather) * outs);
      continue;
    }
    flops.sample +=
        2 * double(countAt(productOf(stage.lengths, stage.subsets), n)) *
        double(stage.terms.size()) * ins * outs;
  }
  return flops;
}

GradientPlan eqc::chooseGradientPlan(const LayerSpec &spec,
                                     std::string_view basis, BuiltPlans &built,
                                     int64_t batch) {
  if (findBasis(basis) == SchurBasis::Strands)
    return buildStrandGradientPlan(spec);
  GradientPlan plan = buildGradientPlan(spec);
  std::string refused;
  const std::shared_ptr<const IsotypicPlan> isotypic =
      findBasis(basis) == SchurBasis::Isotypic
          ? getIsotypicPlan(spec, built, refused)
          : nullptr;
  if (!isotypic)
    return plan;
  GradientPlan inBasis = buildGradientPlan(spec, *isotypic);
  auto all = [&](const GradientPlan &sums) {
    const GradientFlops flops = flopsOf(sums, spec, spec.n);
    return flops.call + double(batch) * flops.sample;
  };
  return all(inBasis) < all(plan) ? inBasis : plan;
}
