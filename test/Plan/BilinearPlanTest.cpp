//===- BilinearPlanTest.cpp -----------------------------------------------===//
//
// Plans of bilinear layers evaluated step by step, against the trilinear forms
// of diagrams, entry by entry.
//
//===----------------------------------------------------------------------===//

#include "compiler/Plan/Bilinear/BilinearPlan.h"
#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/Enumerate.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

using namespace eqc;

namespace {

using Row = std::vector<double>;

/// A depthwise layer of one channel.
LayerSpec layerOf(Group group, int64_t n, int k1, int k2, int l) {
  LayerSpec spec;
  spec.group = group;
  spec.n = n;
  spec.k = k1 + k2;
  spec.k2 = k2;
  spec.l = l;
  spec.cIn2 = 1;
  spec.depthwise = true;
  forEachDiagram(group, n, l, k1 + k2, [&](const Diagram &diagram) {
    spec.diagrams.push_back(diagram);
    return true;
  });
  return spec;
}

LayerSpec layerOf(const std::vector<Space> &spaces,
                  const std::vector<SpaceSum> &sums, std::vector<int> x,
                  const std::vector<int> &z, const std::vector<int> &y) {
  LayerSpec spec;
  spec.group = Group::product(spaces, sums);
  spec.n = sizeOfProduct(spec.group);
  spec.typed = true;
  spec.k2 = static_cast<int>(z.size());
  x.insert(x.end(), z.begin(), z.end());
  spec.k = static_cast<int>(x.size());
  spec.l = static_cast<int>(y.size());
  spec.xAxes = x;
  spec.yAxes = y;
  spec.cIn2 = 1;
  spec.depthwise = true;
  forEachDiagram(LayerRows{spec.group, spec.n, spec.l, spec.k, spec.axes()},
                 [&](const Diagram &diagram) {
                   spec.diagrams.push_back(diagram);
                   return true;
                 });
  return spec;
}

//===----------------------------------------------------------------------===//
// The definition
//===----------------------------------------------------------------------===//

int signOf(const std::vector<int64_t> &values) {
  int sign = 1;
  for (size_t i = 0; i < values.size(); ++i)
    for (size_t j = i + 1; j < values.size(); ++j)
      sign *= values[i] == values[j] ? 0 : values[i] > values[j] ? -1 : 1;
  return sign;
}

/// The entry of a diagram's matrix at the values of all vertices.
double entryOf(const LayerSpec &spec, const Diagram &diagram,
               std::vector<int64_t> at) {
  double entry = 1;
  for (size_t v = 0; v < diagram.part.size(); ++v) {
    // Within the summand, if it is there.
    at[v] -= offsetAt(spec.group, spec.n, diagram.part[v]);
    if (at[v] < 0 || at[v] >= sizeOf(spec.group, spec.n, diagram.space[v]))
      return 0;
  }
  if (diagram.orbit.exists()) {
    const Action &action = *spec.group.of(diagram.head).action();
    std::vector<int> tuple;
    for (size_t v = 0; v < at.size(); ++v)
      if (diagram.isLegOf(static_cast<int>(v)))
        tuple.push_back(static_cast<int>(at[v]));
    const auto &orbitOf = action.orbits(static_cast<int>(tuple.size())).orbitOf;
    if (orbitOf[action.numberOf(tuple)] !=
        orbitOf[action.numberOf(diagram.orbit.values)])
      return 0;
  }
  const auto blocks = diagram.blocks();
  for (size_t b = 0; b < blocks.size(); ++b) {
    const std::vector<int> &block = blocks[b];
    const GroupRules &rules =
        rulesOf(spec.group.of(diagram.spaceOf(block.front())));
    if (static_cast<int>(b) == diagram.free) {
      std::vector<int64_t> values;
      for (int v : block) {
        values.push_back(at[v]);
        if (v >= diagram.l)
          entry *= static_cast<double>(rules.form(at[v], at[v]));
      }
      entry *= signOf(values);
      continue;
    }
    if (block.size() == 2 && (block[0] < diagram.l) == (block[1] < diagram.l)) {
      entry *= static_cast<double>(rules.form(at[block[0]], at[block[1]]));
      continue;
    }
    for (int v : block)
      if (at[v] != at[block.front()])
        return 0;
  }
  return entry;
}

struct Expected {
  Row y, gradX, gradZ, gradWeight;
};

Expected byDefinition(const LayerSpec &spec, const Row &x, const Row &z,
                      const Row &gradY, const Row &weight,
                      const std::vector<int64_t> &lengths) {
  Expected result{Row(gradY.size()), Row(x.size()), Row(z.size()),
                  Row(weight.size())};
  std::vector<int64_t> at(lengths.size());
  std::function<void(size_t)> visit = [&](size_t vertex) {
    if (vertex < at.size()) {
      for (at[vertex] = 0; at[vertex] < lengths[vertex]; ++at[vertex])
        visit(vertex + 1);
      return;
    }
    size_t position[3] = {0, 0, 0}; // y, x, z
    for (size_t v = 0; v < at.size(); ++v) {
      size_t &of = position[v < size_t(spec.l)               ? 0
                            : v < size_t(spec.l + spec.k1()) ? 1
                                                             : 2];
      of = of * lengths[v] + at[v];
    }
    const auto [j, i, m] = position;
    for (size_t d = 0; d < weight.size(); ++d) {
      const Diagram &diagram = spec.diagrams[d];
      double entry = entryOf(spec, diagram, at);
      if (entry == 0)
        continue;
      if (spec.normalize == Normalize::Mean)
        entry /= static_cast<double>(diagram.orbit.divisor);
      if (spec.normalize == Normalize::Mean)
        for (int space : diagram.spacesOfBottomOnlyBlocks())
          entry /= static_cast<double>(sizeAt(spec.group, spec.n, space));
      result.y[j] += weight[d] * entry * x[i] * z[m];
      result.gradX[i] += weight[d] * entry * gradY[j] * z[m];
      result.gradZ[m] += weight[d] * entry * gradY[j] * x[i];
      result.gradWeight[d] += entry * gradY[j] * x[i] * z[m];
    }
  };
  visit(0);
  return result;
}

//===----------------------------------------------------------------------===//
// The plan
//===----------------------------------------------------------------------===//

/// What the rows of one side are read to.
struct Arrays {
  Row input, stored, copied, nodes;
  Row &operator[](JoinArray array) {
    return array == JoinArray::Stored   ? stored
           : array == JoinArray::Copied ? copied
           : array == JoinArray::Nodes  ? nodes
                                        : input;
  }
};

void read(const SharedPlan &plan, int64_t n, Arrays &arrays) {
  arrays.stored.assign(plan.storedRows.at(n), 0);
  for (const SharedStage &stage : plan.stages) {
    const auto &reads = std::get<ReadStage>(stage);
    for (const ReadEntry &entry : reads.entries)
      forWalk(entry.walk, n, [&](int64_t row, int64_t inner, int sign) {
        arrays.stored[entry.target.at(n) + inner] +=
            sign * (reads.source == PlanArray::Input ? arrays.input
                                                     : arrays.stored)[row];
      });
  }
}

void read(const RowReads &reads, int64_t n, Arrays &arrays) {
  read(reads.reads, n, arrays);
  arrays.copied.assign(reads.copiedRows.at(n), 0);
  for (const SignedCopy &copy : reads.copies)
    forWalk(copy.walk, n, [&](int64_t row, int64_t inner, int sign) {
      arrays.copied[row] += sign * arrays[copy.source][inner];
    });
}

/// Calls visit(a, b, third) for the letters of a join.
void forJoin(const JoinStage &stage, const Join &join, const JoinView &third,
             int64_t n,
             const std::function<void(int64_t, int64_t, int64_t)> &visit) {
  std::vector<Poly> lengths = stage.shared;
  for (const auto *more : {&stage.ofA, &stage.ofB, &stage.summed})
    lengths.insert(lengths.end(), more->begin(), more->end());
  std::function<void(size_t, int64_t, int64_t, int64_t)> next =
      [&](size_t letter, int64_t a, int64_t b, int64_t t) {
        if (letter == lengths.size())
          return visit(a, b, t);
        for (int64_t i = 0; i < lengths[letter].at(n); ++i)
          next(letter + 1, a + i * join.a.strides[letter].at(n),
               b + i * join.b.strides[letter].at(n),
               letter < third.strides.size()
                   ? t + i * third.strides[letter].at(n)
                   : t);
      };
  next(0, join.a.offset.at(n), join.b.offset.at(n), third.offset.at(n));
}

Row evaluate(const LayerSpec &spec, BilinearRole role, bool shares, int64_t n,
             const Row &a, const Row &b, const Row &third, const Row &weight) {
  const BilinearPlan plan = buildBilinearPlan(spec, role, shares);
  Arrays left{a, {}, {}, {}}, right{b, {}, {}, {}}, result;
  read(plan.a, n, left);
  read(plan.b, n, right);
  const bool sums = role == BilinearRole::GradWeight;
  result.input = sums ? third : Row(third.size());
  if (sums)
    read(plan.third, n, result);
  result.nodes.assign(plan.third.nodeRows.at(n), 0);
  Row gradWeight(weight.size());
  for (const JoinStage &stage : plan.stages)
    for (const Join &join : stage.joins)
      for (const JoinResult &part : join.results) {
        const double factor =
            plan.divisors.empty()
                ? 1
                : 1 / static_cast<double>(plan.divisors[part.diagram].at(n));
        forJoin(stage, join, part.view, n,
                [&](int64_t i, int64_t j, int64_t t) {
                  const double product = left[stage.a][i] * right[stage.b][j];
                  double &place = result[stage.third][t];
                  if (sums)
                    gradWeight[part.diagram] += factor * product * place;
                  else
                    place += factor * weight[part.diagram] * product;
                });
      }
  if (sums)
    return gradWeight;
  for (const SharedStage &stage : plan.third.stages) {
    const auto &write = std::get<WriteStage>(stage);
    for (const WriteEntry &entry : write.entries)
      forWalk(entry.walk, n, [&](int64_t row, int64_t inner, int sign) {
        (write.target == PlanArray::Output ? result.input
                                           : result.nodes)[row] +=
            sign * result.nodes[inner];
      });
  }
  return result.input;
}

void expectNear(const Row &found, const Row &expected, const char *what) {
  ASSERT_EQ(found.size(), expected.size());
  double largest = 1;
  for (double value : expected)
    largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found[i], expected[i], 1e-12 * largest) << what << " at " << i;
}

