//===- SumTest.cpp - Diagrams on sums of spaces ---------------------------===//

#include "DenseMatrix.h"
#include "Listing.h"
#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Algebra/RowPattern.h"

#include <gtest/gtest.h>

#include <set>

using namespace eqc;
using namespace eqc::test;
using Eigen::MatrixXd;

namespace {

/// `order` axes of a sum of so many spaces of S(8).
LayerRows onSum(int summands, int l, int k) {
  std::vector<Space> spaces;
  SpaceSum sum{"sum", {}};
  for (int i = 0; i < summands; ++i) {
    spaces.push_back({"s" + std::to_string(i), Group::S, 8});
    sum.summands.push_back(i);
  }
  return rowsOf(spaces, {sum}, std::vector<int>(l, summands),
                std::vector<int>(k, summands));
}

const Space a{"a", Group::S, 2}, b{"b", Group::S, 1}, one{"one", Group::S, 1},
    xyz{"xyz", Group::SO, 3}, turn{"turn", Group::O, 2},
    phase{"phase", Group::Sp, 2}, three{"three", Group::A, 3},
    event{"event", Group(Family::O, 1, 1), 2}, v{"V", Group::GL, 2};

/// Small ones of all kinds: a sum alone, beside spaces, of one space twice, two
/// that share a summand.
std::vector<LayerRows> layers() {
  std::vector<LayerRows> all = {
      rowsOf({a, b}, {{"ab", {0, 1}}}, {2}, {2}),
      rowsOf({a, b}, {{"ab", {0, 1}}}, {2, 2}, {2}),
      rowsOf({a, b}, {{"ba", {1, 0}}}, {2}, {2, 2}),
      rowsOf({a}, {{"aa", {0, 0}}}, {1}, {1}),
      rowsOf({a}, {{"aa", {0, 0}}}, {0, 1}, {1}),
      rowsOf({a, xyz}, {{"av", {0, 1}}}, {2}, {2}),
      rowsOf({one, xyz}, {{"sv", {0, 1}}}, {2}, {2, 2}),
      rowsOf({a, turn}, {{"at", {0, 1}}}, {2, 0}, {2}),
      rowsOf({phase, a}, {{"pa", {0, 1}}}, {2, 2}, {2}),
      rowsOf({event, b}, {{"eb", {0, 1}}}, {2}, {2, 2}),
      rowsOf({three, b}, {{"tb", {0, 1}}}, {2}, {2}),
      rowsOf({a, b, turn}, {{"ab", {0, 1}}, {"tb", {2, 1}}}, {3}, {4}),
      rowsOf({a, b, turn}, {{"abt", {0, 1, 2}}}, {}, {3, 3}),
      rowsOf({a, turn}, {{"at", {0, 1}}}, {2, 2}, {}),
      rowsOf({a, b}, {{"ab", {0, 1}}}, {0}, {1}),
  };
  for (auto [l, k, duals] :
       {std::tuple(1, 1, 0), {2, 0, 0b10}, {1, 3, 0b100}}) {
    LayerRows rows = rowsOf({v, {"W", Group::GL, 1}}, {{"VW", {0, 1}}},
                            std::vector<int>(l, 2), std::vector<int>(k, 2));
    for (int vertex = 0; vertex < rows.l + rows.k; ++vertex)
      rows.dual.push_back(duals >> vertex & 1);
    all.push_back(rows);
  }
  return all;
}

int lengthOf(const LayerRows &rows, int vertex) {
  return static_cast<int>(sizeOf(rows.group, 0, rows.axes[vertex]));
}

/// All entries, by the tuples of indices of outputs and inputs, row-major.
Eigen::VectorXd entriesOf(const LayerRows &rows, const Diagram &diagram) {
  std::vector<int> index(rows.axes.size(), 0);
  std::vector<double> entries;
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  auto entry = [&] {
    std::vector<int> within = index;
    for (size_t v = 0; v < index.size(); ++v) {
      const int part = diagram.partOf(static_cast<int>(v));
      int begin = 0;
      if (part >= 0) {
        const SummandPlace place = placeOfPart(rows.group, part);
        for (int s = 0; s < place.position; ++s)
          begin += static_cast<int>(sizeOf(
              rows.group, 0, sumOf(rows.group, place.axis)->summands[s]));
      }
      within[v] -= begin;
      if (within[v] < 0 || within[v] >= sizeOf(rows.group, 0, diagram.space[v]))
        return 0;
    }
    // A head has the values of its legs, of which the last may be summed over.
    std::vector<int> legs;
    int product = 1;
    for (size_t n = 0; n < blocks.size(); ++n) {
      const std::vector<int> &block = blocks[n];
      const Group group = rows.group.of(diagram.space[block[0]]);
      if (diagram.isLegOf(block[0]))
        legs.push_back(within[block[0]]);
      if (static_cast<int>(n) == diagram.free) {
        std::vector<int> values;
        for (int vertex : block)
          values.push_back(within[vertex]);
        product *= leviCivita(values);
      } else if (block.size() == 2 &&
                 (block[0] < rows.l) == (block[1] < rows.l)) {
        product *= formOf(group, within[block[0]], within[block[1]]);
      } else {
        for (int vertex : block)
          product *= within[vertex] == within[block[0]];
      }
    }
    if (diagram.head < 0)
      return product;
    const auto n = static_cast<int>(sizeOf(rows.group, 0, diagram.head));
    if (static_cast<int>(legs.size()) == n)
      return product * leviCivita(legs);
    int sum = 0;
    legs.push_back(0);
    for (legs.back() = 0; legs.back() < n; ++legs.back())
      sum += leviCivita(legs);
    return product * sum;
  };
  while (true) {
    entries.push_back(entry());
    size_t vertex = index.size();
    while (vertex > 0 &&
           ++index[vertex - 1] == lengthOf(rows, static_cast<int>(vertex) - 1))
      index[--vertex] = 0;
    if (vertex == 0)
      return Eigen::Map<Eigen::VectorXd>(
          entries.data(), static_cast<Eigen::Index>(entries.size()));
  }
}

MatrixXd matrixOf(const LayerRows &rows, const std::vector<Diagram> &diagrams) {
  MatrixXd columns(entriesOf(rows, diagrams.front()).size(), diagrams.size());
  for (size_t d = 0; d < diagrams.size(); ++d)
    columns.col(d) = entriesOf(rows, diagrams[d]);
  return columns;
}

/// A random element on all vertices: Kronecker products of what acts on their
/// axes, the inverse transpose where that is of the dual.
MatrixXd action(const LayerRows &rows, std::mt19937 &rng) {
  std::vector<MatrixXd> elements;
  for (const Space &space : rows.group.spaces())
    elements.push_back(
        randomElement(space.group, static_cast<int>(space.n), rng));
  for (const SpaceSum &sum : rows.group.sums()) {
    const auto size = static_cast<Eigen::Index>(
        sizeOf(rows.group, 0, static_cast<int>(elements.size())));
    MatrixXd g = MatrixXd::Zero(size, size);
    Eigen::Index at = 0;
    for (int space : sum.summands) {
      const Eigen::Index n = elements[space].rows();
      g.block(at, at, n, n) = elements[space];
      at += n;
    }
    elements.push_back(g);
  }
  MatrixXd all = MatrixXd::Identity(1, 1);
  for (int vertex = 0; vertex < rows.l + rows.k; ++vertex) {
    const MatrixXd &g = elements[rows.axes[vertex]];
    const bool dual = !rows.dual.empty() && rows.dual[vertex];
    // Invariant tensors: an input is an output of the dual. Groups that are
    // their own dual by a form other than the identity have it in entries.
    all =
        kron(all, dual != (vertex >= rows.l) ? MatrixXd(g.inverse().transpose())
                                             : g);
  }
  return all;
}

} // namespace

