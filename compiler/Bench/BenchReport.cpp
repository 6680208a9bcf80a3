//===- BenchReport.cpp - Measurements as text and as JSON -----------------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Bench/BenchLayer.h"
#include "compiler/Bench/Workers.h"
#include "compiler/Plan/PlanRules.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

using namespace eqc;

/// Three to four digits and a unit.
static std::string timeText(double seconds) {
  for (auto [unit, scale] :
       {std::pair("s", 1.0), std::pair("ms", 1e3), std::pair("us", 1e6)})
    if (seconds * scale >= 1)
      return fmt::format("{:.4g} {}", seconds * scale, unit);
  return fmt::format("{:.4g} ns", seconds * 1e9);
}

static std::string countText(double value) {
  for (auto [unit, scale] : {std::pair("T", 1e12), std::pair("G", 1e9),
                             std::pair("M", 1e6), std::pair("k", 1e3)})
    if (value >= scale)
      return fmt::format("{:.4g} {}", value / scale, unit);
  return fmt::format("{:.4g} ", value);
}

static std::string threadsText(int threads) {
  if (threads == 0)
    return "";
  return fmt::format(" {} thread{}", threads, threads == 1 ? " " : "s");
}

/// ", 2 threads"; nothing on GPUs.
static std::string ofThreads(const BenchRow &row) {
  if (row.threads == 0)
    return "";
  return fmt::format(", {} thread{}", row.threads, row.threads == 1 ? "" : "s");
}

static void renderMachine(const std::vector<BenchResult> &results,
                          const BenchMachine &machine, std::string &text) {
  auto out = std::back_inserter(text);
  const std::string cpu = machine.gpu.empty() ? cpuName() : "";
  if (!machine.gpu.empty())
    fmt::format_to(out, "machine: {}, {}\n", machine.gpu, machine.chip);
  else
    fmt::format_to(out, "machine: {}, {} CPU{} to use\n",
                   cpu.empty() ? "unknown CPU" : cpu, availableCpus(),
                   availableCpus() == 1 ? "" : "s");
  double launch = 0;
  std::vector<std::pair<DType, int>> shown;
  for (const BenchResult &result : results)
    for (const BenchRow &row : result.rows) {
      std::pair<DType, int> key(result.spec->dtype, row.threads);
      if (std::find(shown.begin(), shown.end(), key) != shown.end())
        continue;
      shown.push_back(key);
      fmt::format_to(out, "  peak {}{}: {:.1f} GFLOP/s ({})\n",
                     key.first == DType::F32 ? "f32" : "f64",
                     threadsText(row.threads), row.peak.perSecond * 1e-9,
                     row.peak.how);
      launch = row.launch;
    }
  if (launch > 0)
    fmt::format_to(out, "  an empty kernel: {}\n", timeText(launch));
}

/// A plan may be efficient and still do more than another one would have to:
/// the one with the fewest flops, or the first, which every layer has.
static void renderOtherFloors(const BenchResult &result, std::string &text) {
  const BenchRow &row = result.rows.front();
  std::string others;
  for (size_t i = 0; i < result.plans.size(); ++i) {
    const std::string &plan = result.plans[i].plan;
    if (plan != result.plan && (i == 0 || plan == result.bestPlan))
      others += fmt::format("{}{} {:.3f}", others.empty() ? "" : ", ", plan,
                            row.efficiencyAgainst(row.floors[i]));
  }
  if (!others.empty())
    fmt::format_to(std::back_inserter(text),
                   "  efficiency against the floors of other plans: {}\n",
                   others);
}

static void renderLayer(const BenchResult &result, std::string &text) {
  auto out = std::back_inserter(text);
  const LayerSpec &spec = *result.spec;
  fmt::format_to(
      out,
      "\nlayer {}: {}, order {} -> {}, channels {} -> {}, "
      "{}, batch {}\n",
      spec.name,
      spec.group.isProduct()
          ? groupText(spec.group, result.n)
          : fmt::format("{}, n = {}", groupName(spec.group), result.n),
      spec.k, spec.l, spec.cIn, spec.cOut, dtypeName(spec.dtype, spec.storage),
      result.batch);
  if (!result.error.empty()) {
    fmt::format_to(out, "  not measured: {}\n", result.error);
    return;
  }
  fmt::format_to(out, "  plan {};", result.plan);
  for (const PlanFlops &plan : result.plans)
    fmt::format_to(out, " {} {}flop{}", plan.plan,
                   countText(plan.perSample * double(result.batch)),
                   &plan == &result.plans.back() ? "" : ",");
  fmt::format_to(out, "; {}B to move\n", countText(result.rows.front().bytes));
  // What a launch costs is no fault of the kernels.
  const bool isGpu = result.rows.front().threads == 0;
  fmt::format_to(out, "  {:>7}  {:>10}  {:>9}  {:>8}  {:>10}  {:>10}  {}\n",
                 isGpu ? "net" : "threads", "time", "GFLOP/s", "GB/s", "floor",
                 "efficiency", "bound by");
  for (const BenchRow &row : result.rows)
    fmt::format_to(
        out,
        "  {:>7}  {:>10}  {:>9.1f}  {:>8.1f}  {:>10}  {:>10.3f}  "
        "{}\n",
        isGpu ? fmt::format("{:.3f}", row.netEfficiency())
              : fmt::format("{}", row.threads),
        timeText(row.timing.median), row.flops / row.timing.median * 1e-9,
        row.bytes / row.timing.median * 1e-9, timeText(row.floor.seconds),
        row.efficiency(),
        row.floor.boundByBytes
            ? fmt::format("memory, {:.1f} GB/s ({})",
                          row.bandwidth.perSecond * 1e-9, row.bandwidth.how)
            : "arithmetic");
  for (const BenchRow &row : result.rows)
    if (row.passes.seconds > 0)
      fmt::format_to(out,
                     "  no cache holds a sample of x, and the plan reads it "
                     "more than once{}: floor {}, efficiency {:.3f}\n",
                     result.rows.size() == 1 ? "" : ofThreads(row),
                     timeText(row.passes.seconds),
                     row.efficiencyAgainst(row.passes));
  for (const BenchRow &row : result.rows)
    if (row.smallPages.runs > 0)
      fmt::format_to(out,
                     "  x and y on pages of 4 KB{}: {}, {:.2f} times as long\n",
                     ofThreads(row), timeText(row.smallPages.median),
                     row.smallPages.median / row.timing.median);
  for (const BenchRow &row : result.rows)
    if (row.backward.runs > 0)
      fmt::format_to(out,
                     "  backward{}: {}, {:.1f} GFLOP/s; {:.2f} times "
                     "the forward's time, {:.2f} times its flops\n",
                     ofThreads(row), timeText(row.backward.median),
                     row.backwardFlops / row.backward.median * 1e-9,
                     row.backward.median / row.timing.median,
                     row.backwardFlops / row.flops);
  renderOtherFloors(result, text);
}

