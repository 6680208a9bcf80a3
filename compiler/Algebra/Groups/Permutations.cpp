//===- Permutations.cpp - Perm and Graph ----------------------------------===//
//
// Groups of permutations that a source spells out, by generators or as the
// automorphisms of a graph. Their maps have a basis of their own: one matrix
// for each orbit of tuples of output and input indices, which has ones there.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/GraphMatrix.h"
#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Algebra/Random.h"

#include <algorithm>
#include <numeric>

using namespace eqc;

namespace {

class Permutations final : public GroupRules {
public:
  explicit Permutations(Family family) : family(family) {}
  explicit Permutations(const Action *action)
      : family(action->family()), action(action) {}

  std::string_view words() const override {
    return family == Family::Graph ? "automorphisms of a graph"
                                   : "the permutations that generators make";
  }

  bool allowsDynamicN() const override { return false; }
  bool hasOrbits() const override { return true; }
  bool hasGraphMaps() const override { return family == Family::Graph; }
  bool hasSchurBasis() const override { return false; }
  bool isMonomial() const override { return true; }

  std::unique_ptr<GroupRules> withAction(const Action *of) const override {
    return std::make_unique<Permutations>(of);
  }

  std::string complete(Diagram &diagram) const override {
    if (diagram.map.exists())
      return completeMap(diagram);
    const int vertices = diagram.l + diagram.k;
    if (vertices == 0)
      return "";
    if (!diagram.orbit.exists())
      return "a diagram of " + std::string(familyName(family)) +
             " is an orbit with a value for each vertex, such as '" +
             toString(makeOrbit(diagram.l, diagram.k,
                                std::vector<int>(vertices, 0))) +
             "'";
    TupleOrbit &orbit = diagram.orbit;
    if (std::string why = action->whyNoOrbits(static_cast<uint64_t>(vertices));
        !why.empty())
      return why;
    if (orbit.values.size() != static_cast<size_t>(vertices))
      return "each vertex has one value in an orbit";
    for (int v = 0; v < vertices; ++v)
      if (orbit.values[v] >= action->n())
        return "the value of '" + vertexName(diagram.l, v) + "' is " +
               std::to_string(orbit.values[v]) + ", but points are 0 to " +
               std::to_string(action->n() - 1);
    const TupleOrbits &all = action->orbits(vertices);
    const int32_t number = all.orbitOf[action->numberOf(orbit.values)];
    orbit = orbitNumber(all, number, diagram.l, diagram.k);
    return "";
  }

  std::string whyNot(const Diagram &diagram, int64_t) const override {
    if (diagram.map.exists())
      return action ? whyNotMap(diagram) : whyNone(-1, Vertices());
    Diagram listed = diagram;
    const std::string why = action ? complete(listed) : whyNone(-1, Vertices());
    if (!why.empty())
      return why;
    const int64_t byColumns = listed.orbit.size / listed.orbit.columns;
    if (diagram.orbit.divisor == byColumns)
      listed.orbit.divisor = byColumns; // where rows were exchanged
    return listed == diagram
               ? ""
               : "the orbit is listed as '" + toTypedString(listed) + "'";
  }

  std::string whyNotRow(const RowOrbit &row) const override {
    std::vector<int> tuple = row.others;
    tuple.insert(tuple.end(), row.values.begin(), row.values.end());
    auto isPoint = [&](int value) { return action && value < action->n(); };
    if (!std::all_of(tuple.begin(), tuple.end(), isPoint) ||
        !action->whyNoOrbits(tuple.size()).empty())
      return "there are no such points";
    const int64_t entries = sizeOfOrbit(row.isOwn ? row.values : row.others);
    if (row.entries != entries || row.terms != sizeOfOrbit(tuple) / entries)
      return "it has " + std::to_string(entries) + " entries of " +
             std::to_string(sizeOfOrbit(tuple) / entries);
    return "";
  }

  Count count(int64_t, const Vertices &vertices) const override {
    if (!action)
      return {};
    if (!action->whyNoOrbits(vertices.number()).empty())
      return kSaturated;
    return {action->orbits(vertices.size()).size(), false};
  }

