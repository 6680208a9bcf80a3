//===- SharedLibrary.h - From an object to a shared library -----*- C++ -*-===//

#ifndef EQC_DRIVER_SHAREDLIBRARY_H
#define EQC_DRIVER_SHAREDLIBRARY_H

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Driver/Outputs.h"
#include "compiler/Driver/Process.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace eqc {

struct Device;

/// Links the layers' object and the runtime into a shared library in
/// `directory` and sets `path` to it. Exported are the functions of layers and
/// networks and the public ones of the runtime, nothing else.
Failure linkSharedLibrary(llvm::ArrayRef<char> object,
                          llvm::ArrayRef<LayerSpec> layers,
                          llvm::ArrayRef<NetworkSpec> networks,
                          const Device *device, PrivateDirectory &directory,
                          std::string &path);

} // namespace eqc

#endif // EQC_DRIVER_SHAREDLIBRARY_H
