//===- ActionTest.cpp - Permutations and graphs ---------------------------===//
//
// Groups that a source spells out, against lists of their elements.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Action.h"
#include "Listing.h"
#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

using namespace eqc;
using namespace eqc::test;

namespace {

const Action *make(Family family, int64_t n, std::vector<std::string> texts) {
  auto made = Action::make(family, n, texts);
  if (const auto *error = std::get_if<Action::Error>(&made)) {
    ADD_FAILURE() << error->message;
    return nullptr;
  }
  return std::get<const Action *>(made);
}

Group graph(int64_t n, const std::string &text) {
  return Group(make(Family::Graph, n, {text}));
}

std::string whyNot(Family family, int64_t n, std::vector<std::string> texts) {
  auto made = Action::make(family, n, texts);
  const auto *error = std::get_if<Action::Error>(&made);
  return error ? std::to_string(error->offset) + ": " + error->message : "";
}

/// All elements, by closure.
std::set<PointMap> elements(const Action &action) {
  PointMap identity;
  for (int i = 0; i < action.n(); ++i)
    identity.push_back(i);
  std::set<PointMap> all{identity};
  std::vector<PointMap> work{identity};
  while (!work.empty()) {
    const PointMap g = work.back();
    work.pop_back();
    for (const PointMap &generator : action.generators()) {
      PointMap product;
      for (int image : g)
        product.push_back(generator[image]);
      if (all.insert(product).second)
        work.push_back(std::move(product));
    }
  }
  return all;
}

/// The mean number of fixed tuples: Burnside's lemma.
uint64_t burnside(const std::set<PointMap> &group, int order) {
  double fixed = 0;
  for (const PointMap &g : group) {
    int points = 0;
    for (size_t i = 0; i < g.size(); ++i)
      points += g[i] == static_cast<int>(i);
    fixed += std::pow(points, order);
  }
  return static_cast<uint64_t>(
      std::llround(fixed / static_cast<double>(group.size())));
}

uint64_t numOrbits(Group group, int l, int k) {
  return countDiagrams(group, group.action()->n(), l, k).value;
}

const std::string petersen = "0-1 1-2 2-3 3-4 4-0 0-5 1-6 2-7 3-8 4-9 5-7 7-9 "
                             "9-6 6-8 8-5";

/// The sum over orbits of the tuples of the row that has fewer.
int64_t mixed(Group group, int l, int k) {
  int64_t sum = 0;
  for (const Diagram &diagram :
       enumerateDiagrams(group, group.action()->n(), l, k))
    sum += std::min(diagram.orbit.rows, diagram.orbit.columns);
  return sum;
}

} // namespace

TEST(Action, ReadsCyclesAndWritesThemInOneWay) {
  const Action *wheel = make(Family::Perm, 6, {" (5 3,4)(2 0 1) ", "()"});
  EXPECT_EQ(wheel->texts(), (std::vector<std::string>{"(0 1 2)(3 4 5)", "()"}));
  EXPECT_EQ(wheel, make(Family::Perm, 6, {"(0 1 2)(3 4 5)", "()"}));
  EXPECT_EQ(groupSource(Group(wheel)), "Perm(6, \"(0 1 2)(3 4 5)\", \"()\")");
  EXPECT_EQ(groupName(Group(wheel)), "Perm(6)");
  EXPECT_EQ(wheel->generators().front(), (PointMap{1, 2, 0, 4, 5, 3}));
}

TEST(Action, ReadsGraphsAndWritesThemInOneWay) {
  EXPECT_EQ(make(Family::Graph, 4, {"3>1:-2, 1-0\n2:7 2-2"})->texts().front(),
            "0-1 2-2 3>1:-2 2:7");
  EXPECT_EQ(make(Family::Graph, 2, {""})->texts().front(), "");
}

