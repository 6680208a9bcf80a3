//===- LimitsTest.cpp - Limits, and how fast they are reached -------------===//
//
// Options, exit statuses, the cap on errors, and that hopeless layers are
// refused from counts alone.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include <gtest/gtest.h>

#include <chrono>

#include <sys/resource.h>

using namespace eqc;
using namespace eqc::test;

TEST(Limits, SourceSize) {
  FrontendOptions options;
  options.maxSourceBytes = 40;
  Parsed exact("layer a {group=S;n=1;k=0;l=0} ##########", options);
  EXPECT_EQ(exact.text(), "");
  Parsed larger("layer a {group=S;n=1;k=0;l=0} ###########", options);
  EXPECT_EQ(larger.result.status, 4);
  EXPECT_EQ(larger.errors(),
            std::vector<std::string>(
                {"1:1: the source is larger than 40 bytes [E0090]"}));
  Parsed large(std::string((16 << 20) + 1, ' '));
  EXPECT_EQ(large.errors(),
            std::vector<std::string>(
                {"1:1: the source is larger than 16777216 bytes [E0090]"}));
}

TEST(Limits, RaggedBatchesNeedASizeAtRunTime) {
  FrontendOptions options;
  options.ragged = true;
  const std::string fixed = "layer a {group=S;n=2;k=0;l=0}\n",
                    sized = "layer b {group=S;n=?;k=0;l=0}\n";
  EXPECT_EQ(Parsed(fixed + sized, options).text(), "");
  Parsed refused(fixed, options);
  EXPECT_EQ(refused.result.status, 1);
  EXPECT_EQ(refused.errors(),
            std::vector<std::string>(
                {"1:7: ragged batches need a layer whose size is given at run "
                 "time [E0062]"}));
}

TEST(Limits, MaxDiagrams) {
  FrontendOptions options;
  options.maxDiagrams = 15;
  const std::string head = "layer a {group=S;k=2;l=2;n=";
  EXPECT_EQ(Parsed(head + "9}", options).result.status, 0);
  options.maxDiagrams = 14;
  Parsed refused(head + "9}", options);
  EXPECT_EQ(refused.result.status, 4);
  EXPECT_EQ(refused.errors(),
            std::vector<std::string>(
                {"1:20: the layer has 15 diagrams, the limit is 14 [E0091]"}));
  EXPECT_NE(refused.text().find("--max-diagrams=N"), std::string::npos);
  // With n = 3 one of them has too many blocks.
  EXPECT_EQ(Parsed(head + "3}", options).result.status, 0);
  // A basis is counted before it is pruned.
  options.maxDiagrams = 2;
  std::string sp = "layer a {group=Sp;n=2;k=2;l=2;diagrams=";
  EXPECT_EQ(Parsed(sp + "basis}", options).result.status, 4);
  // A list counts itself, its bias does not.
  std::string list = sp + "[\"o1 i1|o2 i2\",\"o1 i2|o2 i1\"";
  EXPECT_EQ(Parsed(list + "]}", options).result.status, 0);
  EXPECT_EQ(Parsed(list + ",\"o1 o2|i1 i2\"]}", options).result.status, 4);
  options.maxDiagrams = 1;
  EXPECT_EQ(
      Parsed("layer a {group=S;n=3;k=1;l=2;bias=true;diagrams=[\"o1 o2 i1\"]}",
             options)
          .errors(),
      std::vector<std::string>({"1:35: the layer has 2 bias diagrams, "
                                "the limit is 1 [E0091]"}));
}

TEST(Limits, RefusedInputOutranksLimits) {
  Parsed both("layer a {group=S;n=99;k=9;l=9}\nlayer b {group=S;n=0;k=1;l=1}");
  EXPECT_EQ(both.result.status, 1);
  EXPECT_EQ(both.ids(), std::set<std::string>({"E0020", "E0091"}));
  // Also when it comes too late to be shown.
  std::string source;
  for (int i = 0; i != 30; ++i)
    source += "layer a" + std::to_string(i) + " {group=S;n=99;k=9;l=9}\n";
  EXPECT_EQ(Parsed(source).result.status, 4);
  EXPECT_EQ(Parsed(source + "layer b {group=S;n=0;k=1;l=1}").result.status, 1);
}

TEST(Limits, TwentyErrors) {
  std::string source = "layer a {\n";
  for (int i = 0; i != 20; ++i)
    source += "  wrong" + std::to_string(i) + " = 1\n";
  std::string rest = "group=S;n=3;k=1;l=1}";
  Parsed twenty(source + rest);
  EXPECT_EQ(twenty.errors().size(), 20u);
  EXPECT_EQ(twenty.text().find("further errors"), std::string::npos);
  Parsed more(source + "  wrong20 = 1\n" + rest);
  EXPECT_EQ(more.errors().size(), 20u);
  EXPECT_NE(more.text().find("note: further errors are not shown"),
            std::string::npos);
}

TEST(Limits, HopelessLayersAreRefusedFast) {
  auto start = std::chrono::steady_clock::now();
  for (const char *group : {"S", "O", "SO", "Sp"})
    for (const char *n : {"1", "2", "16", "9223372036854775807", "?"})
      for (const char *order :
           {"12", "20", "40", "1000", "1000000000000", "9223372036854775807"})
        for (const char *choice : {"all", "basis"}) {
          std::string source = std::string("layer a {group=") + group +
                               ";n=" + n + ";k=" + order + ";l=" + order +
                               ";bias=true;diagrams=" + choice + "}";
          Parsed run(source);
          // S_1 has one diagram whatever the orders.
          if (run.result.status == 0)
            EXPECT_TRUE(group == std::string("S") && n == std::string("1"))
                << source;
        }
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  EXPECT_LT(seconds.count(), 5.0); // 240 sources, on a busy machine
}

