//===- GraphMap.cpp - Maps that count homomorphisms into a graph ----------===//

#include "compiler/Algebra/GraphMap.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>

using namespace eqc;

//===----------------------------------------------------------------------===//
// Names of letters
//===----------------------------------------------------------------------===//

namespace {

/// Numbers the letters without a vertex in a way that does not depend on how
/// they were named: colours are refined by those of neighbours, and where they
/// leave a choice the least list of edges of all choices is taken.
class LetterOrder {
public:
  LetterOrder(int fixed, int letters, const std::vector<LetterEdge> &edges,
              bool symmetric)
      : fixed(fixed), letters(letters), edges(edges), symmetric(symmetric) {}

  /// The edges once letters have their numbers.
  std::vector<LetterEdge> find() {
    std::vector<int> colours(static_cast<size_t>(letters), fixed);
    std::iota(colours.begin(), colours.begin() + fixed, 0);
    search(std::move(colours));
    return best;
  }

private:
  std::vector<LetterEdge> renamed(const std::vector<int> &number) const {
    std::vector<LetterEdge> result;
    for (auto [a, b] : edges) {
      a = number[a];
      b = number[b];
      if (symmetric && a > b)
        std::swap(a, b);
      result.emplace_back(a, b);
    }
    std::sort(result.begin(), result.end());
    return result;
  }

  void refine(std::vector<int> &colours) const {
    for (int round = 0; round < letters; ++round) {
      using Around = std::vector<std::pair<int, int>>;
      std::map<std::pair<int, Around>, std::vector<int>> classes;
      for (int letter = 0; letter < letters; ++letter) {
        Around around;
        for (auto [a, b] : edges) {
          if (a == letter)
            around.emplace_back(0, colours[b]);
          if (b == letter)
            around.emplace_back(symmetric ? 0 : 1, colours[a]);
        }
        std::sort(around.begin(), around.end());
        classes[{colours[letter], around}].push_back(letter);
      }
      int colour = 0;
      for (const auto &entry : classes) {
        for (int letter : entry.second)
          colours[letter] = colour;
        colour += static_cast<int>(entry.second.size());
      }
    }
  }

  /// Whether exchanging two letters changes no edge.
  bool areTwins(int a, int b) const {
    std::vector<int> exchange(static_cast<size_t>(letters));
    std::iota(exchange.begin(), exchange.end(), 0);
    std::vector<LetterEdge> before = renamed(exchange);
    std::swap(exchange[a], exchange[b]);
    return before == renamed(exchange);
  }

  void search(std::vector<int> colours) {
    refine(colours);
    std::map<int, std::vector<int>> classes;
    for (int letter = 0; letter < letters; ++letter)
      classes[colours[letter]].push_back(letter);
    for (const auto &entry : classes) {
      const int colour = entry.first;
      const std::vector<int> &members = entry.second;
      if (members.size() == 1)
        continue;
      for (size_t i = 0; i < members.size(); ++i) {
        const bool isNew =
            std::none_of(members.begin(), members.begin() + i, [&](int other) {
              return areTwins(other, members[i]);
            });
        if (!isNew)
          continue;
        std::vector<int> chosen = colours;
        for (int member : members)
          chosen[member] = colour + (member == members[i] ? 0 : 1);
        search(std::move(chosen));
      }
      return;
    }
    std::vector<LetterEdge> named = renamed(colours);
    if (!found || named < best)
      best = std::move(named);
    found = true;
  }

  const int fixed, letters;
  const std::vector<LetterEdge> &edges;
  const bool symmetric;
  bool found = false;
  std::vector<LetterEdge> best;
};

} // namespace

