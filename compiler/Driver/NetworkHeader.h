//===- NetworkHeader.h - Networks in the C header ---------------*- C++ -*-===//

#ifndef EQC_DRIVER_NETWORKHEADER_H
#define EQC_DRIVER_NETWORKHEADER_H

#include "compiler/Algebra/NetworkSpec.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace eqc {

/// Appends the macros and the declarations of a network. `packedSizes` are
/// those of all layers of the source; `ragged`: with functions for samples of
/// different sizes.
void emitNetwork(const NetworkSpec &network,
                 llvm::ArrayRef<int64_t> packedSizes, bool gradients,
                 bool ragged, std::string &text);

} // namespace eqc

#endif // EQC_DRIVER_NETWORKHEADER_H
