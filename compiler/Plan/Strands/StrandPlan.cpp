//===- StrandPlan.cpp - Mixes in the irreps of the strands' group ---------===//

#include "compiler/Plan/Strands/StrandPlan.h"
#include "compiler/Algebra/SymmetricGroup.h"
#include "compiler/Plan/PolyKey.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

using namespace eqc;

/// The numbers of all irreps of the strands' group.
static std::vector<int> allIrreps(int order) {
  std::vector<int> irreps(irrepsOf(order).size());
  std::iota(irreps.begin(), irreps.end(), 0);
  return irreps;
}

StrandTransform::StrandTransform(int order)
    : StrandTransform(order, allIrreps(order)) {}

StrandTransform::StrandTransform(int order, const std::vector<int> &numbers)
    : order(order), slots(0), permutations(permutationsOf(order)) {
  const std::vector<Irrep> all = irrepsOf(order);
  for (int number : numbers) {
    const Irrep &irrep = all[static_cast<size_t>(number)];
    irreps.push_back({irrep.dimension, slots});
    for (int row = 0; row < irrep.dimension; ++row)
      for (int column = 0; column < irrep.dimension; ++column, ++slots) {
        matrix.emplace_back();
        for (size_t p = 0; p < permutations.size(); ++p)
          matrix.back().push_back(
              irrep.entry(static_cast<int>(p), row, column));
      }
  }
}

namespace {

/// A view whose strides are in an order of their own, and the permutation that
/// leads from it to the view: stride a of the view is stride sigma[a] of it.
struct OrderedView {
  RowView view;
  std::vector<int> sigma;
};

} // namespace

/// Large strides first. Strides of one view differ: every axis of x belongs to
/// one letter.
static OrderedView order(const RowView &view) {
  const int t = static_cast<int>(view.strides.size());
  std::vector<int> axes(t);
  std::iota(axes.begin(), axes.end(), 0);
  std::sort(axes.begin(), axes.end(), [&](int a, int b) {
    return keyOf(view.strides[a]) > keyOf(view.strides[b]);
  });
  OrderedView ordered{{view.array, view.offset, {}}, std::vector<int>(t)};
  for (int i = 0; i < t; ++i) {
    ordered.view.strides.push_back(view.strides[axes[i]]);
    ordered.sigma[axes[i]] = i;
  }
  return ordered;
}

std::optional<StrandStage> eqc::makeStrandStage(const MixStage &mix,
                                                Group group, int64_t n) {
  // Strands that are permuted are of one space: of products that is left out.
  if (group.isProduct() || mix.kept < kLeastStrands ||
      mix.kept > kMostStrands || mix.subsets > 1 || n == 1)
    return std::nullopt;
  StrandStage stage;
  stage.order = mix.kept;
  stage.irreps = allIrreps(mix.kept);
  stage.target = mix.target;
  stage.targets = mix.targets;
  const std::vector<Irrep> irreps = irrepsOf(mix.kept);
  const auto permutations =
      static_cast<double>(permutationsOf(mix.kept).size());

  // Sources by where they lie.
  using Key = std::pair<PlanArray, std::vector<std::vector<int64_t>>>;
  std::map<Key, int> sourceOf;
  struct Term {
    int source, permutation, diagram;
  };
  std::vector<std::vector<Term>> terms;
  // Views of x come first among the sources.
  terms.resize(stage.targets.size());
  for (auto member : {&MixTarget::fromInput, &MixTarget::fromStored})
    for (size_t t = 0; t < stage.targets.size(); ++t) {
      std::vector<MixTerm> *list = &(stage.targets[t].*member);
      for (const MixTerm &term : *list) {
        OrderedView ordered = order(term.view);
        std::vector<std::vector<int64_t>> place{keyOf(ordered.view.offset)};
        for (const Poly &stride : ordered.view.strides)
          place.push_back(keyOf(stride));
        auto [it, isNew] =
            sourceOf.try_emplace({ordered.view.array, place},
                                 static_cast<int>(stage.sources.size()));
        if (isNew)
          stage.sources.push_back(std::move(ordered.view));
        terms[t].push_back({it->second, rankOf(ordered.sigma), term.diagram});
      }
      list->clear();
    }

  if (stage.sources.empty())
    return std::nullopt;
  for (const std::vector<Term> &list : terms)
    for (const Irrep &irrep : irreps)
      for (int column = 0; column < irrep.dimension; ++column)
        for (size_t source = 0; source < stage.sources.size(); ++source)
          for (int row = 0; row < irrep.dimension; ++row) {
            PackedTerm packed;
            for (const Term &term : list) {
              const double factor = irrep.entry(term.permutation, row, column) *
                                    irrep.dimension / permutations;
              if (term.source == static_cast<int>(source) && factor != 0)
                packed.push_back({term.diagram, factor});
            }
            stage.packed.push_back(std::move(packed));
          }
  return stage;
}

