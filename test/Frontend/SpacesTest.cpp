//===- SpacesTest.cpp - Spaces and the axes of layers ---------------------===//
//
// What is accepted and what becomes of it, and the exact place and words of
// every error about spaces.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include "compiler/Frontend/Print.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

const std::vector<ErrorCase> &eqc::test::spaceErrorCases() {
  static const std::vector<ErrorCase> cases = {
      // Declarations.
      {"space a = S(3)", {"1:1: no layer declared [E0001]"}},
      {"space = S(3)\nlayer f { k = 0; l = 0 }",
       {"1:7: expected a space name, found '=' [E0016]"}},
      {"space a S(3)\nlayer f { k = 0; l = 0 }",
       {"1:9: expected '=' after the space's name, found 'S' [E0006]"}},
      {"space a = S\nlayer f { k = a; l = 0 }",
       {"1:11: a space needs the size of its group [E0072]"}},
      {"space a = 3\nlayer f { k = a; l = 0 }",
       {"1:11: 'space' takes 'S', 'O', 'SO', 'Sp', 'H', 'S'', 'B', 'B'', "
        "'GL', 'A', 'Perm' or 'Graph', "
        "found an integer '3' [E0013]"}},
      {"space a = SL(3)\nlayer f { k = a; l = a }",
       {"1:11: unknown group 'SL' [E0030]"}},
      {"space a = S(0)\nlayer f { k = a; l = a }",
       {"1:13: 'n' must be at least 1, found '0' [E0020]"}},
      {"space a = Sp(3)\nlayer f { k = a; l = a }",
       {"1:14: Sp(n) needs n to be even, found 3 [E0032]"}},
      {"space a = SO(?)\nlayer f { k = a; l = a }",
       {"1:14: group 'SO' needs a fixed n [E0033]"}},
      {"space a = S(1,3)\nlayer f { k = a; l = a }",
       {"1:13: group 'S' takes a size in parentheses, found 2 values "
        "[E0022]"}},
      {"space i1 = S(3)\nlayer f { k = i1; l = i1 }",
       {"1:7: space name 'i1' is that of a vertex [E0072]"}},
      {"space int = S(3)\nlayer f { k = 0; l = 0 }",
       {"1:7: space name 'int' is a keyword of C or C++ [E0017]"}},
      {"space a' = S(3)\nlayer f { k = 0; l = 0 }",
       {"1:7: space name 'a'' has an apostrophe [E0016]"}},
      {"space a = S(3)\nspace a = S(4)\nlayer f { k = a; l = 0 }",
       {"2:7: space 'a' is declared more than once [E0018]"}},
      {"space a = S(3)\nlayer a { k = a; l = 0 }",
       {"2:7: layer 'a' has the name of a space [E0018]"}},
      // Sums.
      {"space a = S(3)\nspace c = a + carbon\nlayer f { k = c; l = c }",
       {"2:15: unknown space 'carbon' [E0070]"}},
      {"space c = a + x + y\nspace a = S(3)\nlayer f { k = c; l = c }",
       {"1:15: unknown space 'x' [E0070]", "1:19: unknown space 'y' [E0070]"}},
      {"space a = S(3)\nspace b = a\nlayer f { k = b; l = b }",
       {"2:11: a sum has at least two summands, found 'a' alone [E0072]"}},
      {"space a = S(3)\nspace b = a + a\nspace c = a + b\n"
       "layer f { k = c; l = c }",
       {"3:15: summand 'b' is a sum itself [E0072]"}},
      {"space c = c + c\nlayer f { k = c; l = c }",
       {"1:11: summand 'c' is a sum itself [E0072]",
        "1:15: summand 'c' is a sum itself [E0072]"}},
      {"space V = GL(3)\nspace c = V + V'\nlayer f { k = c; l = c }",
       {"2:15: a summand is no dual space [E0072]"}},
      {"space a = S(3)\nspace c = a + 3\nlayer f { k = a; l = a }",
       {"2:15: expected the name of a space after '+', found an integer '3' "
        "[E0006]"}},
      {"space a = Perm(2, \"(0 1)\")\nspace g = Graph(2, \"0-1\")\n"
       "space c = a + g\nlayer f { k = c; l = c }",
       {"4:15: axes of several spaces of Perm and Graph, 'a' and 'g', are not "
        "built yet [E0074]"}},
      {[] {
         std::string text = "space a = S(3)\nspace c = a";
         for (int i = 0; i < 16; ++i)
           text += " + a";
         return text + "\nlayer f { k = c; l = c }";
       }(),
       {"2:11: the sum has 17 summands, the limit is 16 [E0099]"},
       4},
      {"space a = S(3)\nspace b = O(3)\nspace c = a + b\n"
       "layer f { k = c'; l = c }",
       {"4:15: space 'c' is its own dual [E0073]"}},
      {"space a = S(3)\nspace b = GL(3)\nspace c = a + b\n"
       "layer f { k = c'; l = c }",
       {"4:15: axes of the dual of a sum are not built yet where summands are "
        "their own duals [E0074]"}},
      {"space a = S(2)\nspace b = A(3)\nspace c = a + b\n"
       "layer f { k = c * c; l = 0; channels = 2 }",
       {"4:15: jellyfish, such as '* | i1 | i2', are not built yet in layers "
        "of two inputs [E0074]"}},
      {"space a = S(3)\nspace b = O(3)\nspace c = a + b\nspace d = a + a\n"
       "layer f { k = c d; l = c; in_symmetry = [\"(1 2)\"] }",
       {"5:42: the permutation takes axis 1, of 'c', to axis 2, of 'd' "
        "[E0038]"}},
      {"space a = O(3)\nspace b = O(2)\nspace c = a + b\n"
       "layer f { k = c; l = 0 }",
       {"4:15: O(n) has no equivariant maps when k + l is odd (k + l = 1) on "
        "the 1 axis of 'a', nor are there any in other summands [E0031]"}},
      {"space a = SO(2)\nspace b = SO(2)\nspace c = a + b\n"
       "layer f { k = c c; l = c c }",
       {"4:15: diagrams with symbols, '*', of several spaces, 'a' and 'b', are "
        "not built yet [E0074]"}},
      {"space a = S(3)\nspace b = S(2)\nspace c = a + b\n"
       "layer f { k = c; l = c; diagrams = [\"o1 i1\", \"o1:a | i1:d\",\n"
       "\"o1:a i1:b\", \"o1:a | i1:b\", \"i1:b | o1:a\"] }",
       {"4:38: vertex 'o1' must name its summand of 'c', one of 'a', 'b' "
        "[E0042]",
        "4:54: 'd' is no summand of 'c', which has 'a', 'b' [E0042]",
        "5:1: the block 'o1 i1' joins axes of two spaces, 'a' and 'b' [E0043]",
        "5:29: diagram 'o1:a | i1:b' is listed more than once [E0041]"}},
      {"space a = S(3)\nspace c = a + a\n"
       "layer f { k = c; l = c; diagrams = [\"o1:a i1:a\"] }",
       {"3:36: diagrams on 'c' cannot be listed: 'a', by which vertices would "
        "name their summand, stands twice in it [E0042]"}},
      {"space a = S(3);\nlayer f { k = a; l = a }",
       {"1:15: expected 'layer', 'space' or 'network', found ';' [E0006]"}},
      // Axes.
      {"space users = S(3)\nlayer f { k = user; l = users }",
       {"2:15: unknown space 'user' [E0070]"}},
      {"layer f { k = a b; l = c }",
       {"1:15: unknown space 'a' [E0070]", "1:17: unknown space 'b' [E0070]",
        "1:24: unknown space 'c' [E0070]"}},
      {"space a = S(3)\nlayer f { group = S; n = 3; k = a; l = a }",
       {"2:11: a layer whose axes are those of spaces has no field 'group' "
        "[E0071]",
        "2:22: a layer whose axes are those of spaces has no field 'n' "
        "[E0071]"}},
      {"space a = S(3)\nlayer f { k = a; l = 1 }",
       {"2:22: 'l' counts axes, but the others are those of spaces [E0071]"}},
      {"space a = S(3)\nlayer f { k = a' a; l = a }",
       {"2:15: space 'a' is its own dual [E0073]"}},
      // Axes of duals.
      {"space V = GL(3)\nlayer f { k = V V'; l = V V }",
       {"2:15: GL(n) has equivariant maps only where there are as many outputs "
        "V and inputs V' as there are outputs V' and inputs V, not 3 and 1 "
        "[E0031]"}},
      {"space V = GL(?)\nspace a = S(3)\nlayer f { k = a V; l = a W' }",
       {"3:26: unknown space 'W' [E0070]"}},
      {"space a = S(3)\nspace V = GL(3)\nlayer f { k = a V; l = a V' }",
       {"3:15: GL(n) has equivariant maps only where there are as many outputs "
        "V and inputs V' as there are outputs V' and inputs V, not 0 and 2 on "
        "the 2 axes of 'V' [E0031]"}},
      {"layer f { group = GL; n = 3; k = 2; l = 1 }",
       {"1:19: GL(n) has equivariant maps only where there are as many outputs "
        "V and inputs V' as there are outputs V' and inputs V, not 1 and 2 "
        "[E0031]"}},
      {"space V = GL(3)\nlayer f { k = V V'; l = V V'; bias = true\n"
       "diagrams = [\"o1 i1 | o2 i2\", \"o1 i2 | o2 i1\"] }",
       {"3:30: a diagram of GL(3) joins an output V or an input V' with an "
        "output V' or an input V, but the block 'o1 i2' joins two of the "
        "former [E0043]"}},
      {"space a = S(2)\nspace V = GL(3)\nlayer f { k = a V V'; l = 0\n"
       "diagrams = [\"i1 i2 | i3\", \"i1 | i2 | i3\"] }",
       {"4:13: the block 'i1 i2' joins axes of two spaces, 'a' and 'V' "
        "[E0043]",
        "4:27: a diagram of GL(3) joins its vertices in pairs, but the block "
        "'i2' has 1 [E0043]"}},
      {"space V = GL(3)\nlayer f { k = V; l = V; bias = true }",
       {"2:32: group 'GL' has no (l,0)-diagram, so the bias could only be zero "
        "[E0035]"}},
      {"space V = GL(?)\nlayer f { k = V V'; l = 0; diagrams = basis }",
       {"2:39: 'diagrams = basis' needs a fixed n [E0034]"}},
      {"space V = GL(3)\nlayer f { k = V 'V; l = V }",
       {"2:17: unexpected single quote [E0002]"}},
      {"space V' = GL(3)\nlayer f { k = 0; l = 0 }",
       {"1:7: space name 'V'' has an apostrophe [E0016]"}},
      {"space V = GL(1, 2)\nlayer f { k = V; l = V }",
       {"1:14: group 'GL' takes a size in parentheses, found 2 values "
        "[E0022]"}},
      {"space V = GL(3)\nlayer f { k = V V'; l = V V' }\n"
       "network net {\n  input x : V V, 1\n  output y = f(x)\n}",
       {"5:16: layer 'f' takes axes V V' and 1 channel, but this value has "
        "axes V V and 1 channel [E0083]"}},
      {"space a = S(3)\nspace b = S(?)\n"
       "layer f { k = a b; l = a; diagrams = basis }",
       {"3:38: 'diagrams = basis' needs a fixed n [E0034]"}},
      {"layer f { k = 2; l = 2 }",
       {"1:7: layer 'f' lacks the required fields 'group', 'n' [E0012]"}},
      // What the spaces mean together.
      {"space a = S(3)\nspace v = O(3)\nlayer f { k = a v; l = a }",
       {"3:15: O(n) has no equivariant maps when k + l is odd (k + l = 1) on "
        "the 1 axis of 'v' [E0031]"}},
      {"space a = S(3)\nspace v = O(3)\n"
       "layer f { k = a v; l = a v; bias = true }",
       {"3:36: group 'a:S v:O' has no (l,0)-diagram, so the bias could only "
        "be zero [E0035]"}},
      {"space a = S(3)\nspace b = S(3)\n"
       "layer f { k = a b; l = a b; diagrams = [\"o1 i2 | o2 i1\"] }",
       {"3:41: the block 'o1 i2' joins axes of two spaces, 'a' and 'b' "
        "[E0043]"}},
      {"space a = S(3)\nspace b = O(3)\n"
       "layer f { k = a b; l = a b; diagrams = [\"o1 i1 | o2 | i2\"] }",
       {"3:41: a diagram of O(3) joins its vertices in pairs, but the block "
        "'o2' has 1 [E0043]"}},
      {"space a = SO(2)\nspace b = SO(2)\nlayer f { k = a b; l = a b }",
       {"3:15: diagrams with symbols, '*', of several spaces, 'a' and 'b', are "
        "not built yet [E0074]"}},
      {"space a = A(2)\nspace b = SO(2)\nlayer f { k = a b; l = a b }",
       {"3:15: diagrams with symbols, '*', of several spaces, 'a' and 'b', are "
        "not built yet [E0074]"}},
      {"space a = A(2)\nspace b = A(3)\nlayer f { k = a b; l = a b; "
       "diagrams = [\"* | o1 | i1 | o2 i2\"] }",
       {"3:41: jellyfish beside several spaces of A are not built yet "
        "[E0074]"}},
      {"space a = S(2)\nspace b = A(5)\nlayer f { k = a b b; l = a b; "
       "diagrams = [\"* | o1 i1 | o2 | i2 | i3\"] }",
       {"3:43: a jellyfish of A(5) has 4 or 5 blocks, but this one has 3 "
        "[E0043]"}},
      {"space a = S(2097152)\nspace b = S(2097152)\nspace c = S(4194304)\n"
       "layer f { k = a b c; l = a }",
       {"4:15: the lengths of k, the number of elements of 'x', is above 2^63 "
        "- 1 [E0092]"},
       4},
      {"space a = S(20)\nspace b = S(20)\n"
       "layer f { k = a a a a b b b b; l = a a b b }",
       {"3:15: the layer has 41209 diagrams, the limit is 32768 [E0091]"},
       4},
      {[] {
         std::string text;
         for (int i = 0; i < 17; ++i)
           text += "space s" + std::to_string(i) + " = S(2)\n";
         text += "layer f { l = 0; k =";
         for (int i = 0; i < 17; ++i)
           text += " s" + std::to_string(i);
         return text + " }";
       }(),
       {"18:22: the axes are of 17 spaces, the limit is 16 [E0099]"},
       4},
      {"space x = S(2)\nspace forward = S(2)\n"
       "layer a { k = x forward; l = 0 }\nlayer a_N { k = x; l = x }",
       {"3:7: layers 'a_N' and 'a' would both define 'a_N_forward' [E0019]"}},
  };
  return cases;
}

