//===- CpuVariant.cpp - One kind of CPU a kernel is compiled for ----------===//

#include "compiler/Target/CpuVariant.h"
#include "compiler/Frontend/Diagnostics.h"
#include "compiler/Frontend/SourceText.h"
#include "compiler/Target/ObjectEmitter.h"
#include "compiler/Target/SupportedTargets.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

using namespace eqc;
using llvm::StringRef;

std::string eqc::resolveTriple(const std::string &asked) {
  std::string error;
  const SupportedTarget *target = findTarget(asked, error);
  return target ? target->triple : asked;
}

static const llvm::Target *lookupTarget(const llvm::Triple &triple,
                                        std::string &error) {
  initializeTargets();
  return llvm::TargetRegistry::lookupTarget(triple, error);
}

namespace {

/// A variant and how good it is, next to those that may run where it does.
struct Ranked {
  CpuVariant variant;
  size_t numFeatures = 0;

  /// What has more features than another comes after it; with the same ones the
  /// CPU that is named for itself does, as it is scheduled for.
  auto key() const {
    return std::make_tuple(variant.machine.vectorBytes, numFeatures,
                           variant.level < 0, StringRef(variant.name));
  }
};

/// Turns the names of CPUs into variants.
class Resolver {
public:
  Resolver(const SupportedTarget &supported, std::string &error)
      : supported(supported), triple(supported.triple), error(error),
        target(lookupTarget(triple, error)) {
    if (target)
      baseline = subtarget("", "");
  }

  bool resolve(const std::vector<std::string> &names,
               std::vector<CpuVariant> &variants) {
    if (!baseline) {
      error = "this LLVM cannot compile for " + std::string(supported.name);
      return false;
    }
    std::vector<Ranked> ranked;
    for (const std::string &name : names) {
      if (std::count(names.begin(), names.end(), name) > 1) {
        error = "CPU '" + printable(name) + "' is named twice";
        return false;
      }
      if (name == "native" && names.size() > 1) {
        error = "'native' is this machine alone and takes no others beside it";
        return false;
      }
      if (!add(name, ranked.emplace_back()))
        return false;
    }
    // The runtime takes the last variant that the CPU supports.
    std::sort(
        ranked.begin(), ranked.end(),
        [](const Ranked &a, const Ranked &b) { return a.key() < b.key(); });
    variants.clear();
    for (Ranked &entry : ranked)
      variants.push_back(std::move(entry.variant));
    return true;
  }

private:
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(StringRef cpu,
                                                   StringRef features) {
    return std::unique_ptr<llvm::MCSubtargetInfo>(
        target->createMCSubtargetInfo(triple, cpu, features));
  }

  bool add(const std::string &name, Ranked &result) {
    CpuVariant &variant = result.variant;
    variant.name = name;
    std::vector<std::string> features;
    if (name == "native") {
      if (triple.getArch() !=
          llvm::Triple(llvm::sys::getDefaultTargetTriple()).getArch()) {
        error = "'native' is this machine, which is no " +
                std::string(supported.name);
        return false;
      }
      variant.tune = llvm::sys::getHostCPUName().str();
      features = featuresOfHost();
    } else {
      // LLVM prints about names it does not know, and ends the process for
      // those of 32-bit CPUs, so it is asked first.
      if (name.empty() || !baseline->isCPUStringValid(name))
        return unknown(name);
      variant.tune = name;
      std::unique_ptr<llvm::MCSubtargetInfo> info = subtarget(name, "");
      if (!isOfTarget(*info))
        return unknown(name);
      features = featuresOf(*info);
    }
    result.numFeatures = features.size();
    variant.level = levelOf(name);
    if (variant.level >= 0) {
      variant.cpu = std::exchange(variant.tune, "");
    } else {
      variant.cpu = supported.baseline;
      if (!tunesOnly(variant.tune))
        variant.tune.clear();
      variant.runtimeFeatures = llvm::join(features, ",");
      for (const std::string &feature : features)
        variant.features += (variant.features.empty() ? "+" : ",+") + feature;
    }
    variant.machine = machineOf(*subtarget(variant.cpu, variant.features));
    return true;
  }

  bool isOfTarget(const llvm::MCSubtargetInfo &info) const {
    return info.checkFeatures(std::string("+") + supported.required);
  }