TEST(Limits, HugeSourcesAreReadInReasonableTime) {
  auto start = std::chrono::steady_clock::now();
  constexpr size_t size = 4 << 20;
  for (const char *unit :
       {"{", "}", "layer ", "layer a{", "\"", "[", "1,", "-", "\xFF",
        "\xE2\x80\xAE", "x", "x ", "= ", "\r", ";"}) {
    std::string source;
    while (source.size() < size)
      source += unit;
    EXPECT_EQ(Parsed(source).result.status, 1) << unit;
    Parsed inLayer("layer a { k = " + source);
    EXPECT_EQ(inLayer.result.status, 1) << unit;
    EXPECT_LT(inLayer.text().size(), 100000u) << unit;
  }
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  EXPECT_LT(seconds.count(), 60.0);
}

namespace {

std::string vertices(char letter, int count, const char *between) {
  std::string text;
  for (int i = 1; i <= count; ++i)
    text += (i > 1 ? between : "") + std::string(1, letter) + std::to_string(i);
  return text;
}

} // namespace

/// 9! entries pass, 10! do not; equal sets of vertices count once.
TEST(Limits, EntriesOfLeviCivitaSymbols) {
  auto layer = [](int n, const std::string &more = "") {
    return "layer a {group=SO;n=" + std::to_string(n) +
           ";k=" + std::to_string(n) + ";l=0;diagrams=[\"* " +
           vertices('i', n, " ") + "\"" + more + "]}";
  };
  EXPECT_EQ(Parsed(layer(9)).result.status, 0);
  Parsed refused(layer(10));
  EXPECT_EQ(refused.result.status, 4);
  EXPECT_EQ(refused.errors(),
            std::vector<std::string>(
                {"1:42: the diagrams have 3628800 entries of Levi-Civita "
                 "symbols, the limit is 1048576 [E0096]"}));
  EXPECT_NE(refused.text().find("help: list the diagrams without '*'"),
            std::string::npos);
  EXPECT_EQ(Parsed(layer(15)).ids(), std::set<std::string>({"E0096"}));
  // From here on the array is what is too large.
  EXPECT_EQ(Parsed(layer(16)).ids(), std::set<std::string>({"E0092"}));
  // Half above, half below: the rows hold 10!/5! entries each.
  EXPECT_EQ(Parsed("layer a {group=SO;n=10;k=5;l=5;diagrams=[\"* " +
                   vertices('i', 5, " ") + " " + vertices('o', 5, " ") + "\"]}")
                .result.status,
            0);
  // The bias has them too.
  EXPECT_EQ(Parsed("layer a {group=SO;n=10;k=0;l=10;bias=true;diagrams=[\"" +
                   std::string("o1 o2|o3 o4|o5 o6|o7 o8|o9 o10\"]}"))
                .ids(),
            std::set<std::string>({"E0096"}));
  // Whatever else a plausible layer of SO has.
  for (const char *ok :
       {"n=3;k=3;l=4", "n=3;k=5;l=4", "n=5;k=5;l=4", "n=8;k=4;l=4",
        "n=12;k=2;l=2", "n=9;k=4;l=5", "n=2;k=4;l=4;bias=true"})
    EXPECT_EQ(Parsed("layer a {group=SO;" + std::string(ok) + "}").text(), "");
}

/// 2^20 terms for twenty pairs, 2^21 for 21.
TEST(Limits, TermsOfSymplecticForms) {
  auto layer = [](int pairs) {
    std::string diagram;
    for (int i = 1; i <= pairs; ++i)
      diagram += (i > 1 ? "|i" : "i") + std::to_string(2 * i - 1) + " i" +
                 std::to_string(2 * i);
    return "layer a {group=Sp;n=2;k=" + std::to_string(2 * pairs) +
           ";l=0;diagrams=[\"" + diagram + "\"]}";
  };
  EXPECT_EQ(Parsed(layer(20)).result.status, 0);
  EXPECT_EQ(Parsed(layer(21)).ids(), std::set<std::string>({"E0096"}));
  EXPECT_EQ(Parsed("layer a {group=Sp;n=6;k=4;l=4;bias=true}").text(), "");
}

/// What is only counted is not kept: sources of many fields or elements take
/// no more memory than others of their size, a few times that.
TEST(Limits, ManyFieldsAndElements) {
  auto peak = [] {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<size_t>(usage.ru_maxrss) * 1024;
  };
  constexpr size_t kMostPerByte = 20; // kept, fields and elements took 40
  std::string fields = "layer a {group=S;n=3;k=1;l=1\n";
  for (int i = 0; i != 1000000; ++i)
    fields += "n=3;";
  fields += "}";
  size_t before = peak();
  Parsed repeated(fields);
  EXPECT_LT(peak() - before, kMostPerByte * fields.size());
  EXPECT_EQ(repeated.result.status, 1);
  EXPECT_EQ(repeated.ids(), std::set<std::string>({"E0011"}));

  std::string list = "layer a {group=S;n=3;k=1;l=1;diagrams=[";
  for (int i = 0; i != 1000000; ++i)
    list += "\"\",";
  list += "]}";
  before = peak();
  Parsed elements(list);
  EXPECT_LT(peak() - before, kMostPerByte * list.size());
  EXPECT_EQ(elements.errors(),
            std::vector<std::string>({"1:39: the layer has 1000000 diagrams, "
                                      "the limit is 32768 [E0091]"}));
}

TEST(Limits, NoLineOfASourceThatIsNotRead) {
  FrontendOptions options;
  options.maxSourceBytes = 4;
  EXPECT_EQ(Parsed("layer", options).text(),
            "t.eq:1:1: error: the source is larger than 4 bytes [E0090]\n"
            "help: split it into several files\n");
}