TEST(Spaces, PlaceAndMessage) { expectErrors(spaceErrorCases()); }

static LayerSpec layerOf(const std::string &source) {
  Parsed parsed(source);
  EXPECT_EQ(parsed.text(), "");
  return parsed.result.layers.empty() ? LayerSpec()
                                      : parsed.result.layers.front();
}

TEST(Spaces, AreNumberedByTheirFirstAxes) {
  // Declared before and behind, in another order.
  const LayerSpec spec = layerOf("space items = S(3)\n"
                                 "layer f { k = items\n users; l = users }\n"
                                 "space users = S(2) space unused = O(7)");
  ASSERT_EQ(spec.spaces().size(), 2u);
  EXPECT_EQ(spec.spaces()[0].name, "users");
  EXPECT_EQ(spec.spaces()[1].name, "items");
  EXPECT_EQ(spec.yAxes, (std::vector<int>{0}));
  EXPECT_EQ(spec.xAxes, (std::vector<int>{1, 0}));
  EXPECT_EQ(lengthsOfInput(spec), (std::vector<int64_t>{3, 2}));
  ASSERT_EQ(spec.diagrams.size(), 2u);
  EXPECT_EQ(toString(spec.diagrams[0]), "o1 i2 | i1");
  EXPECT_EQ(toString(spec.diagrams[1]), "o1 | i1 | i2");
}

