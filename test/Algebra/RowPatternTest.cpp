//===- RowPatternTest.cpp - The split of diagrams ---------------*- C++ -*-===//
//
// D_d = E_top P_sigma C_bottom, uniquely; and the notation of patterns.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/RowPattern.h"
#include "DenseMatrix.h"
#include "compiler/Algebra/Enumerate.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

using namespace eqc;
using namespace eqc::test;
using Eigen::MatrixXd;

namespace {

TEST(Split, RoundTrip) {
  for (Group group : testGroups())
    for (int n : {1, 2, 3, 4, 5, 7}) {
      if (!hasSize(group, n))
        continue;
      for (int size = 0; size <= 7; ++size)
        for (int l = 0; l <= size; ++l)
          for (const Diagram &d : enumerateDiagrams(group, n, l, size - l)) {
            Split split = splitDiagram(d);
            EXPECT_EQ(split.top.size(), l);
            EXPECT_EQ(split.bottom.size(), size - l);
            EXPECT_EQ(split.top.numKept(), int(split.sigma.size()));
            EXPECT_EQ(split.bottom.numKept(), int(split.sigma.size()));
            EXPECT_EQ(joinPatterns(split.top, split.sigma, split.bottom), d);
            EXPECT_EQ(split.top.numFree() + split.bottom.numFree(),
                      int(d.freeVertices().size()));
            EXPECT_EQ(int(split.bottom.droppedBlocks().size()),
                      d.numBottomOnlyBlocks());
          }
    }
}

/// C of a pattern: from the row to its kept blocks, then its free vertices.
MatrixXd rowMatrix(Group group, const RowPattern &row, int n) {
  std::vector<int> kept = row.keptBlocks();
  std::vector<std::vector<int>> blocks = row.blocks();
  int numOut = int(kept.size()) + row.numFree();
  MatrixXd result(power(n, numOut), power(n, row.size()));
  for (int r = 0; r < result.rows(); ++r)
    for (int c = 0; c < result.cols(); ++c) {
      std::vector<int> out = digitsOf(r, n, numOut);
      std::vector<int> in = digitsOf(c, n, row.size());
      int entry = 1;
      for (size_t q = 0; q < kept.size(); ++q)
        for (int v : blocks[kept[q]])
          entry *= in[v] == out[q];
      for (int b : row.droppedBlocks()) {
        if (blocks[b].size() == 2) {
          entry *= formOf(group, in[blocks[b][0]], in[blocks[b][1]]);
          continue;
        }
        for (int v : blocks[b])
          entry *= in[v] == in[blocks[b][0]];
      }
      for (int f = 0; f < row.numFree(); ++f)
        entry *= in[blocks[row.free][f]] == out[kept.size() + f];
      result(r, c) = entry;
    }
  return result;
}

TEST(Split, FactorsTheMatrix) {
  for (Group group : testGroups())
    for (int n : {2, 3}) {
      if (!hasSize(group, n))
        continue;
      for (int l = 0; l <= 3; ++l)
        for (int k = 0; k <= 3; ++k) {
          if (power(n, l + k) > 300)
            continue;
          for (const Diagram &d : enumerateDiagrams(group, n, l, k)) {
            if (d.head >= 0) // see WalkTest
              continue;
            Split split = splitDiagram(d);
            // The middle: top kept axis a reads bottom kept axis sigma[a].
            int t = int(split.sigma.size());
            MatrixXd middle = MatrixXd::Zero(power(n, t), power(n, t));
            for (int column = 0; column < middle.cols(); ++column) {
              std::vector<int> in = digitsOf(column, n, t), out(t);
              for (int a = 0; a < t; ++a)
                out[a] = in[split.sigma[a]];
              middle(flatOf(out, n), column) = 1;
            }
            int freeTop = split.top.numFree();
            int freeBottom = split.bottom.numFree();
            Diagram star =
                makeDiagram(freeTop, freeBottom,
                            std::vector<int>(freeTop + freeBottom, 0), 0);
            MatrixXd product = rowMatrix(group, split.top, n).transpose() *
                               kron(middle, denseMatrix(group, star, n)) *
                               rowMatrix(group, split.bottom, n);
            EXPECT_EQ((product - denseMatrix(group, d, n)).norm(), 0)
                << groupName(group) << " n = " << n << ": " << toString(d);
          }
        }
    }
}

/// The patterns of a row of m inputs, by number of kept blocks.
std::map<int, std::set<RowPattern>> patternsOf(Group group, int m) {
  // As many outputs as can be kept, each alone.
  std::map<int, std::set<RowPattern>> result;
  for (int l = 0; l <= m; ++l)
    for (const Diagram &d : enumerateDiagrams(group, -1, l, m)) {
      Split split = splitDiagram(d);
      result[split.bottom.numKept()].insert(split.bottom);
    }
  return result;
}

TEST(Split, NumbersOfPatterns) {
  auto sizes = [](Group group, int m) {
    std::vector<size_t> result;
    for (const auto &[t, patterns] : patternsOf(group, m))
      result.push_back(patterns.size());
    return result;
  };
  using Sizes = std::vector<size_t>;
  EXPECT_EQ(sizes(Group::S, 1), (Sizes{1, 1}));
  EXPECT_EQ(sizes(Group::S, 2), (Sizes{2, 3, 1}));
  EXPECT_EQ(sizes(Group::S, 3), (Sizes{5, 10, 6, 1}));
  EXPECT_EQ(sizes(Group::S, 4), (Sizes{15, 37, 31, 10, 1}));
  EXPECT_EQ(sizes(Group::O, 3), (Sizes{3, 1}));
  EXPECT_EQ(sizes(Group::O, 4), (Sizes{3, 6, 1}));
  EXPECT_EQ(sizes(Group::O, 5), (Sizes{15, 10, 1}));
  EXPECT_EQ(sizes(Group::H, 1), (Sizes{1}));
  EXPECT_EQ(sizes(Group::H, 2), (Sizes{1, 1, 1}));
  EXPECT_EQ(sizes(Group::H, 3), (Sizes{4, 3, 1}));
  EXPECT_EQ(sizes(Group::H, 4), (Sizes{4, 7, 13, 6, 1}));
  EXPECT_EQ(sizes(Group::B, 3), (Sizes{4, 6, 3, 1}));
  EXPECT_EQ(sizes(Group::B, 4), (Sizes{10, 16, 12, 4, 1}));
  EXPECT_EQ(sizes(Group::SPrime, 3), (Sizes{5, 10, 6, 1}));
}

TEST(Split, EveryCombinationIsADiagram) {
  // a_k(t) a_l(t) t! summed over t is the number of diagrams.
  for (Group group : {Group::S, Group::O, Group::B})
    for (int l = 0; l <= 3; ++l)
      for (int k = 0; k <= 3; ++k) {
        std::map<int, std::set<RowPattern>> top = patternsOf(group, l);
        std::map<int, std::set<RowPattern>> bottom = patternsOf(group, k);
        size_t total = 0, factorial = 1;
        for (int t = 0; t <= 3; ++t) {
          factorial *= t > 0 ? t : 1;
          total += top[t].size() * bottom[t].size() * factorial;
        }
        EXPECT_EQ(total, countDiagrams(group, -1, l, k).value);
      }
}

TEST(Split, KeptBlocksOfSignedPermutationsJoinByParity) {
  // Sum of a_l(e, o) a_k(e, o) e! o! over even and odd kept blocks.
  auto numbers = [](int m) {
    std::map<std::pair<int, int>, size_t> result;
    for (const auto &[t, patterns] : patternsOf(Group::H, m))
      for (const RowPattern &pattern : patterns) {
        int even = 0, odd = 0;
        for (int b : pattern.keptBlocks())
          ++(pattern.blocks()[b].size() % 2 == 0 ? even : odd);
        ++result[{even, odd}];
      }
    return result;
  };
  const size_t factorial[] = {1, 1, 2, 6, 24};
  for (int l = 0; l <= 4; ++l)
    for (int k = 0; k <= 4; ++k) {
      auto top = numbers(l), bottom = numbers(k);
      size_t total = 0;
      for (const auto &[kept, count] : top)
        total += count * bottom[kept] * factorial[kept.first] *
                 factorial[kept.second];
      EXPECT_EQ(total, countDiagrams(Group::H, -1, l, k).value);
    }
}

TEST(Pattern, Notation) {
  Diagram d =
      std::get<Diagram>(parseDiagram("i1 i3 o1 | i2 | i4 o2 | o3", 3, 4));
  Split split = splitDiagram(d);
  EXPECT_EQ(toString(split.bottom), "1 3 | ~2 | 4");
  EXPECT_EQ(toString(split.top), "1 | 2 | ~3");
  Diagram star = std::get<Diagram>(parseDiagram("* i1 i2 o2 | o1 i3", 2, 3));
  split = splitDiagram(star);
  EXPECT_EQ(toString(split.bottom), "* 1 2 | 3");
  EXPECT_EQ(toString(split.top), "1 | * 2");
  EXPECT_EQ(toString(RowPattern()), "-");
  Diagram jelly =
      std::get<Diagram>(parseDiagram("* | o1 i3 | o2 i1 | i2 | o3 | i4", 3, 4));
  split = splitDiagram(jelly);
  EXPECT_EQ(toString(split.bottom), "* | 1 | ~2 | 3 | ~4");
  EXPECT_EQ(toString(split.top), "* +2 2 1 | 1 | 2 | ~3");
  EXPECT_EQ(split.top.numKept(), 0);
  EXPECT_TRUE(split.bottom.droppedBlocks().empty());
  // 5 * 4 values of those that run through, and sets of two of the others; the
  // last output has what is left.
  EXPECT_EQ(split.bottom.numEntries(5), 60);
  EXPECT_EQ(split.top.numEntries(5), 60);
  EXPECT_EQ(split.bottom.termsPerEntry(5), 2);
  EXPECT_EQ(split.top.termsPerEntry(5), 1);
  EXPECT_EQ(split.top.termsPerEntry(6), 2);
  split = splitDiagram(std::get<Diagram>(parseDiagram("i1 | i2 | *", 0, 2)));
  EXPECT_EQ(toString(split.top), "* +2");
  EXPECT_EQ(split.top.numEntries(3), 3);
}

TEST(Pattern, NotationRoundTrip) {
  for (Group group : testGroups())
    for (int n : {2, 3, 4})
      for (int size = 0; size <= 6; ++size)
        for (const Diagram &d :
             enumerateDiagrams(group, n, size / 2, size - size / 2)) {
          Split split = splitDiagram(d);
          for (const RowPattern &row : {split.top, split.bottom}) {
            auto read = parseRowPattern(toString(row), row.size());
            ASSERT_TRUE(std::holds_alternative<RowPattern>(read))
                << toString(row);
            EXPECT_EQ(std::get<RowPattern>(read), row) << toString(row);
          }
        }
  // Blocks, vertices and spaces in any order.
  EXPECT_EQ(std::get<RowPattern>(parseRowPattern(" 4|~ 2 |3 1", 4)),
            std::get<RowPattern>(parseRowPattern("1 3 | ~2 | 4", 4)));
}

TEST(Pattern, NotationErrors) {
  struct Case {
    const char *text;
    int size;
    size_t offset, length;
    const char *message;
  };
  const Case cases[] = {
      {"", 1, 0, 0, "empty pattern; an empty row is written '-'"},
      {"-", 1, 0, 1, "expected a vertex number, not '-'"},
      {"- 1", 0, 2, 1, "nothing may follow '-', the empty row"},
      {"1 | 3", 2, 4, 1, "unknown vertex '3': the row has 2"},
      {"1 | 1", 2, 4, 1, "vertex '1' appears twice"},
      {"1 || 2", 2, 3, 1, "empty block"},
      {"1 2 |", 2, 4, 1, "empty block"},
      {"1 ~2", 2, 2, 1, "'~' stands before the vertices of its block"},
      {"*~1", 1, 1, 1, "'~' stands before the vertices of its block"},
      {"* 1 | * 2", 2, 6, 1, "a second '*' block"},
      {"* +1 2 | 1 | 2", 2, 0, 14,
       "the head must name the legs that run through"},
      {"* +1 x | 1", 1, 5, 1, "expected what a head says of legs, not 'x'"},
      {"* @16 | 1", 1, 2, 3, "expected what a head says of legs, not '@16'"},
      {"1 x", 2, 2, 1, "expected a vertex number, not 'x'"},
      {"1", 2, 0, 1, "vertex '2' is missing"},
  };
  for (const Case &c : cases) {
    auto read = parseRowPattern(c.text, c.size);
    ASSERT_TRUE(std::holds_alternative<DiagramError>(read)) << c.text;
    const DiagramError &error = std::get<DiagramError>(read);
    EXPECT_EQ(error.message, c.message) << c.text;
    EXPECT_EQ(error.offset, c.offset) << c.text;
    EXPECT_EQ(error.length, c.length) << c.text;
  }
}

} // namespace
