//===- PlanReport.cpp - Plans and their costs in words --------------------===//

#include "compiler/Plan/PlanReport.h"

#include "compiler/Plan/Positions.h"
#include "compiler/Plan/Saturating.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

using namespace eqc;

std::string_view eqc::arrayName(PlanArray array) {
  switch (array) {
  case PlanArray::Input:
    return "x";
  case PlanArray::Stored:
    return "patterns of x";
  case PlanArray::Nodes:
    return "patterns of y";
  case PlanArray::Output:
    return "y";
  case PlanArray::Bias:
    return "the bias";
  }
  return "";
}

std::string eqc::timeText(double ns) {
  if (ns < 1e3)
    return fmt::format("{:.3g} ns", ns);
  if (ns < 1e6)
    return fmt::format("{:.3g} us", ns / 1e3);
  if (ns < 1e9)
    return fmt::format("{:.3g} ms", ns / 1e6);
  return fmt::format("{:.3g} s", ns / 1e9);
}

namespace {

using Row = std::vector<std::string>;

std::string countText(int64_t count) {
  if (count == saturatedCount)
    return "2^63 or more";
  return std::to_string(count);
}

/// A polynomial, and its value where n is fixed.
std::string polyText(const Poly &poly, const LayerSpec &spec) {
  if (spec.dynamicN() || poly.isConstant())
    return toString(poly, spec.sizeNames());
  return fmt::format("{} = {}", toString(poly),
                     countText(countAt(poly, spec.n)));
}

/// A table whose first row is its head; all but the first column may be
/// numbers, which stand to the right.
void appendTable(const std::vector<Row> &rows, bool numbers,
                 std::string &text) {
  std::vector<size_t> widths;
  for (const Row &row : rows)
    for (size_t c = 0; c < row.size(); ++c) {
      widths.resize(std::max(widths.size(), c + 1));
      widths[c] = std::max(widths[c], row[c].size());
    }
  for (const Row &row : rows) {
    std::string line = "  ";
    for (size_t c = 0; c < row.size(); ++c)
      line += numbers && c > 0 ? fmt::format("  {:>{}}", row[c], widths[c])
                               : fmt::format("  {:<{}}", row[c], widths[c]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
}

/// How many diagrams pass on how many axes: each costs n^t multiply-adds per
/// pair of channels, with free vertices as many as there are subsets besides;
/// jellyfish have an entry for each tuple of distinct values and set of others,
/// orbits one for each tuple of the row that has fewer.
void appendOrders(const LayerSpec &spec, std::string &text) {
  std::map<std::pair<int, std::string>, int64_t> orders;
  for (const Diagram &diagram : spec.diagrams) {
    const RowPattern top = splitDiagram(diagram).top;
    std::string symbol;
    if (diagram.free >= 0)
      symbol = " with free vertices";
    else if (diagram.orbit.exists())
      symbol = fmt::format(" of {} tuples",
                           std::min(diagram.orbit.rows, diagram.orbit.columns));
    else if (diagram.head >= 0)
      symbol = fmt::format(" with a head, {} {}", top.through.size(),
                           top.through.size() == 1 ? "leg" : "legs");
    ++orders[{top.numKept(), symbol}];
  }
  text += "\n  propagating order (blocks that join outputs and inputs):\n";
  std::vector<Row> rows{{"order", "diagrams"}};
  for (const auto &[order, count] : orders)
    rows.push_back({fmt::format("{}{}", order.first, order.second),
                    std::to_string(count)});
  appendTable(rows, true, text);
}

std::string counted(int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

Row stageRow(const StageCost &stage, const LayerSpec &spec) {
  const std::string perOutput = " additions per output channel";
  switch (stage.kind) {
  case StageKind::Copy:
    return {"copy",
            fmt::format("{} from {}", counted(stage.patterns, "time"),
                        arrayName(stage.source)),
            polyText(stage.targetRows, spec) + " rows"};
  case StageKind::Read:
    return {"read",
            fmt::format("{} from {}", counted(stage.patterns, "pattern"),
                        arrayName(stage.source)),
            polyText(stage.additions, spec) +
                (spec.pools() ? " comparisons" : " additions") +
                " per input channel"};
  case StageKind::Mix: {
    std::string work =
        polyText(stage.multiplyAdds, spec) + " multiply-adds per channel pair";
    if (!stage.additions.isZero())
      work += ", " + polyText(stage.additions, spec) + perOutput;
    const std::string target =
        stage.target == PlanArray::Output
            ? "y"
            : counted(stage.patterns, "pattern") + " of y";
    return {"mix",
            fmt::format("{} to {}",
                        stage.terms == 1
                            ? "1 matrix"
                            : fmt::format("{} matrices", stage.terms),
                        target),
            work};
  }
  case StageKind::Transform: {
    // Rows of patterns of y have output channels already.
    const bool ofOutput = stage.source == PlanArray::Nodes;
    return {"transform",
            fmt::format("{} to {}", arrayName(stage.source),
                        stage.target == PlanArray::Output
                            ? "y"
                            : polyText(stage.targetRows, spec) + " rows"),
            fmt::format("{} multiply-adds per {} channel",
                        polyText(stage.additions, spec),
                        ofOutput ? "output" : "input")};
  }
  case StageKind::Write:
    return {"write",
            fmt::format("{} to {}", counted(stage.patterns, "pattern"),
                        arrayName(stage.target)),
            polyText(stage.additions, spec) + perOutput};
  }
  return {};
}

void appendStages(PlanKind plan, const CountedPlan &counted,
                  const LayerSpec &spec, std::string &text) {
  text += fmt::format("\n  stages of the {} plan, for one sample:\n",
                      planName(plan));
  std::vector<Row> rows;
  for (StageWords &stage : stagesInWords(counted, spec))
    rows.push_back(
        {std::move(stage.name), std::move(stage.what), std::move(stage.work)});
  if (!counted.cost.packMultiplyAdds.isZero())
    rows.push_back(
        {"pack", "once per call",
         polyText(counted.cost.packMultiplyAdds, spec) +
             (counted.basis.empty() ? " additions" : " multiply-adds") +
             " per channel pair"});
  appendTable(rows, false, text);
  if (!counted.basis.empty())
    text +=
        fmt::format("  condition of its basis: {:.4g}, which multiplies the "
                    "bound on rounding errors\n",
                    counted.basisCondition);
}

void appendComparison(const LayerSpec &spec, const PlanChoice &choice,
                      std::string &text) {
  text += "\n  plans at ";
  if (!spec.group.isProduct()) // whose sizes are listed with its spaces
    text += fmt::format("n = {} and ", choice.n);
  text += fmt::format("batch = {}", choice.batch);
  text += choice.isPredicted
              ? fmt::format(" on one thread with {}, times predicted:\n",
                            choice.target)
              : fmt::format("; no rates of {} are known:\n", choice.target);
  std::vector<Row> rows{
      {"plan", "multiply-adds", "additions", "flops", "scratch"}};
  if (choice.isPredicted)
    rows.front().insert(rows.front().end(),
                        {"packed", "packing", "sample", "call"});
  for (const PlanCandidate &plan : choice.candidates) {
    if (!plan.refused.empty())
      continue;
    Row row{std::string(planName(plan.kind)),
            countText(plan.operations.multiplyAdds),
            countText(saturatingAdd(plan.operations.additions,
                                    plan.operations.multiplications)),
            countText(plan.operations.flops()),
            countText(plan.scratchBytes) + " B"};
    if (choice.isPredicted)
      row.insert(row.end(), {countText(plan.work.packedBytes) + " B",
                             timeText(plan.packNs), timeText(plan.sampleNs),
                             timeText(plan.callNs)});
    rows.push_back(std::move(row));
  }
  appendTable(rows, true, text);
  for (const PlanCandidate &plan : choice.candidates)
    if (!plan.refused.empty())
      text += fmt::format("    {}: not possible, {}\n", planName(plan.kind),
                          plan.refused);
  text += "  (operations and scratch are those of one sample; an addition or "
          "multiplication\n  alone counts as two flops, like a multiply-add)\n";
}

} // namespace

std::vector<StageWords> eqc::stagesInWords(const CountedPlan &counted,
                                           const LayerSpec &spec) {
  std::vector<StageWords> stages;
  for (const StageCost &stage : counted.cost.stages) {
    Row row = stageRow(stage, spec);
    stages.push_back(
        {stage.kind, std::move(row[0]), std::move(row[1]), std::move(row[2])});
  }
  return stages;
}

std::string eqc::reasonOf(const PlanChoice &choice, PlanKind asked,
                          std::string_view why) {
  for (const PlanCandidate &candidate : choice.candidates)
    if (candidate.kind == asked)
      return candidate.refused.empty()
                 ? fmt::format("{}; {}", why, choice.reason)
                 : fmt::format("{} as asked for is not possible: {}",
                               planName(asked), candidate.refused);
  return choice.reason;
}

std::string eqc::reportPlans(const LayerSpec &spec, const PlanChoice &choice,
                             PlanKind plan, const CountedPlan &counted,
                             PlanKind asked, std::string_view why) {
  std::string text;
  appendOrders(spec, text);
  appendStages(plan, counted, spec, text);
  appendComparison(spec, choice, text);
  const LeastBytes least = leastBytesOf(spec, choice.n);
  text += fmt::format(
      "  any plan moves at least {} bytes per sample and {} per call\n",
      countText(least.perSample), countText(least.perCall));
  const int64_t rows = countAt(positionsOfInput(spec), choice.n);
  const int64_t read = countAt(counted.cost.inputRows, choice.n);
  if (read > rows)
    text += fmt::format(
        "  this one reads {} rows of x, of {}: where no cache holds a sample "
        "it moves {} bytes\n",
        countText(read), countText(rows),
        countText(plannedBytesOf(counted.cost, spec, choice.n)));
  text += fmt::format("\n  plan: {}; {}\n", planName(plan),
                      reasonOf(choice, asked, why));
  return text;
}
