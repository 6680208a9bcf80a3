//===- HostVariant.cpp - Which code this machine would run ----------------===//
//
// The runtime itself is asked, with a kernel that has no code, so that nothing
// is measured that would not run.
//
//===----------------------------------------------------------------------===//

#include "compiler/Tune/HostVariant.h"

#include "compiler/Bench/Limits.h"

#include <eqc/kernel.h>

#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Host.h"

using namespace eqc;

std::optional<size_t>
eqc::hostVariant(const std::vector<CpuVariant> &variants) {
  if (variants.empty())
    return std::nullopt;
  // The bytes of packed weights tell which was chosen.
  std::vector<eqc_variant> asked(variants.size());
  for (size_t i = 0; i < variants.size(); ++i) {
    asked[i] = {};
    asked[i].cpu_level = variants[i].level;
    asked[i].cpu_features = variants[i].runtimeFeatures.c_str();
    asked[i].packed_bytes = int64_t(i) + 1;
  }
  eqc_layer_info info = {};
  info.struct_size = sizeof info;
  info.abi = 1;
  info.name = "host";
  eqc_kernel kernel = {};
  kernel.struct_size = sizeof kernel;
  kernel.abi = EQC_KERNEL_ABI;
  kernel.info = &info;
  kernel.element_bytes = 4;
  kernel.num_variants = int64_t(asked.size());
  kernel.variants = asked.data();
  const int64_t bytes = eqc_rt_packed_bytes(&kernel);
  if (bytes < 1)
    return std::nullopt;
  return size_t(bytes - 1);
}

std::string eqc::describeHost() {
  std::string error;
  std::vector<CpuVariant> native;
  std::string text = cpuName() + ", " + llvm::sys::getHostCPUName().str();
  if (resolveCpus("", {"native"}, native, error))
    text += ", " + native.front().features;
  return text;
}
