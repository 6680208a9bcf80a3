//===- NotationTest.cpp - Diagrams as text ----------------------*- C++ -*-===//
//
// Printing, reading, and every way to be wrong.
//
//===----------------------------------------------------------------------===//

#include "DenseMatrix.h"
#include "compiler/Algebra/Enumerate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>

using namespace eqc;

namespace {

Diagram read(std::string_view text, int l, int k) {
  std::variant<Diagram, DiagramError> result = parseDiagram(text, l, k);
  if (const auto *error = std::get_if<DiagramError>(&result)) {
    ADD_FAILURE() << "'" << text << "': " << error->message;
    return Diagram();
  }
  return std::get<Diagram>(result);
}

TEST(Notation, Groups) {
  for (Group group : allGroups)
    EXPECT_EQ(parseGroup(groupName(group)), group);
  EXPECT_EQ(groupName(Group::Sp), "Sp");
  EXPECT_EQ(groupName(Group::SPrime), "S'");
  EXPECT_EQ(groupName(Group(Family::O, 1, 3)), "O(1,3)");
  EXPECT_EQ(parseGroup("SO(12,3)"), Group(Family::SO, 12, 3));
  for (const char *text :
       {"", "s", "sp", "SP", "So", "S ", "U", "'", "S''", "B(3)", "O(3)",
        "O(1,3", "O(1, 3)", "O(01,3)", "O(0,3)", "O(3,0)", "O(1,3) ", "Sp(1,3)",
        "O(9223372036854775807,1)"})
    EXPECT_EQ(parseGroup(text), std::nullopt) << text;
}

TEST(Notation, Examples) {
  Diagram d = read("o1 i1 | o2 i2", 2, 2);
  EXPECT_EQ(d.block, (std::vector<int>{0, 1, 0, 1}));
  EXPECT_EQ(d.free, -1);
  Diagram cross = read("* o1 i1 i2", 1, 2);
  EXPECT_EQ(cross.block, (std::vector<int>{0, 0, 0}));
  EXPECT_EQ(cross.free, 0);
  EXPECT_EQ(toString(read("1", 0, 0)), "1");
  EXPECT_EQ(vertexName(2, 1), "o2");
  EXPECT_EQ(vertexName(2, 2), "i1");
}

TEST(Notation, OrderNeverMatters) {
  EXPECT_EQ(read("i2 i1", 0, 2), read("i1 i2", 0, 2));
  EXPECT_EQ(read("i2 o2|i1 o1", 2, 2), read("o1 i1 | o2 i2", 2, 2));
  EXPECT_EQ(read("*i2 i1 o1", 1, 2), read("* o1 i1 i2", 1, 2));
  EXPECT_EQ(read("* i3 i2 | i1 o1", 1, 3), read("o1 i1 | * i2 i3", 1, 3));
  EXPECT_EQ(toString(read("* i3 i2 | i1 o1", 1, 3)), "o1 i1 | * i2 i3");
  EXPECT_EQ(toString(read("  o1\ti1\n|o2   i2 ", 2, 2)), "o1 i1 | o2 i2");
  EXPECT_EQ(toString(read(" 1 ", 0, 0)), "1");
}

TEST(Notation, Errors) {
  struct Case {
    const char *text;
    int l, k;
    size_t offset, length;
    const char *message;
  };
  const char *one = "'1' is the diagram without vertices, but here l + k = ";
  std::string oneOf3 = std::string(one) + "3";
  const Case cases[] = {
      {"", 1, 1, 0, 0, "empty diagram"},
      {"  ", 1, 1, 0, 2, "empty diagram"},
      {"", 0, 0, 0, 0,
       "empty diagram; the diagram without vertices is written '1'"},
      {"1", 1, 2, 0, 1, oneOf3.c_str()},
      {"o1 i1 | 1", 1, 2, 8, 1, oneOf3.c_str()},
      {"1 1", 0, 0, 2, 1,
       "nothing may follow '1', the diagram without vertices"},
      {"1 | o1", 0, 0, 2, 1,
       "nothing may follow '1', the diagram without vertices"},
      {"o1", 0, 0, 0, 2, "unknown vertex 'o1': there are no outputs"},
      {"o1 o2 | i1", 1, 1, 3, 2, "unknown vertex 'o2': the only output is o1"},
      {"o1 i1 | i4", 1, 3, 8, 2,
       "unknown vertex 'i4': the inputs are i1 to i3"},
      {"o1 | i99999999999999999999", 1, 1, 5, 21,
       "unknown vertex 'i99999999999999999999': the only input is i1"},
      {"o1 i1 o1", 1, 1, 6, 2, "vertex 'o1' appears twice"},
      {"o1 | i1 | o1", 1, 1, 10, 2, "vertex 'o1' appears twice"},
      {"o1", 1, 1, 0, 2, "vertex 'i1' is missing"},
      {"o3 | i1", 3, 1, 0, 7, "vertex 'o1' is missing"},
      {"| o1", 1, 0, 0, 1, "empty block"},
      {"o1 || i1", 1, 1, 4, 1, "empty block"},
      {"o1 | | i1", 1, 1, 5, 1, "empty block"},
      {"o1 |", 1, 0, 3, 1, "empty block"},
      {"*", 0, 0, 0, 1, "empty block"},
      {"* | * o1", 1, 0, 4, 1, "a second '*' block"},
      {"|", 0, 0, 0, 1, "empty block"},
      {"o1 * i1", 1, 1, 3, 1, "'*' stands before the vertices of its block"},
      {"** o1", 1, 0, 1, 1, "'*' stands before the vertices of its block"},
      {"* o1 | * i1", 1, 1, 7, 1, "a second '*' block"},
      {"o0", 1, 0, 0, 2, "expected a vertex such as 'o1' or 'i2', not 'o0'"},
      {"o01", 1, 0, 0, 3, "expected a vertex such as 'o1' or 'i2', not 'o01'"},
      {"o", 1, 0, 0, 1, "expected a vertex such as 'o1' or 'i2', not 'o'"},
      {"o-1", 1, 0, 0, 3, "expected a vertex such as 'o1' or 'i2', not 'o-1'"},
      {"o1i1", 1, 1, 0, 4,
       "expected a vertex such as 'o1' or 'i2', not 'o1i1'"},
      {"o1, i1", 1, 1, 0, 3,
       "expected a vertex such as 'o1' or 'i2', not 'o1,'"},
      {"O1", 1, 0, 0, 2, "expected a vertex such as 'o1' or 'i2', not 'O1'"},
      {"~o1", 1, 0, 0, 1, "expected a vertex such as 'o1' or 'i2', not '~'"},
      {"-", 0, 0, 0, 1, "expected a vertex such as 'o1' or 'i2', not '-'"},
      {"o1 \x01z", 1, 0, 3, 2,
       "expected a vertex such as 'o1' or 'i2', not '\\x01z'"},
      // Cut before the character that would not fit, not inside it.
      {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9z", 1, 0, 0, 34,
       "expected a vertex such as 'o1' or 'i2', not "
       "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'"},
  };
  for (const Case &c : cases) {
    std::variant<Diagram, DiagramError> result = parseDiagram(c.text, c.l, c.k);
    ASSERT_TRUE(std::holds_alternative<DiagramError>(result)) << c.text;
    const DiagramError &error = std::get<DiagramError>(result);
    EXPECT_EQ(error.message, c.message) << c.text;
    EXPECT_EQ(error.offset, c.offset) << c.text;
    EXPECT_EQ(error.length, c.length) << c.text;
  }
}

TEST(Notation, AStarByItselfIsAHead) {
  for (const char *text : {"* | o1 i2 | i1", "i1 | i2 o1 | *", "i1|*|i2 o1"}) {
    const Diagram d = read(text, 1, 2);
    EXPECT_EQ(d.head, 0);
    EXPECT_EQ(d.free, -1);
    EXPECT_EQ(d.block, (std::vector<int>{0, 1, 0}));
    EXPECT_EQ(d.legs(), (std::vector<int>{0, 1}));
    EXPECT_EQ(toString(d), "* | o1 i2 | i1");
  }
}

TEST(Notation, HugeRowsCostNothing) {
  std::variant<Diagram, DiagramError> result =
      parseDiagram("i2147483647 o1", INT_MAX, INT_MAX);
  EXPECT_EQ(std::get<DiagramError>(result).message, "vertex 'o2' is missing");
}

TEST(Notation, PrintedDiagramsReadBack) {
  for (Group group : allGroups)
    for (int n : {2, 3, 4})
      for (int size = 0; size <= 6; ++size)
        for (int l = 0; l <= size; ++l)
          for (const Diagram &d : enumerateDiagrams(group, n, l, size - l))
            EXPECT_EQ(read(toString(d), l, size - l), d);
}

TEST(Notation, RandomDiagramsReadBack) {
  std::mt19937 rng(1);
  for (int repeat = 0; repeat < 2000; ++repeat) {
    int l = int(rng() % 15), k = int(rng() % 15);
    int kinds = 1 + int(rng() % 12);
    std::vector<int> labels(l + k);
    for (int &label : labels)
      label = int(rng() % kinds);
    int freeLabel = -1;
    if (!labels.empty() && rng() % 2 == 0)
      freeLabel = labels[rng() % labels.size()];
    Diagram d = makeDiagram(l, k, labels, freeLabel);
    EXPECT_EQ(read(toString(d), l, k), d);

    // Again with blocks, vertices and spaces shuffled.
    if (labels.empty())
      continue;
    std::vector<std::vector<int>> blocks = d.blocks();
    std::vector<int> order(blocks.size());
    for (size_t b = 0; b < order.size(); ++b)
      order[b] = int(b);
    std::shuffle(order.begin(), order.end(), rng);
    std::string text;
    for (int b : order) {
      text += text.empty() ? "" : "|";
      text.append(rng() % 3, ' ');
      text += b == d.free ? "*" : "";
      std::shuffle(blocks[b].begin(), blocks[b].end(), rng);
      for (int v : blocks[b])
        text += vertexName(l, v) + std::string(1 + rng() % 2, ' ');
    }
    EXPECT_EQ(read(text, l, k), d) << text;
  }
}

TEST(Notation, RandomTextNeverBreaksTheReader) {
  std::mt19937 rng(2);
  const std::string alphabet = "oi12|* ~0";
  int readable = 0;
  for (int repeat = 0; repeat < 100000; ++repeat) {
    std::string text;
    for (size_t size = rng() % 12; size > 0; --size)
      text += alphabet[rng() % alphabet.size()];
    std::variant<Diagram, DiagramError> result = parseDiagram(text, 1, 1);
    if (const auto *error = std::get_if<DiagramError>(&result)) {
      EXPECT_LE(error->offset + error->length, text.size());
      EXPECT_FALSE(error->message.empty());
    } else {
      ++readable;
      EXPECT_EQ(std::get<Diagram>(result).block.size(), 2u);
    }
  }
  EXPECT_GT(readable, 0);
}

TEST(Notation, WhyNotOfGroup) {
  auto why = [](const char *text, int l, int k, Group group, long long n) {
    return whyNotOfGroup(read(text, l, k), group, n);
  };
  EXPECT_EQ(why("o1 | o2 | i1", 2, 1, Group::S, 1), "");
  EXPECT_EQ(why("1", 0, 0, Group::SO, 3), "");
  EXPECT_EQ(why("o1 i1", 1, 1, Group::Sp, -1), "");
  EXPECT_EQ(why("* o1 i1 i2", 1, 2, Group::SO, 3), "");
  EXPECT_EQ(why("* o1 | i1 i2", 1, 2, Group::SO, 1), "");
  EXPECT_EQ(why("* o1 i1", 1, 1, Group::S, 2),
            "only SO has diagrams with a '*' block");
  EXPECT_EQ(why("* o1 i1", 1, 1, Group::O, 2),
            "only SO has diagrams with a '*' block");
  EXPECT_EQ(why("o1 | o2 i1", 2, 1, Group::O, 3),
            "a diagram of O(3) joins its vertices in pairs, but the block "
            "'o1' has 1");
  EXPECT_EQ(why("o1 i1 i2 | o2", 2, 2, Group::Sp, -1),
            "a diagram of Sp(n) joins its vertices in pairs, but the block "
            "'o1 i1 i2' has 3");
  EXPECT_EQ(why("* o1 i1", 1, 1, Group::SO, 3),
            "the '*' block of a diagram of SO(3) has 3 vertices, but 'o1 i1' "
            "has 2");
  EXPECT_EQ(why("* o1 i1", 1, 1, Group::SO, 1),
            "the '*' block of a diagram of SO(1) has 1 vertex, but 'o1 i1' "
            "has 2");
  EXPECT_EQ(why("* o1 i1 | i2", 1, 2, Group::SO, 2),
            "a diagram of SO(2) joins its vertices in pairs, but the block "
            "'i2' has 1");
}

TEST(Notation, BottomOnlyBlocks) {
  EXPECT_EQ(read("o1 i1 | o2 | i2 | i3 i4", 2, 4).numBottomOnlyBlocks(), 2);
  EXPECT_EQ(read("* i1 i2 | i3 i4", 0, 4).numBottomOnlyBlocks(), 1);
  EXPECT_EQ(read("* o1 i2 | i3 i1", 1, 3).numBottomOnlyBlocks(), 1);
  EXPECT_EQ(read("1", 0, 0).numBottomOnlyBlocks(), 0);
}

TEST(Notation, MakeDiagramRenumbers) {
  Diagram d = makeDiagram(2, 2, {7, -3, 7, 0}, 0);
  EXPECT_EQ(d.block, (std::vector<int>{0, 1, 0, 2}));
  EXPECT_EQ(d.free, 2);
  EXPECT_EQ(d.freeVertices(), (std::vector<int>{3}));
  EXPECT_EQ(d.numBlocks(), 3);
  EXPECT_EQ(makeDiagram(1, 1, {0, 0}, 5).free, -1);
}

} // namespace
