//===- CpuVariant.cpp - One kind of CPU a kernel is compiled for ----------===//

#include "compiler/Target/CpuVariant.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

using namespace eqc;

std::string eqc::resolveTriple(const std::string &asked) {
  return llvm::Triple::normalize(
      asked.empty() ? llvm::sys::getDefaultTargetTriple() : asked);
}

static const llvm::Target *lookupTarget(const llvm::Triple &triple,
                                        std::string &error) {
  static const bool initialized = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
    return true;
  }();
  (void)initialized;
  return llvm::TargetRegistry::lookupTarget(triple, error);
}

/// The features that the generated code may use and the runtime can test.
static std::string testableFeatures(const llvm::Triple &triple,
                                    const llvm::MCSubtargetInfo &info) {
  static const char *const x86[] = {
      "sse4.1",   "sse4.2",   "avx",     "avx2",    "fma",
      "bmi",      "bmi2",     "f16c",    "avx512f", "avx512bw",
      "avx512cd", "avx512dq", "avx512vl"};
  static const char *const arm[] = {"neon",      "lse",  "fullfp16", "rdm",
                                    "complxnum", "rcpc", "dotprod",  "sve",
                                    "fp16fml",   "sve2", "i8mm",     "bf16"};
  llvm::ArrayRef<const char *> known;
  if (triple.getArch() == llvm::Triple::x86_64)
    known = x86;
  else if (triple.getArch() == llvm::Triple::aarch64)
    known = arm;
  std::string result;
  for (const char *feature : known)
    if (info.checkFeatures(std::string("+") + feature))
      result += (result.empty() ? "" : ",") + std::string(feature);
  return result;
}

bool eqc::resolveVariants(const std::string &tripleName,
                          const std::vector<std::string> &names,
                          std::vector<CpuVariant> &variants,
                          std::string &error) {
  const llvm::Triple triple(tripleName);
  const llvm::Target *target = lookupTarget(triple, error);
  if (!target)
    return false;
  const bool x86 = triple.getArch() == llvm::Triple::x86_64;
  std::vector<std::string> wanted = names;
  if (wanted.empty())
    wanted =
        x86 ? std::vector<std::string>{"x86-64-v2", "x86-64-v3", "x86-64-v4"}
            : std::vector<std::string>{"generic"};
  for (const std::string &name : wanted) {
    CpuVariant variant;
    variant.name = name;
    variant.cpu = name;
    if (name == "native") {
      if (triple.getArch() !=
          llvm::Triple(llvm::sys::getDefaultTargetTriple()).getArch()) {
        error = "'native' is this machine, which is not a '" + tripleName + "'";
        return false;
      }
      variant.cpu = llvm::sys::getHostCPUName().str();
      llvm::SubtargetFeatures features;
      for (const auto &feature : llvm::sys::getHostCPUFeatures())
        features.AddFeature(feature.first(), feature.second);
      std::vector<std::string> sorted = features.getFeatures();
      std::sort(sorted.begin(), sorted.end());
      variant.features = llvm::join(sorted, ",");
    }
    // LLVM prints about names it does not know, so it is asked first.
    std::unique_ptr<llvm::MCSubtargetInfo> info(
        target->createMCSubtargetInfo(triple, "", ""));
    if (!info || !info->isCPUStringValid(variant.cpu)) {
      error = "unknown CPU '" + name + "' for '" + tripleName + "'";
      return false;
    }
    info.reset(
        target->createMCSubtargetInfo(triple, variant.cpu, variant.features));
    if (x86) {
      if (info->checkFeatures("+avx512f,+avx512vl,+avx512bw,+avx512dq"))
        variant.shape = {64, 32};
      else if (info->checkFeatures("+avx2,+fma"))
        variant.shape = {32, 16};
      if (name == "x86-64")
        variant.level = 1;
      else if (name.rfind("x86-64-v", 0) == 0)
        variant.level = name.back() - '0';
      else
        variant.level = -1;
    } else {
      variant.shape = {16, 32};
      // The least of its kind runs everywhere; others are known by their parts.
      variant.level = name == "generic" ? 0 : -1;
    }
    if (variant.level < 0)
      variant.runtimeFeatures = testableFeatures(triple, *info);
    variants.push_back(std::move(variant));
  }
  // The runtime takes the last variant that the CPU supports.
  auto demand = [&](size_t i) {
    const int64_t level = variants[i].level;
    return std::make_pair(level < 0 ? INT64_MAX : level, i);
  };
  std::vector<size_t> order(variants.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](size_t i, size_t j) { return demand(i) < demand(j); });
  std::vector<CpuVariant> sorted;
  for (size_t i : order)
    sorted.push_back(variants[i]);
  variants = std::move(sorted);
  return true;
}
