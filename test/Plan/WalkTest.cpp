//===- WalkTest.cpp - Walks against the matrices of diagrams --------------===//
//
// A row pattern is the bottom of a diagram whose top holds the kept blocks, one
// vertex each: the walk must spell that diagram's matrix out.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include "compiler/Check/Oracle.h"
#include "compiler/Plan/Walk.h"

#include <gtest/gtest.h>

#include <set>

using namespace eqc;
using namespace eqc::test;

namespace {

/// The matrix [inner, row] that a walk spells out.
std::vector<double> walkMatrix(const Walk &walk, int64_t n, int64_t innerRows,
                               int64_t rows) {
  std::vector<double> matrix(innerRows * rows, 0.0);
  forWalk(walk, n, [&](int64_t row, int64_t inner, int sign) {
    ASSERT_LT(row, rows);
    ASSERT_LT(inner, innerRows);
    matrix[inner * rows + row] += sign;
  });
  return matrix;
}

/// The bottom patterns of all (l,k)-diagrams for l up to k, without repeats.
std::set<RowPattern> bottomPatterns(Group group, int64_t n, int k) {
  std::set<RowPattern> patterns;
  for (int l = 0; l <= k + static_cast<int>(group == Group::SO ? n : 0); ++l)
    if (whyNoDiagrams(group, n, l, k).empty())
      for (const Diagram &diagram : enumerateDiagrams(group, n, l, k))
        patterns.insert(splitDiagram(diagram).bottom);
  return patterns;
}

/// A pattern without free vertices as the diagram from its row to its kept
/// blocks.
Diagram diagramOf(const RowPattern &pattern) {
  const std::vector<int> kept = pattern.keptBlocks();
  std::vector<int> labels(kept.begin(), kept.end());
  labels.insert(labels.end(), pattern.block.begin(), pattern.block.end());
  return makeDiagram(static_cast<int>(kept.size()), pattern.size(), labels);
}

/// The entry of a pattern with free vertices from its definition: the sorted
/// subset's values in some order, the sign of that order, deltas elsewhere.
double freeEntry(const RowPattern &pattern, int64_t n,
                 const std::vector<int64_t> &kept,
                 const std::vector<int> &subset,
                 const std::vector<int64_t> &row) {
  const std::vector<std::vector<int>> blocks = pattern.blocks();
  const std::vector<int> keptBlocks = pattern.keptBlocks();
  for (size_t a = 0; a < keptBlocks.size(); ++a)
    for (int v : blocks[keptBlocks[a]])
      if (row[v] != kept[a])
        return 0;
  for (int b : pattern.droppedBlocks())
    for (int v : blocks[b])
      if (row[v] != row[blocks[b].front()])
        return 0;
  std::vector<int64_t> values;
  for (int v : blocks[pattern.free])
    values.push_back(row[v]);
  std::vector<int64_t> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  if (!std::equal(sorted.begin(), sorted.end(), subset.begin(), subset.end()))
    return 0;
  double sign = 1;
  for (size_t i = 0; i < values.size(); ++i)
    for (size_t j = i + 1; j < values.size(); ++j)
      if (values[i] > values[j])
        sign = -sign;
  return sign;
}

std::vector<int64_t> digits(int64_t number, int64_t n, int count) {
  std::vector<int64_t> result(count);
  for (int i = count; i-- > 0; number /= n)
    result[i] = number % n;
  return result;
}

} // namespace

