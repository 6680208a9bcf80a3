//===- FactoredPlan.cpp - The published algorithm as a plan ---------------===//

#include "compiler/Plan/Factored/FactoredPlan.h"

#include <algorithm>
#include <cassert>
#include <numeric>

using namespace eqc;

/// The size at which contraction orders are compared when n is dynamic. The
/// best order is the same for every n from 2 on.
static constexpr int64_t kTypicalN = 16;

/// Row offset of the planar array after `steps` contractions, each of which
/// removes at least one of the k axes: regions never overlap.
static Poly regionOffset(int k, int steps) {
  Poly offset;
  for (int i = 0; i < steps; ++i)
    offset += Poly::power(k - i);
  return offset;
}

namespace {

/// Follows the axes of one diagram from x to y.
class StepBuilder {
public:
  StepBuilder(const FactoredDiagram &factored, Group group)
      : factored(factored), group(group) {
    steps.factored = factored;
  }

  FactoredSteps build() {
    const std::vector<Poly> input = rowMajorStrides(factored.k);
    for (int axis : factored.in)
      steps.permute.push_back(input[axis]);
    for (size_t f = 0; f < factored.factors.size(); ++f) {
      left.push_back(static_cast<int>(f));
      order += factored.factors[f].bottom;
    }
    for (int f : factored.contractionOrder)
      addContraction(f);
    addTransfer();
    addWrite();
    return std::move(steps);
  }

private:
  /// Axes of the factors that are entries `begin` .. `end`-1 of `left`.
  int bottomAxes(size_t begin, size_t end) const {
    int axes = 0;
    for (size_t i = begin; i < end; ++i)
      axes += factored.factors[left[i]].bottom;
    return axes;
  }

  /// 1 + n + .. + n^(size-1), times n^behind: the step along the diagonal of
  /// `size` axes with `behind` axes after them.
  static Poly diagonalStride(int size, int behind) {
    Poly stride;
    for (int i = 0; i < size; ++i)
      stride += Poly::power(behind + i);
    return stride;
  }

  void addContraction(int f) {
    const size_t at = std::find(left.begin(), left.end(), f) - left.begin();
    const int size = factored.factors[f].bottom;
    const int before = bottomAxes(0, at);
    const int behind = bottomAxes(at + 1, left.size());
    const int done = static_cast<int>(steps.contractions.size());
    Contraction c;
    c.source = regionOffset(factored.k, done);
    c.target = regionOffset(factored.k, done + 1);
    c.left = Poly::power(before);
    c.right = Poly::power(behind);
    c.leftStride = Poly::power(size + behind);
    // The terms of one sign follow each other along the diagonal: one for each
    // value of the letter, or all of them where the form does not repeat.
    const GroupRules &rules = rulesOf(group);
    const Poly letters = lettersOfForm(rules);
    const bool repeats = !letters.isConstant();
    const Poly diagonal = diagonalStride(size, behind);
    c.stride = diagonal * Poly(repeats ? rules.formPeriod() : 1);
    for (const BlockTerm &term : termsOfRowBlock(rules, size)) {
      Poly &extent = term.sign > 0 ? c.extent : c.minusExtent;
      if (extent.isZero())
        for (int v = 0; v < size; ++v)
          (term.sign > 0 ? c.plus : c.minus) +=
              Poly::power(behind + size - 1 - v, term.values[v]);
      assert((extent.isZero() || !repeats) && "one term of each sign");
      extent += letters;
    }
    steps.contractions.push_back(std::move(c));
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
    order -= size;
  }

