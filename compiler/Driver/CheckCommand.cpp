//===- CheckCommand.cpp - eqc check ---------------------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Check/CheckCases.h"
#include "compiler/Check/CheckNetwork.h"
#include "compiler/Check/Gpu/CheckStreams.h"
#include "compiler/Check/LoadedLibrary.h"
#include "compiler/Driver/FindGpu.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Tune/InMemory.h"

#include <algorithm>

using namespace eqc;

/// Multiply-adds of one call that an interpreter of PTX gets through in some
/// tenths of a second.
static constexpr double kInterpretedCall = 1e6;
/// The same of kernels in block-level form.
static constexpr double kHostCall = 1e9;

/// The kernels of a source in block-level form, compiled when the first is
/// asked for.
static Gpu::FindPhase phasesOf(const Source &source) {
  auto found = std::make_shared<std::optional<Gpu::FindPhase>>();
  return [&source, found](const std::string &name) -> void * {
    CompileFailure failure;
    if (!*found)
      *found = compilePhases(source.layers, source.compile, failure);
    return **found ? (**found)(name) : nullptr;
  };
}

/// A layer for a device that is not there: by the interpreter, or where it is
/// too large for that, in block-level form. `text` gets a line that says so.
static CheckReport checkWithoutGpu(const LayerSpec &layer,
                                   const LoadedLibrary &library,
                                   CheckOptions options,
                                   const Gpu::FindPhase &phases, Gpu &gpu,
                                   std::string &text) {
  options.callLimit = kInterpretedCall;
  const std::vector<CheckCase> cases = planCases(layer, options);
  const bool isLarge = std::all_of(cases.begin(), cases.end(),
                                   [](const auto &c) { return c.skipped; });
  if (isLarge) {
    options.callLimit = kHostCall;
    gpu.runOnHost(phases);
    text += "too large for the interpreter: kernels are executed in "
            "block-level form, as code of this machine\n";
  }
  CheckReport report = checkOnGpu(layer, library, options, gpu);
  if (isLarge)
    gpu.runOnHost({});
  return report;
}

int eqc::runCheck(const Options &options) {
  Source source(options);
  if (int status = loadSource(options, source))
    return status;
  if (int status = tuneSource(options, source))
    return status;
  CheckOptions checkOptions;
  checkOptions.seed = options.seed;
  std::string text;
  const Gpu::FindPhase phases = phasesOf(source);
  std::unique_ptr<Gpu> gpu; // goes after what was loaded into it
  if (kernelTargetOf(source.compile.triple).device()) {
    std::string error;
    gpu = findGpu(source.compile, text, error, phases);
    if (!gpu)
      return report({StatusLimit, error});
  }
  std::optional<LoadedLibrary> library;
  if (int status = loadCompiled(options, source, library))
    return status;

  std::vector<CheckReport> reports;
  bool failed = false;
  for (const LayerSpec &layer : source.layers) {
    readPromises(layer, *library, source.built, checkOptions);
    CheckReport layerReport;
    if (!gpu)
      layerReport = checkLibrary(layer, *library, checkOptions);
    else if (!gpu->isStandIn())
      layerReport = checkOnGpu(layer, *library, checkOptions, *gpu);
    else
      layerReport =
          checkWithoutGpu(layer, *library, checkOptions, phases, *gpu, text);
    reports.push_back(std::move(layerReport));
    text += renderReport(reports.back()) + "\n";
    failed |= reports.back().failed();
  }
  for (const NetworkSpec &network : source.networks) {
    reports.push_back(
        checkNetwork(network, source.layers, *library, checkOptions));
    text += renderReport(reports.back()) + "\n";
    failed |= reports.back().failed();
  }
  text += renderSummary(reports);
  if (Failure failure = writeStdout(text))
    return report(failure);
  return failed ? StatusRefused : StatusDone;
}
