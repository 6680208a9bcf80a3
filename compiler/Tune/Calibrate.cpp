//===- Calibrate.cpp - The rates of this machine --------------------------===//
//
// The limits are measured by loops that do nothing else. What the generated
// code makes of them, and what its loops cost beside, follows from the times of
// a few kernels: the rates are those with which the model predicts them best.
//
//===----------------------------------------------------------------------===//

#include "compiler/Tune/Calibrate.h"
#include "compiler/Lowering/KernelTarget.h"

#include "compiler/Bench/Limits.h"
#include "compiler/Bench/RandomArray.h"
#include "compiler/Bench/Timing.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Target/CpuVariant.h"
#include "compiler/Tune/FitRates.h"
#include "compiler/Tune/HostVariant.h"
#include "compiler/Tune/InMemory.h"
#include "compiler/Tune/RateFields.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

using namespace eqc;

/// Small layers, so that all of it takes seconds; between them every stage of
/// every plan decides some time. The first is next to nothing: a call.
static constexpr char kernelSource[] = R"(
layer call    { group = S; n = 1; k = 0; l = 0; batch = 1 }
layer sets    { group = S; n = 64; k = 1; l = 1; channels = 32 -> 32; batch = 16 }
layer graphs  { group = S; n = 16; k = 2; l = 2; channels = 16 -> 16; batch = 8 }
layer wide    { group = S; n = 6; k = 2; l = 2; channels = 64 -> 64; batch = 8 }
layer pooled  { group = S; n = 24; k = 2; l = 0; channels = 32 -> 32; batch = 4 }
layer spread  { group = S; n = 24; k = 0; l = 2; channels = 32 -> 32; batch = 4 }
layer triples { group = S; n = 6; k = 3; l = 1; channels = 16 -> 16; batch = 4 }
layer vectors { group = O; n = 3; k = 2; l = 2; channels = 32 -> 32; batch = 64 }
layer single  { group = S; n = 4; k = 2; l = 2; channels = 8 -> 8; batch = 1 }
layer exact   { group = S; n = 12; k = 2; l = 1; channels = 16 -> 16; batch = 8; dtype = f64 }
)";

/// Longer calls would not be small; the model knows well enough.
static constexpr double mostPredictedNs = 1e6;

namespace {

class Calibration {
public:
  Calibration(const CompileOptions &options, double seconds,
              CompileFailure &failure)
      : options(options), seconds(seconds), failure(failure) {}

  std::vector<MeasuredRates> run();

private:
  bool readKernels();
  CostRates limits(const Machine &machine);
  bool measure(const CpuVariant &variant, MeasuredRates &result);
  bool measurePlan(const CpuVariant &variant, PlanKind kind,
                   const std::vector<PlanChoice> &choices,
                   std::vector<Observation> &observations);
  bool fail(int status, const std::string &message) {
    failure = {status, -1, "", message};
    return false;
  }

  const CompileOptions &options;
  double seconds;
  CompileFailure &failure;
  BuiltPlans built; ///< of the kernels that are compiled by every plan
  std::vector<LayerSpec> layers;
  int64_t cacheSize = 0;
  double cacheCopy = 0, memoryCopy = 0; ///< bytes per ns
};

} // namespace

bool Calibration::readKernels() {
  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  unsigned id = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBuffer(kernelSource), llvm::SMLoc());
  layers = parseLayers(sources, id, "kernels", FrontendOptions(), diags).layers;
  return !layers.empty() || fail(70, "the kernels to measure are damaged");
}

/// Where the fit starts: what was measured alone, the rest scaled by how much
/// faster multiply-adds are than the built-in rates say.
CostRates Calibration::limits(const Machine &machine) {
  const CostTarget builtIn = costTargetOf(machine);
  CostRates rates = builtIn.rates;
  const double peak = measurePeak(DType::F32, 1, seconds,
                                  static_cast<size_t>(machine.vectorBytes))
                          .perSecond *
                      1e-9;
  // Register tiles sustain somewhat less than the peak.
  if (peak > 0)
    rates.flops = 0.9 * peak;
  const double faster = rates.flops / builtIn.rates.flops;
  for (const RateField &field : rateFields)
    if (field.fitted && field.rate != &CostRates::flops)
      rates.*field.rate *=
          field.rate == &CostRates::cacheBytes ? faster : 1 / faster;
  if (memoryCopy > 0)
    rates.memoryBytes = memoryCopy;
  rates.cacheSize = double(cacheSize);
  // A copy reads and writes at once; loads alone are faster, but not slower.
  rates.cacheBytes = std::max({rates.cacheBytes, cacheCopy, rates.memoryBytes});
  return rates;
}

