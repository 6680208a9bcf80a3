//===- CheckCommand.cpp - eqc check ---------------------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Check/CheckNetwork.h"
#include "compiler/Check/Gpu/CheckStreams.h"
#include "compiler/Check/LoadedLibrary.h"
#include "compiler/Driver/FindGpu.h"
#include "compiler/Lowering/KernelTarget.h"

using namespace eqc;

/// Multiply-adds of one call that an interpreter of PTX gets through in some
/// tenths of a second.
static constexpr double kInterpretedCall = 1e6;

int eqc::runCheck(const Options &options) {
  Source source;
  if (int status = loadSource(options, source))
    return status;
  if (int status = tuneSource(options, source))
    return status;
  CheckOptions checkOptions;
  checkOptions.seed = options.seed;
  std::string text;
  std::unique_ptr<Gpu> gpu; // goes after what was loaded into it
  if (kernelTargetOf(source.compile.triple).device()) {
    std::string error;
    gpu = findGpu(source.compile, text, error);
    if (!gpu)
      return report({StatusLimit, error});
    if (gpu->isStandIn())
      checkOptions.callLimit = kInterpretedCall;
  }
  std::optional<LoadedLibrary> library;
  if (int status = loadCompiled(options, source, library))
    return status;

  std::vector<CheckReport> reports;
  bool failed = false;
  for (const LayerSpec &layer : source.layers) {
    readPromises(layer, *library, source.built, checkOptions);
    reports.push_back(gpu ? checkOnGpu(layer, *library, checkOptions, *gpu)
                          : checkLibrary(layer, *library, checkOptions));
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