/// All four roles, shared and not; n is that of a dynamic one.
void checkLayer(LayerSpec spec, int64_t n) {
  ASSERT_FALSE(spec.diagrams.empty());
  std::vector<int64_t> lengths;
  LayerSpec fixed = spec;
  fixed.n = n;
  for (auto part : {lengthsOfOutput(fixed), lengthsOfInput(fixed),
                    lengthsOfSecondInput(fixed)})
    lengths.insert(lengths.end(), part.begin(), part.end());
  std::mt19937 random(7);
  std::uniform_real_distribution<double> uniform(-1, 1);
  auto make = [&](int64_t size) {
    Row row(size);
    for (double &value : row)
      value = uniform(random);
    return row;
  };
  const Row x = make(numPositions(lengthsOfInput(fixed)));
  const Row z = make(numPositions(lengthsOfSecondInput(fixed)));
  const Row gradY = make(numPositions(lengthsOfOutput(fixed)));
  const Row weight = make(static_cast<int64_t>(spec.diagrams.size()));
  const Expected expected = byDefinition(fixed, x, z, gradY, weight, lengths);
  for (bool shares : {true, false}) {
    auto run = [&](BilinearRole role, const Row &a, const Row &b,
                   const Row &third) {
      return evaluate(spec, role, shares, n, a, b, third, weight);
    };
    expectNear(run(BilinearRole::Forward, x, z, gradY), expected.y, "y");
    expectNear(run(BilinearRole::GradX, gradY, z, x), expected.gradX, "grad_x");
    expectNear(run(BilinearRole::GradZ, gradY, x, z), expected.gradZ, "grad_z");
    expectNear(run(BilinearRole::GradWeight, x, z, gradY), expected.gradWeight,
               "grad_weight");
  }
}

