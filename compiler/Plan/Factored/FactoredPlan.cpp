//===- FactoredPlan.cpp - The published algorithm as a plan ---------------===//

#include "compiler/Plan/Factored/FactoredPlan.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <optional>

using namespace eqc;

/// The size at which contraction orders are compared when n is dynamic. The
/// best order is the same for every n from 2 on.
static constexpr int64_t kTypicalN = 16;

/// Row offset of the planar array after `steps` contractions of k axes. Where
/// all are alike, each contraction removes at least one of them: regions never
/// overlap. Else two regions that hold all axes take turns, and a third one is
/// behind them.
static Poly regionOffset(const std::vector<Poly> &lengths, bool alike,
                         int steps) {
  const auto k = static_cast<int>(lengths.size());
  if (!alike)
    return productOf(lengths, steps > k ? 2 : steps % 2);
  Poly offset;
  for (int i = 0; i < steps; ++i)
    offset += productOf({lengths.begin(), lengths.end() - std::min(i, k)});
  return offset;
}

/// length^size.
static Poly powerOf(const Poly &length, int size) {
  return productOf(std::vector<Poly>(size, length));
}

namespace {

/// Follows the axes of one diagram from x to y.
class StepBuilder {
public:
  StepBuilder(const FactoredDiagram &factored, Group group)
      : factored(factored), group(group), alike(!group.isProduct()) {
    steps.factored = factored;
  }

  FactoredSteps build() {
    lengths.resize(factored.k);
    size_t axis = 0;
    for (const KroneckerFactor &factor : factored.factors)
      for (int i = 0; i < factor.bottom; ++i) {
        lengths[factored.in[axis++]] = lengthOf(group, factor.space);
        steps.permuteExtents.push_back(lengthOf(group, factor.space));
      }
    const std::vector<Poly> input = rowMajorStrides(lengths);
    for (int in : factored.in)
      steps.permute.push_back(input[in]);
    for (size_t f = 0; f < factored.factors.size(); ++f)
      left.push_back(static_cast<int>(f));
    for (int f : factored.contractionOrder)
      addContraction(f);
    addTransfer();
    addWrite();
    return std::move(steps);
  }

private:
  const KroneckerFactor &factorOf(int f) const { return factored.factors[f]; }
  Poly lengthOfFactor(int f) const {
    return lengthOf(group, factorOf(f).space);
  }

  /// Entries of the factors that are entries `begin` .. `end`-1 of `left`.
  Poly bottomEntries(size_t begin, size_t end) const {
    Poly entries(1);
    for (size_t i = begin; i < end; ++i)
      entries =
          entries * powerOf(lengthOfFactor(left[i]), factorOf(left[i]).bottom);
    return entries;
  }

  /// (1 + n + .. + n^(size-1)) * behind: the step along the diagonal of `size`
  /// axes of length n with so many entries behind them.
  static Poly diagonalStride(int size, const Poly &length, const Poly &behind) {
    Poly stride;
    for (int i = 0; i < size; ++i)
      stride += behind * powerOf(length, i);
    return stride;
  }

  void addContraction(int f) {
    const size_t at = std::find(left.begin(), left.end(), f) - left.begin();
    const int size = factorOf(f).bottom;
    const Poly length = lengthOfFactor(f);
    const int done = static_cast<int>(steps.contractions.size());
    Contraction c;
    c.source = regionOffset(lengths, alike, done);
    c.target = regionOffset(lengths, alike, done + 1);
    c.left = bottomEntries(0, at);
    c.right = bottomEntries(at + 1, left.size());
    c.leftStride = powerOf(length, size) * c.right;
    c.space = factorOf(f).space;
    c.values = length;
    // The terms of one sign follow each other along the diagonal: one for each
    // value of the letter, or all of them where the form does not repeat.
    const GroupRules &rules = rulesOf(group.of(c.space));
    const Poly letters = lettersOfForm(rules, length);
    const bool repeats = rules.formPeriod() == rules.sizeUnit();
    const Poly diagonal = diagonalStride(size, length, c.right);
    c.stride = diagonal * Poly(repeats ? rules.formPeriod() : 1);
    for (const BlockTerm &term : termsOfRowBlock(rules, size)) {
      Poly &extent = term.sign > 0 ? c.extent : c.minusExtent;
      if (extent.isZero())
        for (int v = 0; v < size; ++v)
          (term.sign > 0 ? c.plus : c.minus) +=
              c.right * powerOf(length, size - 1 - v) * Poly(term.values[v]);
      assert((extent.isZero() || !repeats) && "one term of each sign");
      extent += letters;
    }
    steps.contractions.push_back(std::move(c));
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
  }