TEST(Spaces, OneSpaceIsTheLayerOfItsGroup) {
  const LayerSpec one =
      layerOf("space v = S(?)\nlayer f { k = v v; l = v; bias = true }");
  const LayerSpec plain =
      layerOf("layer f { group = S; n = ?; k = 2; l = 1; bias = true }");
  EXPECT_EQ(one.group, plain.group);
  EXPECT_EQ(one.n, -1);
  EXPECT_EQ(one.diagrams, plain.diagrams);
  EXPECT_EQ(one.biasDiagrams, plain.biasDiagrams);
  EXPECT_EQ(one.spaceName, "v");
}

TEST(Spaces, SizesOfCallsStandInTheOrderOfTheSpaces) {
  const LayerSpec spec = layerOf(
      "space a = S(?)\nspace b = O(3)\nspace c = Sp(?)\nspace d = a + b\n"
      "layer f { k = a c c; l = c c d }");
  EXPECT_EQ(spec.n, -1);
  EXPECT_EQ(spec.numSizes(), 2);
  EXPECT_EQ(spec.sizeNames(), (std::vector<std::string>{"c", "a"}));
  EXPECT_EQ(spacesWithSizes(spec.group), (std::vector<int>{0, 1}));
  EXPECT_FALSE(spec.mayBeRagged());
  const LayerSpec sized = atSizes(spec, {4, 7});
  EXPECT_EQ(sized.n, 0);
  EXPECT_EQ(lengthsOfInput(sized), (std::vector<int64_t>{7, 4, 4}));
  EXPECT_EQ(lengthsOfOutput(sized), (std::vector<int64_t>{4, 4, 10}));
  EXPECT_EQ(sized.diagrams, spec.diagrams);
}