TEST(Action, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(whyNot(Family::Perm, 3, {"(0 3)"}),
            "3: there is no such point: points are 0 to 2");
  EXPECT_EQ(whyNot(Family::Perm, 3, {"(0 1)(1 2)"}),
            "6: point 1 stands in the cycles twice");
  EXPECT_EQ(whyNot(Family::Perm, 3, {"(0 1"}), "0: the cycle is not closed");
  EXPECT_EQ(whyNot(Family::Perm, 3, {"0 1"}),
            "0: expected a cycle in parentheses, found '0'");
  EXPECT_EQ(whyNot(Family::Perm, 3, {" "}),
            "0: expected cycles of points such as '(0 1 2)(3 4)'; the identity "
            "is '()'");
  EXPECT_EQ(whyNot(Family::Graph, 3, {"0-1 1-0"}),
            "4: the pair 1, 0 is named twice");
  EXPECT_EQ(whyNot(Family::Graph, 3, {"0>1 1>0"}), "");
  EXPECT_EQ(whyNot(Family::Graph, 3, {"0-1-2"}),
            "3: expected a blank behind an edge, found '-'");
  EXPECT_EQ(whyNot(Family::Graph, 3, {"0-1:x"}),
            "3: expected an integer label behind ':', found 'x'");
  EXPECT_EQ(whyNot(Family::Graph, 3, {"0-1:-99999999999999999999"}),
            "3: the label is out of range");
  EXPECT_EQ(whyNot(Family::Graph, 3, {"0"}),
            "0: expected an edge 'a-b', an arc 'a>b' or a labelled vertex "
            "'a:1'");
  EXPECT_EQ(whyNot(Family::Graph, 3, {"0:1 0:2"}),
            "4: vertex 0 is labelled twice");
  EXPECT_EQ(whyNot(Family::Graph, 3, {"99999999999999999999-0"}),
            "0: there is no such point: points are 0 to 2");
  EXPECT_EQ(whyNot(Family::Perm, 5000, {"()"}),
            "0: a group has from 1 to 4096 points, found 5000");
  EXPECT_EQ(whyNot(Family::Graph, (1 << 20) + 1, {""}),
            "0: a group has from 1 to 1048576 points, found 1048577");
}

// The expected numbers are those of brute force.
TEST(Action, OrbitsOfSmallGraphs) {
  const std::vector<std::pair<Group, std::vector<uint64_t>>> expected = {
      {graph(5, "0-1 1-2 2-3 3-4 4-0"), {1, 1, 3, 13, 63}},
      {graph(3, "0-1 1-2"), {1, 2, 5, 14, 41}},
      {graph(4, "0-1 1-2 2-3 3-0"), {1, 1, 3, 10, 36}},
      {graph(5, "0-2 0-3 0-4 1-2 1-3 1-4"), {1, 2, 6, 21, 82}},
      {graph(10, petersen), {1, 1, 3, 15}},
      {Group(make(Family::Perm, 4, {"(0 1 2 3)"})), {1, 1, 4, 16, 64}}};
  for (const auto &[group, counts] : expected)
    for (size_t order = 0; order < counts.size(); ++order)
      EXPECT_EQ(numOrbits(group, 0, static_cast<int>(order)), counts[order])
          << groupSource(group) << " " << order;
}

TEST(Action, AutomorphismsOfKnownGraphs) {
  EXPECT_EQ(elements(*graph(10, petersen).action()).size(), 120u);
  // The cube, and it with one corner told apart.
  const std::string cube = "0-1 1-3 3-2 2-0 4-5 5-7 7-6 6-4 0-4 1-5 2-6 3-7";
  EXPECT_EQ(elements(*graph(8, cube).action()).size(), 48u);
  EXPECT_EQ(elements(*graph(8, cube + " 0:1").action()).size(), 6u);
  EXPECT_EQ(
      elements(*graph(8, cube.substr(0, 3) + ":1" + cube.substr(3)).action())
          .size(),
      4u);
  EXPECT_EQ(elements(*graph(4, "0>1 1>2 2>3 3>0").action()).size(), 4u);
  EXPECT_EQ(elements(*graph(5, "").action()).size(), 120u);
  EXPECT_EQ(elements(*graph(6, "0-1 2-3 4-5").action()).size(), 48u);
  EXPECT_EQ(elements(*graph(7, "0-1 1-2 2-3 3-4 4-5 5-6").action()).size(), 2u);
  // A tree without any, and a strongly regular graph, of 4 x 4 rooks.
  EXPECT_EQ(elements(*graph(7, "0-1 1-2 2-3 3-4 4-5 2-6").action()).size(), 1u);
  std::string rooks;
  for (int a = 0; a < 16; ++a)
    for (int b = a + 1; b < 16; ++b)
      if (a / 4 == b / 4 || a % 4 == b % 4)
        rooks += std::to_string(a) + "-" + std::to_string(b) + " ";
  EXPECT_EQ(elements(*graph(16, rooks).action()).size(), 1152u);
}

