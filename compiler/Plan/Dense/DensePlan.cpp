//===- DensePlan.cpp - All diagrams as one dense matrix -------------------===//

#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/GraphMatrix.h"
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
  explicit Builder(const MemberLayer &layer)
      : layer(layer), spec(layer.spec),
        inputSteps(stepsOf(lengthsOfInput(spec))),
        outputSteps(stepsOf(lengthsOfOutput(spec))) {
    assert(!spec.dynamicN() && "the dense plan needs a fixed n");
    const bool last = spec.layout == Layout::ChannelsLast;
    const int64_t inputs = inputSteps.front(), outputs = outputSteps.front();
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
    auto makeEntries = [&](const std::vector<Diagram> &diagrams,
                           const std::vector<PackedTerm> &weights,
                           std::vector<DenseEntry> &entries) {
      for (size_t d = 0; d < diagrams.size(); ++d) {
        if (diagrams[d].map.exists()) {
          addMap(diagrams[d], static_cast<int>(d), weights[d], entries);
          continue;
        }
        DenseEntry entry = makeEntry(diagrams[d]);
        entry.diagram = static_cast<int>(d);
        for (const WeightedDiagram &weight : weights[d]) {
          entry.weight = weight;
          entries.push_back(entry);
        }
      }
    };
    makeEntries(spec.diagrams, layer.weights, plan.diagrams);
    makeEntries(spec.biasDiagrams, layer.biasWeights, plan.bias);
    return std::move(plan);
  }