TEST(Spaces, WithoutAxesThereIsNone) {
  const LayerSpec spec = layerOf("layer f { k = 0; l = 0; channels = 2 -> 3 }");
  EXPECT_TRUE(spec.typed);
  EXPECT_TRUE(spec.spaces().empty());
  ASSERT_EQ(spec.diagrams.size(), 1u);
  EXPECT_EQ(toString(spec.diagrams.front()), "1");
}

TEST(Spaces, ListsAndBasesAreOfProducts) {
  const LayerSpec list =
      layerOf("space a = S(2)\nspace b = O(3)\nlayer f { k = a b; l = b a; "
              "diagrams = [\"i1 | o1 i2 | o2\", \"o2 i1 | i2 o1\"] }");
  ASSERT_EQ(list.diagrams.size(), 2u);
  EXPECT_EQ(toTypedString(list.diagrams[0]), "o1:0 i2:0 | o2:1 | i1:1");
  const LayerSpec basis =
      layerOf("space a = S(1)\nspace b = S(2)\nlayer f { k = a b b; l = a b; "
              "diagrams = basis }");
  EXPECT_EQ(basis.diagrams.size(), 1u * 4u);
}

TEST(Spaces, AxesMayBeOfDuals) {
  const LayerSpec one =
      layerOf("space V = GL(3)\nlayer f { k = V V' V; l = V; bias = false }");
  EXPECT_EQ(one.spaceName, "V");
  EXPECT_TRUE(one.yAxes.empty());
  EXPECT_EQ(one.yDuals, (std::vector<bool>{false}));
  EXPECT_EQ(one.xDuals, (std::vector<bool>{false, true, false}));
  ASSERT_EQ(one.diagrams.size(), 2u);
  EXPECT_EQ(toTypedString(one.diagrams[0]), "o1 i1 | i2' i3");
  EXPECT_EQ(toTypedString(one.diagrams[1]), "o1 i3 | i1 i2'");
  // Of the bias the outputs alone count.
  const LayerSpec biased =
      layerOf("space V = GL(?)\nspace a = S(2)\n"
              "layer f { k = V' V; l = V V'; bias = true }");
  ASSERT_EQ(biased.biasDiagrams.size(), 1u);
  EXPECT_EQ(toTypedString(biased.biasDiagrams[0]), "o1 o2'");
  const LayerSpec product =
      layerOf("space a = S(2)\nspace V = GL(2)\n"
              "layer f { k = a V a; l = a V; bias = false; diagrams = basis }");
  EXPECT_TRUE(product.xDuals.empty());
  EXPECT_EQ(product.diagrams.size(), 4u);
  const LayerSpec plain =
      layerOf("layer f { group = GL; n = ?; k = 3; l = 3 }");
  EXPECT_EQ(plain.diagrams.size(), 6u);
  EXPECT_TRUE(plain.duals().empty());
}

