//===- GraphMap.cpp - Maps that count homomorphisms into a graph ----------===//

#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/GraphContraction.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <numeric>
#include <optional>

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
// The two sides
//===----------------------------------------------------------------------===//

namespace {

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
  if (diagram.free >= 0 || diagram.head >= 0 ||
      diagram.numBlocks() > map.letters)
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
  const std::vector<int> tops =
      keptLetters(SideOfMap(diagram, false).contract());
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