Diagram eqc::makeGraphMap(int l, int k, const std::vector<int> &letterOf,
                          int letters, std::vector<LetterEdge> edges,
                          bool symmetric) {
  Diagram map = makeDiagram(l, k, letterOf);
  std::vector<int> number(static_cast<size_t>(letters), -1);
  for (size_t v = 0; v < letterOf.size(); ++v)
    number[letterOf[v]] = map.block[v];
  const int fixed = map.numBlocks();
  int next = fixed;
  for (int &named : number)
    if (named < 0)
      named = next++;
  for (auto &[a, b] : edges) {
    a = number[a];
    b = number[b];
  }
  map.map.letters = letters;
  map.map.symmetric = symmetric;
  map.map.edges = LetterOrder(fixed, letters, edges, symmetric).find();
  return map;
}

//===----------------------------------------------------------------------===//
// Contraction
//===----------------------------------------------------------------------===//

namespace {

/// A set of letters.
using Letters = uint32_t;
Letters bit(int letter) { return Letters(1) << letter; }

/// What is left of one side of a graph map while its letters are summed: the
/// letters of the tensor that x has become, and factors that have no part in it
/// yet, edges joined by letters that no tensor has.
class Contraction {
public:
  struct Factor {
    std::vector<LetterEdge> edges;
    Letters around = 0; ///< letters that are not summed in it
    Letters summed = 0;
  };

  Contraction(Letters row, const std::vector<LetterEdge> &edges)
      : tensor(row) {
    for (const LetterEdge &edge : edges)
      factors.push_back({{edge}, bit(edge.first) | bit(edge.second), 0});
  }

  /// Sums a letter. Where the tensor has it this is a step of the tensor, of
  /// the factors that it returns; else a factor of constants.
  std::optional<Factor> sum(int letter) {
    Factor joined;
    for (size_t f = 0; f < factors.size();)
      if (factors[f].around & bit(letter))
        join(joined, f);
      else
        ++f;
    joined.summed |= bit(letter);
    joined.around &= ~bit(letter);
    if (!(tensor & bit(letter))) {
      factors.push_back(std::move(joined));
      return std::nullopt;
    }
    if (!joined.edges.empty()) {
      // Further factors of the same letters make the step thinner.
      const Letters all = tensor | joined.around;
      for (size_t f = 0; f < factors.size();)
        if ((factors[f].around & ~all) == 0)
          join(joined, f);
        else
          ++f;
    }
    tensor = (tensor | joined.around) & ~bit(letter);
    joined.summed &= ~bit(letter); // what it alone sums
    return joined;
  }

  /// All factors that are left, as one step.
  std::optional<Factor> rest() {
    if (factors.empty())
      return std::nullopt;
    Factor joined;
    while (!factors.empty())
      join(joined, 0);
    tensor |= joined.around;
    return joined;
  }

  Letters tensor;
  std::vector<Factor> factors;

private:
  void join(Factor &into, size_t f) {
    Factor &from = factors[f];
    into.edges.insert(into.edges.end(), from.edges.begin(), from.edges.end());
    into.around |= from.around;
    into.summed |= from.summed;
    factors.erase(factors.begin() + static_cast<std::ptrdiff_t>(f));
  }
};

/// A row of a graph map, as a pattern, and its letter by each of its numbers.
struct RowOfMap {
  RowPattern pattern;
  std::vector<int> letterOf;
};

/// The letters of one row, and of the edges that its side has.
class SideOfMap {
public:
  SideOfMap(const Diagram &diagram, bool ofInputs)
      : map(diagram.map), order(ofInputs ? map.ofInputs : map.ofOutputs) {
    const int begin = ofInputs ? diagram.l : 0;
    const int end = ofInputs ? diagram.l + diagram.k : diagram.l;
    block.assign(diagram.block.begin() + begin, diagram.block.begin() + end);
    Letters own = 0, others = 0;
    for (int letter : order)
      own |= bit(letter);
    for (int letter : ofInputs ? map.ofOutputs : map.ofInputs)
      others |= bit(letter);
    auto touches = [](const LetterEdge &edge, Letters letters) {
      return ((bit(edge.first) | bit(edge.second)) & letters) != 0;
    };
    auto any = [&](Letters letters) {
      return std::any_of(
          map.edges.begin(), map.edges.end(),
          [&](const LetterEdge &edge) { return touches(edge, letters); });
    };
    // Edges among the letters on which the sides meet are a part of a step
    // that there is anyway, of the inputs first.
    const Letters inputs = ofInputs ? own : others;
    const Letters outputs = ofInputs ? others : own;
    const bool byInputs = any(inputs) || (!any(outputs) && diagram.k > 0);
    for (const LetterEdge &edge : map.edges)
      if (touches(edge, own) ||
          (!touches(edge, others) && byInputs == ofInputs))
        edges.push_back(edge);
  }

