//===- HeaderEmitter.h - The C header of compiled layers --------*- C++ -*-===//

#ifndef EQC_DRIVER_HEADEREMITTER_H
#define EQC_DRIVER_HEADEREMITTER_H

#include "compiler/Algebra/NetworkSpec.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace eqc {

struct Device;

/// The networks of a header.
struct HeaderNetworks {
  llvm::ArrayRef<NetworkSpec> networks;
  bool only = false;   ///< without the functions of layers
  bool ragged = false; ///< with functions for samples of different sizes
};

/// The header, C99 and C++, that declares the layers' functions. `fileName` is
/// the name the header will have, or empty when it has none; only the include
/// guard depends on it.
/// `packedSizes` are the layers' NAME_PACKED_SIZE; with `gradients`
/// NAME_backward is declared. `device` is null for layers of CPUs. `ragged`
/// says which layers have functions for ragged batches; empty: none.
std::string emitHeader(llvm::ArrayRef<LayerSpec> layers,
                       llvm::ArrayRef<int64_t> packedSizes,
                       llvm::StringRef fileName, bool gradients = true,
                       const Device *device = nullptr,
                       const std::vector<bool> &ragged = {},
                       const HeaderNetworks &networks = {});

} // namespace eqc

#endif // EQC_DRIVER_HEADEREMITTER_H
