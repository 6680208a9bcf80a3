//===- RatesFileTest.cpp - Files of rates, whole and damaged --------------===//

#include "compiler/Tune/RatesFile.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Tune/RateFields.h"

#include <gtest/gtest.h>

using namespace eqc;

namespace {

constexpr Machine v4{64, 32}, v3{32, 16};

std::string fileOf(const std::vector<Machine> &shapes) {
  std::vector<MeasuredRates> rates;
  for (const Machine &machine : shapes) {
    MeasuredRates measured;
    measured.target = costTargetOf(machine);
    measured.cpu = "some";
    rates.push_back(measured);
  }
  return renderRates(rates, "A \"machine\"");
}

/// The text with the first `from` replaced.
std::string replaced(std::string text, const std::string &from,
                     const std::string &to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// `LINE:COLUMN MESSAGE` of the first error, or an empty string.
std::string firstError(const std::string &text, Machine needed = v4) {
  DiagnosticEngine diags;
  diags.setSource(text, "rates.json");
  std::vector<CostTarget> targets;
  if (parseRates(diags, needed, targets))
    return "";
  const Diagnostic &first = *diags.sorted().front();
  const LineColumn at = diags.source().lineColumn(first.range.begin);
  EXPECT_EQ(diags.status(), 1);
  return std::to_string(at.line) + ":" + std::to_string(at.column) + " " +
         first.message;
}

} // namespace

TEST(RatesFile, IsReadAsItWasWritten) {
  const std::string text = fileOf({v4, v3});
  DiagnosticEngine diags;
  diags.setSource(text, "rates.json");
  std::vector<CostTarget> targets;
  ASSERT_TRUE(parseRates(diags, v3, targets));
  ASSERT_EQ(targets.size(), 2u);
  EXPECT_TRUE(targets[0].machine == v4);
  EXPECT_TRUE(targets[1].machine == v3);
  EXPECT_EQ(targets[0].name, "AVX-512, measured on A \"machine\"");
  for (const CostTarget &target : targets)
    for (const RateField &field : rateFields) {
      const double builtIn = costTargetOf(target.machine).rates.*field.rate;
      EXPECT_NEAR(target.rates.*field.rate / builtIn, 1, 1e-3) << field.name;
    }
}

TEST(RatesFile, SaysWhereItIsDamaged) {
  const std::string text = fileOf({v4});
  EXPECT_EQ(firstError(text), "");
  EXPECT_EQ(firstError(""), "1:1 unexpected EOF");
  EXPECT_EQ(firstError("[1, 2]"), "1:1 this is no file of rates: an object "
                                  "with 'eqc_rates' was expected");
  EXPECT_EQ(firstError("{\"eqc_rates\": 2}"),
            "1:2 the version of the file must be 1");
  EXPECT_EQ(firstError("{\n \"eqc_rates\": 1,\n \"targets\": []}"),
            "3:2 'targets' must be an array with at least one element");
  EXPECT_EQ(firstError("{\"eqc_rates\": 1, \"targets\": [3]}"),
            "1:18 target 1 is no object");
  EXPECT_EQ(firstError(std::string(100000, '[')),
            "1:65 brackets nested too deeply");
  EXPECT_NE(firstError(text.substr(0, text.size() / 2)), "");
  EXPECT_EQ(firstError(fileOf({v4, v4})).substr(0, 3), "45:")
      << firstError(fileOf({v4, v4}));
}

TEST(RatesFile, RatesMustBePositiveNumbers) {
  const std::string text = fileOf({v4});
  for (const char *value : {"0", "-1", "\"fast\"", "null", "1e300", "true"})
    EXPECT_NE(firstError(replaced(text, "\"gflops\": 240",
                                  std::string("\"gflops\": ") + value))
                  .find("'gflops' must be a number from"),
              std::string::npos)
        << value;
  EXPECT_NE(firstError(replaced(text, "\"gflops\"", "\"gflop\""))
                .find("the rate 'gflops' is missing"),
            std::string::npos);
  EXPECT_NE(
      firstError(replaced(text, "\"tile_ns\"", "\"gflops2\": 1, \"tile_ns\""))
          .find("there is no rate 'gflops2'; did you mean 'gflops'?"),
      std::string::npos);
  EXPECT_NE(firstError(replaced(text, "\"registers\": 32", "\"registers\": 0"))
                .find("'registers' of target 1 must be a whole number"),
            std::string::npos);
}

TEST(RatesFile, MustHaveTheCpuCompiledFor) {
  EXPECT_NE(firstError(fileOf({v4}), v3)
                .find("there are no rates for CPUs with 16 registers of 32"),
            std::string::npos);
}