  /// The Levi-Civita factor and the diagonals of through blocks. What is left
  /// is [free inputs, through blocks] in planar order.
  void addTransfer() {
    const Poly source = regionOffset(
        lengths, alike, static_cast<int>(steps.contractions.size()));
    // Behind everything that any diagram's contractions may use.
    const Poly extra = regionOffset(lengths, alike, factored.k + 1);
    std::vector<Poly> strides, extents;
    bool merged = false;
    Poly symbolRows;
    for (size_t i = 0; i < left.size(); ++i) {
      const KroneckerFactor &factor = factorOf(left[i]);
      const Poly length = lengthOfFactor(left[i]);
      const Poly behind = bottomEntries(i + 1, left.size());
      if (factor.free) {
        for (int axis = factor.top; axis-- > 0;) {
          strides.push_back(powerOf(length, axis) * behind);
          extents.push_back(length);
        }
        LeviCivitaStep step;
        step.top = factor.top;
        step.bottom = factor.bottom;
        step.space = factor.space;
        step.source = source;
        step.target = extra;
        step.kept = behind;
        symbolRows = step.targetRows = powerOf(length, factor.top) * behind;
        steps.leviCivita.push_back(std::move(step));
      } else if (factor.top > 0 && factor.bottom > 0) {
        strides.push_back(diagonalStride(factor.bottom, length, behind));
        extents.push_back(length);
        merged |= factor.bottom > 1;
      }
    }
    mixLengths = extents;
    steps.mixRows = productOf(mixLengths);
    steps.mixOrder = static_cast<int>(mixLengths.size());
    if (!mixLengths.empty())
      steps.mixLast = mixLengths.back();
    steps.mixSource = steps.leviCivita.empty() ? source : extra;
    if (merged) {
      // Beside a symbol there are blocks to be joined in other spaces alone.
      const Poly target = extra + symbolRows;
      steps.diagonals.push_back(
          {steps.mixSource, target, std::move(strides), std::move(extents)});
      steps.mixSource = target;
    }
    if (!steps.leviCivita.empty() || merged)
      steps.extraRows = merged ? symbolRows + steps.mixRows : symbolRows;
  }

  void addWrite() {
    std::vector<Poly> lengthsOfOutput(factored.l);
    size_t axis = 0;
    for (const KroneckerFactor &factor : factored.factors)
      for (int i = 0; i < factor.top; ++i)
        lengthsOfOutput[factored.out[axis++]] = lengthOf(group, factor.space);
    const std::vector<Poly> output = rowMajorStrides(lengthsOfOutput);
    const std::vector<Poly> inner = rowMajorStrides(mixLengths);
    Walk &walk = steps.write;
    walk.terms.push_back({});
    size_t kept = 0;
    axis = 0;
    // Free outputs lead the mixed rows; top-only factors lead the output.
    for (const KroneckerFactor &factor : factored.factors) {
      const Poly length = lengthOf(group, factor.space);
      if (factor.free) {
        for (int i = 0; i < factor.top; ++i)
          walk.kept.push_back(
              {length, output[factored.out[axis++]], inner[kept++], length});
        continue;
      }
      if (factor.top == 0)
        continue;
      std::vector<Poly> strides;
      for (int i = 0; i < factor.top; ++i)
        strides.push_back(output[factored.out[axis++]]);
      if (factor.bottom == 0) {
        addDropped(walk, group, factor.space, strides);
        continue;
      }
      Poly stride;
      for (const Poly &vertex : strides)
        stride += vertex;
      walk.kept.push_back({length, stride, inner[kept++], length});
    }
    walk.termsPerGroup = static_cast<int>(walk.terms.size());
  }

  const FactoredDiagram &factored;
  Group group;
  const bool alike; ///< whether all axes are
  FactoredSteps steps;
  std::vector<Poly> lengths;    ///< of the axes of x
  std::vector<int> left;        ///< factors not contracted yet
  std::vector<Poly> mixLengths; ///< of what meets the weight
};

} // namespace

FactoredSteps eqc::makeFactoredSteps(const FactoredDiagram &factored,
                                     Group group) {
  return StepBuilder(factored, group).build();
}

static std::vector<LeviCivitaEntry> leviCivitaEntries(const GroupRules &rules,
                                                      int64_t n, int top) {
  std::vector<LeviCivitaEntry> entries;
  std::vector<int> values(n);
  std::iota(values.begin(), values.end(), 0);
  do {
    LeviCivitaEntry entry;
    for (int i = 0; i < n; ++i) {
      int64_t &offset = i < top ? entry.target : entry.source;
      offset = offset * n + values[i];
    }
    entry.sign = permutationSign(values);
    for (int i = top; i < n; ++i)
      entry.sign *= rules.form(values[i], values[i]);
    entries.push_back(entry);
  } while (std::next_permutation(values.begin(), values.end()));
  return entries;
}