  Letters rowLetters() const {
    Letters letters = 0;
    for (int letter : block)
      letters |= bit(letter);
    return letters;
  }

  RowOfMap contract() const {
    RowOfMap row;
    std::vector<int> numberOf(static_cast<size_t>(map.letters), -1);
    for (int letter : block) {
      if (numberOf[letter] < 0) {
        numberOf[letter] = static_cast<int>(row.letterOf.size());
        row.letterOf.push_back(letter);
        row.pattern.kept.push_back(true);
      }
      row.pattern.block.push_back(numberOf[letter]);
    }
    Contraction rest(rowLetters(), edges);
    auto addStep = [&](const Contraction::Factor &factor, int summed) {
      RowStep step;
      if (summed >= 0)
        step.summed.push_back(numberOf[summed]);
      for (int letter = 0; letter < map.letters; ++letter)
        if ((factor.around & bit(letter)) && numberOf[letter] < 0) {
          numberOf[letter] = static_cast<int>(row.letterOf.size());
          row.letterOf.push_back(letter);
          row.pattern.kept.push_back(true);
          ++step.added;
        }
      // Letters of the step alone come behind, and the next step's again.
      std::vector<int> inStep = numberOf;
      int next = static_cast<int>(row.letterOf.size());
      for (int letter = 0; letter < map.letters; ++letter)
        if (factor.summed & bit(letter))
          inStep[letter] = next++;
      for (auto [a, b] : factor.edges) {
        a = inStep[a];
        b = inStep[b];
        if (map.symmetric && a > b)
          std::swap(a, b);
        step.edges.emplace_back(a, b);
      }
      std::sort(step.edges.begin(), step.edges.end());
      if (summed >= 0)
        row.pattern.kept[numberOf[summed]] = false;
      const bool dropsFirst = row.pattern.steps.empty() && step.edges.empty();
      if (!dropsFirst)
        row.pattern.steps.push_back(std::move(step));
    };
    for (int letter : order)
      if (const auto step = rest.sum(letter))
        addStep(*step, letter);
    if (const auto step = rest.rest())
      addStep(*step, -1);
    return row;
  }

private:
  const GraphMap &map;
  const std::vector<int> &order;
  std::vector<int> block;
  std::vector<LetterEdge> edges;
};

} // namespace

/// The letters that a pattern keeps, ascending.
static std::vector<int> keptLetters(const RowOfMap &row) {
  std::vector<int> letters;
  for (int number : row.pattern.keptBlocks())
    letters.push_back(row.letterOf[number]);
  return letters;
}

