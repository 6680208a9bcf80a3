//===- DensePlan.cpp - All diagrams as one dense matrix -------------------===//

#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Plan/Walk.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <numeric>
#include <utility>

using namespace eqc;

namespace {

class Builder {
public:
  explicit Builder(const LayerSpec &spec)
      : spec(spec), rules(rulesOf(spec.group)) {
    assert(!spec.dynamicN() && "the dense plan needs a fixed n");
    const bool last = spec.layout == Layout::ChannelsLast;
    const int64_t inputs = power(spec.k), outputs = power(spec.l);
    plan.n = spec.n;
    plan.mean = spec.normalize == Normalize::Mean;
    plan.cIn = spec.cIn;
    plan.cOut = spec.cOut;
    plan.rows = inputs * spec.cIn;
    plan.columns = outputs * spec.cOut;
    plan.inputChannelStep = last ? 1 : inputs;
    plan.outputChannelStep = last ? 1 : outputs;
    inputUnit = last ? spec.cIn : 1;
    outputUnit = last ? spec.cOut : 1;
  }

  DensePlan build() {
    for (const Diagram &diagram : spec.diagrams)
      plan.diagrams.push_back(makeEntry(diagram));
    for (const Diagram &diagram : spec.biasDiagrams)
      plan.bias.push_back(makeEntry(diagram));
    return std::move(plan);
  }

private:
  int64_t power(int exponent) const { return Poly::power(exponent).at(spec.n); }

  /// The step of one vertex' axis.
  DenseStep stepOf(const Diagram &diagram, int vertex) const {
    if (vertex < diagram.l)
      return {0, power(diagram.l - 1 - vertex) * outputUnit};
    return {power(diagram.l + diagram.k - 1 - vertex) * inputUnit, 0};
  }

  DenseEntry makeEntry(const Diagram &diagram) {
    DenseEntry entry;
    entry.divisions = diagram.numBottomOnlyBlocks();
    const std::vector<std::vector<int>> blocks = diagram.blocks();
    int pairs = 0, freeVertices = 0;
    for (size_t b = 0; b < blocks.size(); ++b) {
      if (static_cast<int>(b) == diagram.free) {
        freeVertices = static_cast<int>(blocks[b].size());
        for (int vertex : blocks[b])
          entry.signedVertices.push_back(stepOf(diagram, vertex));
        continue;
      }
      DenseLetter letter{spec.n, {}};
      for (int vertex : blocks[b]) {
        const DenseStep step = stepOf(diagram, vertex);
        letter.step.row += step.row;
        letter.step.column += step.column;
      }
      const bool through =
          blocks[b].front() < diagram.l && blocks[b].back() >= diagram.l;
      if (const int unit = rules.sizeUnit(); unit > 1 && !through) {
        ++pairs;
        letter.extent = spec.n / unit;
        letter.step.row *= unit;
        letter.step.column *= unit;
        for (int vertex : blocks[b])
          entry.signedVertices.push_back(stepOf(diagram, vertex));
      }
      entry.letters.push_back(letter);
    }
    std::tie(entry.firstTerm, entry.endTerm) = termsOf(pairs, freeVertices);
    return entry;
  }

  /// The range of terms for `pairs` signed pairs or for free vertices.
  std::pair<int64_t, int64_t> termsOf(int pairs, int freeVertices) {
    assert((pairs == 0 || freeVertices == 0) && "of different groups");
    auto known = ranges.find({pairs, freeVertices});
    if (known != ranges.end())
      return known->second;
    const auto first = static_cast<int64_t>(plan.terms.size());
    if (freeVertices > 0)
      addPermutations(freeVertices);
    else
      addForms(pairs);
    const auto end = static_cast<int64_t>(plan.terms.size());
    return ranges[{pairs, freeVertices}] = {first, end};
  }

  void addPermutations(int count) {
    DenseTerm term;
    term.values.resize(count);
    std::iota(term.values.begin(), term.values.end(), 0);
    do {
      term.sign = permutationSign(term.values);
      plan.terms.push_back(term);
    } while (std::next_permutation(term.values.begin(), term.values.end()));
  }

  /// Every choice of a term of the form for each pair.
  void addForms(int pairs) {
    const std::vector<BlockTerm> choices = termsOfRowBlock(rules, 2);
    int64_t combinations = 1;
    for (int p = 0; p < pairs; ++p)
      combinations *= static_cast<int64_t>(choices.size());
    for (int64_t number = 0; number < combinations; ++number) {
      DenseTerm term;
      int64_t rest = number;
      for (int p = 0; p < pairs; ++p) {
        const BlockTerm &chosen = choices[rest % choices.size()];
        rest /= static_cast<int64_t>(choices.size());
        term.values.insert(term.values.end(), chosen.values.begin(),
                           chosen.values.end());
        term.sign *= chosen.sign;
      }
      plan.terms.push_back(std::move(term));
    }
  }

  const LayerSpec &spec;
  const GroupRules &rules;
  DensePlan plan;
  int64_t inputUnit = 1, outputUnit = 1;
  std::map<std::pair<int, int>, std::pair<int64_t, int64_t>> ranges;
};

} // namespace

DensePlan eqc::buildDensePlan(const LayerSpec &spec) {
  return Builder(spec).build();
}

std::vector<double> eqc::assembleDense(const DensePlan &plan,
                                       const LayerSpec &spec,
                                       const std::vector<double> &weight) {
  std::vector<double> matrix(plan.rows * plan.columns, 0.0);
  for (size_t d = 0; d < plan.diagrams.size(); ++d) {
    double scale = 1;
    for (int i = 0; plan.mean && i < plan.diagrams[d].divisions; ++i)
      scale /= static_cast<double>(plan.n);
    const double *w = &weight[d * spec.cIn * spec.cOut];
    forDenseEntries(
        plan, plan.diagrams[d], [&](int64_t row, int64_t column, int sign) {
          for (int64_t ci = 0; ci < spec.cIn; ++ci)
            for (int64_t co = 0; co < spec.cOut; ++co)
              matrix[(row + ci * plan.inputChannelStep) * plan.columns +
                     column + co * plan.outputChannelStep] +=
                  sign * scale * w[ci * spec.cOut + co];
        });
  }
  return matrix;
}

std::vector<double> eqc::assembleDenseBias(const DensePlan &plan,
                                           const LayerSpec &spec,
                                           const std::vector<double> &bias) {
  std::vector<double> row(plan.columns, 0.0);
  for (size_t e = 0; e < plan.bias.size(); ++e)
    forDenseEntries(plan, plan.bias[e], [&](int64_t, int64_t column, int sign) {
      for (int64_t co = 0; co < spec.cOut; ++co)
        row[column + co * plan.outputChannelStep] +=
            sign * bias[e * spec.cOut + co];
    });
  return row;
}
