//===- BenchCommand.cpp - eqc bench ---------------------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Bench/GpuBench.h"
#include "compiler/Bench/Suite.h"
#include "compiler/Driver/FindGpu.h"
#include "compiler/Lowering/KernelTarget.h"

#include <algorithm>
#include <deque>
#include <memory>

using namespace eqc;
using llvm::StringRef;

namespace {

/// All that is measured in one run. Results point into the sources.
struct Session {
  std::deque<Source> sources;
  std::vector<BenchResult> results;
  PeakCache peaks;
  BenchMachine machine;
  /// Where layers run on one.
  std::unique_ptr<Gpu> gpu;
  std::unique_ptr<GpuLimits> limits;

  void bench(const LayerSpec &layer, const LoadedLibrary &library,
             const BenchOptions &options) {
    if (!gpu)
      return results.push_back(benchLayer(layer, library, options, peaks));
    for (BenchResult &result :
         benchOnGpu(layer, library, options, *gpu, *limits))
      results.push_back(std::move(result));
  }
};

} // namespace

/// Compiles the layers of `source` and measures those of `cases`, or all once
/// where there are no cases. Returns the status.
static int measure(const Options &options, Source &source,
                   llvm::ArrayRef<WorkloadCase> cases, Session &session) {
  for (const LayerSpec &layer : source.layers) {
    if (!layer.dynamicN())
      continue;
    if (options.bench.n == 0)
      return report({StatusUsage, "layer '" + layer.name +
                                      "' has 'n = ?'; give '--n=<number>'"});
    const int unit = rulesOf(layer.group).sizeUnit();
    if (options.bench.n % unit != 0)
      return report({StatusUsage, "layer '" + layer.name + "' is of group " +
                                      groupName(layer.group) +
                                      ", '--n' must be " +
                                      sizeUnitInWords(unit)});
  }
  for (size_t i = 0; i < source.layers.size(); ++i)
    if (source.layers[i].isBilinear())
      return reportCompileFailure(
          options, source,
          {StatusRefused, static_cast<int>(i), "E0074",
           "layers of two inputs are not measured yet"});
  if (int status = tuneSource(options, source))
    return status;
  std::optional<LoadedLibrary> library;
  if (int status = loadCompiled(options, source, library))
    return status;

  for (const LayerSpec &layer : source.layers) {
    BenchOptions bench = options.bench;
    bench.moreBatches = bench.batch == 0;
    if (cases.empty())
      session.bench(layer, *library, bench);
    for (const WorkloadCase &item : cases) {
      if (item.layer != layer.name)
        continue;
      bench.batch = options.bench.batch ? options.bench.batch : item.batch;
      session.bench(layer, *library, bench);
    }
  }
  return StatusDone;
}

/// The GPU that layers run on, where that is asked for. Returns the status.
static int openGpu(CompileOptions &compile, Session &session) {
  if (!kernelTargetOf(compile.triple).device())
    return StatusDone;
  std::string text, error;
  session.gpu = findDevice(compile, text, error);
  if (session.gpu)
    session.limits = GpuLimits::load(*session.gpu, error);
  if (!session.limits)
    return report({StatusLimit, "'eqc bench --target=" + compile.triple +
                                    "' measures a GPU: " + error});
  session.machine.gpu = session.gpu->name();
  session.machine.chip = "sm_" + std::to_string(session.gpu->chip());
  return StatusDone;
}

static int measureSuite(const Options &options, llvm::ArrayRef<Workload> suite,
                        Session &session) {
  std::vector<const Workload *> chosen;
  for (const std::string &name : *options.suite) {
    size_t before = chosen.size();
    for (const Workload &workload : suite)
      if (name == "all" || name == workload.name)
        chosen.push_back(&workload);
    if (chosen.size() == before)
      return report({StatusUsage, "no workload is called '" + name +
                                      "'; 'eqc bench --suite' lists them"});
  }
  std::vector<CostTarget> rates;
  if (int status = loadRates(options, rates))
    return status;
  for (const Workload *workload : chosen) {
    Source &source = session.sources.emplace_back(options);
    if (int status = parseSource(
            options, llvm::MemoryBuffer::getMemBuffer(workload->source),
            workload->name + ".eq", source))
      return status;
    source.compile.rates = rates;
    if (int status = measure(options, source, workload->cases, session))
      return status;
  }
  return StatusDone;
}

int eqc::runBench(const Options &options) {
  if (options.calibrate)
    return runCalibrate(options);
  std::vector<Workload> suite;
  if (options.suite) {
    std::string error;
    suite = loadSuite(error);
    if (!error.empty())
      return report({StatusInternal, "damaged suite: " + error});
    if (options.suite->empty()) {
      if (Failure failure = writeStdout(listSuite(suite)))
        return report(failure);
      return StatusDone;
    }
  }

  Outputs outputs;
  bool toFile = options.benchJson && *options.benchJson != "-";
  if (toFile) {
    outputs.add(*options.benchJson);
    if (Failure failure = outputs.check(options.input))
      return report(failure);
  }

  Session session;
  Options measured = options;
  int status = StatusDone;
  if (options.suite) {
    status = openGpu(measured.compile, session);
    if (!status)
      status = measureSuite(measured, suite, session);
  } else {
    // What is wrong in a source is said with or without a GPU.
    Source &source = session.sources.emplace_back(options);
    status = loadSource(options, source);
    if (!status)
      status = openGpu(source.compile, session);
    if (!status)
      status = measure(options, source, {}, session);
  }
  if (status)
    return status;

  bool asJson = options.benchJson && !toFile;
  if (toFile) {
    outputs.setContents(0, renderBenchJson(session.results, session.machine));
    if (Failure failure = outputs.commit())
      return report(failure);
  }
  if (Failure failure =
          writeStdout(asJson ? renderBenchJson(session.results, session.machine)
                             : renderBench(session.results, session.machine)))
    return report(failure);
  bool failed = std::any_of(
      session.results.begin(), session.results.end(),
      [](const BenchResult &result) { return !result.error.empty(); });
  return failed ? StatusLimit : StatusDone;
}
