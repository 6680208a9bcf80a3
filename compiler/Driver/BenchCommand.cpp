//===- BenchCommand.cpp - eqc bench ---------------------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Bench/BenchLayer.h"
#include "compiler/Bench/Suite.h"

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
    if (cases.empty())
      session.results.push_back(
          benchLayer(layer, *library, options.bench, session.peaks));
    for (const WorkloadCase &item : cases) {
      if (item.layer != layer.name)
        continue;
      BenchOptions bench = options.bench;
      if (bench.batch == 0)
        bench.batch = item.batch;
      session.results.push_back(
          benchLayer(layer, *library, bench, session.peaks));
    }
  }
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
    Source &source = session.sources.emplace_back();
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
  int status;
  if (options.suite) {
    status = measureSuite(options, suite, session);
  } else {
    Source &source = session.sources.emplace_back();
    status = loadSource(options, source);
    if (!status)
      status = measure(options, source, {}, session);
  }
  if (status)
    return status;

  bool asJson = options.benchJson && !toFile;
  if (toFile) {
    outputs.setContents(0, renderBenchJson(session.results));
    if (Failure failure = outputs.commit())
      return report(failure);
  }
  if (Failure failure = writeStdout(asJson ? renderBenchJson(session.results)
                                           : renderBench(session.results)))
    return report(failure);
  bool failed = std::any_of(
      session.results.begin(), session.results.end(),
      [](const BenchResult &result) { return !result.error.empty(); });
  return failed ? StatusLimit : StatusDone;
}
