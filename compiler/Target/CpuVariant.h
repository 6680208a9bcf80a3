//===- CpuVariant.h - One kind of CPU a kernel is compiled for --*- C++ -*-===//

#ifndef EQC_TARGET_CPUVARIANT_H
#define EQC_TARGET_CPUVARIANT_H

#include "compiler/Machine/Machine.h"

#include <string>
#include <vector>

namespace eqc {

/// A CPU by LLVM's name, with what tiling and run-time dispatch need of it.
/// Code generation may use what the runtime tests, and nothing else: a level
/// of x86-64 is both, any other CPU is a baseline, some features on top, and
/// the machine to schedule for.
struct CpuVariant {
  std::string name;     ///< as the user wrote it
  std::string cpu;      ///< LLVM's processor name: what may be used
  std::string tune;     ///< LLVM's processor to schedule for; empty: the same
  std::string features; ///< LLVM's feature string, or empty
  Machine machine;
  int64_t level = 0;           ///< eqc_variant.cpu_level
  std::string runtimeFeatures; ///< eqc_variant.cpu_features
  std::string kind;            ///< who writes kernels for it, see Targets.def
};

/// The variants for `names` (none: the target's default) on a triple (empty:
/// this machine's), least demanding first. False with `error` on a target that
/// is not supported, or a CPU that there is not or that is named twice.
bool resolveCpus(const std::string &triple,
                 const std::vector<std::string> &names,
                 std::vector<CpuVariant> &variants, std::string &error);

/// The triple to generate code for: that of the supported target that `asked`
/// names (empty: the host's); `asked` itself where there is none.
std::string resolveTriple(const std::string &asked);

} // namespace eqc

#endif // EQC_TARGET_CPUVARIANT_H
