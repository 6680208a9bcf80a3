//===- RobustnessTest.cpp - Random sources --------------------------------===//
//
// Garbage and mutations of legal sources: each gives layers or errors, never
// both, and layers survive being printed and read again.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include "compiler/Frontend/Print.h"

#include <gtest/gtest.h>

#include <random>

using namespace eqc;
using namespace eqc::test;

static const std::string seeds[] = {
    "# a layer\nlayer karate {\n  group = S\n  n = 34\n  k = 2\n  l = 2\n"
    "  channels = 16 -> 32\n  bias = true\n}\n",
    "layer a { group = SO; n = 3; k = 2; l = 1; dtype = f64; batch = 8;"
    " diagrams = [\"* o1 i1 i2\"]; layout = channels_first }\r\n"
    "layer b { group = Sp; n = ?; k = 1; l = 1; normalize = mean }",
    "layer c {\n group = O\n n = 2\n k = 2\n l = 2\n"
    " diagrams = [\"o1 i1 | o2 i2\", \"o1 o2 | i1 i2\"] // two\n}\n"
    "layer d { group = S; n = 5; k = 1; l = 2; diagrams = basis }",
};

static const std::string fragments[] = {"layer",
                                        "{",
                                        "}",
                                        "=",
                                        ";",
                                        "\n",
                                        "\r",
                                        "group",
                                        "n",
                                        "k",
                                        "l",
                                        "S",
                                        "SO",
                                        "Sp",
                                        "O",
                                        "?",
                                        "->",
                                        "[",
                                        "]",
                                        "\"",
                                        ",",
                                        "0",
                                        "3",
                                        "-1",
                                        "99",
                                        "1e9",
                                        "basis",
                                        "all",
                                        "true",
                                        "bias",
                                        "#",
                                        "//",
                                        "\xFF",
                                        "\x01",
                                        "\xE2\x80\x8B",
                                        "o1 i1",
                                        "|",
                                        "*",
                                        "channels",
                                        "diagrams",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "batch",
                                        " "};

static void check(const std::string &source) {
  FrontendOptions options;
  options.maxDiagrams = 2000; // keeps the test quick
  Parsed run(source, options);
  bool accepted = run.result.status == 0;
  ASSERT_EQ(accepted, !run.result.layers.empty()) << source;
  ASSERT_EQ(accepted, run.errors().empty()) << source;
  ASSERT_EQ(accepted, run.text().empty()) << source;
  ASSERT_TRUE(accepted || run.result.status == 1 || run.result.status == 4);
  run.json();
  for (const Diagnostic *error : run.diags.sorted()) {
    ASSERT_LE(error->range.begin, error->range.end) << source;
    ASSERT_LE(error->range.end, source.size()) << source;
  }
  for (const LayerSpec &spec : run.result.layers) {
    Parsed again(toSource(spec), options);
    ASSERT_EQ(again.result.layers.size(), 1u) << toSource(spec);
    ASSERT_EQ(again.result.layers[0].diagrams, spec.diagrams);
  }
}

TEST(Robustness, MutatedSources) {
  std::mt19937 random(20240607);
  auto below = [&](size_t n) { return random() % n; };
  size_t accepted = 0;
  for (int round = 0; round != 20000; ++round) {
    std::string source = seeds[below(std::size(seeds))];
    for (size_t edits = 1 + below(4); edits != 0; --edits) {
      size_t at = below(source.size() + 1);
      switch (below(5)) {
      case 0:
        source.insert(at, fragments[below(std::size(fragments))]);
        break;
      case 1:
        source.erase(at, 1 + below(12));
        break;
      case 2:
        source.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 3:
        source += source.substr(at, below(40));
        break;
      case 4:
        if (at < source.size())
          source[at] = static_cast<char>(below(256));
        break;
      }
    }
    check(source);
    accepted += Parsed(source).result.status == 0;
    if (HasFatalFailure())
      return;
  }
  // The mutations are mild enough to reach what comes after the parser.
  EXPECT_GT(accepted, 200u);
  EXPECT_LT(accepted, 19000u);
}

TEST(Robustness, TokenSoup) {
  std::mt19937 random(7);
  for (int round = 0; round != 5000; ++round) {
    std::string source = random() % 2 ? "layer a {" : "";
    for (size_t count = random() % 40; count != 0; --count) {
      source += fragments[random() % std::size(fragments)];
      if (random() % 2)
        source += " ";
    }
    check(source);
    if (HasFatalFailure())
      return;
  }
}

TEST(Robustness, Garbage) {
  std::mt19937 random(11);
  for (int round = 0; round != 3000; ++round) {
    std::string source;
    for (size_t count = random() % 200; count != 0; --count)
      source += static_cast<char>(random() % 256);
    check(source);
    if (HasFatalFailure())
      return;
  }
}
