//===- SymmetryTest.cpp - Axes with a symmetry ----------------------------===//
//
// Orbits of diagrams against the definition: the matrix of a weight is the sum
// over the distinct matrices that permutations of indices make of that of its
// diagram.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Symmetry.h"
#include "DenseMatrix.h"
#include "compiler/Algebra/Enumerate.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

using namespace eqc;
using namespace eqc::test;
using Eigen::MatrixXd;

namespace {

AxisPermutation parse(const std::string &text, int order) {
  auto parsed = parseAxisPermutation(text, order);
  EXPECT_TRUE(std::holds_alternative<AxisPermutation>(parsed)) << text;
  return std::get<AxisPermutation>(parsed);
}

std::vector<AxisPermutation> parse(const std::vector<std::string> &texts,
                                   int order) {
  std::vector<AxisPermutation> permutations;
  for (const std::string &text : texts)
    permutations.push_back(parse(text, order));
  return permutations;
}

struct Layer {
  Group group;
  int n, k, l;
  std::vector<std::string> in, out;

  AxisSymmetry symmetry() const { return {parse(in, k), parse(out, l)}; }
};

void PrintTo(const Layer &layer, std::ostream *os) {
  *os << groupName(layer.group) << "(" << layer.n << ") " << layer.k << " -> "
      << layer.l;
  for (const std::string &text : layer.in)
    *os << " in " << text;
  for (const std::string &text : layer.out)
    *os << " out " << text;
}

/// First members of the orbits that do not cancel, in canonical order.
std::vector<Diagram> orbitsOf(const Layer &layer) {
  std::vector<Diagram> firsts;
  std::set<std::string> seen;
  for (const Diagram &diagram :
       enumerateDiagrams(layer.group, layer.n, layer.l, layer.k)) {
    if (seen.count(toString(diagram)) != 0)
      continue;
    const Orbit orbit = orbitOf(diagram, layer.group, layer.symmetry());
    EXPECT_EQ(orbit.first(), diagram);
    for (const SignedDiagram &member : orbit.members)
      seen.insert(toString(member.diagram));
    if (!orbit.vanishes)
      firsts.push_back(diagram);
  }
  return firsts;
}

/// All products of generators, each once.
std::vector<AxisPermutation>
elementsOf(const std::vector<AxisPermutation> &generators, int order) {
  std::vector<AxisPermutation> elements{parse("()", order)};
  std::set<std::pair<std::vector<int>, int>> seen{{elements.front().images, 1}};
  for (size_t i = 0; i < elements.size(); ++i)
    for (const AxisPermutation &generator : generators) {
      AxisPermutation product = elements[i];
      for (int &image : product.images)
        image = generator.images[static_cast<size_t>(image)];
      product.sign *= generator.sign;
      if (seen.insert({product.images, product.sign}).second)
        elements.push_back(product);
    }
  return elements;
}

/// The matrix that permutes the indices of a tensor, with the sign.
MatrixXd actionOf(const AxisPermutation &permutation, int n) {
  const auto order = static_cast<int>(permutation.images.size());
  const int size = power(n, order);
  MatrixXd action = MatrixXd::Zero(size, size);
  for (int flat = 0; flat < size; ++flat) {
    const std::vector<int> from = digitsOf(flat, n, order);
    std::vector<int> to(from.size());
    for (size_t axis = 0; axis < from.size(); ++axis)
      to[static_cast<size_t>(permutation.images[axis])] = from[axis];
    action(flatOf(to, n), flat) = permutation.sign;
  }
  return action;
}

class Orbits : public testing::TestWithParam<Layer> {};

} // namespace