std::string eqc::whyNoGraphMap(const Diagram &diagram) {
  const GraphMap &map = diagram.map;
  if (map.letters > kMostLetters)
    return "a graph map has at most " + std::to_string(kMostLetters) +
           " letters";
  if (diagram.free >= 0 || diagram.head >= 0 || diagram.numBlocks() > map.letters)
    return "a graph map has letters and edges alone";
  auto exists = [&](int letter) { return letter >= 0 && letter < map.letters; };
  Letters joined = 0, summed = 0, rows[2] = {0, 0};
  for (auto [a, b] : map.edges) {
    if (!exists(a) || !exists(b))
      return "there are no such letters";
    joined |= bit(a) | bit(b);
  }
  for (int letter = diagram.numBlocks(); letter < map.letters; ++letter)
    if (!(joined & bit(letter)))
      return "a letter without a vertex has no edge";
  for (size_t v = 0; v < diagram.block.size(); ++v)
    rows[static_cast<int>(v) >= diagram.l] |= bit(diagram.block[v]);
  Letters ofSide[2] = {0, 0};
  for (bool ofInputs : {false, true})
    for (int letter : ofInputs ? map.ofInputs : map.ofOutputs) {
      if (!exists(letter) || (summed & bit(letter)))
        return "no letter is summed twice";
      if (rows[!ofInputs] & bit(letter))
        return "letters are summed on the side of all their vertices";
      summed |= bit(letter);
      ofSide[ofInputs] |= bit(letter);
    }
  for (auto [a, b] : map.edges) {
    const Letters ends = bit(a) | bit(b);
    if ((ends & ofSide[0]) && (ends & ofSide[1]))
      return "an edge joins letters that different sides sum";
  }
  const std::vector<int> tops = keptLetters(SideOfMap(diagram, false).contract());
  const std::vector<int> bottoms =
      keptLetters(SideOfMap(diagram, true).contract());
  auto meets = [&](const std::vector<int> &kept) {
    Letters letters = 0;
    for (int letter : kept)
      letters |= bit(letter);
    return letters == ((bit(map.letters) - 1) & ~summed);
  };
  return meets(tops) && meets(bottoms)
             ? ""
             : "the sides do not meet at the letters that neither of them sums";
}

Split eqc::splitGraphMap(const Diagram &diagram) {
  const RowOfMap top = SideOfMap(diagram, /*ofInputs=*/false).contract();
  const RowOfMap bottom = SideOfMap(diagram, /*ofInputs=*/true).contract();
  const std::vector<int> tops = keptLetters(top), bottoms = keptLetters(bottom);
  Split split{top.pattern, bottom.pattern, {}};
  for (int letter : tops) {
    const auto at = std::find(bottoms.begin(), bottoms.end(), letter);
    assert(at != bottoms.end() && "verified: see whyNoGraphMap");
    split.sigma.push_back(static_cast<int>(at - bottoms.begin()));
  }
  return split;
}

Diagram eqc::transposeGraphMap(const Diagram &diagram) {
  std::vector<int> letterOf(diagram.block.begin() + diagram.l,
                            diagram.block.end());
  letterOf.insert(letterOf.end(), diagram.block.begin(),
                  diagram.block.begin() + diagram.l);
  // Letters have other numbers then, so that the order is found by their names
  // in a diagram whose letters all have vertices.
  const GraphMap &map = diagram.map;
  Diagram flipped = makeDiagram(diagram.k, diagram.l, letterOf);
  std::vector<int> number(static_cast<size_t>(map.letters), -1);
  for (size_t v = 0; v < letterOf.size(); ++v)
    number[letterOf[v]] = flipped.block[v];
  for (int letter = diagram.numBlocks(); letter < map.letters; ++letter)
    number[letter] = letter;
  flipped.map = map;
  for (auto &[a, b] : flipped.map.edges) {
    a = number[a];
    b = number[b];
    if (map.symmetric && a > b)
      std::swap(a, b);
  }
  std::sort(flipped.map.edges.begin(), flipped.map.edges.end());
  auto renumber = [&](const std::vector<int> &order) {
    std::vector<int> result;
    for (int letter : order)
      result.push_back(number[letter]);
    return result;
  };
  flipped.map.ofInputs = renumber(map.ofOutputs);
  flipped.map.ofOutputs = renumber(map.ofInputs);
  return flipped;
}