struct Shape {
  Group group;
  int64_t n;
  int k1, k2, l;
};

void PrintTo(const Shape &shape, std::ostream *os) {
  *os << groupName(shape.group) << "(" << shape.n << ") " << shape.k1 << " * "
      << shape.k2 << " -> " << shape.l;
}

class BilinearPlanOf : public ::testing::TestWithParam<Shape> {};

TEST_P(BilinearPlanOf, EvaluatesToTheDefinition) {
  const Shape shape = GetParam();
  LayerSpec spec = layerOf(shape.group, shape.n, shape.k1, shape.k2, shape.l);
  checkLayer(spec, shape.n);
  spec.normalize = Normalize::Mean;
  checkLayer(spec, shape.n);
  if (rulesOf(spec.group).allowsDynamicN() && !spec.group.hasSignature()) {
    spec.n = -1;
    checkLayer(spec, shape.n);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, BilinearPlanOf,
    ::testing::Values(
        Shape{Group::S, 3, 1, 1, 0}, Shape{Group::S, 3, 1, 1, 1},
        Shape{Group::S, 3, 1, 1, 2}, Shape{Group::S, 2, 2, 1, 1},
        Shape{Group::S, 3, 2, 1, 2}, Shape{Group::S, 3, 2, 2, 0},
        Shape{Group::S, 3, 2, 2, 2}, Shape{Group::S, 3, 0, 1, 1},
        Shape{Group::S, 3, 1, 0, 1}, Shape{Group::S, 3, 0, 0, 1},
        Shape{Group::O, 3, 1, 1, 0}, Shape{Group::O, 3, 2, 2, 2},
        Shape{Group::O, 2, 2, 2, 4}, Shape{Group::Sp, 2, 1, 1, 0},
        Shape{Group::Sp, 4, 1, 1, 2}, Shape{Group::Sp, 4, 2, 2, 2},
        Shape{Group::Sp, 2, 1, 3, 2}, Shape{Group(Family::O, 1, 3), 4, 1, 1, 0},
        Shape{Group(Family::O, 1, 2), 3, 2, 2, 2}, Shape{Group::H, 3, 2, 2, 2},
        Shape{Group::B, 3, 2, 2, 2}, Shape{Group::BPrime, 3, 1, 2, 1},
        Shape{Group::SPrime, 3, 1, 2, 1}, Shape{Group::SO, 3, 1, 1, 1},
        Shape{Group::SO, 3, 2, 1, 2}, Shape{Group::SO, 3, 0, 2, 1},
        Shape{Group::SO, 3, 2, 1, 0}, Shape{Group::SO, 2, 1, 2, 1},
        Shape{Group::SO, 4, 2, 1, 1},
        Shape{Group(Family::SO, 1, 2), 3, 1, 1, 1},
        Shape{Group(Family::SO, 1, 2), 3, 2, 1, 2}));

TEST(BilinearPlan, OfTypedAxes) {
  const std::vector<Space> spaces = {{"a", Group::S, 2}, {"b", Group::SO, 3}};
  checkLayer(layerOf(spaces, {}, {0, 1}, {0, 1}, {0, 1}),
             sizeOfProduct(Group::product(spaces)));
  checkLayer(layerOf(spaces, {}, {0, 1}, {0, 1}, {0}),
             sizeOfProduct(Group::product(spaces)));
  const std::vector<Space> pairs = {{"a", Group::Sp, 2}, {"b", Group::S, 3}};
  checkLayer(layerOf(pairs, {}, {0, 1}, {0, 1}, {1, 1}),
             sizeOfProduct(Group::product(pairs)));
}

TEST(BilinearPlan, OfSums) {
  const Space a{"a", Group::S, 2}, b{"b", Group::S, 3}, one{"o", Group::S, 1};
  const Space turn{"t", Group::SO, 3}, pairs{"p", Group::Sp, 2};
  for (LayerSpec spec :
       {layerOf({a, b}, {{"ab", {0, 1}}}, {2}, {2}, {2, 0}),
        layerOf({a, b}, {{"ab", {0, 1}}}, {2, 1}, {2}, {2}),
        layerOf({a, b}, {{"aab", {0, 0, 1}}}, {2}, {2}, {2}),
        layerOf({one, turn}, {{"ot", {0, 1}}}, {2}, {2}, {2}),
        layerOf({pairs, a}, {{"pa", {0, 1}}, {"ap", {1, 0}}}, {2}, {3, 2}, {3}),
        layerOf({a, turn}, {{"at", {0, 1}}}, {2, 1}, {1}, {2})}) {
    checkLayer(spec, spec.n);
    spec.normalize = Normalize::Mean;
    checkLayer(spec, spec.n);
  }
}

TEST(BilinearPlan, OfOrbits) {
  const Group path(
      std::get<const Action *>(Action::make(Family::Graph, 3, {"0-1 1-2"})));
  const Space atoms{"atoms", path, 3}, set{"set", Group::S, 2},
      xyz{"xyz", Group::SO, 3}, phase{"phase", Group::Sp, 2};
  for (Normalize normalize : {Normalize::None, Normalize::Mean}) {
    auto check = [&](LayerSpec spec) {
      spec.normalize = normalize;
      checkLayer(spec, spec.n);
    };
    check(layerOf(path, 3, 1, 1, 1));
    check(layerOf(path, 3, 2, 1, 0));
    check(layerOf(path, 3, 0, 2, 1));
    check(layerOf(path, 3, 0, 0, 2));
    check(layerOf({atoms, set}, {}, {0, 1}, {1, 0}, {0, 1}));
    check(layerOf({set, atoms}, {}, {0}, {0, 1}, {1}));
    check(layerOf({set, atoms}, {}, {0}, {0, 0}, {1, 1}));
    check(layerOf({atoms, xyz}, {}, {0, 1}, {0, 1}, {0, 1}));
    check(layerOf({phase, atoms}, {}, {0, 1}, {0}, {1}));
  }
}

/// 14 orbits, and an axis of x that is summed or not: not the 70 diagrams.
TEST(BilinearPlan, DiagramsOfOneOrbitShareCopies) {
  const Group path(
      std::get<const Action *>(Action::make(Family::Graph, 3, {"0-1 1-2"})));
  const LayerSpec spec = layerOf({{"atoms", path, 3}, {"set", Group::S, 4}}, {},
                                 {0, 1}, {0, 1}, {0, 1});
  EXPECT_EQ(spec.diagrams.size(), 70u);
  EXPECT_EQ(buildBilinearPlan(spec, BilinearRole::Forward).a.copies.size(),
            28u);
}

/// The table of counts: diagrams, those that join x and z, joins by letters,
/// results by letters.
struct Counts {
  Group group;
  int k1, k2, l;
  int64_t diagrams, connected;
  std::vector<int64_t> joins, results;
};

void PrintTo(const Counts &counts, std::ostream *os) {
  *os << groupName(counts.group) << " " << counts.k1 << " * " << counts.k2
      << " -> " << counts.l;
}

class BilinearCounts : public ::testing::TestWithParam<Counts> {};

TEST_P(BilinearCounts, AreThoseOfTheTable) {
  const Counts counts = GetParam();
  LayerSpec spec = layerOf(counts.group, counts.group == Group::SO ? 3 : -1,
                           counts.k1, counts.k2, counts.l);
  EXPECT_EQ(static_cast<int64_t>(spec.diagrams.size()), counts.diagrams);
  int64_t connected = 0;
  for (const Diagram &diagram : spec.diagrams)
    connected += joinsInputs(diagram, counts.k1);
  EXPECT_EQ(connected, counts.connected);
  const BilinearPlan plan = buildBilinearPlan(spec, BilinearRole::Forward);
  for (size_t i = 0; i < counts.joins.size(); ++i)
    EXPECT_EQ(plan.numJoins(static_cast<int>(i)), counts.joins[i]) << i;
  for (size_t i = 0; i < counts.results.size(); ++i)
    EXPECT_EQ(plan.numResults(static_cast<int>(i)), counts.results[i]) << i;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BilinearCounts,
    ::testing::Values(
        Counts{Group::S, 1, 1, 1, 5, 2, {1, 4}, {2, 3}},
        Counts{Group::S, 1, 1, 2, 15, 5, {1, 4, 1}, {4, 9, 2}},
        Counts{Group::S, 2, 1, 1, 15, 8, {2, 11, 2}, {5, 10}},
        Counts{Group::S, 2, 1, 2, 52, 25, {2, 11, 8}, {10, 30, 12}},
        Counts{Group::S, 2, 2, 0, 15, 11, {4, 9, 2}, {15}},
        Counts{Group::S, 2, 2, 2, 203, 133, {4, 30, 45, 4}, {30, 111, 62}},
        Counts{Group::O, 2, 2, 2, 15, 10, {1, 0, 4, 4}, {3, 0, 12}},
        Counts{Group::Sp, 2, 2, 2, 15, 10, {1, 0, 4, 4}, {3, 0, 12}},
        Counts{Group::O, 2, 2, 4, 105, 54, {1, 0, 4, 4, 1}, {9, 0, 72, 0, 24}},
        Counts{Group::H, 2, 2, 2, 31, 24, {}, {}},
        Counts{Group::B, 2, 2, 2, 76, 36, {}, {}},
        Counts{Group::SO, 1, 1, 1, 1, 1, {}, {}},
        Counts{Group::SO, 2, 1, 2, 10, 7, {}, {}}));

} // namespace
