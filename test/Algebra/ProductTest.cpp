//===- ProductTest.cpp - Diagrams of products of groups -------------------===//

#include "Listing.h"
#include "compiler/Algebra/Factored.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Algebra/RowPattern.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

using namespace eqc;
using namespace eqc::test;

namespace {

const Space users{"users", Group::S, 8}, items{"items", Group::S, 9},
    days{"days", Group::S, 7}, xyz{"xyz", Group::SO, 3},
    phase{"p", Group::Sp, 4}, event{"event", Group(Family::O, 1, 3), 4},
    spins{"spins", Group::H, 5};

} // namespace

TEST(Product, EqualSpacesMakeEqualGroups) {
  EXPECT_EQ(Group::product({users, items}), Group::product({users, items}));
  EXPECT_NE(Group::product({users, items}), Group::product({items, users}));
  EXPECT_NE(Group::product({users, items}),
            Group::product({users, {"items", Group::S, 10}}));
  EXPECT_NE(Group::product({users, items}), Group(Group::S));
  const Group group = Group::product({users, {"items", Group::S, -1}});
  EXPECT_EQ(sizeOfProduct(group), -1);
  EXPECT_EQ(sizeOf(group, -1, 0), 8);
  EXPECT_EQ(sizeOf(group, -1, 1), -1);
  EXPECT_EQ(sizeAt(group, 5, 1), 5);
  EXPECT_EQ(groupName(group), "users:S items:S");
  EXPECT_EQ(groupText(Group::product({users, event}), 0), "S(8) x O(1,3)");
}

// Exchangeable matrices and p-way tensors, vectors on sets.
TEST(Product, CountsOfKnownLayers) {
  auto count = [](const LayerRows &rows) {
    EXPECT_EQ(countDiagrams(rows).value, list(rows).size());
    return countDiagrams(rows).value;
  };
  EXPECT_EQ(count(rowsOf({users, items}, {0, 1}, {0, 1})), 4u);
  EXPECT_EQ(count(rowsOf({users, items, days}, {0, 1, 2}, {0, 1, 2})), 8u);
  EXPECT_EQ(count(rowsOf({users, items}, {0}, {0, 1})), 2u);
  EXPECT_EQ(count(rowsOf({users, xyz}, {0, 1}, {0, 1})), 2u);
  EXPECT_EQ(count(rowsOf({users, xyz}, {0, 1}, {0, 0, 1})), 5u);
  EXPECT_EQ(count(rowsOf({users, xyz}, {0, 1}, {0, 1, 1})), 2u);
  std::vector<Space> many;
  std::vector<int> axes;
  for (int p = 0; p < 6; ++p) {
    many.push_back({"s" + std::to_string(p), Group::S, 4});
    axes.push_back(p);
    if (p > 0)
      EXPECT_EQ(count(rowsOf(many, axes, axes)), 2u << p);
  }
}

TEST(Product, TheFirstSpaceVariesSlowest) {
  EXPECT_EQ(texts(rowsOf({users, items}, {0, 1}, {0, 1})),
            (std::vector<std::string>{"o1 i1 | o2 i2", "o1 i1 | o2 | i2",
                                      "o1 | o2 i2 | i1", "o1 | o2 | i1 | i2"}));
  EXPECT_EQ(
      texts(rowsOf({users, xyz}, {0, 1}, {0, 1, 1})),
      (std::vector<std::string>{"o1 i1 | * o2 i2 i3", "o1 | * o2 i2 i3 | i1"}));
}

TEST(Product, DiagramsAreOfTheGroupAndInOrder) {
  for (const LayerRows &rows : {rowsOf({users, items}, {0, 1, 0}, {0, 1}),
                                rowsOf({users, xyz}, {1, 0}, {0, 1, 1, 0}),
                                rowsOf({users, phase}, {0, 1}, {1, 0}),
                                rowsOf({event, spins}, {0, 1, 1}, {1, 0, 1})}) {
    const std::vector<Diagram> all = list(rows);
    std::set<std::string> different;
    for (size_t d = 0; d < all.size(); ++d) {
      EXPECT_EQ(all[d].space, rows.axes);
      EXPECT_TRUE(all[d].hasPureBlocks());
      EXPECT_EQ(whyNotOfGroup(all[d], rows.group, rows.n), "")
          << toString(all[d]);
      EXPECT_TRUE(d == 0 || canonicalLess(all[d - 1], all[d]))
          << toString(all[d]);
      different.insert(toString(all[d]));
      const Split split = splitDiagram(all[d]);
      EXPECT_EQ(joinPatterns(split.top, split.sigma, split.bottom), all[d]);
      EXPECT_EQ(unfactor(factorDiagram(all[d])), all[d]);
      const SignedDiagram flipped = transpose(rows.group, all[d]);
      EXPECT_EQ(transpose(rows.group, flipped.diagram).diagram, all[d]);
      EXPECT_EQ(transpose(rows.group, flipped.diagram).sign, flipped.sign);
      auto again = parseDiagram(toTypedString(all[d]), rows.l, rows.k, true);
      ASSERT_TRUE(std::holds_alternative<Diagram>(again));
      EXPECT_EQ(std::get<Diagram>(again), all[d]);
      auto pattern =
          parseRowPattern(toString(split.bottom), split.bottom.size());
      ASSERT_TRUE(std::holds_alternative<RowPattern>(pattern));
      EXPECT_EQ(std::get<RowPattern>(pattern), split.bottom);
    }
    EXPECT_EQ(different.size(), all.size());
  }
}

