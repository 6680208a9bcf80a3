//===- OnGpu.h - Layers of a GPU as layers of the host ----------*- C++ -*-===//

#ifndef EQC_CHECK_GPU_ONGPU_H
#define EQC_CHECK_GPU_ONGPU_H

#include "compiler/Check/Check.h"
#include "compiler/Check/Gpu/Gpu.h"

namespace eqc {

/// The functions of a layer, which take arrays of the device, as functions of
/// arrays of the host that wait for the results. Arrays are as aligned on the
/// device as they are here.
KernelFunctions asHostLayer(const LayerSpec &spec,
                            const KernelFunctions &kernel, Gpu &gpu);

} // namespace eqc

#endif // EQC_CHECK_GPU_ONGPU_H