  /// Whether scheduling for a CPU lets LLVM use none of its instructions. (It
  /// does for some, whose descriptions do not keep the two apart.)
  bool tunesOnly(StringRef name) const {
    llvm::FeatureBitset instructions, tuning;
    for (const llvm::SubtargetSubTypeKV &cpu :
         baseline->getAllProcessorDescriptions())
      if (name == cpu.Key) {
        addWithImplied(cpu.Implies.getAsBitset(), instructions);
        addWithImplied(cpu.TuneImplies.getAsBitset(), tuning);
      }
    return (instructions & tuning).none();
  }

  void addWithImplied(const llvm::FeatureBitset &features,
                      llvm::FeatureBitset &all) const {
    for (const llvm::SubtargetFeatureKV &feature :
         baseline->getAllProcessorFeatures())
      if (features.test(feature.Value) && !all.test(feature.Value)) {
        all.set(feature.Value);
        addWithImplied(feature.Implies.getAsBitset(), all);
      }
  }

  bool unknown(const std::string &name) {
    std::vector<StringRef> known;
    for (const llvm::SubtargetSubTypeKV &cpu :
         baseline->getAllProcessorDescriptions())
      if (isOfTarget(*subtarget(cpu.Key, "")))
        known.push_back(cpu.Key);
    error =
        "'" + printable(name) + "' is no CPU of " + std::string(supported.name);
    if (std::optional<StringRef> near = closestWord(name, known))
      error += ("; did you mean '" + *near + "'?").str();
    return false;
  }

  /// LLVM's names of the features that the generated code may use, of those
  /// that `has` says yes to.
  template <typename Has> std::vector<std::string> usable(Has has) const {
    std::vector<std::string> result;
    for (StringRef names : supported.features) {
      llvm::SmallVector<StringRef> words;
      names.split(words, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
      for (StringRef word : words)
        if (has(word))
          result.push_back(word.str());
    }
    return result;
  }

  std::vector<std::string> featuresOf(const llvm::MCSubtargetInfo &info) const {
    llvm::StringMap<bool> on;
    for (const llvm::SubtargetFeatureKV &feature :
         info.getAllProcessorFeatures())
      on[feature.Key] = info.getFeatureBits().test(feature.Value);
    return usable([&](StringRef word) { return on.lookup(word); });
  }

  std::vector<std::string> featuresOfHost() const {
    const llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
    llvm::StringMap<bool> known;
    for (const llvm::SubtargetFeatureKV &feature :
         baseline->getAllProcessorFeatures())
      known[feature.Key] = true;
    return usable([&](StringRef word) {
      return known.lookup(word) && host.lookup(word);
    });
  }

  /// What the runtime compares instead of features: a level of x86-64, or what
  /// runs everywhere.
  int64_t levelOf(StringRef name) const {
    if (triple.getArch() == llvm::Triple::x86_64) {
      int64_t level = -1;
      if (name == "x86-64")
        return 1;
      if (name.consume_front("x86-64-v") && !name.getAsInteger(10, level))
        return level;
      return -1;
    }
    return name == supported.baseline ? 0 : -1;
  }

  Machine machineOf(const llvm::MCSubtargetInfo &info) const {
    if (triple.getArch() != llvm::Triple::x86_64)
      return {16, 32};
    if (info.checkFeatures("+avx512f,+avx512vl,+avx512bw,+avx512dq"))
      return {64, 32};
    if (info.checkFeatures("+avx2,+fma"))
      return {32, 16};
    return Machine();
  }

  const SupportedTarget &supported;
  const llvm::Triple triple;
  std::string &error;
  const llvm::Target *target;
  std::unique_ptr<llvm::MCSubtargetInfo> baseline; ///< of no CPU
};

} // namespace

bool eqc::resolveCpus(const std::string &triple,
                      const std::vector<std::string> &names,
                      std::vector<CpuVariant> &variants, std::string &error) {
  const SupportedTarget *supported = findTarget(triple, error);
  if (!supported)
    return false;
  if (!names.empty())
    return Resolver(*supported, error).resolve(names, variants);
  const std::vector<std::string> defaults(supported->defaultCpus.begin(),
                                          supported->defaultCpus.end());
  return Resolver(*supported, error).resolve(defaults, variants);
}
