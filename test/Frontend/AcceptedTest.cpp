//===- AcceptedTest.cpp - Sources that are layers -------------------------===//
//
// Every form the language allows, and what it means.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Frontend/Print.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace eqc;
using namespace eqc::test;

static std::vector<LayerSpec> accept(const std::string &source) {
  Parsed run(source);
  EXPECT_EQ(run.text(), "") << source;
  EXPECT_EQ(run.result.status, 0) << source;
  return run.result.layers;
}

static LayerSpec acceptOne(const std::string &source) {
  std::vector<LayerSpec> layers = accept(source);
  EXPECT_EQ(layers.size(), 1u) << source;
  return layers.empty() ? LayerSpec() : layers.front();
}

TEST(Accepted, ReferenceExample) {
  LayerSpec spec = acceptOne("# an Invariant Graph Network layer: 34-node "
                             "graphs, 16 feature channels\n"
                             "layer karate {\n"
                             "  group    = S\n"
                             "  n        = 34\n"
                             "  k        = 2\n"
                             "  l        = 2\n"
                             "  channels = 16 -> 32\n"
                             "  bias     = true\n"
                             "}\n");
  EXPECT_EQ(spec.name, "karate");
  EXPECT_EQ(spec.position.file, "t.eq");
  EXPECT_EQ(spec.position.line, 2u);
  EXPECT_EQ(spec.position.column, 7u);
  EXPECT_EQ(spec.group, Group::S);
  EXPECT_EQ(spec.n, 34);
  EXPECT_EQ(spec.k, 2);
  EXPECT_EQ(spec.l, 2);
  EXPECT_EQ(spec.cIn, 16);
  EXPECT_EQ(spec.cOut, 32);
  EXPECT_TRUE(spec.bias);
  EXPECT_EQ(spec.diagrams.size(), 15u);
  EXPECT_EQ(spec.biasDiagrams.size(), 2u);
}

static std::vector<std::string> diagramsOf(const std::string &fields) {
  std::vector<std::string> texts;
  for (const Diagram &d : acceptOne("layer a { " + fields + " }").diagrams)
    texts.push_back(toString(d));
  return texts;
}

TEST(Accepted, OtherGroups) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(diagramsOf("group = H; n = 2; k = 2; l = 2"),
            (Texts{"o1 o2 i1 i2", "o1 o2 | i1 i2", "o1 i1 | o2 i2",
                   "o1 i2 | o2 i1"}));
  EXPECT_EQ(diagramsOf("group = B; n = ?; k = 2; l = 1"),
            (Texts{"o1 i1 | i2", "o1 i2 | i1", "o1 | i1 i2", "o1 | i1 | i2"}));
  EXPECT_EQ(diagramsOf("group = S'; n = ?; k = 1; l = 1"),
            (Texts{"o1 i1", "o1 | i1"}));
  EXPECT_EQ(diagramsOf("group = B'\nn = 3\nk = 2; l = 0"),
            (Texts{"i1 i2", "i1 | i2"}));
  EXPECT_EQ(diagramsOf("group = SO(1,2); k = 2; l = 1"), Texts{"* o1 i1 i2"});
  EXPECT_EQ(diagramsOf("group = H; n = 1; k = 2; l = 2; "
                       "diagrams = [\"o2 i2 | i1 o1\"]"),
            Texts{"o1 i1 | o2 i2"}); // more blocks than n
}

TEST(Accepted, SizesBehindTheGroup) {
  for (const char *source :
       {"layer a { group = S(4); k = 1; l = 1 }",
        "layer a { group = S (\n4 # four\n); k = 1; l = 1 }",
        "layer a { group = S; n = 4; k = 1; l = 1 }"}) {
    const LayerSpec spec = acceptOne(source);
    EXPECT_EQ(spec.group, Group::S);
    EXPECT_EQ(spec.n, 4);
  }
  EXPECT_EQ(acceptOne("layer a { group = B'(?); k = 1; l = 1 }").n, -1);
  const LayerSpec lorentz =
      acceptOne("layer a { k = 1; l = 1; group = O(1,3) }");
  EXPECT_EQ(lorentz.group, Group(Family::O, 1, 3));
  EXPECT_EQ(lorentz.n, 4);
  const LayerSpec plain = acceptOne("layer a { group = O(4,0); k = 1; l = 1 }");
  EXPECT_EQ(plain.group, Group::O);
  EXPECT_EQ(plain.n, 4);
}

TEST(Accepted, Defaults) {
  LayerSpec spec = acceptOne("layer a { group = O; n = 3; k = 1; l = 1 }");
  EXPECT_EQ(spec.cIn, 1);
  EXPECT_EQ(spec.cOut, 1);
  EXPECT_FALSE(spec.bias);
  EXPECT_EQ(spec.dtype, DType::F32);
  EXPECT_EQ(spec.layout, Layout::ChannelsLast);
  EXPECT_EQ(spec.normalize, Normalize::None);
  EXPECT_EQ(spec.choice, DiagramChoice::All);
  EXPECT_EQ(spec.batch, 0);
  EXPECT_TRUE(spec.biasDiagrams.empty());
}