// Buckminsterfullerene: an atom on each directed edge of an icosahedron.
TEST(Action, AutomorphismsOfC60) {
  std::set<std::pair<int, int>> edges;
  auto join = [&](int a, int b) {
    edges.insert({a, b});
    edges.insert({b, a});
  };
  for (int i = 0; i < 5; ++i) {
    const int after = (i + 1) % 5;
    join(0, 1 + i);
    join(11, 6 + i);
    join(1 + i, 1 + after);
    join(6 + i, 6 + after);
    join(1 + i, 6 + i);
    join(1 + i, 6 + after);
  }
  std::string text;
  int a = 0;
  for (auto e = edges.begin(); e != edges.end(); ++e, ++a) {
    int b = a + 1;
    for (auto f = std::next(e); f != edges.end(); ++f, ++b)
      if ((f->first == e->second && f->second == e->first) ||
          (f->first == e->first && edges.count({e->second, f->second})))
        text += std::to_string(a) + "-" + std::to_string(b) + " ";
  }
  const Group group = graph(60, text);
  const std::set<PointMap> all = elements(*group.action());
  EXPECT_EQ(all.size(), 120u);
  EXPECT_EQ(numOrbits(group, 1, 1), burnside(all, 2));
  EXPECT_EQ(numOrbits(group, 1, 2), burnside(all, 3));
}

TEST(Action, OrbitsAreAsManyAsBurnsideSays) {
  for (Group group :
       {graph(5, "0-1 1-2 2-3 3-4 4-0"), graph(5, "0-2 0-3 0-4 1-2 1-3 1-4"),
        graph(6, "0-1 2-3 4-5 0:1"),
        Group(make(Family::Perm, 6, {"(0 1 2)(3 4 5)", "(0 3)(1 4)(2 5)"})),
        Group(make(Family::Perm, 3, {"()"}))}) {
    const std::set<PointMap> all = elements(*group.action());
    for (int order = 0; order <= 4; ++order)
      EXPECT_EQ(numOrbits(group, order / 2, order - order / 2),
                burnside(all, order))
          << groupSource(group);
  }
}

TEST(Action, LargeSymmetricGraphsAreQuick) {
  std::string ring;
  for (int i = 0; i < 4096; ++i)
    ring += std::to_string(i) + "-" + std::to_string((i + 1) % 4096) + " ";
  EXPECT_EQ(numOrbits(graph(4096, ring), 0, 1), 1u);
  EXPECT_EQ(numOrbits(graph(4096, ""), 0, 1), 1u);
  std::string pairs, hexagons;
  for (int i = 0; i < 1024; i += 2)
    pairs += std::to_string(i) + "-" + std::to_string(i + 1) + " ";
  EXPECT_EQ(numOrbits(graph(1024, pairs), 1, 1), 3u);
  for (int i = 0; i < 1020; ++i)
    hexagons += std::to_string(i) + "-" +
                std::to_string(i % 6 == 5 ? i - 5 : i + 1) + " ";
  EXPECT_EQ(numOrbits(graph(1020, hexagons), 1, 1), 5u);
  EXPECT_EQ(numOrbits(graph(512, ""), 1, 1), 2u);
}

TEST(Action, TheSearchEndsInTime) {
  LabelledGraph ring;
  ring.n = 100;
  ring.colours.assign(100, 0);
  for (int i = 0; i < 100; ++i)
    ring.arcs.push_back({i, (i + 1) % 100});
  EXPECT_TRUE(automorphisms(ring, 100000));
  EXPECT_FALSE(automorphisms(ring, 100));
}

// Rows and columns of orbits, and what a plan by orbits multiplies.
TEST(Action, FewerTuplesAreMixed) {
  EXPECT_EQ(mixed(graph(5, "0-1 1-2 2-3 3-4 4-0"), 1, 1), 15);
  EXPECT_EQ(mixed(graph(10, petersen), 2, 1), 150);
  EXPECT_EQ(mixed(graph(5, "0-2 0-3 0-4 1-2 1-3 1-4"), 2, 2), 316);
}

