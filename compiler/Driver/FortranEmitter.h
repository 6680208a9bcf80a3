//===- FortranEmitter.h - The Fortran module of layers ----------*- C++ -*-===//

#ifndef EQC_DRIVER_FORTRANEMITTER_H
#define EQC_DRIVER_FORTRANEMITTER_H

#include "compiler/Driver/HeaderEmitter.h"

namespace eqc {

/// What the header declares, as a module of Fortran 2018 with interfaces to the
/// same C functions; the arguments are those of `emitHeader`. The module is
/// called as the stem of `fileName`, followed by `_eqc`.
std::string emitFortran(llvm::ArrayRef<LayerSpec> layers,
                        llvm::ArrayRef<int64_t> packedSizes,
                        llvm::StringRef fileName, bool gradients,
                        const Device *device, const std::vector<bool> &ragged,
                        const HeaderNetworks &networks);

} // namespace eqc

#endif // EQC_DRIVER_FORTRANEMITTER_H
