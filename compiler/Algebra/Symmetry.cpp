//===- Symmetry.cpp - Axes with a symmetry --------------------------------===//

#include "compiler/Algebra/Symmetry.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <algorithm>
#include <map>
#include <numeric>

using namespace eqc;

//===----------------------------------------------------------------------===//
// Notation
//===----------------------------------------------------------------------===//

namespace {

class CycleParser {
public:
  CycleParser(std::string_view text, int order)
      : text(text), order(order), result{std::vector<int>(order), 1},
        moved(order, false) {
    std::iota(result.images.begin(), result.images.end(), 0);
  }

  std::variant<AxisPermutation, DiagramError> parse() {
    skipBlanks();
    if (at < text.size() && text[at] == '-') {
      result.sign = -1;
      ++at;
    }
    skipBlanks();
    if (at == text.size())
      return DiagramError{
          0, text.size(),
          "expected cycles of axes such as '(1 2)', found nothing"};
    while (at < text.size()) {
      if (!parseCycle())
        return error;
      skipBlanks();
    }
    return result;
  }

private:
  bool fail(size_t begin, size_t end, std::string message) {
    error = {begin, std::max<size_t>(end - begin, 1), std::move(message)};
    return false;
  }

  void skipBlanks() {
    while (at < text.size() && text[at] == ' ')
      ++at;
  }

  bool parseCycle() {
    const size_t start = at;
    if (text[at] != '(')
      return fail(at, at + 1,
                  std::string("expected a cycle in parentheses, found '") +
                      text[at] + "'");
    ++at;
    std::vector<int> cycle;
    for (skipBlanks(); at < text.size() && text[at] != ')'; skipBlanks()) {
      const size_t begin = at;
      int64_t axis = 0;
      for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
        axis = std::min<int64_t>(10 * axis + (text[at] - '0'), INT32_MAX);
      if (at == begin)
        return fail(at, at + 1,
                    std::string("expected the number of an axis, found '") +
                        text[at] + "'");
      const std::string name(text.substr(begin, at - begin));
      if (axis < 1 || axis > order)
        return fail(begin, at,
                    "there is no axis " + name + ": axes are 1 to " +
                        std::to_string(order));
      if (moved[axis - 1])
        return fail(begin, at, "axis " + name + " stands in cycles twice");
      moved[axis - 1] = true;
      cycle.push_back(static_cast<int>(axis) - 1);
    }
    if (at == text.size())
      return fail(start, at, "the cycle is not closed");
    ++at;
    for (size_t i = 0; i < cycle.size(); ++i)
      result.images[cycle[i]] = cycle[(i + 1) % cycle.size()];
    return true;
  }

  const std::string_view text;
  const int order;
  size_t at = 0;
  AxisPermutation result;
  std::vector<bool> moved;
  DiagramError error;
};

} // namespace

std::variant<AxisPermutation, DiagramError>
eqc::parseAxisPermutation(std::string_view text, int order) {
  return CycleParser(text, order).parse();
}

std::string eqc::toString(const AxisPermutation &permutation) {
  std::string text, sign = permutation.sign < 0 ? "-" : "";
  std::vector<bool> seen(permutation.images.size(), false);
  for (size_t first = 0; first < seen.size(); ++first) {
    if (seen[first] || permutation.images[first] == static_cast<int>(first))
      continue;
    std::string cycle;
    for (size_t a = first; !seen[a];
         a = static_cast<size_t>(permutation.images[a])) {
      seen[a] = true;
      cycle += (cycle.empty() ? "" : " ") + std::to_string(a + 1);
    }
    text += "(" + cycle + ")";
  }
  return sign + (text.empty() ? "()" : text);
}

//===----------------------------------------------------------------------===//
// The group
//===----------------------------------------------------------------------===//