StrandStage eqc::withoutCancelled(StrandStage stage) {
  // The packed terms of an irrep of a target follow each other.
  const StrandTransform transform(stage.order, stage.irreps);
  std::vector<size_t> first;
  size_t ofTarget = 0;
  for (const StrandIrrep &irrep : transform.irreps) {
    first.push_back(ofTarget);
    ofTarget += stage.sources.size() *
                static_cast<size_t>(irrep.dimension * irrep.dimension);
  }
  first.push_back(ofTarget);
  std::vector<PackedTerm> packed;
  std::vector<int> irreps;
  std::vector<bool> isUsed;
  for (size_t i = 0; i < stage.irreps.size(); ++i) {
    bool used = false;
    for (size_t t = 0; t < stage.targets.size(); ++t)
      for (size_t p = first[i]; p < first[i + 1]; ++p)
        used |= !stage.packed[t * ofTarget + p].empty();
    isUsed.push_back(used);
    if (used)
      irreps.push_back(stage.irreps[i]);
  }
  if (irreps.empty() || irreps.size() == stage.irreps.size())
    return stage;
  for (size_t t = 0; t < stage.targets.size(); ++t)
    for (size_t i = 0; i < stage.irreps.size(); ++i)
      for (size_t p = first[i]; isUsed[i] && p < first[i + 1]; ++p)
        packed.push_back(std::move(stage.packed[t * ofTarget + p]));
  stage.packed = std::move(packed);
  stage.irreps = std::move(irreps);
  return stage;
}

StrandPlan eqc::withoutCancelled(StrandPlan plan) {
  std::vector<PackedTerm> packed;
  size_t next = 0;
  for (size_t i = 0; i < plan.shared.stages.size(); ++i) {
    const auto *mix = std::get_if<MixStage>(&plan.shared.stages[i]);
    if (!mix)
      continue;
    std::optional<StrandStage> &strands = plan.strands[i];
    const size_t terms =
        strands ? strands->packed.size() : static_cast<size_t>(mix->terms());
    if (strands) {
      strands = withoutCancelled(std::move(*strands));
      packed.insert(packed.end(), strands->packed.begin(),
                    strands->packed.end());
    } else {
      for (size_t p = next; p < next + terms; ++p)
        packed.push_back(std::move(plan.packed[p]));
    }
    next += terms;
  }
  plan.packed = std::move(packed);
  return plan;
}

bool StrandPlan::hasStrands() const {
  return std::any_of(strands.begin(), strands.end(),
                     [](const auto &stage) { return stage.has_value(); });
}

bool eqc::strandsPay(const MixStage &mix, const StrandStage &stage,
                     const LayerSpec &spec) {
  const StrandTransform transform(stage.order, stage.irreps);
  const auto permutations = static_cast<double>(transform.permutations.size());
  const auto terms = static_cast<double>(mix.terms());
  double cubes = 0;
  for (const StrandIrrep &irrep : transform.irreps)
    cubes += irrep.dimension * irrep.dimension * irrep.dimension;
  const auto sources = static_cast<double>(stage.sources.size());
  const auto targets = static_cast<double>(stage.targets.size());
  // Vectors of 64 bytes; other CPUs have all counts in proportion.
  auto vectors = [&](int64_t channels) {
    return static_cast<double>((channels * spec.elementSize() + 63) / 64);
  };
  const double products = static_cast<double>(spec.cIn) * vectors(spec.cOut);
  const double mixed = terms * permutations * products;
  double mixes = sources * targets * cubes * products;
  // Every value is loaded, combined and stored once more, in a cache.
  double changes = permutations * (transform.slots + 3.0) *
                   (sources * vectors(spec.cIn) + targets * vectors(spec.cOut));
  double repeated = 1;
  if (!spec.dynamicN()) {
    // Equal letters are not skipped, and tiles of eight rows not always full.
    const auto n = static_cast<double>(spec.n);
    double rows = n * (n + 1) / 2, entries = n * n;
    if (stage.order == 3) {
      rows *= (n + 2) / 3;
      entries *= n;
    }
    mixes *= std::ceil(rows / 8) * 8 / rows;
    repeated = rows * permutations / entries;
  }
  return (mixes + changes) * repeated < 0.9 * mixed;
}

static StrandPlan makePlan(SharedPlan shared, const MemberLayer &layer,
                           bool takesStrands) {
  StrandPlan plan;
  plan.shared = std::move(shared);
  plan.strands.resize(plan.shared.stages.size());
  size_t next = 0;
  for (size_t i = 0; i < plan.shared.stages.size(); ++i) {
    const auto *mix = std::get_if<MixStage>(&plan.shared.stages[i]);
    if (!mix)
      continue;
    const int64_t terms = mix->terms();
    std::optional<StrandStage> &strands = plan.strands[i];
    if (takesStrands)
      strands = makeStrandStage(*mix, plan.shared.group, plan.shared.n);
    if (strands)
      strands->packed = inWeights(layer, std::move(strands->packed));
    if (strands && !strandsPay(*mix, withoutCancelled(*strands), layer.spec))
      strands.reset();
    std::vector<int> diagrams;
    for (int64_t term = 0; term < terms; ++term, ++next)
      diagrams.push_back(plan.shared.packedOrder[next]);
    std::vector<PackedTerm> packed =
        strands ? strands->packed : inWeights(layer, packedTermsOf(diagrams));
    std::move(packed.begin(), packed.end(), std::back_inserter(plan.packed));
  }
  return plan;
}

StrandPlan eqc::withoutStrands(SharedPlan shared) {
  return makePlan(std::move(shared), MemberLayer(), /*takesStrands=*/false);
}

StrandPlan eqc::withoutStrands(SharedPlan shared, const MemberLayer &layer) {
  return makePlan(std::move(shared), layer, /*takesStrands=*/false);
}

StrandPlan eqc::withStrands(SharedPlan shared, const LayerSpec &spec) {
  return makePlan(std::move(shared), {spec, {}, {}}, /*takesStrands=*/true);
}

StrandPlan eqc::withStrands(SharedPlan shared, const MemberLayer &layer) {
  return makePlan(std::move(shared), layer, /*takesStrands=*/true);
}
