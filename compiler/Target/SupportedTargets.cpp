//===- SupportedTargets.cpp - The machines eqc compiles for ---------------===//

#include "compiler/Target/SupportedTargets.h"

#include "compiler/Frontend/SourceText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/TargetParser/Host.h"

using namespace eqc;
using llvm::StringRef;
using llvm::Triple;

static constexpr StringRef x86Features[] = {
#define EQC_X86_FEATURE(names, word, bit, level, required, state, code)        \
  (code) ? (names) : "",
#include "runtime/src/CpuFeatures.def"
};

static constexpr StringRef aarch64Features[] = {
#define EQC_AARCH64_FEATURE(names, word, bit, code) (code) ? (names) : "",
#include "runtime/src/CpuFeatures.def"
};

static constexpr const char *x86Cpus[] = {"x86-64-v2", "x86-64-v3",
                                          "x86-64-v4"};
static constexpr const char *aarch64Cpus[] = {"generic"};

static constexpr StringRef x86Names[] = {"x86_64", "amd64"};
static constexpr StringRef aarch64Names[] = {"aarch64", "arm64"};

static constexpr SupportedTarget targets[] = {
    {Triple::x86_64, x86Names, "x86_64-linux-gnu", "x86_64-unknown-linux-gnu",
     x86Cpus, "x86-64", "64bit", x86Features},
    {Triple::aarch64, aarch64Names, "aarch64-linux-gnu",
     "aarch64-unknown-linux-gnu", aarch64Cpus, "generic", "neon",
     aarch64Features},
};

static Triple tripleOf(StringRef triple) {
  return Triple(triple.empty() ? llvm::sys::getDefaultTargetTriple()
                               : Triple::normalize(triple));
}

/// Objects call the C library and hold no data of its types, so they are the
/// same for every library whose calling convention is the architecture's own.
/// Names are compared as they stand: LLVM takes whatever begins like one.
static bool isFor(const SupportedTarget &target, const Triple &triple) {
  const StringRef environment = triple.getEnvironmentName();
  return llvm::is_contained(target.archNames, triple.getArchName()) &&
         triple.getOSName() == "linux" &&
         (environment.empty() || environment == "gnu" || environment == "musl");
}

const SupportedTarget *eqc::findTarget(StringRef asked, std::string &error) {
  const Triple triple = tripleOf(asked);
  for (const SupportedTarget &target : targets)
    if (isFor(target, triple))
      return &target;
  error = asked.empty() ? "this machine, " + printable(triple.str()) + ","
                        : "'" + printable(asked) + "'";
  error += " is no target of eqc; choose from ";
  error += llvm::join(llvm::map_range(targets,
                                      [](const SupportedTarget &target) {
                                        return StringRef(target.name);
                                      }),
                      ", ");
  return nullptr;
}

bool eqc::isHostTarget(StringRef triple) {
  if (triple.empty())
    return true;
  Triple asked = tripleOf(triple), host = tripleOf("");
  return asked.getArch() == host.getArch() && asked.getOS() == host.getOS() &&
         asked.getEnvironment() == host.getEnvironment();
}