namespace {

using Permutation = std::vector<int>;

/// First a, then b.
Permutation then(const Permutation &a, const Permutation &b) {
  Permutation result(a.size());
  for (size_t i = 0; i < a.size(); ++i)
    result[i] = b[a[i]];
  return result;
}

Permutation inverse(const Permutation &a) {
  Permutation result(a.size());
  for (size_t i = 0; i < a.size(); ++i)
    result[a[i]] = static_cast<int>(i);
  return result;
}

/// The chain of stabilisers of a permutation group, point after point, by the
/// algorithm of Schreier and Sims.
class StabiliserChain {
public:
  StabiliserChain(int points, uint64_t most) : most(most), levels(points) {
    Permutation identity(points);
    std::iota(identity.begin(), identity.end(), 0);
    for (int point = 0; point < points; ++point)
      levels[point].cosets[point] = identity;
  }

  void add(const Permutation &generator) {
    if (!contains(generator, 0))
      extend(0, generator);
  }

  /// No less than this, and exactly that where it is not above `most`.
  uint64_t order() const {
    uint64_t product = 1;
    for (const Level &level : levels)
      if (product <= most)
        product *= level.cosets.size();
    return product;
  }

  /// Whether all of the first points may stay while this one moves.
  bool moves(int point) const { return levels[point].cosets.size() > 1; }

private:
  struct Level {
    std::vector<Permutation> generators; ///< that leave the points before
    std::map<int, Permutation> cosets;   ///< by where they take the point
  };

  /// What is left of `element` below the levels that it can be taken through;
  /// the level where it cannot, or that of the end.
  size_t sift(Permutation &element, size_t level) const {
    for (; level < levels.size(); ++level) {
      auto coset = levels[level].cosets.find(element[level]);
      if (coset == levels[level].cosets.end())
        break;
      element = then(element, inverse(coset->second));
    }
    return level;
  }
  bool contains(Permutation element, size_t level) const {
    return sift(element, level) == levels.size();
  }

  /// Adds a generator of a level that is not in its group.
  void extend(size_t level, const Permutation &generator) {
    if (order() > most)
      return;
    levels[level].generators.push_back(generator);
    std::vector<Permutation> known;
    for (const auto &[image, coset] : levels[level].cosets)
      known.push_back(coset);
    for (const Permutation &coset : known)
      visit(level, then(coset, generator));
  }

  /// `element`, of the group of a level, is a new coset or gives generators of
  /// the next one.
  void visit(size_t level, const Permutation &element) {
    if (order() > most)
      return;
    auto [coset, isNew] =
        levels[level].cosets.try_emplace(element[level], element);
    if (isNew) {
      const std::vector<Permutation> generators = levels[level].generators;
      for (const Permutation &generator : generators)
        visit(level, then(element, generator));
      return;
    }
    const Permutation rest = then(element, inverse(coset->second));
    if (!contains(rest, level + 1))
      extend(level + 1, rest);
  }

  const uint64_t most;
  std::vector<Level> levels;
};

} // namespace

SymmetryOrder eqc::orderOf(const std::vector<AxisPermutation> &generators,
                           uint64_t most) {
  SymmetryOrder result;
  if (generators.empty())
    return result;
  // A sign exchanges two more points, which come last: generators contradict
  // each other where these may move while all axes stay.
  const auto axes = static_cast<int>(generators.front().images.size());
  StabiliserChain chain(axes + 2, 2 * most);
  for (const AxisPermutation &generator : generators) {
    Permutation points = generator.images;
    points.push_back(generator.sign < 0 ? axes + 1 : axes);
    points.push_back(generator.sign < 0 ? axes : axes + 1);
    chain.add(points);
  }
  result.contradicts = chain.moves(axes);
  result.order = chain.order() / (result.contradicts ? 2 : 1);
  return result;
}

//===----------------------------------------------------------------------===//
// Orbits
//===----------------------------------------------------------------------===//

/// Whether the form that joins two vertices of a row changes its sign when they
/// are exchanged.
static bool isAlternating(const GroupRules &rules) {
  const int64_t other = rules.partner(0);
  return rules.form(0, other) != rules.form(other, 0);
}