  std::string whyNone(int64_t, const Vertices &) const override {
    return action ? ""
                  : std::string(familyName(family)) +
                        " has no maps before its permutations are known";
  }

  void enumerate(int64_t, const Vertices &vertices,
                 const DiagramVisitor &visit) const override {
    if (!action)
      return;
    const auto l = static_cast<int>(vertices.l),
               k = static_cast<int>(vertices.k);
    const TupleOrbits &all = action->orbits(l + k);
    for (size_t number = 0; number < all.size(); ++number) {
      Diagram diagram = makeOrbit(l, k, std::vector<int>(l + k, 0));
      if (l + k > 0)
        diagram.orbit = orbitNumber(all, static_cast<int32_t>(number), l, k);
      if (!visit(diagram))
        return;
    }
  }

  /// The supports of the matrices are disjoint.
  bool inBasis(const Diagram &, int64_t) const override { return true; }
  Count countBasis(int64_t n, const Vertices &vertices) const override {
    return count(n, vertices);
  }

  /// A word in the generators, another one than the identity if it can be.
  GroupElement randomElement(int64_t n, Random &random) const override {
    std::vector<int64_t> images(static_cast<size_t>(n));
    std::iota(images.begin(), images.end(), 0);
    const bool isTrivial = !action || action->generators().empty();
    // Words of even length alone may be a smaller group.
    for (int tries = 0; !isTrivial && tries < kMostTries &&
                        std::is_sorted(images.begin(), images.end());
         ++tries)
      for (int64_t letter = random.below(2); letter < kLetters; ++letter) {
        const auto &generators = action->generators();
        const PointMap &generator = generators[random.below(generators.size())];
        for (int64_t &image : images)
          image = generator[image];
      }
    return GroupElement::permutation(std::move(images));
  }

private:
  static constexpr int kMostTries = 8, kLetters = 12;

  /// Gives a map its canonical names and the order of its contraction.
  std::string completeMap(Diagram &diagram) const {
    if (!hasGraphMaps())
      return "only Graph has graph maps; a diagram of Perm is an orbit with a "
             "value for each vertex";
    const Adjacency &matrix = action->adjacency();
    GraphMap &map = diagram.map;
    if (map.letters > kMostLetters)
      return whyNoGraphMap(diagram);
    diagram = makeGraphMap(diagram.l, diagram.k, diagram.block, map.letters,
                           map.edges, matrix.symmetric && !map.edges.empty());
    chooseContraction(diagram, {action->n(), static_cast<int64_t>(
                                                 matrix.rows.entries.size())});
    return "";
  }

  std::string whyNotMap(const Diagram &diagram) const {
    std::string why = whyNoGraphMap(diagram);
    if (why.empty() && diagram.map.symmetric && !action->adjacency().symmetric)
      why = "the adjacency matrix is not symmetric";
    return why;
  }

  TupleOrbit orbitNumber(const TupleOrbits &all, int32_t number, int l,
                         int k) const {
    TupleOrbit orbit;
    const int64_t first = all.tuples[all.start[number]];
    orbit.values = action->tupleOf(first, l + k);
    orbit.size = all.start[number + 1] - all.start[number];
    orbit.rows = sizeOfOrbit({orbit.values.begin(), orbit.values.begin() + l});
    orbit.columns = sizeOfOrbit({orbit.values.begin() + l, orbit.values.end()});
    orbit.divisor = orbit.size / orbit.rows;
    return orbit;
  }

  int64_t sizeOfOrbit(const std::vector<int> &tuple) const {
    const TupleOrbits &all = action->orbits(static_cast<int>(tuple.size()));
    const int32_t number = all.orbitOf[action->numberOf(tuple)];
    return all.start[number + 1] - all.start[number];
  }

  const Family family;
  const Action *action = nullptr;
};

} // namespace

const GroupRules &eqc::permutationGroups() {
  static const Permutations rules(Family::Perm);
  return rules;
}

const GroupRules &eqc::graphGroups() {
  static const Permutations rules(Family::Graph);
  return rules;
}