TEST(Accepted, EveryField) {
  LayerSpec spec = acceptOne(
      "layer a { batch = 64; diagrams = basis; normalize = mean;"
      "layout = channels_first; dtype = f64; bias = false; channels = 1->2;"
      "l = 2; k = 2; n = 2; group = SO }");
  EXPECT_EQ(spec.group, Group::SO);
  EXPECT_EQ(spec.batch, 64);
  EXPECT_EQ(spec.choice, DiagramChoice::Basis);
  EXPECT_EQ(spec.normalize, Normalize::Mean);
  EXPECT_EQ(spec.layout, Layout::ChannelsFirst);
  EXPECT_EQ(spec.dtype, DType::F64);
  EXPECT_EQ(spec.elementSize(), 8);
  // SO(2) on four vertices: 3 matchings and 6 free diagrams, of rank 6.
  EXPECT_EQ(spec.diagrams.size(), 6u);
}

TEST(Accepted, LineEndsAndByteOrderMark) {
  const char *lines[] = {"layer a {", "group = S", "n = 3",
                         "k = 1",     "l = 1",     "}"};
  for (std::string mark : {"", "\xEF\xBB\xBF"})
    for (std::string end : {"\n", "\r\n", "\r", "\n\r\n\r"}) {
      std::string source = mark + end;
      for (const char *line : lines)
        source += line + end;
      LayerSpec spec = acceptOne(source);
      EXPECT_EQ(spec.name, "a");
      unsigned expected = end.size() == 4 ? 4 : 2; // LF, CRLF, CR
      EXPECT_EQ(spec.position.line, expected);
      EXPECT_EQ(spec.position.column, 7u);
    }
  EXPECT_EQ(
      acceptOne("\xEF\xBB\xBFlayer a{group=S;n=3;k=1;l=1}").position.column,
      7u);
}

TEST(Accepted, WhiteSpaceIsFreeBetweenTokens) {
  acceptOne("layer\na\n{\ngroup\n=\nS\nn=\n3\nk=1\nl\n=1\nchannels\n=\n2\n->\n"
            "3\n}");
  acceptOne("layer a{group=S;n=3;k=1;l=1}");
  acceptOne("\t\v\f layer a {;;group=S;;\n;n=3;\nk=1;l=1;}");
  acceptOne(
      "layer a { group = S # ; n = 9 }\n n = 3 // k = 7\n k = 1\n l = 1 }");
  acceptOne(
      "layer a { group = S// \xE2\x80\xAE in a comment\n n = 3# \xD0\xBE\n"
      "k = 1; l = 1 }#");
  EXPECT_EQ(
      accept("layer a{group=S;n=3;k=1;l=1}layer b{group=S;n=3;k=1;l=1}").size(),
      2u);
}

TEST(Accepted, NoWordIsReserved) {
  for (const char *name :
       {"layer", "group", "n", "S", "all", "basis", "_", "__a", "a_forward",
        "printf", "eqc", "EQC_a", "Int", "final", "import"}) {
    std::string text = name;
    EXPECT_EQ(
        acceptOne("layer " + text + " { group = S; n = 1; k = 0; l = 0 }").name,
        name);
  }
  std::string longest(128, 'x');
  EXPECT_EQ(acceptOne("layer " + longest + " {group=S;n=1;k=0;l=0}").name,
            longest);
}

TEST(Accepted, NamesThatOnlyLookLikeAClash) {
  EXPECT_EQ(accept("layer a {group=S;n=1;k=0;l=0}"
                   "layer a_forward {group=S;n=1;k=0;l=0}"
                   "layer a_pack {group=S;n=1;k=0;l=0}"
                   "layer A {group=S;n=1;k=0;l=0}")
                .size(),
            4u);
}

TEST(Accepted, Integers) {
  EXPECT_EQ(acceptOne("layer a {group=S;n=9223372036854775807;k=0;l=0}").n,
            INT64_MAX);
  EXPECT_EQ(acceptOne("layer a {group=S;n=007;k=00;l=0}").n, 7);
  EXPECT_EQ(acceptOne("layer a {group=S;n=3;k=0;l=0;channels=16->32}").cOut,
            32);
}

TEST(Accepted, DynamicN) {
  for (const char *group : {"S", "O", "Sp"}) {
    LayerSpec spec = acceptOne(std::string("layer a {group=") + group +
                               ";n=?;k=2;l=2;bias=true}");
    EXPECT_TRUE(spec.dynamicN());
    EXPECT_EQ(spec.diagrams.size(), group[0] == 'S' && !group[1] ? 15u : 3u);
  }
}

