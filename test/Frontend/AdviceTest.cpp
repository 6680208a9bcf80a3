//===- AdviceTest.cpp - Following a suggestion helps ----------------------===//
//
// Every suggested replacement is made, and the error it was made for is gone.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

/// Where an error is and which, to find it again.
static std::pair<DiagId, size_t> identify(const Diagnostic &error) {
  return {error.id, error.range.begin};
}

/// The source after a replacement.
static std::string mended(std::string source, const FixIt &fix) {
  return source.replace(fix.range.begin, fix.range.end - fix.range.begin,
                        fix.replacement);
}

/// All suggestions for a source, each followed alone.
static void follow(const std::string &source, int depth = 0) {
  Parsed parsed(source);
  for (const Diagnostic *error : parsed.diags.sorted())
    for (const Diagnostic::Help &help : error->helps) {
      if (!help.fix)
        continue;
      std::string next = mended(source, *help.fix);
      Parsed after(next);
      EXPECT_LE(after.diags.errorCount(), parsed.diags.errorCount()) << next;
      for (const Diagnostic *left : after.diags.sorted())
        EXPECT_NE(identify(*left), identify(*error)) << source << "\n" << next;
      if (depth < 3)
        follow(next, depth + 1);
    }
}

TEST(Advice, HelpsWhereverThereIsAny) {
  for (const auto *cases :
       {&syntaxErrorCases(), &meaningErrorCases(), &spaceErrorCases(),
        &networkErrorCases(), &bilinearErrorCases(), &symmetryErrorCases()})
    for (const ErrorCase &c : *cases)
      follow(c.source);
}

namespace {
struct Advice {
  std::string body, expected; // a layer's fields; these after all suggestions
};
} // namespace

TEST(Advice, EndsWithALayerOrSaysNothing) {
  const Advice cases[] = {
      {"group = \"S\"; n = \"3\"; k = \"1\"; l = 1",
       "group = S; n = 3; k = 1; l = 1"},
      {"group = S; n = \"?\"; k = 1; l = 1", "group = S; n = ?; k = 1; l = 1"},
      {"group = S; n = 3; k = 1; l = 1; diagrams = \"all\"",
       "group = S; n = 3; k = 1; l = 1; diagrams = all"},
      {"group = S; n = 3; k = 1; l = 1; diagrams = \"o1 i1\"",
       "group = S; n = 3; k = 1; l = 1; diagrams = [\"o1 i1\"]"},
      {"grup = s; n = 3 k = 1; l = 1", "group = S; n = 3; k = 1; l = 1"},
      {"group = S; n = 3; k = 1; l = 1; channels = 4",
       "group = S; n = 3; k = 1; l = 1; channels = 4 -> 4"},
      {"group = S; n = 3; k = 1; l = 1; channels = 16, 32",
       "group = S; n = 3; k = 1; l = 1; channels = 16 -> 32"},
      // As others write it.
      {"group = S4; k = 1; l = 1", "group = S(4); k = 1; l = 1"},
      {"group = Sp4; n = 4; k = 1; l = 1", "group = Sp; n = 4; k = 1; l = 1"},
      {"group = S, n = 3, k = 1, l = 1", "group = S; n = 3; k = 1; l = 1"},
      {"group: S; n: 3; k: 1; l: 1", "group= S; n= 3; k= 1; l= 1"},
      {"symmetry = Permutations; size = None; in = 2; out = 1; type = double",
       "group = S; n = ?; k = 2; l = 1; dtype = f64"},
      {"group = Sn; n = -1; k = 1; l = 1; bias = yes; normalize = sum",
       "group = S; n = ?; k = 1; l = 1; bias = true; normalize = none"},
      // Nothing is suggested that would be refused as well.
      {"group = SE; n = 3; k = 1; l = 1", ""},
      {"group = SO; n = ten; k = 1; l = 1", ""},
      {"group = \"\"; n = 3; k = 1; l = 1", ""},
      {"group = \"S or O\"; n = 3; k = 1; l = 1", ""},
      {"group = S; n = \"two\"; k = 1; l = 1", ""},
      {"group = S; n = 3; k = \"?\"; l = 1", ""},
      {"group = S; n = 3; k = 1; l = 1; channels = 0", ""},
      {"group = S; n = 3; k = 1; l = 1; group1 = O", ""},
      {"group = S; n = 3; k = 1; l = 1; chanels = 1 -> 1; channel = 1 -> 1",
       "group = S; n = 3; k = 1; l = 1; channels = 1 -> 1; channel = 1 -> 1"},
  };
  for (const Advice &c : cases) {
    std::string source = "layer a { " + c.body + " }";
    bool changed = true, any = false;
    while (changed) {
      changed = false;
      Parsed parsed(source);
      for (const Diagnostic *error : parsed.diags.sorted())
        for (const Diagnostic::Help &help : error->helps)
          if (help.fix && !changed) {
            source = mended(source, *help.fix);
            changed = any = true;
          }
    }
    EXPECT_EQ(any ? source : "",
              c.expected.empty() ? "" : "layer a { " + c.expected + " }");
  }
}
