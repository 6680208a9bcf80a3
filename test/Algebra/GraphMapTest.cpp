//===- GraphMapTest.cpp - Contraction of graph maps -----------------------===//

#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/GraphMatrix.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include "gtest/gtest.h"

#include <map>

using namespace eqc;

namespace {

Group graph(int64_t n, const std::string &edges) {
  return Group(
      std::get<const Action *>(Action::make(Family::Graph, n, {edges})));
}

Diagram mapOf(Group group, const std::string &text, int l, int k) {
  std::variant<Diagram, DiagramError> parsed = parseDiagram(text, l, k);
  if (auto *error = std::get_if<DiagramError>(&parsed)) {
    ADD_FAILURE() << text << ": " << error->message;
    return {};
  }
  Diagram map = std::get<Diagram>(parsed);
  EXPECT_EQ(rulesOf(group).complete(map), "") << text;
  return map;
}

/// The matrix of a row, [entries of what it keeps, entries of the row].
using Matrix = std::vector<std::vector<double>>;

int64_t power(int64_t n, int exponent) {
  return exponent == 0 ? 1 : n * power(n, exponent - 1);
}

Matrix product(const Matrix &a, const Matrix &b) {
  Matrix result(a.size(), std::vector<double>(b.front().size(), 0));
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t k = 0; k < b.size(); ++k)
      for (size_t j = 0; j < b.front().size(); ++j)
        result[i][j] += a[i][k] * b[k][j];
  return result;
}

/// Of a pattern without steps, or of one step, over its vertices.
Matrix matrixOf(const RowPattern &pattern, const Action &action) {
  const int64_t n = action.n();
  StepMatrix step;
  if (!pattern.steps.empty())
    step = stepMatrix(pattern, action);
  Matrix matrix(power(n, pattern.numKept()),
                std::vector<double>(power(n, pattern.size()), 0));
  // All values of all letters.
  const auto letters = static_cast<int>(pattern.kept.size());
  std::map<std::vector<int>, double> factors;
  for (size_t e = 0; e < step.factors.size(); ++e)
    factors[{step.values.begin() + e * step.letters.size(),
             step.values.begin() + (e + 1) * step.letters.size()}] =
        static_cast<double>(step.factors[e]);
  for (int64_t number = 0; number < power(n, letters); ++number) {
    std::vector<int> values(letters);
    int64_t rest = number;
    for (int &value : values) {
      value = static_cast<int>(rest % n);
      rest /= n;
    }
    double factor = 1;
    if (!pattern.steps.empty()) {
      std::vector<int> key;
      for (int letter : step.letters)
        key.push_back(values[letter]);
      auto known = factors.find(key);
      factor = known == factors.end() ? 0 : known->second;
    }
    int64_t row = 0, column = 0;
    for (int letter : pattern.keptBlocks())
      row = row * n + values[letter];
    for (int block : pattern.block)
      column = column * n + values[block];
    matrix[row][column] += factor;
  }
  return matrix;
}

Matrix matrixOfRow(const RowPattern &pattern, const Action &action) {
  if (pattern.steps.empty())
    return matrixOf(pattern, action);
  const RowPattern before = withoutLastStep(pattern);
  return product(matrixOf(lastStepOf(pattern), action),
                 matrixOfRow(before, action));
}

/// The matrix of a map by its split, [outputs, inputs].
Matrix matrixOfSplit(const Diagram &map, const Action &action) {
  const Split split = splitDiagram(map);
  const int64_t n = action.n();
  const Matrix top = matrixOfRow(split.top, action);
  const Matrix bottom = matrixOfRow(split.bottom, action);
  Matrix result(power(n, map.l), std::vector<double>(power(n, map.k), 0));
  const int kept = static_cast<int>(split.sigma.size());
  for (int64_t entry = 0; entry < power(n, kept); ++entry) {
    std::vector<int64_t> at(kept);
    int64_t rest = entry;
    for (int a = kept; a-- > 0; rest /= n)
      at[a] = rest % n;
    std::vector<int64_t> below(kept);
    for (int a = 0; a < kept; ++a)
      below[split.sigma[a]] = at[a];
    int64_t other = 0;
    for (int64_t value : below)
      other = other * n + value;
    for (size_t i = 0; i < result.size(); ++i)
      for (size_t j = 0; j < result.front().size(); ++j)
        result[i][j] += top[entry][i] * bottom[other][j];
  }
  return result;
}

Matrix matrixByDefinition(const Diagram &map, const Action &action) {
  const int64_t n = action.n();
  Matrix result(power(n, map.l), std::vector<double>(power(n, map.k), 0));
  for (size_t i = 0; i < result.size(); ++i)
    for (size_t j = 0; j < result.front().size(); ++j) {
      std::vector<int64_t> index(map.l + map.k);
      auto number = static_cast<int64_t>(i);
      for (int v = map.l; v-- > 0; number /= n)
        index[v] = number % n;
      number = static_cast<int64_t>(j);
      for (int v = map.l + map.k; v-- > map.l; number /= n)
        index[v] = number % n;
      result[i][j] = graphMapEntry(map, action, index);
    }
  return result;
}

const char *const kGraphs[] = {"0-1 1-2 2-3", "0-1 1-2 2-0 2-3",
                               "0>1 1>2 2>0 0>3 3>3",
                               "0-1:2 1-2:-3 2>3:5 1:7 0-0"};