std::string eqc::whyNoFactoredPlan(const LayerSpec &spec) {
  if (spec.group.hasSums())
    return "axes of sums are not built yet in this plan";
  for (const Diagram &diagram : spec.diagrams)
    if (diagram.free >= 0 &&
        sizeOf(spec.group, spec.n, diagram.freeSpace()) > 8)
      return "the Levi-Civita symbol has more than 40320 entries";
  for (const Diagram &diagram : spec.diagrams)
    if (diagram.map.exists())
      return "graph maps are contracted by the plan that shares their steps";
  for (const Diagram &diagram : spec.diagrams)
    if (diagram.head >= 0)
      return diagram.orbit.exists()
                 ? "orbits of tuples are no products of small matrices"
                 : "jellyfish are no products of small matrices";
  return "";
}

/// Whether `a` is at least `b` at all sizes, as far as that shows: both are a
/// number times powers of sizes.
static bool covers(const Poly &a, const Poly &b) {
  auto only = [](const Poly &poly) -> std::optional<Poly::Term> {
    const auto &terms = poly.variableTerms();
    if (terms.empty())
      return Poly::Term{Monomial(), poly.constantTerm()};
    if (terms.size() > 1 || poly.constantTerm() != 0)
      return std::nullopt;
    return terms.front();
  };
  const std::optional<Poly::Term> left = only(a), right = only(b);
  if (!left || !right || left->coefficient < right->coefficient ||
      left->monomial.half >= 0 || right->monomial.half >= 0)
    return false;
  for (size_t i = 0; i < left->monomial.degrees.size(); ++i)
    if (left->monomial.degrees[i] < right->monomial.degrees[i])
      return false;
  return true;
}

/// A polynomial that none of these exceeds.
static Poly leastCommon(const std::vector<Poly> &all) {
  std::vector<Poly> largest;
  for (const Poly &poly : all) {
    auto covered = [&](const Poly &other) { return covers(other, poly); };
    if (std::any_of(largest.begin(), largest.end(), covered))
      continue;
    largest.erase(
        std::remove_if(largest.begin(), largest.end(),
                       [&](const Poly &other) { return covers(poly, other); }),
        largest.end());
    largest.push_back(poly);
  }
  Poly sum;
  for (const Poly &poly : largest)
    sum += poly;
  return sum;
}

FactoredPlan eqc::buildFactoredPlan(const LayerSpec &spec) {
  std::vector<FactoredDiagram> forms;
  for (const Diagram &diagram : spec.diagrams) {
    forms.push_back(factorDiagram(diagram));
    forms.back().contractionOrder = cheapestContractionOrder(
        forms.back(), spec.group, spec.dynamicN() ? kTypicalN : spec.n);
  }
  return buildFactoredPlan(spec, forms);
}

FactoredPlan eqc::buildFactoredPlan(const LayerSpec &spec,
                                    const std::vector<FactoredDiagram> &forms) {
  FactoredPlan plan;
  plan.subtracts = rulesOf(spec.group).formPeriod() > 1;
  plan.inputLengths = lengthsOfAxes(spec.group, spec.k, spec.xAxes);
  plan.outputLengths = lengthsOfAxes(spec.group, spec.l, spec.yAxes);
  const size_t numSpaces = spec.group.numSpaces();
  for (size_t c = 0; c < numSpaces; ++c)
    plan.lengths.push_back(lengthOf(spec.group, static_cast<int>(c)));
  plan.values = leastCommon(plan.lengths);
  for (const Poly &length : plan.inputLengths)
    plan.mixedLengths |= !(length == plan.inputLengths.front());
  plan.n = spec.n;
  plan.k = spec.k;
  plan.l = spec.l;
  plan.mean = spec.normalize == Normalize::Mean;
  std::vector<Poly> mixes{Poly(1)}, extras;
  for (const FactoredDiagram &form : forms) {
    FactoredSteps steps = makeFactoredSteps(form, spec.group);
    mixes.push_back(steps.mixRows);
    extras.push_back(steps.extraRows);
    for (const LeviCivitaStep &step : steps.leviCivita)
      if (auto &entries = plan.leviCivita[{step.space, step.top}];
          entries.empty())
        entries =
            leviCivitaEntries(rulesOf(spec.group.of(step.space)),
                              sizeOf(spec.group, spec.n, step.space), step.top);
    plan.diagrams.push_back(std::move(steps));
  }
  for (const Diagram &diagram : spec.biasDiagrams)
    plan.bias.push_back(makeWalk(splitDiagram(diagram).top, spec.group, spec.n,
                                 rowMajorStrides(plan.outputLengths)));
  plan.planarRows =
      regionOffset(plan.inputLengths, !spec.group.isProduct(), spec.k + 1) +
      leastCommon(extras);
  plan.mixedRows = leastCommon(mixes);
  return plan;
}