SignedDiagram eqc::moved(const Diagram &diagram, Group group,
                         const AxisPermutation &permutation, bool ofOutputs) {
  const int first = ofOutputs ? 0 : diagram.l;
  std::vector<int> image(diagram.block.size());
  std::iota(image.begin(), image.end(), 0);
  for (size_t a = 0; a < permutation.images.size(); ++a)
    image[first + a] = first + permutation.images[a];
  std::vector<int> labels(image.size());
  SignedDiagram result;
  result.diagram = diagram;
  for (size_t v = 0; v < image.size(); ++v) {
    labels[image[v]] = diagram.block[v];
    if (!diagram.space.empty())
      result.diagram.space[image[v]] = diagram.space[v];
    if (!diagram.part.empty())
      result.diagram.part[image[v]] = diagram.part[v];
    if (!diagram.dual.empty())
      result.diagram.dual[image[v]] = diagram.dual[v];
  }
  const Diagram renumbered =
      makeDiagram(diagram.l, diagram.k, labels, diagram.free);
  result.diagram.block = renumbered.block;
  result.diagram.free = renumbered.free;

  const std::vector<std::vector<int>> blocks = diagram.blocks();
  for (size_t b = 0; b < blocks.size(); ++b) {
    const std::vector<int> &block = blocks[b];
    std::vector<int> images;
    for (int vertex : block)
      images.push_back(image[vertex]);
    if (static_cast<int>(b) == diagram.free) {
      for (size_t i = 0; i < images.size(); ++i)
        for (size_t j = 0; j < i; ++j)
          if (images[j] > images[i])
            result.sign = -result.sign;
    } else if (block.size() == 2 &&
               (block[0] < diagram.l) == (block[1] < diagram.l) &&
               images[0] > images[1] &&
               isAlternating(rulesOf(group.of(diagram.spaceOf(block[0]))))) {
      result.sign = -result.sign;
    }
  }
  result.sign *= signOfLegs(diagram, [&](int vertex) { return image[vertex]; });
  if (diagram.orbit.exists()) {
    std::vector<int> valueAt(image.size()), values;
    size_t next = 0;
    for (size_t v = 0; v < image.size(); ++v)
      if (diagram.isLegOf(static_cast<int>(v)))
        valueAt[image[v]] = diagram.orbit.values[next++];
    for (size_t v = 0; v < image.size(); ++v)
      if (result.diagram.isLegOf(static_cast<int>(v)))
        values.push_back(valueAt[v]);
    result.diagram.orbit.values = std::move(values);
    rulesOf(group).complete(result.diagram);
    // Also of exchanged rows.
    result.diagram.orbit.divisor = diagram.orbit.divisor;
  }
  return result;
}

Orbit eqc::orbitOf(const Diagram &diagram, Group group,
                   const AxisSymmetry &symmetry) {
  Orbit orbit;
  std::vector<SignedDiagram> &members = orbit.members;
  std::map<SymbolsAndBlocks, int> signs;
  members.push_back({diagram, 1});
  if (symmetry.isTrivial())
    return orbit;
  signs[symbolsAndBlocks(diagram)] = 1;
  auto visit = [&](const SignedDiagram &from, bool ofOutputs) {
    if (!ofOutputs && diagram.k == 0)
      return; // one of a bias
    for (const AxisPermutation &generator :
         ofOutputs ? symmetry.out : symmetry.in) {
      SignedDiagram next = moved(from.diagram, group, generator, ofOutputs);
      next.sign *= from.sign * generator.sign;
      auto [known, isNew] =
          signs.try_emplace(symbolsAndBlocks(next.diagram), next.sign);
      orbit.vanishes |= known->second != next.sign;
      if (isNew)
        members.push_back(std::move(next));
    }
  };
  for (size_t i = 0; i < members.size(); ++i)
    for (bool ofOutputs : {false, true})
      visit(SignedDiagram(members[i]), ofOutputs);
  std::sort(members.begin() + 1, members.end(),
            [](const SignedDiagram &a, const SignedDiagram &b) {
              return canonicalLess(a.diagram, b.diagram);
            });
  return orbit;
}

const Diagram &Orbit::first() const {
  const Diagram &named = members.front().diagram;
  return members.size() > 1 && canonicalLess(members[1].diagram, named)
             ? members[1].diagram
             : named;
}
