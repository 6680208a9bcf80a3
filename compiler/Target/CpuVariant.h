//===- CpuVariant.h - One kind of CPU a kernel is compiled for --*- C++ -*-===//

#ifndef EQC_TARGET_CPUVARIANT_H
#define EQC_TARGET_CPUVARIANT_H

#include "compiler/Plan/TargetShape.h"

#include <string>
#include <vector>

namespace eqc {

/// A CPU by LLVM's name, with what tiling and run-time dispatch need of it.
struct CpuVariant {
  std::string name;     ///< as the user wrote it
  std::string cpu;      ///< LLVM's processor name
  std::string features; ///< LLVM's feature string, or empty
  TargetShape shape;
  int64_t level = 0;           ///< eqc_variant.cpu_level
  std::string runtimeFeatures; ///< eqc_variant.cpu_features
};

/// The variants for `names` on `triple` (empty names: the triple's default),
/// least demanding first. False with `error` on an unknown triple or CPU.
bool resolveVariants(const std::string &triple,
                     const std::vector<std::string> &names,
                     std::vector<CpuVariant> &variants, std::string &error);

/// The triple to compile for: `asked`, or the host's when empty.
std::string resolveTriple(const std::string &asked);

} // namespace eqc

#endif // EQC_TARGET_CPUVARIANT_H