TEST(Product, TheBasisIsTheProductOfBases) {
  const std::vector<Space> spaces{{"a", Group::S, 2}, {"b", Group::O, 1}};
  const LayerRows rows = rowsOf(spaces, {0, 1, 0, 1}, {0, 1, 1});
  uint64_t kept = 0;
  for (const Diagram &diagram : list(rows))
    kept += inBasis(diagram, rows.group, 1);
  EXPECT_EQ(kept, countBasis(Group::S, 2, 2, 1).value *
                      countBasis(Group::O, 1, 2, 2).value);
  EXPECT_EQ(countBasis(rows).value, kept);
}

TEST(Product, SaysWhyNotInTheNamesOfTheLayer) {
  const LayerRows rows = rowsOf({users, xyz}, {0, 1}, {0, 1, 1, 1});
  auto why = [&](const char *text) {
    Diagram diagram = std::get<Diagram>(parseDiagram(text, rows.l, rows.k));
    diagram.space = rows.axes;
    return whyNotOfGroup(diagram, rows.group, rows.n);
  };
  EXPECT_EQ(why("o1 i1 | o2 i2 | i3 i4"), "");
  EXPECT_EQ(why("o1 i2 | o2 i1 | i3 i4"),
            "the block 'o1 i2' joins axes of two spaces, 'users' and 'xyz'");
  EXPECT_EQ(why("o1 i1 | o2 i2 i3 | i4"),
            "a diagram of SO(3) joins its vertices in pairs, but the block "
            "'o2 i2 i3' has 3");
  EXPECT_EQ(whyNoDiagrams(rowsOf({users, {"v", Group::O, 3}}, {0, 1}, {0})),
            "O(n) has no equivariant maps when k + l is odd (k + l = 1) on the "
            "1 axis of 'v'");
}

TEST(Product, LoopsAreAsLongAsTheirSpaces) {
  const std::vector<Space> spaces{users, items};
  const Group group = Group::product(spaces);
  auto make = [](const char *text, int l, int k, std::vector<int> space) {
    Diagram diagram = std::get<Diagram>(parseDiagram(text, l, k));
    diagram.space = std::move(space);
    return diagram;
  };
  const Composition product =
      compose(group, make("o1 | i1 | i2", 1, 2, {0, 0, 1}),
              make("o1 i1 | o2", 2, 1, {0, 1, 0}));
  EXPECT_EQ(toTypedString(product.diagram), "o1:0 | i1:0");
  EXPECT_EQ(product.loops, 1);
  EXPECT_EQ(product.spacesOfLoops, std::vector<int>{1});
}

TEST(Product, MeansDivideByEachSpace) {
  Diagram diagram =
      std::get<Diagram>(parseDiagram("o1 i2 | i1 | i3 | i4", 1, 4));
  diagram.space = {0, 1, 0, 1, 0};
  EXPECT_EQ(diagram.spacesOfBottomOnlyBlocks(), (std::vector<int>{1, 1, 0}));
  EXPECT_EQ(diagram.numBottomOnlyBlocks(), 3);
}

TEST(Product, NotationRefusesHalfTypedTexts) {
  for (const char *text : {"o1:0 i1", "o1 i1:1", "o1:x i1:0", "o1:16 i1:0",
                           "o1:00 i1:0", "o1: i1:0"})
    EXPECT_TRUE(std::holds_alternative<DiagramError>(
        parseDiagram(text, 1, 1, /*typed=*/true)))
        << text;
  EXPECT_TRUE(
      std::holds_alternative<DiagramError>(parseDiagram("o1:0 i1:0", 1, 1)));
  for (const char *text : {"1:0 | 2", "1 | ~2:1", "1:-1 | 2:0"})
    EXPECT_TRUE(std::holds_alternative<DiagramError>(parseRowPattern(text, 2)))
        << text;
}