TEST(Spaces, PrintAsTheyAreRead) {
  for (const char *source :
       {"space V = GL(?)\nlayer f { k = V V' V; l = V }",
        "space V = GL(2)\nspace a = S(3)\nlayer f { k = V' a * V V; l = a V; "
        "channels = 2 }",
        "space users = S(2)\nspace p = O(1,3)\nlayer f { k = p users; l = p }",
        "space users = S(?)\nlayer f { k = users users; l = 0 }",
        "layer f { k = 0; l = 0 }",
        "space a = S'(2)\nspace b = Sp(4)\nlayer f { k = a b; l = b a; "
        "diagrams = [\"o2 i1 | o1 i2\"] }"}) {
    const LayerSpec spec = layerOf(source);
    const std::string text = toSource(spec);
    EXPECT_EQ(toSource(layerOf(text)), text);
    EXPECT_EQ(layerOf(text).diagrams, spec.diagrams) << text;
  }
}

TEST(Spaces, SumsAreNumberedBehindSpaces) {
  const LayerSpec spec = layerOf("space atoms = carbon + oxygen\n"
                                 "space metals = iron + carbon\n"
                                 "layer f { k = metals xyz; l = xyz atoms }\n"
                                 "space carbon = S(2) space oxygen = S(3)\n"
                                 "space iron = S(4) space xyz = O(3)\n");
  const std::vector<Space> spaces = spec.spaces();
  ASSERT_EQ(spaces.size(), 4u);
  EXPECT_EQ(spaces[0].name, "xyz");
  EXPECT_EQ(spaces[1].name, "carbon");
  EXPECT_EQ(spaces[2].name, "oxygen");
  EXPECT_EQ(spaces[3].name, "iron");
  ASSERT_EQ(spec.group.sums().size(), 2u);
  EXPECT_EQ(spec.group.sums()[0], (SpaceSum{"atoms", {1, 2}}));
  EXPECT_EQ(spec.group.sums()[1], (SpaceSum{"metals", {3, 1}}));
  EXPECT_EQ(spec.yAxes, (std::vector<int>{0, 4}));
  EXPECT_EQ(spec.xAxes, (std::vector<int>{5, 0}));
  EXPECT_EQ(lengthsOfOutput(spec), (std::vector<int64_t>{3, 5}));
  EXPECT_EQ(lengthsOfInput(spec), (std::vector<int64_t>{6, 3}));
  // What is printed is read as the same.
  const LayerSpec again = layerOf(toSource(spec));
  EXPECT_EQ(again.group, spec.group);
  EXPECT_EQ(again.diagrams, spec.diagrams);
}

TEST(Spaces, ListsNameSummands) {
  const LayerSpec spec =
      layerOf("space a = S(3) space b = O(2) space c = a + b\n"
              "layer f { k = c; l = c; bias = true\n"
              "diagrams = [\"i1:b o1:b\", \"o1:a | i1:a\"] }");
  ASSERT_EQ(spec.diagrams.size(), 2u);
  EXPECT_EQ(toString(spec.diagrams[0], spec.group), "o1:b i1:b");
  EXPECT_EQ(toString(spec.diagrams[1], spec.group), "o1:a | i1:a");
  ASSERT_EQ(spec.biasDiagrams.size(), 1u); // O has none
  EXPECT_EQ(toString(spec.biasDiagrams[0], spec.group), "o1:a");
  EXPECT_NE(toSource(spec).find("diagrams = [\"o1:b i1:b\", \"o1:a | i1:a\"]"),
            std::string::npos);
}