TEST(Walk, SpellsOutTheMatrixOfEveryPattern) {
  int seen = 0;
  for (Group group : {Group::S, Group::O, Group::Sp, Group::H, Group::B,
                      Group(Family::O, 1, 2), Group(Family::O, 2, 2)})
    for (int64_t n : {1, 2, 3, 4})
      for (int k = 0; k <= 4; ++k) {
        if ((group == Group::Sp && n % 2) ||
            (group.hasSignature() && n != group.plus() + group.minus()))
          continue;
        for (const RowPattern &pattern : bottomPatterns(group, n, k)) {
          Walk walk = makeWalk(pattern, group, n, rowMajorStrides(k));
          EXPECT_EQ(walkMatrix(walk, n, integerPower(n, pattern.numKept()),
                               integerPower(n, k)),
                    diagramMatrix(diagramOf(pattern), group, n))
              << groupName(group) << " n = " << n << " " << toString(pattern);
          ++seen;
        }
      }
  EXPECT_GT(seen, 300);
}

TEST(Walk, SignsTheOrdersOfFreeVertices) {
  int seen = 0;
  for (int64_t n : {1, 2, 3, 4})
    for (int k = 0; k <= 4; ++k)
      for (const RowPattern &pattern : bottomPatterns(Group::SO, n, k)) {
        if (pattern.free < 0)
          continue;
        const auto subsets = subsetsOf(n, pattern.numFree());
        const int64_t keptRows = integerPower(n, pattern.numKept());
        const int64_t innerRows =
            keptRows * static_cast<int64_t>(subsets.size());
        const int64_t rows = integerPower(n, k);
        std::vector<double> expected;
        for (int64_t kept = 0; kept < keptRows; ++kept)
          for (const std::vector<int> &subset : subsets)
            for (int64_t row = 0; row < rows; ++row)
              expected.push_back(freeEntry(pattern, n,
                                           digits(kept, n, pattern.numKept()),
                                           subset, digits(row, n, k)));
        Walk walk = makeWalk(pattern, Group::SO, n, rowMajorStrides(k));
        EXPECT_EQ(walkMatrix(walk, n, innerRows, rows), expected)
            << "n = " << n << " " << toString(pattern);
        ++seen;
      }
  EXPECT_GT(seen, 20);
}

TEST(Walk, GroupsTermsByWhereTheyGo) {
  for (int64_t n : {2, 3, 4})
    for (const RowPattern &pattern : bottomPatterns(Group::SO, n, 4)) {
      Walk walk = makeWalk(pattern, Group::SO, n, rowMajorStrides(4));
      ASSERT_EQ(walk.terms.size() % walk.termsPerGroup, 0u);
      for (size_t i = 0; i < walk.terms.size(); ++i)
        EXPECT_EQ(walk.terms[i].innerOffset,
                  Poly(static_cast<int64_t>(i / walk.termsPerGroup)));
    }
}

// Entries are numbered alike in both rows, so that the matrices of the rows
// meet in that of the diagram.
TEST(Walk, LegsOfBothRowsMakeTheMatrixOfAJellyfish) {
  int seen = 0, inParts = 0;
  for (int64_t n : {2, 3, 4})
    for (int l = 0; l <= 3; ++l)
      for (int k = 0; k <= 3; ++k)
        for (const Diagram &diagram : enumerateDiagrams(Group::A, n, l, k)) {
          if (diagram.head < 0)
            continue;
          const Split split = splitDiagram(diagram);
          const int64_t entries = split.top.numEntries(n);
          ASSERT_EQ(split.bottom.numEntries(n), entries) << toString(diagram);
          const int64_t rows = integerPower(n, l), columns = integerPower(n, k);
          const Walk top = makeWalk(split.top, Group::A, n, rowMajorStrides(l));
          const Walk bottom =
              makeWalk(split.bottom, Group::A, n, rowMajorStrides(k));
          for (const Walk *walk : {&top, &bottom})
            for (size_t i = 0; i < walk->terms.size(); ++i)
              EXPECT_EQ(walk->terms[i].innerOffset,
                        Poly(static_cast<int64_t>(i / walk->termsPerGroup)));
          const std::vector<double> ofTop = walkMatrix(top, n, entries, rows),
                                    ofBottom =
                                        walkMatrix(bottom, n, entries, columns);
          std::vector<double> product(rows * columns, 0.0);
          for (int64_t e = 0; e < entries; ++e)
            for (int64_t r = 0; r < rows; ++r)
              for (int64_t c = 0; c < columns; ++c)
                product[r * columns + c] +=
                    ofTop[e * rows + r] * ofBottom[e * columns + c];
          EXPECT_EQ(product, diagramMatrix(diagram, Group::A, n))
              << "n = " << n << " " << toString(diagram);
          // Parts write each row once, all of them what the walk does.
          std::vector<double> sum(entries * rows, 0.0);
          const std::vector<Walk> parts = reachingRowsOnce(top);
          inParts += parts.size() > 1;
          for (const Walk &part : parts) {
            std::set<int64_t> reached;
            forWalk(part, n, [&](int64_t row, int64_t inner, int sign) {
              EXPECT_TRUE(reached.insert(row).second);
              sum[inner * rows + row] += sign;
            });
          }
          EXPECT_EQ(sum, ofTop);
          ++seen;
        }
  EXPECT_GT(seen, 100);
  EXPECT_GT(inParts, 10);
}