TEST(Sums, PartitionsHaveColouredBlocks) {
  const std::vector<std::vector<uint64_t>> expected = {{2, 6, 22, 94},
                                                       {3, 12, 57, 309}};
  for (int p : {2, 3})
    for (int order = 1; order <= 4; ++order)
      for (int l = 0; l <= order; ++l) {
        const LayerRows rows = onSum(p, l, order - l);
        EXPECT_EQ(countDiagrams(rows).value, expected[p - 2][order - 1]);
        EXPECT_EQ(list(rows).size(), expected[p - 2][order - 1]);
      }
  // sum_b S(N, b) p^b, also where nobody could list them.
  for (int p : {2, 5})
    for (int order : {7, 20}) {
      Count sum{0, false};
      Count power{1, false};
      for (int blocks = 0; blocks <= order; ++blocks) {
        Count some = countPartitions(blocks, order);
        if (blocks > 0)
          some.value -= countPartitions(blocks - 1, order).value;
        sum = add(sum, multiply(some, power));
        power = multiply(power, {uint64_t(p), false});
      }
      std::vector<Space> spaces;
      SpaceSum all{"sum", {}};
      for (int i = 0; i < p; ++i) {
        spaces.push_back({"s" + std::to_string(i), Group::S, -1});
        all.summands.push_back(i);
      }
      const LayerRows rows =
          rowsOf(spaces, {all}, std::vector<int>(order / 2, p),
                 std::vector<int>(order - order / 2, p));
      EXPECT_EQ(countDiagrams(rows).value, sum.value) << p << " " << order;
    }
  EXPECT_TRUE(countDiagrams(onSum(2, 60, 60)).saturated);
}

