//===- Judge.cpp - Is a program compiled right? ---------------------------===//
//
// Integers first: their sums and products are exact in floating point as long
// as they are small, so results are those of the definition to the last bit,
// in whatever order a plan adds. A plan that changes to a basis has other
// coefficients, and is held to the bound on its errors instead.
//
//===----------------------------------------------------------------------===//

#include "compiler/Fuzz/Judge.h"

#include "compiler/Check/CheckNetwork.h"
#include "compiler/Check/Gpu/OnGpu.h"
#include "compiler/Driver/FindGpu.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Fuzz/Legal.h"
#include "compiler/Fuzz/Packed.h"
#include "compiler/Interface/Signature.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Plan/Bilinear/JoinPlans.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/PlanRules.h"
#include "compiler/Tune/HostVariant.h"
#include "compiler/Tune/InMemory.h"
#include "compiler/Tune/TuneLayer.h"

#include <eqc/runtime.h>

#include "llvm/ADT/SmallVector.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

using namespace eqc;

namespace {

class Judge {
public:
  Judge(const std::string &source, const FuzzSettings &settings,
        const AdaptKernel &adapt)
      : settings(settings), adapt(adapt),
        parsed(readSource(source, settings.ragged)) {}

  FuzzOutcome run() {
    if (parsed.status != 0) {
      if (parsed.status == 1 || parsed.status == 4)
        outcome.verdict = FuzzVerdict::Refused;
      else
        fail("front end", fmt::format("status {}", parsed.status));
      return std::move(outcome);
    }
    setOptions();
    if (outcome.verdict != FuzzVerdict::Passed)
      return std::move(outcome);
    CompileFailure failure;
    auto compile = [&] {
      return compileInMemory(parsed.layers, options, failure, &packedSizes);
    };
    std::optional<LoadedLibrary> library = compile();
    // Not every kind of target has every plan.
    if (!library && options.plan != PlanKind::Auto && failure.status != 70) {
      options.plan = PlanKind::Auto;
      library = compile();
    }
    if (!library) {
      if (failure.status == 70)
        fail("internal error", failure.message);
      else
        outcome.verdict = FuzzVerdict::Refused;
      outcome.text = failure.message;
      return std::move(outcome);
    }
    library->setNumThreads(settings.threads);
    for (const LayerSpec &layer : parsed.layers)
      if (outcome.verdict == FuzzVerdict::Passed)
        judgeLayer(layer, *library);
    for (const NetworkSpec &network : parsed.networks)
      if (outcome.verdict == FuzzVerdict::Passed)
        judgeNetwork(network, *library);
    // Layers of GPUs have no self-test. Another definition on more calls, it
    // takes as long as all before.
    if (gpu || settings.data % 4 != 1)
      return std::move(outcome);
    for (const LayerSpec &layer : parsed.layers)
      judgeSelftest(layer.name, *library);
    for (const NetworkSpec &network : parsed.networks)
      judgeSelftest(network.name, *library);
    return std::move(outcome);
  }

private:
  void fail(std::string kind, std::string text) {
    outcome.verdict = FuzzVerdict::Failed;
    outcome.kind = std::move(kind);
    outcome.text = std::move(text);
  }

  //===--------------------------------------------------------------------===//
  // How it is compiled
  //===--------------------------------------------------------------------===//

  void setOptions() {
    if (!findPlan(settings.plan))
      return fail("settings", "unknown plan '" + settings.plan + "'");
    if (!settings.target.empty() && !kernelTargetOf(settings.target).device())
      return fail("settings", "unknown target '" + settings.target + "'");
    options.optLevel = settings.optLevel;
    options.threads = settings.canShare;
    options.gradients = settings.gradients;
    options.ragged = settings.ragged;
    options.networks = parsed.networks;
    options.built = &built;
    if (!settings.target.empty())
      return setDevice();
    std::string error;
    std::vector<CpuVariant> variants;
    llvm::SmallVector<llvm::StringRef> names;
    llvm::StringRef(settings.cpu).split(names, ',');
    options.cpus.assign(names.begin(), names.end());
    if (!resolveCpus("", options.cpus, variants, error) ||
        !hostVariant(variants)) {
      options.cpus = {"native"};
      if (!resolveCpus("", options.cpus, variants, error))
        return fail("this machine's CPU", error);
    }
    const std::vector<int64_t> caps =
        registerCaps(variants[*hostVariant(variants)].machine);
    setPlans(caps[static_cast<size_t>(settings.cap) % caps.size()]);
  }

