//===- Depfile.h - What a run read, for build systems -----------*- C++ -*-===//

#ifndef EQC_DRIVER_DEPFILE_H
#define EQC_DRIVER_DEPFILE_H

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace eqc {

/// A rule of Make: what is written depends on what was read.
std::string emitDepfile(llvm::ArrayRef<std::string> written,
                        llvm::ArrayRef<std::string> read);

} // namespace eqc

#endif // EQC_DRIVER_DEPFILE_H
