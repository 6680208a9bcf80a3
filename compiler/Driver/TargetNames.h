//===- TargetNames.h - Triples and CPUs that exist --------------*- C++ -*-===//
//
// Mistakes in --target and --cpu belong to the command line, so they are found
// before anything is read or compiled.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DRIVER_TARGETNAMES_H
#define EQC_DRIVER_TARGETNAMES_H

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace eqc {

/// Checks the triple (empty: the host's, unless it was `given`) and the CPUs
/// (none: the default), and sorts the CPUs from the least to the most able.
/// Returns what is wrong with them, or an empty string.
std::string checkTarget(llvm::StringRef triple, bool given,
                        std::vector<std::string> &cpus);

/// Whether objects for `triple` (empty: the host's) can be linked with this
/// machine's libraries.
bool isHostTarget(llvm::StringRef triple);

} // namespace eqc

#endif // EQC_DRIVER_TARGETNAMES_H