std::string eqc::renderBench(const std::vector<BenchResult> &results,
                             const BenchMachine &machine) {
  std::string text;
  renderMachine(results, machine, text);
  for (const BenchResult &result : results)
    renderLayer(result, text);
  text += "\n  (time: the median; GFLOP/s and GB/s: what the plan must do and "
          "move, over the\n  time; floor: the least time the machine allows "
          "for it; efficiency: floor / time";
  text += machine.gpu.empty()
              ? ")\n"
              : ";\n  net: the same without the time of an empty kernel)\n";
  return text;
}

static llvm::json::Object rateJson(const Rate &rate) {
  return llvm::json::Object{{"per_second", rate.perSecond}, {"how", rate.how}};
}

static llvm::json::Object timingJson(const Timing &timing) {
  return llvm::json::Object{{"median", timing.median},
                            {"fastest", timing.fastest},
                            {"lower_quartile", timing.lowerQuartile},
                            {"upper_quartile", timing.upperQuartile},
                            {"runs", timing.runs},
                            {"calls_per_run", timing.callsPerRun}};
}

static llvm::json::Object rowJson(const BenchResult &result,
                                  const BenchRow &row) {
  llvm::json::Object floors;
  for (size_t i = 0; i < result.plans.size(); ++i)
    floors[result.plans[i].plan] = row.floors[i].seconds;
  llvm::json::Object json{
      {"threads", row.threads},
      {"peak", rateJson(row.peak)},
      {"bandwidth", rateJson(row.bandwidth)},
      {"seconds", timingJson(row.timing)},
      {"flops", row.flops},
      {"bytes", row.bytes},
      {"gflops", row.flops / row.timing.median * 1e-9},
      {"gbytes_per_second", row.bytes / row.timing.median * 1e-9},
      {"floor_seconds", row.floor.seconds},
      {"bound_by", row.floor.boundByBytes ? "memory" : "arithmetic"},
      {"efficiency", row.efficiency()},
      {"plan_floor_seconds", std::move(floors)}};
  if (row.passes.seconds > 0)
    json["floor_seconds_of_passes"] = row.passes.seconds;
  if (row.threads == 0) {
    json.erase("threads");
    json["empty_kernel_seconds"] = row.launch;
    json["net_efficiency"] = row.netEfficiency();
  }
  if (row.smallPages.runs > 0)
    json["seconds_on_small_pages"] = timingJson(row.smallPages);
  if (row.backward.runs > 0) {
    json["backward_seconds"] = timingJson(row.backward);
    json["backward_flops"] = row.backwardFlops;
  }
  return json;
}

static llvm::json::Object resultJson(const BenchResult &result) {
  const LayerSpec &spec = *result.spec;
  llvm::json::Object plans;
  for (const PlanFlops &plan : result.plans)
    plans[plan.plan] = plan.perSample;
  llvm::json::Object json{{"layer", spec.name},
                          {"group", groupName(spec.group)},
                          {"n", result.n},
                          {"k", spec.k},
                          {"l", spec.l},
                          {"c_in", spec.cIn},
                          {"c_out", spec.cOut},
                          {"dtype", dtypeName(spec.dtype, spec.storage)},
                          {"layout", spec.layout == Layout::ChannelsLast
                                         ? "channels_last"
                                         : "channels_first"},
                          {"batch", result.batch},
                          {"plan", result.plan},
                          {"best_plan", result.bestPlan},
                          {"flops_per_sample", std::move(plans)}};
  if (!result.error.empty())
    json["error"] = result.error;
  llvm::json::Array rows;
  for (const BenchRow &row : result.rows)
    rows.push_back(rowJson(result, row));
  json["results"] = std::move(rows);
  return json;
}

std::string eqc::renderBenchJson(const std::vector<BenchResult> &results,
                                 const BenchMachine &machine) {
  llvm::json::Array layers;
  for (const BenchResult &result : results)
    layers.push_back(resultJson(result));
  llvm::json::Object where{{"cpu", cpuName()}, {"cpus", availableCpus()}};
  if (!machine.gpu.empty()) {
    where["gpu"] = machine.gpu;
    where["chip"] = machine.chip;
  }
  llvm::json::Object document{{"machine", std::move(where)},
                              {"layers", std::move(layers)}};
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::formatv("{0:2}", llvm::json::Value(std::move(document))) << "\n";
  return text;
}