bool Calibration::measurePlan(const CpuVariant &variant, PlanKind kind,
                              const std::vector<PlanChoice> &choices,
                              std::vector<Observation> &observations) {
  std::vector<LayerSpec> compiled;
  std::vector<Observation> chosen;
  for (size_t i = 0; i < layers.size(); ++i)
    for (const PlanCandidate &plan : choices[i].candidates)
      if (plan.kind == kind && plan.refused.empty() &&
          plan.callNs <= mostPredictedNs) {
        compiled.push_back(layers[i]);
        chosen.push_back({&layers[i], plan, choices[i].n, choices[i].batch, 0});
      }
  if (compiled.empty())
    return true;
  CompileOptions compile = options;
  compile.cpus = {variant.name};
  compile.gradients = false;
  compile.tuning.assign(compiled.size(), {kind, 0});
  compile.built = &built;
  std::optional<LoadedLibrary> library =
      compileInMemory(compiled, compile, failure);
  if (!library)
    return false;
  for (Observation &seen : chosen) {
    std::string error;
    std::optional<KernelFunctions> kernel = library->kernel(*seen.spec, error);
    if (!kernel)
      return fail(70, error);
    LayerArrays arrays(*seen.spec, seen.n, seen.batch);
    if (!arrays.complete())
      return fail(4, "there is not enough memory to measure");
    int status = 0;
    auto call = [&] {
      status = kernel->forward(seen.n, seen.batch, arrays.x.data(),
                               arrays.weight.data(), arrays.bias.data(),
                               arrays.y.data());
    };
    // The least time: what disturbs a run only ever makes it longer.
    seen.callNs = timeCalls(call, seconds / 2).fastest * 1e9;
    if (status != 0 || !(seen.callNs > 0))
      return fail(
          70, fmt::format("'{}_forward' returned {}", seen.spec->name, status));
    observations.push_back(std::move(seen));
  }
  return true;
}

bool Calibration::measure(const CpuVariant &variant, MeasuredRates &result) {
  result.cpu = variant.name;
  result.target = costTargetOf(variant.machine);
  result.target.rates = limits(variant.machine);
  std::vector<PlanChoice> choices;
  for (const LayerSpec &layer : layers)
    choices.push_back(choosePlan(layer, result.target, built));
  std::vector<Observation> observations;
  for (PlanKind kind : allPlans)
    if (!measurePlan(variant, kind, choices, observations))
      return false;
  const RateFit fit = fitRates(result.target, observations);
  result.target.rates = fit.rates;
  result.kernels = observations.size();
  result.typicalRatio = fit.typicalRatio;
  result.worstRatio = fit.worstRatio;
  return true;
}

std::vector<MeasuredRates> Calibration::run() {
  std::vector<CpuVariant> variants;
  std::string error;
  if (!resolveCpus(options.triple, options.cpus, variants, error)) {
    fail(2, error);
    return {};
  }
  if (!readKernels())
    return {};
  // The model knows one cache, the second level. What is a few times as large
  // stands for all beyond it: between the third level, which others share, and
  // memory.
  cacheSize = secondLevelCache();
  cacheCopy = measureBandwidth(cacheSize / 4, 1, seconds).perSecond * 1e-9;
  memoryCopy = measureBandwidth(cacheSize * 16, 1, seconds).perSecond * 1e-9;

  const SingleThread alone;
  std::vector<MeasuredRates> results;
  // The most able first, and of those with the same registers.
  for (size_t i = variants.size(); i-- > 0;) {
    const bool known = std::any_of(
        results.begin(), results.end(), [&](const MeasuredRates &other) {
          return other.target.machine == variants[i].machine;
        });
    if (known || !hostVariant({variants[i]}))
      continue;
    if (!measure(variants[i], results.emplace_back()))
      return {};
  }
  if (results.empty())
    fail(2, "this machine can run none of the CPUs of '--cpu'; "
            "'--cpu=native' is this machine");
  return results;
}

std::vector<MeasuredRates> eqc::calibrate(const CompileOptions &options,
                                          double seconds,
                                          CompileFailure &failure) {
  return Calibration(options, seconds, failure).run();
}

std::string eqc::reportRates(const std::vector<MeasuredRates> &all,
                             const std::string &machine) {
  std::string text = fmt::format("machine: {}, one thread\n",
                                 machine.empty() ? "unknown CPU" : machine);
  auto out = std::back_inserter(text);
  for (const MeasuredRates &measured : all) {
    const CostRates builtIn = costTargetOf(measured.target.machine).rates;
    fmt::format_to(out, "\n{} ({}), fitted to {} kernels\n",
                   measured.target.name, measured.cpu, measured.kernels);
    fmt::format_to(out, "  {:<26}{:>10}  {:>10}\n", "rate", "measured",
                   "built in");
    for (const RateField &field : rateFields)
      fmt::format_to(out, "  {:<26}{:>10.4g}  {:>10.4g}\n", field.name,
                     measured.target.rates.*field.rate, builtIn.*field.rate);
    fmt::format_to(out,
                   "  half the kernels are predicted within a factor of "
                   "{:.2f}, all within {:.2f}\n",
                   measured.typicalRatio, measured.worstRatio);
  }
  return text;
}
