//===- SymmetryTest.cpp - Axes with a symmetry in the language ------------===//
//
// What is accepted and what becomes of it, and the exact place and words of
// every error about symmetries.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include "compiler/Frontend/Print.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

const std::vector<ErrorCase> &eqc::test::symmetryErrorCases() {
  static const std::vector<ErrorCase> cases = {
      // The permutations.
      {"layer f { group = S; n = 3; k = 2; l = 2\n"
       "in_symmetry = \"(1 2)\" }",
       {"2:15: 'in_symmetry' takes a list of strings such as [\"(1 2)\"] "
        "[E0013]"}},
      {"layer f { group = S; n = 3; k = 2; l = 2\nout_symmetry = [1] }",
       {"2:17: 'out_symmetry' takes strings such as \"(1 2)\" in its list, "
        "found an integer '1' [E0013]"}},
      {"layer f { group = S; n = 3; k = 2; l = 2\nin_symmetry = [\"(1 3)\"] }",
       {"2:20: there is no axis 3: axes are 1 to 2 [E0037]"}},
      {"layer f { group = S; n = 3; k = 2; l = 2\n"
       "in_symmetry = [\"-(1 2)(2)\", \"(1 x)\"]\nout_symmetry = [\"\"] }",
       {"2:24: axis 2 stands in cycles twice [E0037]",
        "2:33: expected the number of an axis, found 'x' [E0037]",
        "3:18: expected cycles of axes such as '(1 2)', found nothing "
        "[E0037]"}},
      {"layer f { group = S; n = 3; k = 0; l = 2\nin_symmetry = [\"(1)\"] }",
       {"2:18: there is no axis 1: axes are 1 to 0 [E0037]"}},
      {"space a = S(3)\nspace b = S(3)\nlayer f { k = a b; l = b a a\n"
       "in_symmetry = [\"(1 2)\"]; out_symmetry = [\"(2 3)\", \"(1 3)\"] }",
       {"4:16: the permutation takes axis 1, of 'a', to axis 2, of 'b' "
        "[E0038]",
        "4:51: the permutation takes axis 1, of 'b', to axis 3, of 'a' "
        "[E0038]"}},
      {"space V = GL(3)\nlayer f { k = V V'; l = V V'\n"
       "in_symmetry = [\"(1 2)\"] }",
       {"3:16: the permutation takes axis 1, of 'V', to axis 2, of 'V'' "
        "[E0038]"}},
      {"layer f { group = S; n = 3; k = 2; l = 2\n"
       "in_symmetry = [\"(1 2)\", \"-(1 2)\"]\nout_symmetry = [\"-()\"] }",
       {"2:15: the permutations contradict each other: only 'x = 0' has such a "
        "symmetry [E0039]",
        "3:16: the permutations contradict each other: only 'y = 0' has such a "
        "symmetry [E0039]"}},
      // Weights of orbits.
      {"layer f { group = O; n = 3; k = 1; l = 1; weights = orbit }",
       {"1:53: O(3) has no weights of orbits: its elements do not keep which "
        "indices of a tuple are equal [E0046]"}},
      {"space a = S(3)\nspace v = O(3)\nlayer f { k = a v; l = a v\n"
       "weights = orbit }",
       {"4:11: S(3) x O(3) has no weights of orbits: its elements do not keep "
        "which indices of a tuple are equal [E0046]"}},
      {"layer f { group = S; n = 3; k = 1; l = 1; weights = orbits }",
       {"1:53: unknown value 'orbits' of 'weights' [E0014]"}},
      {"layer f { group = S; n = 3; k = 1; l = 1; normalize = mean\n"
       "weights = orbit }",
       {"2:11: weights of orbits are for sums, not for means [E0046]"}},
      {"layer f { group = S; n = 3; k = 1; l = 1; weights = orbit\n"
       "diagrams = [\"o1 | i1\"] }",
       {"2:13: the list has 'o1 | i1' without 'o1 i1', which is coarser "
        "[E0046]"}},
      {"layer f { group = S; n = ?; k = 5; l = 5; weights = orbit\n"
       "bias = true }",
       {"1:33: the layer has 115975 diagrams, the limit is 32768 [E0091]"},
       4},
      {"layer f { group = S; n = ?; k = 1 * 1; l = 1; channels = 2\n"
       "weights = orbit }",
       {"2:11: weights of orbits are not built yet in layers of two inputs "
        "[E0074]"}},
      // Largest and smallest entries.
      {"layer f { group = O; n = 3; k = 1; l = 1; pool = max }",
       {"1:50: 'pool = max' is not equivariant here [E0047]"}},
      {"layer f { group = S'; n = 3; k = 1; l = 1; pool = min }",
       {"1:51: 'pool = min' is not equivariant here [E0047]"}},
      {"space a = S(3)\nspace v = O(3)\nlayer f { k = a v; l = a v\n"
       "pool = max }",
       {"4:8: 'pool = max' is not equivariant here [E0047]"}},
      {"layer f { group = S; n = 3; k = 1; l = 1; pool = sum; normalize = mean "
       "}\n"
       "layer g { group = S; n = 3; k = 1; l = 1; pool = average }",
       {"2:50: unknown value 'average' of 'pool' [E0014]"}},
      {"layer f { group = A; n = 3; k = 1; l = 1; normalize = mean\n"
       "pool = max }",
       {"2:8: there is no mean where 'pool = max' takes one entry [E0047]"}},
      {"layer f { group = S; n = 3; k = 1; l = 1; weights = orbit\n"
       "pool = max }",
       {"2:8: weights of orbits are for sums, not for 'pool = max' [E0047]"}},
      {"layer f { group = S; n = ?; k = 1 * 1; l = 1; channels = 2\n"
       "pool = max }",
       {"2:8: a layer of two inputs sums what y does not have, 'pool = max' is "
        "for one input [E0047]"}},
      {"layer f { group = Perm(3, \"(0 1 2)\"); k = 1; l = 1; pool = max }",
       {"1:60: 'pool = max' is not built yet for groups of permutations that "
        "are spelled out [E0074]"}},
      // What is left of the layer.
      {"layer f { group = SO; n = 3; k = 2; l = 1; in_symmetry = [\"(1 2)\"] "
       "}",
       {"1:58: every diagram cancels under the symmetries, so the layer could "
        "only be zero [E0031]"}},
      {"layer f { group = O; n = 3; k = 2; l = 2; in_symmetry = [\"-(1 2)\"]\n"
       "diagrams = [\"o1 i1 | o2 i2\", \"o1 o2 | i1 i2\"] }",
       {"2:30: diagram 'o1 o2 | i1 i2' cancels: the symmetries take it to "
        "itself with the sign changed [E0044]"}},
      {"layer f { group = O; n = 3; k = 2; l = 2; in_symmetry = [\"(1 2)\"]\n"
       "diagrams = [\"o1 i1 | o2 i2\", \"o1 i2 | o2 i1\"] }",
       {"2:30: the orbit of diagram 'o1 i1 | o2 i2' is listed more than once "
        "[E0041]"}},
      {"layer f { group = O; n = 3; k = 2; l = 2; in_symmetry = [\"(1 2)\"]\n"
       "diagrams = basis }",
       {"2:12: 'diagrams = basis' of O(3) is not closed under permutations of "
        "axes [E0045]"}},
      {"layer f { group = S; n = 3; k = 1; l = 2; bias = true\n"
       "out_symmetry = [\"-(1 2)\"] }",
       {"1:50: every (l,0)-diagram cancels under 'out_symmetry', so the bias "
        "could only be zero [E0035]"}},
      {"layer f { group = S; n = 3; k = 2 * 1; l = 1; channels = 1\n"
       "in_symmetry = [\"(1 2)\"] }",
       {"2:15: axes with a symmetry are not built yet in layers of two inputs "
        "[E0074]"}},
      {"layer f { group = O; n = 3; k = 14; l = 0; diagrams = [\"i1 i2 | i3 i4 "
       "| i5 i6 | i7 i8 | i9 i10 | i11 i12 | i13 i14\"]\n"
       "in_symmetry = [\"(1 2 3 4 5 6 7 8 9 10 11 12 13 14)\", \"(1 2)\"] }",
       {"2:15: the symmetries and diagrams are too many: the orders of the "
        "groups of permutations times the number of diagrams are above 2^28 "
        "[E0101]"},
       4},
  };
  return cases;
}