TEST_P(Orbits, AreSumsOverDistinctMatrices) {
  const Layer &layer = GetParam();
  const AxisSymmetry symmetry = layer.symmetry();
  std::vector<MatrixXd> outputs, inputs;
  for (const AxisPermutation &g : elementsOf(symmetry.out, layer.l))
    outputs.push_back(actionOf(g, layer.n));
  for (const AxisPermutation &g : elementsOf(symmetry.in, layer.k))
    inputs.push_back(actionOf(g, layer.n));
  for (const Diagram &diagram :
       enumerateDiagrams(layer.group, layer.n, layer.l, layer.k)) {
    const MatrixXd own = denseMatrix(layer.group, diagram, layer.n);
    std::vector<MatrixXd> distinct;
    bool vanishes = false;
    for (const MatrixXd &g : outputs)
      for (const MatrixXd &h : inputs) {
        const MatrixXd moved = g * own * h.transpose();
        bool isNew = true;
        for (const MatrixXd &known : distinct) {
          isNew &= moved != known;
          vanishes |= moved == -known;
        }
        if (isNew)
          distinct.push_back(moved);
      }
    const Orbit orbit = orbitOf(diagram, layer.group, symmetry);
    EXPECT_EQ(orbit.vanishes, vanishes) << toString(diagram);
    if (vanishes)
      continue;
    EXPECT_EQ(orbit.members.size(), distinct.size()) << toString(diagram);
    EXPECT_EQ(orbit.members.front().diagram, diagram);
    EXPECT_EQ(orbit.members.front().sign, 1);
    MatrixXd expected = MatrixXd::Zero(own.rows(), own.cols());
    for (const MatrixXd &matrix : distinct)
      expected += matrix;
    MatrixXd sum = MatrixXd::Zero(own.rows(), own.cols());
    for (const SignedDiagram &member : orbit.members)
      sum += member.sign * denseMatrix(layer.group, member.diagram, layer.n);
    EXPECT_EQ(sum, expected) << toString(diagram);
    // What the sum is for.
    for (const MatrixXd &g : outputs)
      EXPECT_EQ(g * sum, sum);
    for (const MatrixXd &h : inputs)
      EXPECT_EQ(sum * h, sum);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layers, Orbits,
    testing::Values(
        Layer{Group::S, 3, 2, 2, {"(1 2)"}, {"(1 2)"}},
        Layer{Group::S, 3, 2, 2, {"-(1 2)"}, {"(1 2)"}},
        Layer{Group::S, 2, 3, 2, {"(1 2 3)", "-(1 2)"}, {}},
        Layer{Group::S, 2, 1, 3, {}, {"-(1 3)"}},
        Layer{Group::O, 3, 2, 2, {"(1 2)"}, {"(1 2)"}},
        Layer{Group::O, 2, 2, 4, {}, {"(1 2)", "(3 4)", "(1 3)(2 4)"}},
        Layer{Group::O, 2, 3, 3, {"(1 2)"}, {"-(2 3)"}},
        Layer{Group::SO, 3, 2, 1, {"-(1 2)"}, {}},
        Layer{Group::SO, 3, 2, 1, {"(1 2)"}, {}},
        Layer{Group::SO, 3, 2, 3, {"-(1 2)"}, {"(1 2 3)"}},
        Layer{Group::SO, 2, 2, 2, {"(1 2)"}, {"-(1 2)"}},
        Layer{Group(Family::SO, 2, 1), 3, 3, 2, {"-(1 3)"}, {"(1 2)"}},
        Layer{Group(Family::O, 1, 2), 3, 2, 2, {"(1 2)"}, {"(1 2)"}},
        Layer{Group::Sp, 2, 2, 2, {"(1 2)"}, {"(1 2)"}},
        Layer{Group::Sp, 2, 2, 2, {"-(1 2)"}, {"-(1 2)"}},
        Layer{Group::Sp, 2, 4, 2, {"(1 3)(2 4)"}, {"-(1 2)"}},
        Layer{Group::Sp, 2, 3, 3, {"-(1 2)", "-(2 3)"}, {"(1 2 3)"}},
        Layer{Group::H, 2, 2, 2, {"(1 2)"}, {"(1 2)"}},
        Layer{Group::B, 3, 2, 2, {"(1 2)"}, {}},
        Layer{Group::A, 3, 2, 2, {"(1 2)"}, {"(1 2)"}},
        Layer{Group::A, 4, 2, 2, {"(1 2)"}, {"-(1 2)"}},
        Layer{Group::A, 3, 3, 1, {"(1 2 3)", "-(1 2)"}, {}},
        Layer{Group::S, 2, 0, 3, {}, {"(1 2)"}},
        Layer{Group::S, 2, 3, 0, {"-(1 2)"}, {}}));

TEST(Symmetry, Counts) {
  auto count = [](const Layer &layer) { return orbitsOf(layer).size(); };
  const std::vector<std::string> pair{"(1 2)"}, minus{"-(1 2)"},
      elastic{"(1 2)", "(3 4)", "(1 3)(2 4)"};
  EXPECT_EQ(count({Group::S, 5, 2, 2, pair, pair}), 9);
  EXPECT_EQ(count({Group::S, 5, 2, 2, pair, {}}), 11);
  EXPECT_EQ(count({Group::S, 5, 2, 2, minus, minus}), 2);
  EXPECT_EQ(count({Group::O, 3, 2, 2, pair, pair}), 2);
  EXPECT_EQ(count({Group::O, 3, 2, 2, minus, minus}), 1);
  EXPECT_EQ(count({Group::SO, 3, 2, 1, minus, {}}), 1);
  EXPECT_EQ(count({Group::SO, 3, 2, 1, pair, {}}), 0);
  EXPECT_EQ(count({Group::H, 5, 2, 2, pair, pair}), 3);
  EXPECT_EQ(count({Group::A, 3, 2, 2, pair, pair}), 12);
  EXPECT_EQ(count({Group::A, 4, 2, 2, pair, minus}), 4);
  EXPECT_EQ(count({Group::O, 3, 0, 4, {}, elastic}), 2);
  EXPECT_EQ(count({Group::S, 5, 0, 4, {}, elastic}), 7);
}

TEST(Symmetry, OrbitsAreInCanonicalOrder) {
  const Layer layer{Group::S, 5, 2, 2, {"(1 2)"}, {"(1 2)"}};
  std::vector<std::string> names;
  for (const Diagram &first : orbitsOf(layer))
    names.push_back(toString(first));
  EXPECT_EQ(names,
            (std::vector<std::string>{
                "o1 o2 i1 i2", "o1 o2 i1 | i2", "o1 o2 | i1 i2",
                "o1 o2 | i1 | i2", "o1 i1 i2 | o2", "o1 i1 | o2 i2",
                "o1 i1 | o2 | i2", "o1 | o2 | i1 i2", "o1 | o2 | i1 | i2"}));
}

TEST(Symmetry, OrdersOfGroups) {
  constexpr uint64_t most = uint64_t(1) << 28;
  auto orderOfTexts = [](const std::vector<std::string> &texts, int axes) {
    return orderOf(parse(texts, axes), most);
  };
  EXPECT_EQ(orderOf({}, most).order, 1);
  EXPECT_EQ(orderOfTexts({"(1 2)", "(3 4)", "(1 3)(2 4)"}, 4).order, 8);
  EXPECT_EQ(orderOfTexts({"(1 2 3 4 5)", "(1 2)"}, 5).order, 120);
  EXPECT_EQ(orderOfTexts({"(1 2 3)", "(3 4 5)"}, 5).order, 60);
  EXPECT_EQ(orderOfTexts({"-(1 2 3 4 5 6)"}, 6).order, 6);
  EXPECT_EQ(orderOfTexts({"()"}, 3).order, 1);
  // M_11, and S_128, of which enough is seen.
  EXPECT_EQ(
      orderOfTexts({"(1 2 3 4 5 6 7 8 9 10 11)", "(3 7 11 8)(4 10 5 6)"}, 11)
          .order,
      7920);
  std::string cycle = "(";
  for (int axis = 1; axis <= 128; ++axis)
    cycle += std::to_string(axis) + (axis < 128 ? " " : ")");
  EXPECT_GT(orderOfTexts({cycle, "(1 2)"}, 128).order, most);

  EXPECT_FALSE(orderOfTexts({"-(1 2)", "-(2 3)"}, 3).contradicts);
  EXPECT_FALSE(orderOfTexts({"(1 2)", "-(3 4)"}, 4).contradicts);
  // Counted without their signs.
  for (const auto &[texts, order] :
       std::vector<std::pair<std::vector<std::string>, uint64_t>>{
           {{"(1 2)", "-(1 2)"}, 2},
           {{"-()"}, 1},
           {{"-(1 2 3)"}, 3},
           {{"-(1 2)", "(2 3)"}, 6},
           {{"-(1 2)(3 4)", "(1 2)", "(3 4)"}, 4}}) {
    EXPECT_TRUE(orderOfTexts(texts, 4).contradicts) << texts.front();
    EXPECT_EQ(orderOfTexts(texts, 4).order, order) << texts.front();
  }
}

TEST(Symmetry, Notation) {
  EXPECT_EQ(toString(parse("  -( 3  1 )(2 4) ", 4)), "-(1 3)(2 4)");
  EXPECT_EQ(toString(parse("(2 3 1)", 3)), "(1 2 3)");
  EXPECT_EQ(toString(parse("(1)", 2)), "()");
  EXPECT_EQ(parse("(1 2 3)", 3).images, (std::vector<int>{1, 2, 0}));
  const std::map<std::string, std::string> wrong = {
      {"", "expected cycles of axes such as '(1 2)', found nothing"},
      {"-", "expected cycles of axes such as '(1 2)', found nothing"},
      {"1 2", "expected a cycle in parentheses, found '1'"},
      {"(1 2", "the cycle is not closed"},
      {"(1 x)", "expected the number of an axis, found 'x'"},
      {"(1 4)", "there is no axis 4: axes are 1 to 3"},
      {"(0 1)", "there is no axis 0: axes are 1 to 3"},
      {"(1 99999999999999999999)",
       "there is no axis 99999999999999999999: axes are 1 to 3"},
      {"(1 2)(2 3)", "axis 2 stands in cycles twice"},
      {"+(1 2)", "expected a cycle in parentheses, found '+'"}};
  for (const auto &[text, message] : wrong) {
    auto parsed = parseAxisPermutation(text, 3);
    ASSERT_TRUE(std::holds_alternative<DiagramError>(parsed)) << text;
    EXPECT_EQ(std::get<DiagramError>(parsed).message, message) << text;
  }
}