struct Case {
  const char *text;
  int l, k;
};
const Case kMaps[] = {
    {"o1=a i1=a", 1, 1},
    {"o1=a i1=b", 1, 1},
    {"o1=a i1=b : a-b", 1, 1},
    {"o1=a i1=b : b>a", 1, 1},
    {"o1=a i1=b : a-c c-b", 1, 1},
    {"o1=a i1=a : a-b b-c c-a", 1, 1},
    {"o1=a i1=b : a-b a-b b-c", 1, 1},
    {"o1=a i1=b : a-c b-d", 1, 1},
    {"o1=a i1=b : a-c a-d c-b d-b c-d", 1, 1},
    {"o1=a i1=a : b-c c-d d-b", 1, 1},
    {"o1=a i1=b : a-a", 1, 1},
    {"i1=a : a-b", 0, 1},
    {"o1=a : a-b", 1, 0},
    {": a-b b-c c-a", 0, 0},
    {"o1=a o2=b i1=a : a-b", 2, 1},
    {"o1=a o2=b i1=c : a-b a-c b-c", 2, 1},
    {"o1=a o2=b i1=a i2=c : b-c", 2, 2},
    {"o1=a o2=b i1=c i2=d : a-c b-d", 2, 2},
    {"o1=a o2=a i1=b i2=c : a-b a-c b-c", 2, 2},
    {"o1=a i1=b i2=c : a-b", 1, 2},
    {"o1=a o2=b i1=b i2=c : a-b", 2, 2},
    {"o1=a i1=b : a-c c-d d-e e-f f-b", 1, 1},
    {"o1=a i1=b : a-c c-d d-e e-f f-g g-h h-i i-j j-k k-b", 1, 1},
};

TEST(GraphMap, IsContractedToItsMatrix) {
  for (const char *edges : kGraphs)
    for (const Case &c : kMaps) {
      const Group group = graph(4, edges);
      Diagram map = mapOf(group, c.text, c.l, c.k);
      if (map.map.letters > 8)
        continue; // below
      EXPECT_EQ(whyNoGraphMap(map), "") << c.text;
      EXPECT_EQ(matrixOfSplit(map, *group.action()),
                matrixByDefinition(map, *group.action()))
          << edges << ": " << toTypedString(map);
      const Diagram flipped = transpose(group, map).diagram;
      EXPECT_EQ(whyNoGraphMap(flipped), "") << c.text;
      const Matrix matrix = matrixByDefinition(map, *group.action());
      const Matrix other = matrixByDefinition(flipped, *group.action());
      for (size_t i = 0; i < matrix.size(); ++i)
        for (size_t j = 0; j < other.size(); ++j)
          EXPECT_EQ(matrix[i][j], other[j][i]);
      EXPECT_EQ(matrixOfSplit(flipped, *group.action()), other) << c.text;
    }
}

TEST(GraphMap, OfManyLettersIsAPowerOfTheMatrix) {
  const Group group = graph(4, "0-1 1-2 2-0 2-3");
  const Case &c = kMaps[std::size(kMaps) - 1];
  const Diagram map = mapOf(group, c.text, c.l, c.k);
  EXPECT_EQ(whyNoGraphMap(map), "");
  const Diagram edge = mapOf(group, "o1=a i1=b : a-b", 1, 1);
  const Matrix one = matrixByDefinition(edge, *group.action());
  Matrix many = one;
  for (int i = 1; i < 10; ++i)
    many = product(many, one);
  EXPECT_EQ(matrixOfSplit(map, *group.action()), many);
}

TEST(GraphMap, IsPrintedAndReadAgain) {
  for (const char *edges : kGraphs)
    for (const Case &c : kMaps) {
      const Group group = graph(4, edges);
      const Diagram map = mapOf(group, c.text, c.l, c.k);
      const std::string text = toTypedString(map);
      auto read = parseDiagram(text, c.l, c.k, /*typed=*/true);
      ASSERT_TRUE(std::holds_alternative<Diagram>(read))
          << text << ": " << std::get<DiagramError>(read).message;
      EXPECT_EQ(std::get<Diagram>(read), map) << text;
      const Split split = splitDiagram(map);
      for (const RowPattern *row : {&split.top, &split.bottom}) {
        auto again = parseRowPattern(toString(*row), row->size());
        ASSERT_TRUE(std::holds_alternative<RowPattern>(again))
            << toString(*row) << ": " << std::get<DiagramError>(again).message;
        EXPECT_EQ(std::get<RowPattern>(again), *row) << toString(*row);
      }
    }
}

TEST(GraphMap, HasOneNameWhateverItsLetters) {
  const Group group = graph(4, "0-1 1-2 2-0 2-3");
  auto text = [&](const char *map) {
    return toString(mapOf(group, map, 1, 1));
  };
  EXPECT_EQ(text("o1=x i1=y : y-hub hub-x"), "o1=a i1=b : a-c b-c");
  EXPECT_EQ(text("o1=a i1=b : c-a b-d c-d d-e"),
            text("o1=b i1=a : x-a y-b e-x y-x"));
  // Many letters that can be exchanged, and a ring of others.
  EXPECT_EQ(text("o1=a i1=a : a-b a-c a-d a-e a-f a-g a-h a-i a-j a-k a-l"),
            text("o1=z i1=z : k-z b-z c-z d-z e-z f-z g-z h-z i-z j-z l-z"));
  EXPECT_EQ(text("o1=a i1=a : b-c c-d d-e e-f f-g g-h h-b"),
            text("o1=a i1=a : h-c e-d d-c e-f f-g g-b h-b"));
  EXPECT_NE(text("o1=a i1=b : a-c b-c c-c"), text("o1=a i1=b : a-c b-c a-a"));
}

} // namespace
