//===- EnumerateTest.cpp - The canonical order ------------------*- C++ -*-===//
//
// The order of diagrams is the order of weights: golden lists, and agreement
// with brute force.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Enumerate.h"
#include "DenseMatrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

using namespace eqc;
using namespace eqc::test;

namespace {

std::vector<std::string> textsOf(Group group, long long n, int l, int k) {
  std::vector<std::string> texts;
  for (const Diagram &diagram : enumerateDiagrams(group, n, l, k))
    texts.push_back(toString(diagram));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Enumerate, GoldenLists) {
  EXPECT_EQ(textsOf(Group::S, -1, 1, 2),
            (Texts{"o1 i1 i2", "o1 i1 | i2", "o1 i2 | i1", "o1 | i1 i2",
                   "o1 | i1 | i2"}));
  EXPECT_EQ(textsOf(Group::S, 2, 1, 2),
            (Texts{"o1 i1 i2", "o1 i1 | i2", "o1 i2 | i1", "o1 | i1 i2"}));
  EXPECT_EQ(textsOf(Group::O, 3, 2, 2),
            (Texts{"o1 o2 | i1 i2", "o1 i1 | o2 i2", "o1 i2 | o2 i1"}));
  EXPECT_EQ(textsOf(Group::SO, 3, 1, 2), (Texts{"* o1 i1 i2"}));
  EXPECT_EQ(textsOf(Group::SO, 2, 1, 1), (Texts{"o1 i1", "* o1 i1"}));
  EXPECT_EQ(textsOf(Group::SO, 2, 2, 2),
            (Texts{"o1 o2 | i1 i2", "o1 i1 | o2 i2", "o1 i2 | o2 i1",
                   "* o1 o2 | i1 i2", "* o1 i1 | o2 i2", "* o1 i2 | o2 i1",
                   "o1 i2 | * o2 i1", "o1 i1 | * o2 i2", "o1 o2 | * i1 i2"}));
}

TEST(Enumerate, MatchingsOfSixVertices) {
  // Not the recursive order "first vertex with each later one".
  EXPECT_EQ(textsOf(Group::O, 3, 0, 6),
            (Texts{"i1 i2 | i3 i4 | i5 i6", "i1 i2 | i3 i5 | i4 i6",
                   "i1 i2 | i3 i6 | i4 i5", "i1 i3 | i2 i4 | i5 i6",
                   "i1 i3 | i2 i5 | i4 i6", "i1 i3 | i2 i6 | i4 i5",
                   "i1 i4 | i2 i3 | i5 i6", "i1 i5 | i2 i3 | i4 i6",
                   "i1 i6 | i2 i3 | i4 i5", "i1 i4 | i2 i5 | i3 i6",
                   "i1 i4 | i2 i6 | i3 i5", "i1 i5 | i2 i4 | i3 i6",
                   "i1 i6 | i2 i4 | i3 i5", "i1 i5 | i2 i6 | i3 i4",
                   "i1 i6 | i2 i5 | i3 i4"}));
}

TEST(Enumerate, NoVertices) {
  EXPECT_EQ(textsOf(Group::S, 3, 0, 0), Texts{"1"});
  EXPECT_EQ(textsOf(Group::S, -1, 0, 0), Texts{"1"});
  EXPECT_EQ(textsOf(Group::O, 3, 0, 0), Texts{"1"});
  EXPECT_EQ(textsOf(Group::Sp, 2, 0, 0), Texts{"1"});
  EXPECT_EQ(textsOf(Group::SO, 3, 0, 0), Texts{"1"});
  EXPECT_EQ(textsOf(Group::Sp, 3, 0, 0), Texts{});
  for (Group group : testGroups())
    EXPECT_TRUE(inBasis(Diagram(), group, 2));
}

/// All restricted growth strings, straight from their definition.
void allStrings(int size, std::vector<int> &prefix,
                std::vector<std::vector<int>> &result) {
  if (int(prefix.size()) == size) {
    result.push_back(prefix);
    return;
  }
  int blocks =
      prefix.empty() ? 0 : *std::max_element(prefix.begin(), prefix.end()) + 1;
  for (int b = 0; b <= blocks; ++b) {
    prefix.push_back(b);
    allStrings(size, prefix, result);
    prefix.pop_back();
  }
}

bool mayHaveBlock(Group group, int size) {
  switch (group.family()) {
  case Family::S:
  case Family::SPrime:
  case Family::A:
    return true;
  case Family::H:
    return size % 2 == 0;
  case Family::B:
  case Family::BPrime:
    return size <= 2;
  default:
    return size == 2;
  }
}

/// The group's diagrams filtered out of all partitions with any block or none
/// free, and sorted by the definition of the canonical order.
std::vector<Diagram> bruteForce(Group group, int n, int l, int k) {
  std::vector<std::vector<int>> strings;
  std::vector<int> prefix;
  allStrings(l + k, prefix, strings);
  std::vector<Diagram> result;
  for (const std::vector<int> &string : strings) {
    Diagram diagram = makeDiagram(l, k, string);
    EXPECT_EQ(diagram.block, string);
    for (int free = -1; free < diagram.numBlocks(); ++free) {
      bool belongs = free < 0 || group.family() == Family::SO;
      std::vector<std::vector<int>> blocks = diagram.blocks();
      for (int b = 0; b < int(blocks.size()); ++b) {
        const int size = int(blocks[b].size());
        belongs &= b == free ? size == n : mayHaveBlock(group, size);
        if (group == Group::GL) // an output with an input
          belongs &= blocks[b].front() < l && blocks[b].back() >= l;
      }
      if (group == Group::S || group == Group::SPrime || group == Group::H ||
          group == Group::A)
        belongs &= int(blocks.size()) <= n;
      if (group == Group::SPrime || group == Group::BPrime)
        belongs &= (l + k) % 2 == 0;
      if (!belongs)
        continue;
      result.push_back(diagram);
      result.back().free = free;
      if (group == Group::A && int(blocks.size()) >= n - 1) {
        result.push_back(diagram);
        result.back().head = 0;
      }
    }
  }
  auto key = [](const Diagram &d) {
    std::vector<int> others;
    for (int label : d.block)
      if (label != d.free)
        others.push_back(label);
    return std::make_tuple(d.head, d.free >= 0, d.freeVertices(),
                           makeDiagram(int(others.size()), 0, others).block);
  };
  std::sort(
      result.begin(), result.end(),
      [&](const Diagram &a, const Diagram &b) { return key(a) < key(b); });
  return result;
}

TEST(Enumerate, AgreesWithBruteForce) {
  for (Group group : testGroups())
    for (int n = 1; n <= 5; ++n) {
      if (!hasSize(group, n))
        continue;
      for (int size = 0; size <= 7; ++size)
        EXPECT_EQ(enumerateDiagrams(group, n, size / 2, size - size / 2),
                  bruteForce(group, n, size / 2, size - size / 2))
            << groupName(group) << " n = " << n << ", N = " << size;
    }
}

TEST(Enumerate, OrderAgreesWithTheComparison) {
  for (Group group : testGroups())
    for (int n : {2, 3, 4}) {
      if (!hasSize(group, n))
        continue;
      for (int size = 0; size <= 8; ++size) {
        std::vector<Diagram> all = enumerateDiagrams(group, n, 0, size);
        for (size_t i = 0; i + 1 < all.size(); ++i) {
          EXPECT_TRUE(canonicalLess(all[i], all[i + 1])) << toString(all[i]);
          EXPECT_FALSE(canonicalLess(all[i + 1], all[i])) << toString(all[i]);
        }
        for (const Diagram &diagram : all) {
          EXPECT_FALSE(canonicalLess(diagram, diagram));
          EXPECT_EQ(whyNotOfGroup(diagram, group, n), "");
        }
      }
    }
}

TEST(Enumerate, StopsWhenTold) {
  for (Group group : {Group::S, Group::SO}) {
    // Far too many to list; SO stops among the matchings or the others.
    int limit = 5, seen = 0;
    forEachDiagram(group, 8, 20, 20,
                   [&](const Diagram &) { return ++seen < limit; });
    EXPECT_EQ(seen, limit);
  }
  int seen = 0;
  forEachDiagram(Group::SO, 3, 2, 3,
                 [&](const Diagram &) { return ++seen < 7; });
  EXPECT_EQ(seen, 7);
}

TEST(Enumerate, ManyVertices) {
  std::vector<Diagram> one = enumerateDiagrams(Group::S, 1, 3000, 3000);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].block, std::vector<int>(6000, 0));
  EXPECT_TRUE(inBasis(one[0], Group::S, 1));
  // The first few diagrams of a long row of two kinds.
  int seen = 0;
  forEachDiagram(Group::O, 5, 3000, 3000, [&](const Diagram &diagram) {
    EXPECT_EQ(diagram.numBlocks(), 3000);
    EXPECT_EQ(whyNotOfGroup(diagram, Group::O, 5), "");
    inBasis(diagram, Group::O, 5);
    return ++seen < 10;
  });
  EXPECT_EQ(seen, 10);
  seen = 0;
  forEachDiagram(Group::SO, 1999, 1000, 1001, [&](const Diagram &diagram) {
    EXPECT_EQ(diagram.freeVertices().size(), 1999u);
    return ++seen < 10;
  });
  EXPECT_EQ(seen, 10);
}

TEST(Enumerate, BasisIsEverythingForLargeN) {
  for (int size : {2, 4, 6, 8}) {
    for (const Diagram &d : enumerateDiagrams(Group::O, size, size, 0)) {
      EXPECT_TRUE(inBasis(d, Group::O, size / 2));
      EXPECT_TRUE(inBasis(d, Group::Sp, size));
    }
    // The thresholds are sharp.
    std::vector<Diagram> all = enumerateDiagrams(Group::O, size, size, 0);
    if (size > 2) {
      EXPECT_FALSE(std::all_of(all.begin(), all.end(), [&](const Diagram &d) {
        return inBasis(d, Group::O, size / 2 - 1);
      }));
      EXPECT_FALSE(std::all_of(all.begin(), all.end(), [&](const Diagram &d) {
        return inBasis(d, Group::Sp, size - 2);
      }));
    }
  }
}

} // namespace