TEST(Sums, ScalarsAndVectors) {
  const LayerRows rows = rowsOf({{"s", Group::S, 1}, {"v", Group::O, 3}},
                                {{"sv", {0, 1}}}, {2}, {2});
  EXPECT_EQ(countDiagrams(rows).value, 2u);
  std::vector<std::string> names;
  for (const Diagram &diagram : list(rows))
    names.push_back(toString(diagram, rows.group));
  EXPECT_EQ(names, (std::vector<std::string>{"o1:s i1:s", "o1:v i1:v"}));
}

TEST(Sums, AreInTheOrderOfSummandsThenOfProducts) {
  std::vector<std::string> names;
  const LayerRows rows = rowsOf({a, b}, {{"ba", {1, 0}}}, {2}, {2});
  for (const Diagram &diagram : list(rows))
    names.push_back(toString(diagram, rows.group));
  // Of (b, a) and (a, b) the block of the output comes first.
  EXPECT_EQ(names,
            (std::vector<std::string>{"o1:b i1:b", "o1:b | i1:a", "o1:a | i1:b",
                                      "o1:a i1:a", "o1:a | i1:a"}));
}

TEST(Sums, CountedListedAndWrittenAlike) {
  for (const LayerRows &rows : layers()) {
    const std::vector<Diagram> all = list(rows);
    EXPECT_EQ(countDiagrams(rows).value, all.size());
    uint64_t kept = 0;
    std::set<std::string> different;
    for (size_t d = 0; d < all.size(); ++d) {
      const Diagram &diagram = all[d];
      const std::string text = toTypedString(diagram);
      kept += inBasis(diagram, rows.group, rows.n);
      EXPECT_EQ(axesOf(rows.group, diagram), rows.axes);
      EXPECT_EQ(whyNotOfGroup(diagram, rows.group, rows.n), "") << text;
      EXPECT_TRUE(d == 0 || canonicalLess(all[d - 1], diagram)) << text;
      different.insert(text);
      const auto again = parseDiagram(text, rows.l, rows.k, true);
      ASSERT_TRUE(std::holds_alternative<Diagram>(again)) << text;
      EXPECT_EQ(std::get<Diagram>(again), diagram) << text;
      const Split split = splitDiagram(diagram);
      Diagram joined = joinPatterns(split.top, split.sigma, split.bottom);
      joined.dual = diagram.dual; // rows have none
      EXPECT_EQ(joined, diagram) << text;
      for (const RowPattern *row : {&split.top, &split.bottom}) {
        const auto pattern = parseRowPattern(toString(*row), row->size());
        ASSERT_TRUE(std::holds_alternative<RowPattern>(pattern)) << text;
        EXPECT_EQ(std::get<RowPattern>(pattern), *row) << text;
      }
      const SignedDiagram flipped = transpose(rows.group, diagram);
      EXPECT_EQ(transpose(rows.group, flipped.diagram).diagram, diagram);
    }
    EXPECT_EQ(countBasis(rows).value, kept);
    EXPECT_EQ(different.size(), all.size());
  }
}