TEST(Symmetries, ErrorsAreLocated) { expectErrors(symmetryErrorCases()); }

static LayerSpec onlyLayer(const std::string &source) {
  Parsed parsed(source);
  EXPECT_EQ(parsed.text(), "") << source;
  return parsed.result.layers.empty() ? LayerSpec()
                                      : parsed.result.layers.front();
}

static std::vector<std::string> namesOf(const std::vector<Diagram> &diagrams) {
  std::vector<std::string> names;
  for (const Diagram &diagram : diagrams)
    names.push_back(toString(diagram));
  return names;
}

TEST(Symmetries, DiagramsAreFirstMembers) {
  const LayerSpec layer =
      onlyLayer("layer f { group = O; n = ?; k = 2; l = 2; bias = true\n"
                "in_symmetry = [\" (1  2) \"]; out_symmetry = [\"(2 1)\"] }");
  EXPECT_EQ(namesOf(layer.diagrams),
            (std::vector<std::string>{"o1 o2 | i1 i2", "o1 i1 | o2 i2"}));
  EXPECT_EQ(namesOf(layer.biasDiagrams), std::vector<std::string>{"o1 o2"});
  const std::string source = toSource(layer);
  EXPECT_NE(source.find("  diagrams = all\n  in_symmetry = [\"(1 2)\"]\n"
                        "  out_symmetry = [\"(1 2)\"]\n}"),
            std::string::npos)
      << source;
  EXPECT_EQ(toSource(onlyLayer(source)), source);
  EXPECT_EQ(orbitText(layer, layer.diagrams[1]), "+ o1 i2 | o2 i1");
  EXPECT_EQ(symmetryWords(layer),
            "x is the same under (1 2); y is the same under (1 2)");
}

