//===- SupportedTargets.h - The machines eqc compiles for -------*- C++ -*-===//
//
// LLVM knows many machines; these are the ones whose objects the tests run.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TARGET_SUPPORTEDTARGETS_H
#define EQC_TARGET_SUPPORTEDTARGETS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Triple.h"

#include <string>

namespace eqc {

struct SupportedTarget {
  llvm::Triple::ArchType arch;
  llvm::ArrayRef<llvm::StringRef> archNames; ///< in triples
  /// What users write and what code is generated for.
  const char *name;
  const char *triple;
  llvm::ArrayRef<const char *> defaultCpus;
  /// LLVM's CPU that has what every machine of the architecture has, and
  /// nothing else.
  const char *baseline;
  /// A feature without which a CPU is none of the architecture.
  const char *required;
  /// Extensions that layers may use and the runtime can test: the names of
  /// each, separated by spaces.
  llvm::ArrayRef<llvm::StringRef> features;
};

/// The target that `triple` names (empty: this machine's). Null with `error`
/// if there is none such.
const SupportedTarget *findTarget(llvm::StringRef triple, std::string &error);

/// Whether objects for `triple` (empty: the host's) can be linked with this
/// machine's libraries.
bool isHostTarget(llvm::StringRef triple);

} // namespace eqc

#endif // EQC_TARGET_SUPPORTEDTARGETS_H