TEST(Accepted, SmallSizesAndOrders) {
  EXPECT_EQ(acceptOne("layer a {group=S;n=1;k=2;l=2}").diagrams.size(), 1u);
  EXPECT_EQ(acceptOne("layer a {group=S;n=3;k=2;l=2}").diagrams.size(), 14u);
  EXPECT_EQ(
      acceptOne("layer a {group=S;n=5;k=0;l=0;bias=true}").diagrams.size(), 1u);
  EXPECT_EQ(acceptOne("layer a {group=S;n=5;k=0;l=3}").diagrams.size(), 5u);
  EXPECT_EQ(acceptOne("layer a {group=O;n=1;k=3;l=1}").diagrams.size(), 3u);
  EXPECT_EQ(acceptOne("layer a {group=SO;n=3;k=2;l=1}").diagrams.size(), 1u);
  EXPECT_EQ(acceptOne("layer a {group=Sp;n=2;k=2;l=2;diagrams=basis}")
                .diagrams.size(),
            2u);
  EXPECT_EQ(acceptOne("layer a {group=S;n=1;k=60;l=60}").diagrams.size(), 1u);
}

TEST(Accepted, Lists) {
  LayerSpec spec = acceptOne("layer a {\n group = S; n = 2; k = 2; l = 2\n"
                             " diagrams = [\n  \"o2 i1|i2 o1\", # crossing\n"
                             "  \"o1|o2|i1|i2\",\n ]\n bias = true }");
  ASSERT_EQ(spec.diagrams.size(), 2u);
  EXPECT_EQ(toString(spec.diagrams[0]), "o1 i2 | o2 i1");
  EXPECT_EQ(toString(spec.diagrams[1]), "o1 | o2 | i1 | i2");
  EXPECT_EQ(spec.biasDiagrams.size(), 2u); // all of them
  acceptOne("layer a {group=S;n=2;k=0;l=0;diagrams=[\"1\"]}");
  acceptOne("layer a {group=SO;n=3;k=2;l=1;diagrams=[\"* i2 i1 o1\"]}");
  acceptOne("layer a {group=Sp;n=?;k=1;l=1;diagrams=[\"i1 o1\"]}");
}

TEST(Accepted, DiagramsStandInCanonicalOrder) {
  for (const char *group : {"S", "O", "SO", "Sp"}) {
    LayerSpec spec = acceptOne(std::string("layer a {group=") + group +
                               ";n=4;k=3;l=3;bias=false}");
    EXPECT_TRUE(std::is_sorted(spec.diagrams.begin(), spec.diagrams.end(),
                               canonicalLess));
    EXPECT_EQ(spec.diagrams.size(), countDiagrams(spec.group, 4, 3, 3).value);
  }
}

TEST(Accepted, PrintedLayersReadTheSame) {
  for (const char *source :
       {"layer a {group=S;n=?;k=2;l=1;channels=3->4;bias=true}",
        "layer a {group=SO;n=3;k=2;l=3;dtype=f64;batch=7;diagrams=basis}",
        "layer a {group=Sp;n=4;k=2;l=2;layout=channels_first;normalize=mean;"
        "diagrams=[\"o2 i1|o1 i2\",\"o1 o2|i1 i2\"]}",
        "layer b {group=S;n=1;k=0;l=0;diagrams=[\"1\"]}"}) {
    LayerSpec first = acceptOne(source);
    std::string printed = toSource(first);
    LayerSpec second = acceptOne(printed);
    EXPECT_EQ(toSource(second), printed);
    EXPECT_EQ(first.diagrams, second.diagrams);
    EXPECT_EQ(first.biasDiagrams, second.biasDiagrams);
    EXPECT_EQ(first.n, second.n);
    EXPECT_EQ(first.batch, second.batch);
    EXPECT_EQ(first.layout, second.layout);
    EXPECT_EQ(first.normalize, second.normalize);
    EXPECT_EQ(first.dtype, second.dtype);
  }
  EXPECT_EQ(toSource(acceptOne("layer a {group = SO ( 1, 2 ); k=1;l=1}")),
            "layer a {\n  group = SO(1,2)\n  k = 1\n  l = 1\n"
            "  channels = 1 -> 1\n  bias = false\n  dtype = f32\n"
            "  layout = channels_last\n  normalize = none\n  diagrams = all\n"
            "}\n");
  EXPECT_EQ(toSource(acceptOne("layer a {group=O;n=?;k=1;l=1}")),
            "layer a {\n  group = O\n  n = ?\n  k = 1\n  l = 1\n"
            "  channels = 1 -> 1\n  bias = false\n  dtype = f32\n"
            "  layout = channels_last\n  normalize = none\n  diagrams = all\n"
            "}\n");
}
