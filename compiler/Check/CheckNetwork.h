//===- CheckNetwork.h - Is a compiled network right? ------------*- C++ -*-===//

#ifndef EQC_CHECK_CHECKNETWORK_H
#define EQC_CHECK_CHECKNETWORK_H

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Check/LoadedLibrary.h"

#include "llvm/ADT/ArrayRef.h"

namespace eqc {

/// Calls a network with random data, and compares its outputs and gradients
/// with the definition, and its functions with each other. `layers` are all of
/// the source.
CheckReport checkNetwork(const NetworkSpec &network,
                         llvm::ArrayRef<LayerSpec> layers,
                         const LoadedLibrary &library,
                         const CheckOptions &options = {});

} // namespace eqc

#endif // EQC_CHECK_CHECKNETWORK_H
