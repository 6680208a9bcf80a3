//===- GraphContraction.cpp - In which order letters are summed -----------===//

#include "compiler/Algebra/GraphContraction.h"
#include "compiler/Algebra/GraphMap.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>

using namespace eqc;

namespace {

/// What mixing channels costs for each entry, in additions of steps: some
/// channels are on the other side of a matrix of weights.
constexpr double kCostOfMix = 32;
/// What a step costs that no other map has, against one that others share.
constexpr double kCostOfOwn = 2;

class OrderSearch {
public:
  OrderSearch(const Diagram &diagram, const GraphSize &size)
      : map(diagram.map), n(static_cast<double>(size.n)),
        density(static_cast<double>(size.arcs) / (n * n)) {
    for (int v = 0; v < diagram.l + diagram.k; ++v)
      rows[v >= diagram.l] |= bit(diagram.block[v]);
    all = static_cast<Letters>((uint64_t(1) << map.letters) - 1);
  }

  void choose(Diagram &diagram) {
    if (map.letters <= kMostSearchedLetters)
      search();
    else
      goGreedily();
    diagram.map.ofInputs = ofInputs;
    diagram.map.ofOutputs = ofOutputs;
  }

private:
  /// Summing some letters of one side in the best order.
  struct Best {
    double cost = std::numeric_limits<double>::infinity();
    int last = -1;
  };

  Contraction start(Letters row) const { return {row, map.edges}; }

  double fullnessOf(const Contraction::Factor &factor) const {
    return std::min(
        1.0, std::pow(n, __builtin_popcount(factor.summed)) *
                 std::pow(density, static_cast<double>(factor.edges.size())));
  }

  /// What summing a letter of `state` costs, which it does.
  double sum(Contraction &state, int letter) const {
    const Letters before = state.tensor;
    const auto step = state.sum(letter);
    if (!step)
      return 0;
    const Letters touched = before | step->around | state.tensor;
    double terms = std::pow(n, __builtin_popcount(touched));
    if (!step->edges.empty())
      terms *= fullnessOf(*step);
    // Longer ways are seldom shared with other maps, single edges are.
    if (step->summed && (step->around & ~bit(letter)))
      terms *= kCostOfOwn;
    return terms + std::pow(n, __builtin_popcount(state.tensor));
  }

  /// The best order of all sets of letters without a vertex in the other row.
  std::vector<Best> bestOf(bool inputs) const {
    const Letters allowed = all & ~rows[!inputs];
    std::vector<Best> best(static_cast<size_t>(all) + 1);
    best[0].cost = 0;
    for (Letters set = 0; set <= all; ++set) {
      if ((set & ~allowed) ||
          best[set].cost == std::numeric_limits<double>::infinity())
        continue;
      Contraction state = start(rows[inputs]);
      for (int letter = 0; letter < map.letters; ++letter)
        if (set & bit(letter))
          state.sum(letter);
      for (int letter = 0; letter < map.letters; ++letter) {
        if ((set & bit(letter)) || !(allowed & bit(letter)))
          continue;
        Contraction next = state;
        const double cost = best[set].cost + sum(next, letter);
        Best &known = best[set | bit(letter)];
        if (cost < known.cost)
          known = {cost, letter};
      }
    }
    return best;
  }

  /// Whether summing `set` on a side leaves a tensor of just `kept`.
  bool reaches(bool inputs, Letters set, Letters kept) const {
    std::vector<LetterEdge> edges;
    for (const LetterEdge &edge : map.edges)
      if ((bit(edge.first) | bit(edge.second)) & set)
        edges.push_back(edge);
    Contraction state(rows[inputs], edges);
    for (int letter = 0; letter < map.letters; ++letter)
      if (set & bit(letter))
        state.sum(letter);
    state.rest();
    return state.tensor == kept;
  }

  bool joins(Letters a, Letters b) const {
    return std::any_of(
        map.edges.begin(), map.edges.end(), [&](const LetterEdge &edge) {
          const Letters ends = bit(edge.first) | bit(edge.second);
          return (ends & a) && (ends & b);
        });
  }

  static std::vector<int> orderOf(const std::vector<Best> &best, Letters set) {
    std::vector<int> order;
    while (set) {
      order.push_back(best[set].last);
      set &= ~bit(best[set].last);
    }
    std::reverse(order.begin(), order.end());
    return order;
  }

  void search() {
    const std::vector<Best> inputs = bestOf(true), outputs = bestOf(false);
    double least = std::numeric_limits<double>::infinity();
    Letters bestInputs = 0, bestOutputs = 0;
    // Of equals the one that sums most on the side of the inputs.
    for (Letters a = all + 1; a-- > 0;) {
      if (a & rows[0])
        continue;
      const Letters others = all & ~a & ~rows[1];
      // All subsets of `others`, the largest first.
      for (Letters b = others;; b = (b - 1) & others) {
        const Letters kept = all & ~a & ~b;
        const double cost = inputs[a].cost + outputs[b].cost +
                            kCostOfMix * std::pow(n, __builtin_popcount(kept));
        if (cost < least && !joins(a, b) && reaches(true, a, kept) &&
            reaches(false, b, kept)) {
          least = cost;
          bestInputs = a;
          bestOutputs = b;
        }
        if (b == 0)
          break;
      }
    }
    assert(least < std::numeric_limits<double>::infinity() &&
           "the letters of the outputs separate what is below");
    ofInputs = orderOf(inputs, bestInputs);
    ofOutputs = orderOf(outputs, bestOutputs);
  }

  /// Sums the cheapest letter first, all of them on the side of the inputs but
  /// for what hangs on outputs alone.
  void goGreedily() {
    Letters reached = rows[1];
    for (int round = 0; round < map.letters; ++round)
      for (auto [a, b] : map.edges)
        if ((bit(a) | bit(b)) & reached)
          reached |= bit(a) | bit(b);
    auto order = [&](bool inputs, Letters set) {
      std::vector<int> result;
      Contraction state = start(rows[inputs]);
      while (set) {
        double least = std::numeric_limits<double>::infinity();
        int best = -1;
        for (int letter = 0; letter < map.letters; ++letter) {
          if (!(set & bit(letter)))
            continue;
          Contraction next = state;
          // What grows the least, of what costs nothing by itself.
          double cost = sum(next, letter);
          for (const Contraction::Factor &factor : next.factors)
            cost += std::pow(n, __builtin_popcount(factor.around)) *
                    fullnessOf(factor);
          if (cost < least) {
            least = cost;
            best = letter;
          }
        }
        state.sum(best);
        result.push_back(best);
        set &= ~bit(best);
      }
      return result;
    };
    ofInputs = order(true, reached & ~rows[0]);
    ofOutputs = order(false, all & ~reached);
  }

  const GraphMap &map;
  const double n, density;
  Letters rows[2] = {0, 0}; ///< of outputs, of inputs
  Letters all = 0;
  std::vector<int> ofInputs, ofOutputs;
};

} // namespace

void eqc::chooseContraction(Diagram &map, const GraphSize &size) {
  OrderSearch(map, size).choose(map);
}