TEST(Action, OrbitsAreInvariantDisjointAndAllThereIs) {
  for (Group group : {graph(3, "0-1 1-2"), graph(4, "0-1 1-2 2-3 3-0"),
                      Group(make(Family::Perm, 4, {"(0 1 2 3)"}))}) {
    const Action &action = *group.action();
    const GroupRules &rules = rulesOf(group);
    for (int l = 0; l <= 2; ++l)
      for (int k = 0; k <= 2; ++k) {
        int64_t tuples = 0;
        Diagram last;
        for (const Diagram &diagram :
             enumerateDiagrams(group, action.n(), l, k)) {
          if (l + k > 0) {
            const TupleOrbit &orbit = diagram.orbit;
            tuples += orbit.size;
            EXPECT_EQ(orbit.size % orbit.rows, 0);
            EXPECT_EQ(orbit.size % orbit.columns, 0);
            EXPECT_TRUE(last.block.empty() || canonicalLess(last, diagram));
          }
          EXPECT_EQ(rules.whyNot(diagram, action.n()), "");
          const SignedDiagram flipped = transpose(group, diagram);
          EXPECT_EQ(rules.whyNot(flipped.diagram, action.n()), "");
          EXPECT_EQ(transpose(group, flipped.diagram).diagram, diagram);
          const Split split = splitDiagram(diagram);
          if (l + k > 0) {
            EXPECT_EQ(split.top.numEntries(action.n()),
                      split.bottom.numEntries(action.n()));
            EXPECT_EQ(
                joinPatterns(split.top, split.sigma, split.bottom).orbit.values,
                diagram.orbit.values);
          }
          const auto read = parseDiagram(toTypedString(diagram), l, k, true);
          EXPECT_EQ(std::get<Diagram>(read), diagram);
          last = diagram;
        }
        if (l + k > 0)
          EXPECT_EQ(tuples, static_cast<int64_t>(
                                std::llround(std::pow(action.n(), l + k))));
      }
  }
}

TEST(Action, AnyMemberOfAnOrbitIsTaken) {
  const Group ring = graph(5, "0-1 1-2 2-3 3-4 4-0");
  Diagram diagram = std::get<Diagram>(parseDiagram("i1=3 o1=2", 1, 1));
  EXPECT_EQ(rulesOf(ring).complete(diagram), "");
  EXPECT_EQ(toString(diagram), "o1=0 i1=1");
  EXPECT_EQ(toTypedString(diagram), "o1=0 i1=1 # 5 5 10 2");
  diagram = std::get<Diagram>(parseDiagram("o1=5 i1=0", 1, 1));
  EXPECT_EQ(rulesOf(ring).complete(diagram),
            "the value of 'o1' is 5, but points are 0 to 4");
  EXPECT_EQ(whyNotOfGroup(diagram, Group::S, 5),
            "only Perm and Graph have orbits of values");
  diagram = std::get<Diagram>(parseDiagram("o1 i1", 1, 1));
  EXPECT_EQ(rulesOf(ring).complete(diagram),
            "a diagram of Graph is an orbit with a value for each vertex, such "
            "as 'o1=0 i1=0'");
  for (auto [text, why] : std::vector<std::pair<const char *, const char *>>{
           {"o1=0", "vertex 'i1' has no value"},
           {"o1=0 i1=x", "expected the number of a point behind '=' in 'i1=x'"},
           {"o1=0 i2=1", "unknown vertex in 'i2=1'"},
           {"o1=0 o1=1", "the vertex of 'o1=1' has a value already"},
           {"o1=0 | i1=1", "expected a vertex with a value, such as 'o1=0', "
                           "not '|'"},
           {"o1=0 i1=01",
            "expected the number of a point behind '=' in 'i1=01'"}})
    EXPECT_EQ(std::get<DiagramError>(parseDiagram(text, 1, 1)).message, why);
}

