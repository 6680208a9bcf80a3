//===- Packed.h - Layers by their packed weights ----------------*- C++ -*-===//

#ifndef EQC_FUZZ_PACKED_H
#define EQC_FUZZ_PACKED_H

#include "compiler/Check/LoadedLibrary.h"

namespace eqc {

/// The functions of a layer of one input, of which forward packs the weights
/// into `elements` elements and calls NAME_forward_packed.
KernelFunctions throughPacked(const LayerSpec &spec,
                              const LoadedLibrary &library, int64_t elements,
                              KernelFunctions kernel);

} // namespace eqc

#endif // EQC_FUZZ_PACKED_H
