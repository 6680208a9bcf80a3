//===- TargetNames.cpp - Triples and CPUs that exist ----------------------===//

#include "compiler/Driver/TargetNames.h"

#include "compiler/Frontend/Diagnostics.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

#include <algorithm>
#include <memory>

using namespace eqc;
using llvm::StringRef;

static llvm::Triple tripleOf(StringRef triple) {
  return llvm::Triple(triple.empty() ? llvm::sys::getDefaultTargetTriple()
                                     : llvm::Triple::normalize(triple));
}

bool eqc::isHostTarget(StringRef triple) {
  if (triple.empty())
    return true;
  llvm::Triple asked = tripleOf(triple), host = tripleOf("");
  return asked.getArch() == host.getArch() && asked.getOS() == host.getOS() &&
         asked.getEnvironment() == host.getEnvironment();
}

/// A near miss among the CPUs LLVM knows for a target.
static std::string suggestCpu(const llvm::MCSubtargetInfo &subtarget,
                              StringRef cpu) {
  std::vector<StringRef> names;
  for (const llvm::SubtargetSubTypeKV &known :
       subtarget.getAllProcessorDescriptions())
    names.push_back(known.Key);
  std::optional<StringRef> near = closestWord(cpu, names);
  return near ? ("; did you mean '" + *near + "'?").str() : "";
}

std::string eqc::checkTarget(StringRef triple, bool given,
                             std::vector<std::string> &cpus) {
  if (given && triple.empty())
    return "'--target=' needs a triple, such as " +
           llvm::sys::getDefaultTargetTriple();
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargetMCs();

  llvm::Triple resolved = tripleOf(triple);
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(resolved, error);
  if (!target)
    return "'--target=" + printable(triple) +
           "' is no target of this eqc; a triple looks like " +
           llvm::sys::getDefaultTargetTriple();
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      target->createMCSubtargetInfo(resolved, "", ""));
  if (!subtarget)
    return "'--target=" + printable(triple) + "' cannot be compiled for";

  std::vector<std::pair<size_t, std::string>> ranked;
  for (const std::string &cpu : cpus) {
    if (cpu == "native") {
      if (cpus.size() > 1)
        return "'--cpu=native' is this machine alone and takes no others "
               "beside it";
      if (!isHostTarget(triple))
        return "'--cpu=native' is this machine, which '--target=" +
               printable(triple) + "' is not";
      return "";
    }
    if (cpu.empty() || !subtarget->isCPUStringValid(cpu))
      return "'--cpu=': '" + printable(cpu) + "' is no CPU of the target " +
             resolved.str() + suggestCpu(*subtarget, cpu);
    if (std::count(cpus.begin(), cpus.end(), cpu) > 1)
      return "'--cpu=': '" + cpu + "' is named twice";
    std::unique_ptr<llvm::MCSubtargetInfo> info(
        target->createMCSubtargetInfo(resolved, cpu, ""));
    ranked.emplace_back(info->getFeatureBits().count(), cpu);
  }
  std::sort(ranked.begin(), ranked.end());
  for (size_t i = 0; i < ranked.size(); ++i)
    cpus[i] = ranked[i].second;
  return "";
}