TEST(Action, OrbitsStandBesideBlocksOfOtherSpaces) {
  const Space path{"path", graph(3, "0-1 1-2"), 3}, xyz{"xyz", Group::O, 3},
      set{"set", Group::S, 5};
  EXPECT_EQ(texts(rowsOf({path, xyz}, {0, 1}, {0, 1})),
            (std::vector<std::string>{"o1=0 i1=0 | o2 i2", "o1=0 i1=1 | o2 i2",
                                      "o1=0 i1=2 | o2 i2", "o1=1 i1=0 | o2 i2",
                                      "o1=1 i1=1 | o2 i2"}));
  EXPECT_EQ(texts(rowsOf({path, xyz}, {1, 0}, {1, 0})).front(),
            "o1 i1 | o2=0 i2=0");
  EXPECT_EQ(texts(rowsOf({set, path}, {0, 1}, {0})),
            (std::vector<std::string>{"o1 i1 | o2=0", "o1 i1 | o2=1",
                                      "o1 | o2=0 | i1", "o1 | o2=1 | i1"}));
  for (const LayerRows &rows : {rowsOf({path, xyz}, {0, 1}, {1, 0, 0}),
                                rowsOf({path, set}, {1, 1}, {0, 1}),
                                rowsOf({path, set}, {0, 1, 0}, {1}),
                                rowsOf({xyz, path}, {0}, {1, 0, 1})}) {
    const std::vector<Diagram> all = list(rows);
    EXPECT_EQ(all.size(), countDiagrams(rows).value);
    EXPECT_EQ(all.size(), countBasis(rows).value);
    for (size_t d = 0; d < all.size(); ++d) {
      const std::string text = toTypedString(all[d]);
      EXPECT_EQ(whyNotOfGroup(all[d], rows.group, rows.n), "") << text;
      EXPECT_TRUE(d == 0 || canonicalLess(all[d - 1], all[d])) << text;
      EXPECT_EQ(std::get<Diagram>(parseDiagram(text, rows.l, rows.k, true)),
                all[d])
          << text;
      Diagram read = std::get<Diagram>(parseDiagram(
          toString(all[d]), rows.l, rows.k, rows.group, rows.axes));
      EXPECT_EQ(rulesOf(rows.group).complete(read), "");
      EXPECT_EQ(read, all[d]) << text;
      const Split split = splitDiagram(all[d]);
      Diagram joined = joinPatterns(split.top, split.sigma, split.bottom);
      EXPECT_EQ(rulesOf(rows.group).complete(joined), "");
      EXPECT_EQ(joined, all[d]) << text;
      for (const RowPattern &row : {split.top, split.bottom})
        EXPECT_EQ(
            std::get<RowPattern>(parseRowPattern(toString(row), row.size())),
            row)
            << toString(row);
      const SignedDiagram flipped = transpose(rows.group, all[d]);
      EXPECT_EQ(flipped.sign, 1);
      EXPECT_EQ(whyNotOfGroup(flipped.diagram, rows.group, rows.n), "");
      EXPECT_EQ(transpose(rows.group, flipped.diagram).diagram, all[d]) << text;
    }
  }
}

TEST(Action, SaysWhatIsWrongOfMixedNotation) {
  const LayerRows rows = rowsOf(
      {{"path", graph(3, "0-1 1-2"), 3}, {"xyz", Group::O, 3}}, {0, 1}, {1, 0});
  auto wrong = [&](const char *text) {
    auto read = parseDiagram(text, rows.l, rows.k, rows.group, rows.axes);
    if (const auto *error = std::get_if<DiagramError>(&read))
      return error->message;
    auto &diagram = std::get<Diagram>(read);
    const std::string why = rulesOf(rows.group).complete(diagram);
    return why.empty() ? whyNotOfGroup(diagram, rows.group, rows.n) : why;
  };
  EXPECT_EQ(wrong("i1 o2 | i2=1 o1=2"), "");
  EXPECT_EQ(wrong("o1=0 | o2 i1 | i2=0"),
            "a second block of vertices with values");
  EXPECT_EQ(wrong("o1=0 i2 | o2 i1"),
            "all vertices of a block have values, or none of them");
  EXPECT_EQ(wrong("o1=0 | o2 i1 | i2"), "vertex 'i2' has no value");
  EXPECT_EQ(wrong("o1=0 i1=1 i2=0 | o2"),
            "the vertices with values are of two spaces");
  EXPECT_EQ(wrong("o1=0 i2=x | o2 i1"),
            "expected the number of a point behind '=' in 'i2=x'");
  EXPECT_EQ(wrong("o1=0 i2=3 | o2 i1"),
            "the value of 'i2' is 3, but points are 0 to 2");
  EXPECT_EQ(wrong("o1 i2 | o2=0 i1=0"),
            "only Perm and Graph have orbits of values");
  EXPECT_EQ(wrong("o1 i2 | o2 i1"),
            "a diagram of Graph is an orbit with a value for each vertex, such "
            "as 'o1=0 i2=0'");
  EXPECT_EQ(wrong("o1=0 * | o2 i1 | i2=0"),
            "'*' stands before the vertices of its block");
  EXPECT_EQ(wrong("* o1=0 i2=0 | o2 i1"), "vertices with values have no '*'");
}

TEST(Action, RandomElementsAreOfTheGroup) {
  const Group ring = graph(5, "0-1 1-2 2-3 3-4 4-0");
  const std::set<PointMap> all = elements(*ring.action());
  Random random(3);
  std::set<PointMap> seen;
  for (int i = 0; i < 200; ++i) {
    const Eigen::MatrixXd g = rulesOf(ring).randomElement(5, random).matrix();
    PointMap images(5);
    for (int a = 0; a < 5; ++a)
      for (int b = 0; b < 5; ++b)
        if (g(b, a) != 0)
          images[a] = b;
    EXPECT_TRUE(all.count(images));
    seen.insert(images);
  }
  EXPECT_EQ(seen.size(), all.size() - 1); // the identity would test nothing
}