  /// The plan that was asked for, of layers that have it.
  void setPlans(int64_t registers) {
    const PlanKind plan = *findPlan(settings.plan);
    for (const LayerSpec &layer : parsed.layers) {
      const bool has =
          plan == PlanKind::Auto ||
          (layer.isBilinear() ? sharesJoins(plan).has_value()
                              : rulesOf(plan).whyNot(layer).why.empty());
      options.tuning.push_back(
          {has ? plan : PlanKind::Auto,
           settings.cap > 0 && !layer.isBilinear() ? registers : 0});
    }
    if (settings.cap > 0 ||
        std::any_of(
            options.tuning.begin(), options.tuning.end(),
            [&](const LayerTuning &tuning) { return tuning.plan != plan; }))
      return;
    options.tuning.clear();
    options.plan = plan;
  }

  void setDevice() {
    options.triple = settings.target;
    std::string text, error;
    gpu = findGpu(options, text, error, /*clusters=*/nullptr);
    if (!gpu)
      return fail("no device", error);
    setPlans(0);
    options.tuning.clear();
  }

  //===--------------------------------------------------------------------===//
  // What is checked
  //===--------------------------------------------------------------------===//

  CheckOptions checks() const {
    CheckOptions result;
    result.seed = settings.data;
    result.cases = settings.calls;
    if (gpu && gpu->isStandIn())
      result.callLimit = 5e4;
    return result;
  }

  void judgeLayer(const LayerSpec &layer, const LoadedLibrary &library) {
    count(layer);
    const int64_t integers = exactIntegers(layer, settings);
    if (integers > 0) {
      CheckOptions exact = checks();
      exact.integers = integers;
      exact.toleranceF32 = exact.toleranceF64 = 0;
      const CheckReport report = checked(layer, library, exact);
      if (report.failed() && !changesBasis(layer, library))
        return failed(report);
      ++outcome.counts[report.failed() ? "in a basis" : "exact"];
      if (!report.failed() && settings.data % 4 != 0)
        return;
    }
    CheckOptions bounded = checks();
    if (!layer.isBilinear())
      readPromises(layer, library, built, bounded);
    if (isWrong([&](uint64_t seed) {
          bounded.seed = seed;
          return checked(layer, library, bounded);
        }))
      return;
    ++outcome.counts["within bounds"];
  }

  /// Whether a check of random numbers fails. Its errors are relative to the
  /// largest result, which may be small by chance where there are few: what is
  /// measured has to be wrong for three draws.
  template <typename Check> bool isWrong(const Check &check) {
    constexpr uint64_t draws = 3;
    for (uint64_t draw = 0; draw < draws; ++draw) {
      const CheckReport report = check(settings.data + draw);
      if (!report.failed())
        return false;
      if (draw + 1 < draws &&
          std::all_of(report.rows.begin(), report.rows.end(),
                      [](const CheckRow &row) {
                        return row.measured || row.verdict != Verdict::Failed;
                      }))
        continue;
      failed(report);
      return true;
    }
    return false;
  }

  CheckReport checked(const LayerSpec &layer, const LoadedLibrary &library,
                      const CheckOptions &checkOptions) const {
    auto adapted = [&](const LayerSpec &spec, const KernelFunctions &kernel) {
      KernelFunctions onHost = gpu ? asHostLayer(spec, kernel, *gpu) : kernel;
      if (settings.packed)
        onHost = throughPacked(spec, library, packedSizeOf(layer),
                               std::move(onHost));
      return adapt ? adapt(spec, onHost) : onHost;
    };
    return checkLibrary(layer, library, checkOptions, adapted);
  }