TEST(Walk, ListsSubsetsInOrder) {
  for (int64_t n = 0; n <= 6; ++n)
    for (int f = 0; f <= n; ++f) {
      const auto subsets = subsetsOf(n, f);
      EXPECT_EQ(static_cast<int64_t>(subsets.size()), numSubsets(n, f));
      EXPECT_TRUE(std::is_sorted(subsets.begin(), subsets.end()));
      EXPECT_EQ(
          std::set<std::vector<int>>(subsets.begin(), subsets.end()).size(),
          subsets.size());
      for (const std::vector<int> &subset : subsets)
        EXPECT_TRUE(std::is_sorted(subset.begin(), subset.end()));
    }
  EXPECT_TRUE(subsetsOf(2, 3).empty());
  EXPECT_EQ(numSubsets(40, 20), 137846528820);
}

TEST(Walk, ReadsChildrenFromParents) {
  // The matrix of a child is that of its relative pattern times its parent's.
  auto parse = [](const char *text, int size) {
    return std::get<RowPattern>(parseRowPattern(text, size));
  };
  struct Case {
    Group group;
    const char *parent, *child;
    int size;
  };
  for (const Case &c : {Case{Group::S, "1 3 | 2", "1 3 | ~2", 3},
                        Case{Group::S, "1 | 2 | 3", "1 3 | ~2", 3},
                        Case{Group::S, "1 2 | ~3", "~1 2 | ~3", 3},
                        Case{Group::O, "1 | 2 | 3 | 4", "1 | ~2 4 | 3", 4},
                        Case{Group::Sp, "1 | ~2 4 | 3", "~1 3 | ~2 4", 4}}) {
    const int64_t n = 4;
    const RowPattern parent = parse(c.parent, c.size);
    const RowPattern child = parse(c.child, c.size);
    const RowPattern relative = relativePattern(parent, child);
    const int64_t rows = integerPower(n, c.size);
    const int64_t middle = integerPower(n, parent.numKept());
    const int64_t inner = integerPower(n, child.numKept());
    const auto first = walkMatrix(
        makeWalk(parent, c.group, n, rowMajorStrides(c.size)), n, middle, rows);
    const auto second = walkMatrix(
        makeWalk(relative, c.group, n, rowMajorStrides(parent.numKept())), n,
        inner, middle);
    std::vector<double> product(inner * rows, 0.0);
    for (int64_t i = 0; i < inner; ++i)
      for (int64_t m = 0; m < middle; ++m)
        for (int64_t r = 0; r < rows; ++r)
          product[i * rows + r] += second[i * middle + m] * first[m * rows + r];
    EXPECT_EQ(product,
              walkMatrix(makeWalk(child, c.group, n, rowMajorStrides(c.size)),
                         n, inner, rows))
        << c.parent << " to " << c.child;
  }
}
