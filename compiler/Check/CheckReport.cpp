//===- CheckReport.cpp - Reports of `eqc check` as text -------------------===//

#include "compiler/Check/Check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

using namespace eqc;

bool CheckReport::failed() const {
  return std::any_of(rows.begin(), rows.end(), [](const CheckRow &row) {
    return row.verdict == Verdict::Failed;
  });
}

bool CheckReport::checked() const {
  return std::any_of(rows.begin(), rows.end(), [](const CheckRow &row) {
    return row.test == check_tests::kOracle && row.measured;
  });
}

static std::string_view verdictName(Verdict verdict) {
  switch (verdict) {
  case Verdict::Ok:
    return "ok";
  case Verdict::Failed:
    return "FAILED";
  case Verdict::Skipped:
    return "skipped";
  }
  return "";
}

static std::string_view outcome(const CheckReport &report) {
  if (report.failed())
    return "FAILED";
  return report.checked() ? "ok" : "not checked";
}

std::string eqc::renderReport(const CheckReport &report) {
  size_t width = std::string_view("test").size();
  for (const CheckRow &row : report.rows)
    width = std::max(width, row.test.size());

  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{}\n", report.title);
  fmt::format_to(out, "  {:<{}}  {:>7}  {:>7}  {:>8}  {:>9}  {}\n", "test",
                 width, "n", "batch", "error", "tolerance", "verdict");
  for (const CheckRow &row : report.rows) {
    auto number = [](int64_t value) {
      return value < 0 ? std::string("-") : std::to_string(value);
    };
    auto measure = [&](double value) {
      return row.measured ? fmt::format("{:.1e}", value) : std::string("-");
    };
    fmt::format_to(out, "  {:<{}}  {:>7}  {:>7}  {:>8}  {:>9}  {}{}\n",
                   row.test, width, number(row.n), number(row.batch),
                   measure(row.error), measure(row.tolerance),
                   verdictName(row.verdict),
                   row.note.empty() ? "" : fmt::format(" ({})", row.note));
  }
  fmt::format_to(out, "  => {}\n", outcome(report));
  return text;
}

/// "2 of 3 layers agree with the definition", and what of the others.
static std::string summaryOf(const std::vector<CheckReport> &reports,
                             bool networks) {
  size_t failed = 0, passed = 0, all = 0;
  for (const CheckReport &report : reports) {
    if (report.isNetwork != networks)
      continue;
    ++all;
    failed += report.failed();
    passed += report.passed();
  }
  if (all == 0)
    return "";
  const size_t unchecked = all - failed - passed;
  std::string text = fmt::format("{} of {} {}{} with the definition", passed,
                                 all, networks ? "network" : "layer",
                                 all == 1 ? " agrees" : "s agree");
  if (failed)
    text += fmt::format(", {} FAILED", failed);
  if (unchecked)
    text += fmt::format(", {} too large to check", unchecked);
  return text + "\n";
}

std::string eqc::renderSummary(const std::vector<CheckReport> &reports) {
  return summaryOf(reports, /*networks=*/false) +
         summaryOf(reports, /*networks=*/true);
}