  int64_t packedSizeOf(const LayerSpec &layer) const {
    return packedSizes[indexOf(layer)];
  }

  size_t indexOf(const LayerSpec &layer) const {
    return static_cast<size_t>(&layer - parsed.layers.data());
  }

  void judgeNetwork(const NetworkSpec &network, const LoadedLibrary &library) {
    ++outcome.counts["networks"];
    CheckOptions exact = checks();
    exact.integers = 2;
    const CheckReport report =
        checkNetwork(network, parsed.layers, library, exact);
    if (report.failed() &&
        std::none_of(parsed.layers.begin(), parsed.layers.end(),
                     [&](const LayerSpec &layer) {
                       return changesBasis(layer, library);
                     }))
      return failed(report);
    isWrong([&](uint64_t seed) {
      CheckOptions random = checks();
      random.seed = seed;
      return checkNetwork(network, parsed.layers, library, random);
    });
  }

  /// That what the object says of itself is true, too: its own test, which
  /// knows nothing of plans, finds nothing.
  void judgeSelftest(const std::string &name, const LoadedLibrary &library) {
    auto *test = reinterpret_cast<int (*)(char *, size_t)>(
        library.function(name + "_" + kSelftest.suffix));
    if (!test || outcome.verdict != FuzzVerdict::Passed)
      return;
    char report[4096];
    const int status = test(report, sizeof report);
    ++outcome.counts["self-tests"];
    // Too large, or of diagrams that objects do not describe.
    if (status != EQC_OK && status != EQC_ERR_SIZE && status != EQC_ERR_ARG)
      fail("self-test", report);
  }

  /// Whether a layer or its gradient is computed in another basis.
  bool changesBasis(const LayerSpec &layer, const LoadedLibrary &library) {
    auto has = [&](PlanKind plan, const LayerSpec &of) {
      return plan != PlanKind::Auto && rulesOf(plan).isBasis &&
             rulesOf(plan).whyNot(of).why.empty();
    };
    if (layer.isBilinear())
      return false;
    if (auto plan = findPlan(library.planName(layer)))
      if (has(*plan, layer))
        return true;
    LayerReport report;
    CompileFailure failure;
    CompileOptions own = options;
    if (!own.tuning.empty())
      own.tuning = {options.tuning[indexOf(layer)]};
    return options.gradients && reportLayer(layer, own, report, failure) &&
           has(report.gradientOfX.plan, gradientLayer(layer));
  }

  void failed(const CheckReport &report) {
    for (const CheckRow &row : report.rows)
      if (row.verdict == Verdict::Failed)
        return fail(row.test, renderReport(report));
  }

  void count(const LayerSpec &layer) {
    ++outcome.counts["layers"];
    if (layer.isBilinear())
      ++outcome.counts["of two inputs"];
    if (layer.typed)
      ++outcome.counts["with typed axes"];
    if (settings.gradients)
      ++outcome.counts["with gradients"];
    if (settings.packed && !layer.isBilinear() && layer.numSizes() < 2)
      ++outcome.counts["with packed weights"];
    if (settings.ragged && layer.mayBeRagged())
      ++outcome.counts["ragged"];
    if (layer.group.hasSums())
      ++outcome.counts["of sums"];
    if (!layer.symmetry.isTrivial())
      ++outcome.counts["with symmetries"];
    const size_t spaces = layer.group.numSpaces();
    if (spaces > 1) {
      ++outcome.counts["of products"];
      return;
    }
    const Group group = layer.group.of(0);
    ++outcome.counts["of " + std::string(familyName(group.family())) +
                     (group.hasSignature() ? "(p,q)" : "")];
  }

  const FuzzSettings &settings;
  const AdaptKernel &adapt;
  FrontendResult parsed;
  CompileOptions options;
  BuiltPlans built;
  std::vector<int64_t> packedSizes;
  std::unique_ptr<Gpu> gpu;
  FuzzOutcome outcome;
};

} // namespace

FuzzOutcome eqc::judge(const std::string &source, const FuzzSettings &settings,
                       const AdaptKernel &adapt) {
  return Judge(source, settings, adapt).run();
}