private:
  /// The positions from one value of an axis to the next; before them all that
  /// there are.
  static std::vector<int64_t> stepsOf(const std::vector<int64_t> &lengths) {
    std::vector<int64_t> steps(lengths.size() + 1, 1);
    for (size_t axis = lengths.size(); axis-- > 0;)
      steps[axis] = steps[axis + 1] * lengths[axis];
    return steps;
  }

  /// The step of one vertex' axis.
  DenseStep stepOf(const Diagram &diagram, int vertex) const {
    if (vertex < diagram.l)
      return {0, outputSteps[vertex + 1] * outputUnit};
    return {inputSteps[vertex - diagram.l + 1] * inputUnit, 0};
  }

  /// The same of the common value of several.
  DenseStep stepOf(const Diagram &diagram,
                   const std::vector<int> &vertices) const {
    DenseStep sum;
    for (int vertex : vertices) {
      const DenseStep step = stepOf(diagram, vertex);
      sum.row += step.row;
      sum.column += step.column;
    }
    return sum;
  }

  /// From the first entry to the first of the summands that vertices are in.
  DenseStep beginOf(const Diagram &diagram) const {
    DenseStep begin;
    for (int vertex = 0; vertex < diagram.l + diagram.k; ++vertex) {
      const DenseStep step = stepOf(diagram, vertex);
      const int64_t offset =
          offsetAt(spec.group, spec.n, diagram.partOf(vertex));
      begin.row += offset * step.row;
      begin.column += offset * step.column;
    }
    return begin;
  }

  const GroupRules &rulesOfSpace(int space) const {
    return rulesOf(spec.group.of(space));
  }

  /// What a diagram has of signs: free vertices of a space, the last of which
  /// go through a form that has a signature, or the legs of a head, or a tuple
  /// of an orbit, then pairs in one row, each of a space.
  struct Signed {
    int free = 0, lowered = 0, legs = 0, space = 0, head = 0;
    std::vector<int> tuple, pairs;
    bool hasParts = false; ///< whether axes of sums are moved along
    bool operator<(const Signed &o) const {
      return std::tie(free, lowered, legs, space, head, tuple, pairs,
                      hasParts) < std::tie(o.free, o.lowered, o.legs, o.space,
                                           o.head, o.tuple, o.pairs,
                                           o.hasParts);
    }
  };

  DenseEntry makeEntry(const Diagram &diagram) {
    DenseEntry entry;
    entry.divisor = divisorOf(diagram);
    const std::vector<std::vector<int>> blocks = diagram.blocks();
    Signed of;
    of.space = diagram.free >= 0 ? diagram.freeSpace() : diagram.head;
    of.head = diagram.head;
    of.tuple = diagram.orbit.values;
    for (int leg : diagram.legs()) {
      of.legs += !diagram.orbit.exists();
      entry.signedVertices.push_back(stepOf(diagram, blocks[leg]));
    }
    for (int vertex : diagram.freeVertices()) {
      ++of.free;
      of.lowered +=
          vertex >= diagram.l && spec.group.of(of.space).hasSignature();
      entry.signedVertices.push_back(stepOf(diagram, vertex));
    }
    for (size_t b = 0; b < blocks.size(); ++b) {
      if (static_cast<int>(b) == diagram.free ||
          diagram.isLegOf(blocks[b].front()))
        continue;
      const int space = diagram.spaceOf(blocks[b].front());
      const int64_t length = sizeOf(spec.group, spec.n, space);
      DenseLetter letter{length, stepOf(diagram, blocks[b])};
      const bool through =
          blocks[b].front() < diagram.l && blocks[b].back() >= diagram.l;
      if (const int64_t period = rulesOfSpace(space).formPeriod();
          period > 1 && !through) {
        of.pairs.push_back(space);
        letter.extent = length / period;
        letter.step.row *= period;
        letter.step.column *= period;
        for (int vertex : blocks[b])
          entry.signedVertices.push_back(stepOf(diagram, vertex));
      }
      entry.letters.push_back(letter);
    }
    if (!diagram.part.empty()) {
      of.hasParts = true;
      entry.signedVertices.push_back(beginOf(diagram));
    }
    std::tie(entry.firstTerm, entry.endTerm) = termsOf(of);
    return entry;
  }

  /// The entries of a graph map, those of each value for themselves: the value
  /// is a factor of the weight.
  void addMap(const Diagram &diagram, int number, const PackedTerm &weights,
              std::vector<DenseEntry> &entries) {
    std::map<double, std::vector<std::vector<int>>> values;
    for (auto &[at, entry] : graphMapEntries(diagram, *spec.group.action()))
      values[entry].push_back(at);
    if (values.empty())
      values[1]; // no entry has this value either
    for (const auto &[value, ofValue] : values) {
      DenseEntry entry;
      entry.diagram = number;
      for (const std::vector<int> &block : diagram.blocks())
        entry.signedVertices.push_back(stepOf(diagram, block));
      entry.firstTerm = static_cast<int64_t>(plan.terms.size());
      for (const std::vector<int> &at : ofValue)
        plan.terms.push_back({at, 1});
      entry.endTerm = static_cast<int64_t>(plan.terms.size());
      if (ofValue.empty()) // no table is without rows
        plan.terms.push_back({std::vector<int>(diagram.numBlocks()), 1});
      for (const WeightedDiagram &weight : weights) {
        entry.weight = {weight.diagram, weight.factor * value};
        entries.push_back(entry);
      }
    }
  }

  /// Adds the members of an orbit.
  void addTuples(const Signed &of) {
    const Action &action = *spec.group.of(of.head).action();
    const auto vertices = static_cast<int>(of.tuple.size());
    const TupleOrbits &all = action.orbits(vertices);
    const int32_t number = all.orbitOf[action.numberOf(of.tuple)];
    for (int32_t at = all.start[number]; at < all.start[number + 1]; ++at)
      addSigned(of, action.tupleOf(all.tuples[at], vertices));
  }

  /// The range of their terms.
  std::pair<int64_t, int64_t> termsOf(const Signed &of) {
    auto known = ranges.find(of);
    if (known != ranges.end())
      return known->second;
    const auto first = static_cast<int64_t>(plan.terms.size());
    if (of.tuple.empty())
      addSigned(of, {});
    else
      addTuples(of);
    const auto end = static_cast<int64_t>(plan.terms.size());
    return ranges[of] = {first, end};
  }

  /// Adds the values of free vertices or of legs behind those of a tuple.
  void addSigned(const Signed &of, const std::vector<int> &tuple) {
    DenseTerm term;
    // All values; legs have the first ones, of which the last one may miss.
    std::vector<int> values(of.legs > 0 ? sizeOf(spec.group, spec.n, of.space)
                                        : of.free);
    std::iota(values.begin(), values.end(), 0);
    do {
      term.values = tuple;
      term.values.insert(term.values.end(), values.begin(),
                         values.begin() + (of.legs > 0 ? of.legs : of.free));
      term.sign = permutationSign(values);
      for (int i = of.free - of.lowered; i < of.free; ++i)
        term.sign *= rulesOfSpace(of.space).form(values[i], values[i]);
      addForms(term, of);
    } while (std::next_permutation(values.begin(), values.end()));
  }

  /// `free` with every choice of a term of the form for each pair.
  void addForms(const DenseTerm &free, const Signed &of) {
    std::vector<std::vector<BlockTerm>> choices;
    int64_t combinations = 1;
    for (int space : of.pairs) {
      choices.push_back(termsOfRowBlock(rulesOfSpace(space), 2));
      combinations *= static_cast<int64_t>(choices.back().size());
    }
    for (int64_t number = 0; number < combinations; ++number) {
      DenseTerm term = free;
      int64_t rest = number;
      for (const std::vector<BlockTerm> &ofPair : choices) {
        const BlockTerm &chosen = ofPair[rest % ofPair.size()];
        rest /= static_cast<int64_t>(ofPair.size());
        term.values.insert(term.values.end(), chosen.values.begin(),
                           chosen.values.end());
        term.sign *= chosen.sign;
      }
      if (of.hasParts)
        term.values.push_back(1);
      plan.terms.push_back(std::move(term));
    }
  }

  /// What `mean` divides a diagram by; a number past 2^53 is rounded anyway.
  double divisorOf(const Diagram &diagram) const {
    auto divisor = static_cast<double>(diagram.orbit.divisor);
    for (int space : diagram.spacesOfBottomOnlyBlocks())
      divisor *= static_cast<double>(sizeOf(spec.group, spec.n, space));
    return divisor;
  }

  const MemberLayer &layer;
  const LayerSpec &spec;
  const std::vector<int64_t> inputSteps, outputSteps;
  DensePlan plan;
  int64_t inputUnit = 1, outputUnit = 1;
  std::map<Signed, std::pair<int64_t, int64_t>> ranges;
};

} // namespace