TEST(Symmetries, ListsNameAnyMember) {
  const LayerSpec layer =
      onlyLayer("layer f { group = S; n = 3; k = 2; l = 1\n"
                "in_symmetry = [\"(1 2)\"]\n"
                "diagrams = [\"o1 | i1 | i2\", \"o1 i2 | i1\"] }");
  EXPECT_EQ(namesOf(layer.diagrams),
            (std::vector<std::string>{"o1 | i1 | i2", "o1 i1 | i2"}));
}

TEST(Symmetries, Counts) {
  auto count = [](const std::string &fields) {
    return onlyLayer("layer f { " + fields + " }").diagrams.size();
  };
  const std::string pair = "group = S; n = 5; k = 2; l = 2; ";
  EXPECT_EQ(count(pair + "in_symmetry = [\"(1 2)\"]"), 11);
  EXPECT_EQ(count(pair + "in_symmetry = [\"(1 2)\"]; diagrams = basis"), 11);
  EXPECT_EQ(count(pair + "in_symmetry = [\"-(1 2)\"]\n"
                         "out_symmetry = [\"-(1 2)\"]"),
            2);
  EXPECT_EQ(count(pair + "in_symmetry = []"), 15);
  EXPECT_EQ(count("group = O; n = 3; k = 0; l = 4; out_symmetry = [\"(1 2)\", "
                  "\"(3 4)\", \"(1 3)(2 4)\"]"),
            2);
  EXPECT_EQ(count("group = SO; n = 3; k = 2; l = 1; in_symmetry = "
                  "[\"-(1 2)\"]"),
            1);
}

TEST(Symmetries, AxesOfSpaces) {
  Parsed parsed("space users = S(4)\nspace xyz = O(3)\n"
                "layer f { k = users xyz xyz; l = users xyz xyz\n"
                "in_symmetry = [\"(2 3)\"]; out_symmetry = [\"-(2 3)\"] }\n"
                "space V = GL(3)\n"
                "layer g { k = V V; l = V V; in_symmetry = [\"(1 2)\"] }");
  EXPECT_EQ(parsed.text(),
            "t.eq:4:15: error: every diagram cancels under the symmetries, so "
            "the layer could only be zero [E0031]\n"
            "  in_symmetry = [\"(2 3)\"]; out_symmetry = [\"-(2 3)\"] }\n"
            "                ^~~~~~~~~\n"
            "help: remove a symmetry or its '-'\n");
  const LayerSpec layer =
      onlyLayer("space users = S(4)\nspace xyz = O(3)\n"
                "layer f { k = users xyz xyz; l = users xyz xyz\n"
                "in_symmetry = [\"(2 3)\"]; out_symmetry = [\"(2 3)\"] }");
  EXPECT_EQ(layer.diagrams.size(), 4);
}
