//===- CpuVariantTest.cpp - What code for a CPU may use -------------------===//
//
// Over every CPU that LLVM knows: what code generation may use is what the
// runtime tests before it runs the code.
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CpuVariant.h"
#include "compiler/Target/ObjectEmitter.h"
#include "compiler/Tune/HostVariant.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

using namespace eqc;
using llvm::StringRef;

namespace {

using Names = std::set<std::string>;

constexpr char x86[] = "x86_64-linux-gnu", arm[] = "aarch64-linux-gnu";

/// What LLVM knows of a target.
class Target {
public:
  explicit Target(const char *name) : name(name) {
    std::vector<CpuVariant> ignored;
    std::string error;
    resolveCpus(name, {}, ignored, error); // LLVM's targets are set up
    machine = makeTargetMachine(resolveTriple(name), 2, error);
    info.reset(machine->getTarget().createMCSubtargetInfo(
        machine->getTargetTriple(), "", ""));
    llvm::FeatureBitset tuning, instructions;
    for (const llvm::SubtargetSubTypeKV &cpu :
         info->getAllProcessorDescriptions()) {
      addWithImplied(cpu.TuneImplies.getAsBitset(), tuning);
      addWithImplied(cpu.Implies.getAsBitset(), instructions);
    }
    for (const llvm::SubtargetFeatureKV &feature :
         info->getAllProcessorFeatures())
      if (tuning.test(feature.Value) && !instructions.test(feature.Value))
        tunings.insert(feature.Key);
  }

  std::vector<std::string> cpus() const {
    std::vector<std::string> result;
    for (const llvm::SubtargetSubTypeKV &cpu :
         info->getAllProcessorDescriptions())
      result.push_back(cpu.Key);
    return result;
  }

  /// The instructions that LLVM may use in a function with these attributes.
  Names usable(StringRef cpu, StringRef tune, StringRef features) const {
    llvm::LLVMContext context;
    llvm::Module module("m", context);
    auto *function = llvm::Function::Create(
        llvm::FunctionType::get(llvm::Type::getVoidTy(context), false),
        llvm::GlobalValue::ExternalLinkage, "f", module);
    function->addFnAttr("target-cpu", cpu);
    if (!tune.empty())
      function->addFnAttr("tune-cpu", tune);
    if (!features.empty())
      function->addFnAttr("target-features", features);
    const llvm::FeatureBitset &bits =
        machine->getSubtargetImpl(*function)->getFeatureBits();
    Names result;
    for (const llvm::SubtargetFeatureKV &feature :
         info->getAllProcessorFeatures())
      if (bits.test(feature.Value) && !tunings.count(feature.Key))
        result.insert(feature.Key);
    return result;
  }

  const char *name;

private:
  void addWithImplied(const llvm::FeatureBitset &features,
                      llvm::FeatureBitset &all) const {
    for (const llvm::SubtargetFeatureKV &feature :
         info->getAllProcessorFeatures())
      if (features.test(feature.Value) && !all.test(feature.Value)) {
        all.set(feature.Value);
        addWithImplied(feature.Implies.getAsBitset(), all);
      }
  }

  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<llvm::MCSubtargetInfo> info;
  Names tunings; ///< features that are no instructions
};

std::optional<CpuVariant> variantOf(const char *target, StringRef cpu) {
  std::vector<CpuVariant> variants;
  std::string error;
  if (!resolveCpus(target, {cpu.str()}, variants, error))
    return std::nullopt;
  return variants.front();
}

/// All names of what the runtime tests for a variant.
Names testedFor(const CpuVariant &variant, bool forX86) {
  Names result;
  auto add = [&](StringRef names) {
    llvm::SmallVector<StringRef> words;
    names.split(words, ' ');
    for (StringRef word : words)
      result.insert(word.str());
  };
  llvm::SmallVector<StringRef> asked;
  StringRef(variant.runtimeFeatures).split(asked, ',');
  auto isAsked = [&](StringRef names) {
    llvm::SmallVector<StringRef> words;
    names.split(words, ' ');
    return std::any_of(words.begin(), words.end(), [&](StringRef word) {
      return llvm::is_contained(asked, word);
    });
  };
  if (forX86) {
    // Every x86-64 has the first level; osxsave says that xsave is in use.
    const int64_t level = std::max<int64_t>(variant.level, 1);
#define EQC_X86_FEATURE(names, word, bit, its, required, state, code)          \
  if ((required && its <= level) || isAsked(names))                            \
    add(names);
#include "runtime/src/CpuFeatures.def"
    if (result.count("osxsave"))
      result.insert("xsave");
    add("64bit-mode nopl");
  } else {
#define EQC_AARCH64_FEATURE(names, word, bit, code)                            \
  if (isAsked(names))                                                          \
    add(names);
#include "runtime/src/CpuFeatures.def"
    // The calling convention of Linux needs the first two, and nothing but
    // debuggers uses the others.
    add("fp-armv8 neon ete trbe");
  }
  return result;
}

std::string listed(const Names &names) { return llvm::join(names, " "); }

Names without(const Names &all, const Names &some) {
  Names result;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(),
                      std::inserter(result, result.end()));
  return result;
}

std::string bestOf(std::vector<std::string> cpus) {
  std::vector<CpuVariant> variants;
  std::string error;
  if (!resolveCpus(x86, cpus, variants, error))
    return error;
  return variants.back().name;
}

} // namespace

