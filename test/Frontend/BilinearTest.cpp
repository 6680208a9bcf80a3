//===- BilinearTest.cpp - Layers of two inputs ----------------------------===//
//
// What is accepted and what becomes of it, and the exact place and words of
// every error about two inputs.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include "compiler/Frontend/Print.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

const std::vector<ErrorCase> &eqc::test::bilinearErrorCases() {
  static const std::vector<ErrorCase> cases = {
      {"layer f { group = S; n = 3; k = 1 * 1 * 1; l = 1; channels = 4 }",
       {"1:41: layers have at most two inputs, found 3 [E0036]"}},
      {"layer f { group = S; n = 3; k = 1 * 1; l = 1 }",
       {"1:7: layer 'f' lacks the required field 'channels' [E0012]"}},
      {"layer f { group = S; n = 3; k = 1 * 1; l = 1; channels = 4 -> 4 }",
       {"1:58: 'channels' of two inputs takes an integer, for weights on each "
        "channel, or a pair such as '16 * 16 -> 32', found a pair with '->' "
        "[E0036]"}},
      {"layer f { group = S; n = 3; k = 1; l = 1; channels = 4 * 4 -> 4 }",
       {"1:54: 'channels' with '*' is for layers of two inputs [E0036]"}},
      {"layer f { group = S; n = 3; k = 1; l = 1; channels = 4 }",
       {"1:54: 'channels' takes a pair such as '16 -> 32', found an integer "
        "'4' [E0013]"}},
      {"layer f { group = S; n = 3; k = 1; l = 1; diagrams = connected }",
       {"1:54: 'diagrams = connected' is for layers of two inputs [E0036]"}},
      {"layer f { group = S; n = 3; k = 1 * 0; l = 1; channels = 1; diagrams = "
       "connected }",
       {"1:72: no diagram joins x and z [E0031]"}},
      {"layer f { group = S; n = 3; k = 1 * 1; l = 1; channels = 1; quadratic "
       "= "
       "true }",
       {"1:73: quadratic layers are not built yet [E0074]"}},
      {"layer f { group = S; n = 3; k = 1 * -1; l = 1; channels = 1 }",
       {"1:37: 'k' must be at least 0, found '-1' [E0020]"}},
      {"layer f { group = S; n = 3; k = 1 * 1; l = 1 * 1; channels = 1 }",
       {"1:44: 'l' takes an integer, found a product [E0013]"}},
      {"layer f { group = S; n = 3; k = 1 *; l = 1; channels = 1 }",
       {"1:36: expected a value for 'k', found ';' [E0006]"}},
      {"layer f { group = O; n = 3; k = 1 * 1; l = 1; channels = 1 }",
       {"1:19: O(n) has no equivariant maps when k + l is odd (k + l = 3) "
        "[E0031]"}},
      {"space a = S(3)\nlayer f { k = a * b; l = a; channels = 1 }",
       {"2:19: unknown space 'b' [E0070]"}},
      {"layer f { group = S; n = 3; k = 1 * 1; l = 1; channels = 1024 * 1024 "
       "-> "
       "1024 }",
       {"1:58: the weights, diagrams * c1 * c2 * c3, are above the limit of "
        "2^28 for two inputs [E0093]"},
       4},
      {"layer f { group = S; n = 3; k = 1 * 1; l = 1; channels = 1\n"
       "diagrams = [\"o1 i1\"] }",
       {"2:14: vertex 'i2' is missing [E0042]"}},
  };
  return cases;
}

TEST(Bilinear, ErrorsAreLocated) { expectErrors(bilinearErrorCases()); }

static LayerSpec onlyLayer(const std::string &source) {
  Parsed parsed(source);
  EXPECT_EQ(parsed.text(), "");
  return parsed.result.layers.empty() ? LayerSpec()
                                      : parsed.result.layers.front();
}

TEST(Bilinear, OrdersAndChannels) {
  const LayerSpec full = onlyLayer(
      "layer f { group = S; n = 3; k = 2 * 1; l = 1; channels = 2 * 3 -> 4 }");
  EXPECT_EQ(full.k, 3);
  EXPECT_EQ(full.k1(), 2);
  EXPECT_EQ(full.k2, 1);
  EXPECT_EQ(full.cIn, 2);
  EXPECT_EQ(full.cIn2, 3);
  EXPECT_EQ(full.cOut, 4);
  EXPECT_FALSE(full.depthwise);
  EXPECT_EQ(full.weightsOfDiagram(), 24);
  const LayerSpec each = onlyLayer(
      "layer f { group = S; n = ?; k = 0 * 2; l = 0; channels = 5; bias = "
      "true }");
  EXPECT_TRUE(each.depthwise);
  EXPECT_EQ(each.k1(), 0);
  EXPECT_EQ(each.cIn2, 5);
  EXPECT_EQ(each.weightsOfDiagram(), 5);
  EXPECT_EQ(each.biasDiagrams.size(), 1u);
}

TEST(Bilinear, ConnectedDiagramsJoinBothInputs) {
  const LayerSpec layer = onlyLayer(
      "layer f { group = S; n = ?; k = 2 * 2; l = 2; channels = 1; diagrams = "
      "connected; bias = true }");
  EXPECT_EQ(layer.diagrams.size(), 133u);
  EXPECT_EQ(layer.biasDiagrams.size(), 2u);
}

TEST(Bilinear, AxesOfSpaces) {
  const LayerSpec layer =
      onlyLayer("space a = S(3)\nspace b = O(2)\n"
                "layer f { k = a b * b; l = a; channels = 2 }");
  EXPECT_EQ(layer.k, 3);
  EXPECT_EQ(layer.k2, 1);
  EXPECT_EQ(layer.yAxes, std::vector<int>({0}));
  EXPECT_EQ(layer.xAxes, std::vector<int>({0, 1, 1}));
}

TEST(Bilinear, PrintsWhatItReads) {
  for (const char *source :
       {"layer f { group = S; n = ?; k = 2 * 1; l = 1; channels = 2 * 3 -> 4 }",
        "layer f { group = Sp; n = 4; k = 1 * 1; l = 2; channels = 7; diagrams "
        "= connected }",
        "space a = S(3)\nspace b = S(2)\nlayer f { k = a b * 0; l = a; "
        "channels "
        "= 2 }"}) {
    const std::string printed = toSource(onlyLayer(source));
    EXPECT_EQ(toSource(onlyLayer(printed)), printed);
  }
}
