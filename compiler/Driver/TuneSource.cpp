//===- TuneSource.cpp - What --tune does ----------------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Pipelines/Compile.h"
#include "compiler/Tune/HostVariant.h"
#include "compiler/Tune/TuneCache.h"

#include "llvm/Support/raw_ostream.h"

using namespace eqc;

int eqc::tuneSource(const Options &options, Source &source,
                    std::vector<std::string> *reports) {
  if (!options.tune)
    return StatusDone;
  CompileFailure failure;
  // Plans that are not possible are reported as without tuning; the others are
  // what layers get that cannot be measured.
  std::vector<PlanKind> plans;
  if (!choosePlans(source.layers, source.compile, plans, failure))
    return reportCompileFailure(options, source, failure);

  TuneRequest request;
  request.compile = source.compile;
  request.batch = options.bench.batch;
  request.n = options.bench.n;
  std::vector<CpuVariant> variants;
  std::string error;
  if (!resolveCpus(request.compile.triple, request.compile.cpus, variants,
                   error))
    return report({StatusUsage, error});
  const std::optional<size_t> variant = hostVariant(variants);
  if (!variant)
    return report({StatusUsage, "'--tune': this machine can run none of the "
                                "CPUs compiled for"});
  request.variant = variants[*variant];

  std::vector<LayerTuning> tuning;
  for (size_t i = 0; i < source.layers.size(); ++i) {
    const LayerSpec &layer = source.layers[i];
    TuneResult result;
    // There is nothing to choose by measuring.
    if (layer.isBilinear()) {
      tuning.push_back({plans[i], 0});
      if (reports)
        reports->emplace_back();
      continue;
    }
    if (tuneLayerCached(layer, request, result, failure)) {
      tuning.push_back(result.tuning());
      if (reports)
        reports->push_back(reportTuning(request, result));
      continue;
    }
    if (failure.status == StatusInternal)
      return reportCompileFailure(options, source, failure);
    llvm::errs() << "eqc: warning: layer '" << layer.name
                 << "' cannot be measured and gets the plan of the cost model: "
                 << printable(failure.message) << "\n";
    tuning.push_back({plans[i], 0});
    if (reports)
      reports->emplace_back();
  }
  source.compile.tuning = std::move(tuning);
  return StatusDone;
}