  /// The Levi-Civita factor and the diagonals of through blocks. What is left
  /// is [free inputs, through blocks] in planar order.
  void addTransfer() {
    const Poly source =
        regionOffset(factored.k, static_cast<int>(steps.contractions.size()));
    // Behind everything that any diagram's contractions may use.
    const Poly extra = regionOffset(factored.k, factored.k + 1);
    int freeTop = 0;
    std::vector<Poly> strides;
    bool merged = false;
    int behind = order;
    for (int f : left) {
      const KroneckerFactor &factor = factored.factors[f];
      behind -= factor.bottom;
      if (factor.free) {
        freeTop = factor.top;
        LeviCivitaStep step;
        step.top = factor.top;
        step.bottom = factor.bottom;
        step.source = source;
        step.target = extra;
        step.kept = Poly::power(behind);
        step.targetRows = Poly::power(factor.top + behind);
        steps.leviCivita.push_back(std::move(step));
      } else if (factor.top > 0 && factor.bottom > 0) {
        strides.push_back(diagonalStride(factor.bottom, behind));
        merged |= factor.bottom > 1;
      }
    }
    mixOrder = freeTop + static_cast<int>(strides.size());
    steps.mixRows = Poly::power(mixOrder);
    steps.mixSource = source;
    if (!steps.leviCivita.empty()) {
      assert(!merged && "through blocks of SO are pairs");
      steps.mixSource = extra;
    } else if (merged) {
      steps.diagonals.push_back({source, extra, std::move(strides)});
      steps.mixSource = extra;
    }
  }

  void addWrite() {
    const std::vector<Poly> output = rowMajorStrides(factored.l);
    const std::vector<Poly> inner = rowMajorStrides(mixOrder);
    Walk &walk = steps.write;
    walk.terms.push_back({});
    size_t axis = 0, kept = 0;
    // Free outputs lead the mixed rows; top-only factors lead the output.
    for (const KroneckerFactor &factor : factored.factors) {
      if (factor.free) {
        for (int i = 0; i < factor.top; ++i)
          walk.kept.push_back({Poly::power(1), output[factored.out[axis++]],
                               inner[kept++], Poly::power(1)});
        continue;
      }
      if (factor.top == 0)
        continue;
      std::vector<Poly> strides;
      for (int i = 0; i < factor.top; ++i)
        strides.push_back(output[factored.out[axis++]]);
      if (factor.bottom == 0) {
        addDropped(walk, rulesOf(group), strides);
        continue;
      }
      Poly stride;
      for (const Poly &vertex : strides)
        stride += vertex;
      walk.kept.push_back(
          {Poly::power(1), stride, inner[kept++], Poly::power(1)});
    }
    walk.termsPerGroup = static_cast<int>(walk.terms.size());
  }

  const FactoredDiagram &factored;
  Group group;
  FactoredSteps steps;
  std::vector<int> left; ///< factors not contracted yet
  int order = 0;         ///< axes not contracted yet
  int mixOrder = 0;
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
  if (spec.n > 8)
    for (const Diagram &diagram : spec.diagrams)
      if (diagram.free >= 0)
        return "the Levi-Civita symbol has more than 40320 entries";
  return "";
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
  plan.n = spec.n;
  plan.k = spec.k;
  plan.l = spec.l;
  plan.mean = spec.normalize == Normalize::Mean;
  int mixDegree = 0, extraDegree = -1;
  for (const FactoredDiagram &form : forms) {
    FactoredSteps steps = makeFactoredSteps(form, spec.group);
    const int degree = steps.mixRows.degree();
    mixDegree = std::max(mixDegree, degree);
    if (!steps.leviCivita.empty() || !steps.diagonals.empty())
      extraDegree = std::max(extraDegree, degree);
    for (const LeviCivitaStep &step : steps.leviCivita)
      if (!plan.leviCivita.count(step.top))
        plan.leviCivita[step.top] =
            leviCivitaEntries(rulesOf(spec.group), spec.n, step.top);
    plan.diagrams.push_back(std::move(steps));
  }
  for (const Diagram &diagram : spec.biasDiagrams)
    plan.bias.push_back(makeWalk(splitDiagram(diagram).top, spec.group, spec.n,
                                 rowMajorStrides(spec.l)));
  plan.planarRows = regionOffset(spec.k, spec.k + 1);
  if (extraDegree >= 0)
    plan.planarRows += Poly::power(extraDegree);
  plan.mixedRows = Poly::power(mixDegree);
  return plan;
}