DensePlan eqc::buildDensePlan(const LayerSpec &spec) {
  return Builder(membersOf(spec)).build();
}

std::vector<double> eqc::assembleDense(const DensePlan &plan,
                                       const LayerSpec &spec,
                                       const std::vector<double> &weight) {
  std::vector<double> matrix(plan.rows * plan.columns, 0.0);
  for (const DenseEntry &entry : plan.diagrams) {
    const double scale =
        entry.weight.factor / (plan.mean ? entry.divisor : 1.0);
    const double *w = &weight[entry.weight.diagram * spec.cIn * spec.cOut];
    forDenseEntries(plan, entry, [&](int64_t row, int64_t column, int sign) {
      for (int64_t ci = 0; ci < spec.cIn; ++ci)
        for (int64_t co = 0; co < spec.cOut; ++co)
          matrix[(row + ci * plan.inputChannelStep) * plan.columns + column +
                 co * plan.outputChannelStep] +=
              sign * scale * w[ci * spec.cOut + co];
    });
  }
  return matrix;
}

std::vector<double> eqc::assembleDenseBias(const DensePlan &plan,
                                           const LayerSpec &spec,
                                           const std::vector<double> &bias) {
  std::vector<double> row(plan.columns, 0.0);
  for (const DenseEntry &entry : plan.bias)
    forDenseEntries(plan, entry, [&](int64_t, int64_t column, int sign) {
      for (int64_t co = 0; co < spec.cOut; ++co)
        row[column + co * plan.outputChannelStep] +=
            sign * entry.weight.factor *
            bias[entry.weight.diagram * spec.cOut + co];
    });
  return row;
}