TEST(CpuVariant, CodeUsesWhatIsTested) {
  for (const Target &target : {Target(x86), Target(arm)}) {
    size_t known = 0;
    for (const std::string &cpu : target.cpus()) {
      std::optional<CpuVariant> variant = variantOf(target.name, cpu);
      if (!variant)
        continue;
      ++known;
      const Names used =
          target.usable(variant->cpu, variant->tune, variant->features);
      const Names tested = testedFor(*variant, target.name == x86);
      EXPECT_EQ(listed(without(used, tested)), "") << cpu;
    }
    EXPECT_GT(known, 60u);
  }
}

TEST(CpuVariant, VectorsAndArithmeticAreUsedWhereTheyAre) {
  const Names wanted = {"avx",      "avx2",     "fma",  "fma4",
                        "avx512f",  "avx512vl", "bmi2", "sse4.1",
                        "fullfp16", "lse",      "sve"};
  for (const Target &target : {Target(x86), Target(arm)})
    for (const std::string &cpu : target.cpus())
      if (std::optional<CpuVariant> variant = variantOf(target.name, cpu)) {
        const Names ours =
            target.usable(variant->cpu, variant->tune, variant->features);
        for (const std::string &feature : target.usable(cpu, "", ""))
          if (wanted.count(feature)) {
            EXPECT_TRUE(ours.count(feature)) << cpu << " " << feature;
          }
      }
}

TEST(CpuVariant, CpusOf32BitsAreRefused) {
  for (const char *cpu :
       {"i386", "i486", "i586", "i686", "pentium", "pentium-m", "pentium3",
        "pentium4", "pentium_pro", "prescott", "yonah", "athlon", "athlon-xp",
        "k6", "k6-3", "geode", "c3", "winchip2", "lakemont"})
    EXPECT_FALSE(variantOf(x86, cpu)) << cpu;
  std::string error;
  std::vector<CpuVariant> variants;
  EXPECT_FALSE(resolveCpus(x86, {"i686"}, variants, error));
  EXPECT_NE(error.find("'i686' is no CPU of x86_64-linux-gnu"),
            std::string::npos)
      << error;
  EXPECT_TRUE(variantOf(x86, "generic"));
  EXPECT_TRUE(variantOf(x86, "k8"));
}

TEST(CpuVariant, TheBestFitsFirst) {
  // A CPU with AVX-512 runs both, and should run the wider one.
  EXPECT_EQ(bestOf({"x86-64-v4", "haswell"}), "x86-64-v4");
  EXPECT_EQ(bestOf({"haswell", "x86-64-v4"}), "x86-64-v4");
  EXPECT_EQ(bestOf({"x86-64-v3", "nehalem"}), "x86-64-v3");
  EXPECT_EQ(bestOf({"x86-64-v3", "bdver2", "x86-64-v2"}), "x86-64-v3");
  EXPECT_EQ(bestOf({"skylake-avx512", "x86-64-v2"}), "skylake-avx512");
  EXPECT_EQ(bestOf({"x86-64", "core2"}), "core2");
}

/// Whatever runs on more machines comes before what needs more.
TEST(CpuVariant, TheOrderIsThatOfDemands) {
  const Target target(x86);
  std::vector<std::string> cpus;
  for (const std::string &cpu : target.cpus())
    if (variantOf(x86, cpu))
      cpus.push_back(cpu);
  std::vector<CpuVariant> variants, backwards;
  std::string error;
  ASSERT_TRUE(resolveCpus(x86, cpus, variants, error)) << error;
  std::vector<Names> demands;
  for (const CpuVariant &variant : variants) {
    const Names used =
        target.usable(variant.cpu, variant.tune, variant.features);
    Names &demand = demands.emplace_back();
#define EQC_X86_FEATURE(names, word, bit, level, required, state, code)        \
  for (const std::string &feature : used)                                      \
    if (code && StringRef(" " names " ").contains(" " + feature + " "))        \
      demand.insert(feature);
#include "runtime/src/CpuFeatures.def"
  }
  for (size_t i = 0; i < variants.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(demands[i] != demands[j] &&
                   without(demands[i], demands[j]).empty())
          << variants[j].name << " before " << variants[i].name;
    }
  std::reverse(cpus.begin(), cpus.end());
  ASSERT_TRUE(resolveCpus(x86, cpus, backwards, error)) << error;
  for (size_t i = 0; i < variants.size(); ++i)
    EXPECT_EQ(variants[i].name, backwards[i].name);
}

TEST(CpuVariant, NamesThatCannotBeTogether) {
  std::string error;
  std::vector<CpuVariant> variants;
  for (const std::vector<std::string> &names :
       std::vector<std::vector<std::string>>{{"native", "native"},
                                             {"native", "x86-64-v2"},
                                             {"x86-64-v2", "native"},
                                             {"haswell", "haswell"},
                                             {""},
                                             {"haswell", ""},
                                             {"help"},
                                             {"\xff\n"}}) {
    error.clear();
    EXPECT_FALSE(resolveCpus(x86, names, variants, error)) << names[0];
    EXPECT_NE(error, "");
  }
}

TEST(CpuVariant, NativeRunsHere) {
  std::vector<CpuVariant> variants;
  std::string error;
  ASSERT_TRUE(resolveCpus("", {"native"}, variants, error)) << error;
  EXPECT_TRUE(hostVariant(variants));
}