// Each diagram is equivariant, and there are no other maps.
TEST(Sums, SpanTheEquivariantMaps) {
  std::mt19937 rng(3);
  for (const LayerRows &rows : layers()) {
    const std::vector<Diagram> all = list(rows);
    ASSERT_FALSE(all.empty());
    const MatrixXd columns = matrixOf(rows, all);
    const MatrixXd identity =
        MatrixXd::Identity(columns.rows(), columns.rows());
    MatrixXd gram = MatrixXd::Zero(columns.rows(), columns.rows());
    for (int i = 0; i < 12; ++i) {
      const MatrixXd change = action(rows, rng) - identity;
      EXPECT_LT((change * columns).cwiseAbs().maxCoeff(), 1e-8)
          << toTypedString(all.front());
      gram += change.transpose() * change;
    }
    Eigen::ColPivHouseholderQR<MatrixXd> qr(columns);
    qr.setThreshold(1e-9);
    Eigen::SelfAdjointEigenSolver<MatrixXd> solver(gram);
    const Eigen::Index invariants =
        (solver.eigenvalues().array() < 1e-8).count();
    EXPECT_EQ(qr.rank(), invariants) << toTypedString(all.front());
    EXPECT_EQ(countBasis(rows).value, uint64_t(invariants))
        << toTypedString(all.front());
  }
}

TEST(Sums, ReadTheNamesOfSummands) {
  const LayerRows rows = rowsOf({a, b, turn}, {{"ab", {0, 1}}}, {3}, {3, 2});
  auto read = [&](const char *text) {
    return parseDiagram(text, rows.l, rows.k, rows.group, rows.axes);
  };
  const Diagram diagram = std::get<Diagram>(read("o1:b | i1:a | i2"));
  EXPECT_EQ(diagram.space, (std::vector<int>{1, 0, 2}));
  EXPECT_EQ(diagram.part, (std::vector<int>{1, 0, -1}));
  EXPECT_EQ(toString(diagram, rows.group), "o1:b | i1:a | i2");
  auto why = [&](const char *text) {
    const auto parsed = read(text);
    return std::holds_alternative<DiagramError>(parsed)
               ? std::get<DiagramError>(parsed).message
               : "";
  };
  EXPECT_EQ(why("o1 | i1:a | i2"),
            "vertex 'o1' must name its summand of 'ab', one of 'a', 'b'");
  EXPECT_EQ(why("o1:c | i1:a | i2"),
            "'c' is no summand of 'ab', which has 'a', 'b'");
  EXPECT_EQ(why("o1:a | i1:a | i2:turn"),
            "vertex 'i2' is on no axis of a sum and has no summand");
}

TEST(Sums, HaveNoMapsWhereNoSummandsDo) {
  EXPECT_EQ(whyNoDiagrams(rowsOf({turn, event}, {{"te", {0, 1}}}, {2}, {2, 2})),
            "O(n) has no equivariant maps when k + l is odd (k + l = 3) on the "
            "3 axes of 'turn', nor are there any in other summands");
  EXPECT_EQ(whyNoDiagrams(rowsOf({turn, event}, {{"te", {0, 1}}}, {2}, {2})),
            "");
}

TEST(Sums, ElementsActOnEachSummand) {
  Random random(5);
  const GroupElement g = rulesOf(Group(Group::S)).randomElement(3, random);
  const GroupElement h = rulesOf(Group(Group::O)).randomElement(2, random);
  MatrixXd expected = MatrixXd::Zero(8, 8);
  expected.block(0, 0, 3, 3) = g.matrix();
  expected.block(3, 3, 2, 2) = h.matrix();
  expected.block(5, 5, 3, 3) = g.matrix();
  const GroupElement sum = GroupElement::directSum({&g, &h, &g});
  EXPECT_EQ(sum.matrix(), expected);
  std::vector<double> x(8);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = double(i) + 1;
  const std::vector<double> y = sum.apply(x, 1, 1, 1, Layout::ChannelsLast);
  const Eigen::VectorXd moved =
      expected * Eigen::Map<Eigen::VectorXd>(x.data(), 8);
  for (size_t i = 0; i < y.size(); ++i)
    EXPECT_NEAR(y[i], moved(Eigen::Index(i)), 1e-12);
}