//===----------------------------------------------------------------------===//
// The order of contraction
//===----------------------------------------------------------------------===//

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
      if ((set & ~allowed) || best[set].cost ==
                                  std::numeric_limits<double>::infinity())
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
    return std::any_of(map.edges.begin(), map.edges.end(),
                       [&](const LetterEdge &edge) {
                         const Letters ends =
                             bit(edge.first) | bit(edge.second);
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
        const double cost =
            inputs[a].cost + outputs[b].cost +
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

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

RowPattern eqc::withoutLastStep(const RowPattern &pattern) {
  RowPattern before = pattern;
  const RowStep step = before.steps.back();
  before.steps.pop_back();
  before.kept.resize(before.kept.size() - static_cast<size_t>(step.added));
  for (int letter : step.summed)
    before.kept[letter] = true;
  return before;
}

RowPattern eqc::lastStepOf(const RowPattern &pattern) {
  const RowPattern before = withoutLastStep(pattern);
  const RowStep &step = pattern.steps.back();
  // Kept letters are the vertices; what is added, and what edges have alone,
  // follows as it did.
  std::vector<int> number(pattern.kept.size(), -1);
  RowPattern relative;
  for (int letter : before.keptBlocks()) {
    number[letter] = static_cast<int>(relative.kept.size());
    relative.block.push_back(number[letter]);
    relative.kept.push_back(pattern.kept[letter]);
  }
  for (int i = 0; i < step.added; ++i) {
    number[before.kept.size() + i] = static_cast<int>(relative.kept.size());
    relative.kept.push_back(pattern.kept[before.kept.size() + i]);
  }
  if (step.edges.empty())
    return relative;
  const int beyond = static_cast<int>(pattern.kept.size());
  auto renumbered = [&](int letter) {
    return letter < beyond
               ? number[letter]
               : static_cast<int>(relative.kept.size()) + letter - beyond;
  };
  RowStep own;
  own.added = step.added;
  for (int letter : step.summed)
    own.summed.push_back(renumbered(letter));
  for (auto [a, b] : step.edges)
    own.edges.emplace_back(renumbered(a), renumbered(b));
  std::sort(own.edges.begin(), own.edges.end());
  relative.steps.push_back(std::move(own));
  return relative;
}

std::string eqc::whyNoSteps(const RowPattern &pattern) {
  if (pattern.free >= 0 || pattern.head >= 0 || pattern.orbit.exists() ||
      !pattern.space.empty())
    return "steps are of rows of graph maps";
  int letters = 0;
  for (int block : pattern.block)
    letters = std::max(letters, block + 1);
  std::set<int> summed;
  for (const RowStep &step : pattern.steps) {
    const int before = letters;
    if (step.added < 0 || step.added > kMostLetters ||
        letters + step.added > 2 * kMostLetters)
      return "steps add too many letters";
    if (step.edges.empty() && (step.added > 0 || step.summed.size() != 1))
      return "a step without edges sums one letter";
    if (&step == &pattern.steps.front() && step.edges.empty())
      return "the first step has edges";
    letters += step.added;
    for (auto [a, b] : step.edges)
      for (int letter : {a, b})
        if (letter < 0 || letter >= letters + kMostLetters ||
            (letter < before && summed.count(letter)))
          return "edges join letters that are left";
    for (int letter : step.summed)
      if (letter < 0 || letter >= before || !summed.insert(letter).second)
        return "steps sum letters that are left";
  }
  if (static_cast<int>(pattern.kept.size()) != letters)
    return "steps add other letters than there are";
  for (int letter : summed)
    if (pattern.kept[letter])
      return "a letter that is summed is not kept";
  for (int letter = 0; letter < letters; ++letter)
    if (!pattern.kept[letter] && !summed.count(letter)) {
      // Dropped before all steps: no edge may have it.
      for (const RowStep &step : pattern.steps)
        for (auto [a, b] : step.edges)
          if (a == letter || b == letter)
            return "edges join letters that are left";
      bool isBlock = false;
      for (int block : pattern.block)
        isBlock |= block == letter;
      if (!isBlock)
        return "a letter that is added is kept or summed";
    }
  return "";
}
