//===- CheckStreams.h - Streams, workspaces and graphs ----------*- C++ -*-===//

#ifndef EQC_CHECK_GPU_CHECKSTREAMS_H
#define EQC_CHECK_GPU_CHECKSTREAMS_H

#include "compiler/Check/Gpu/Gpu.h"
#include "compiler/Check/LoadedLibrary.h"

namespace eqc {

/// Checks a layer of a library for GPUs: what checkLibrary checks, and that the
/// same call has the same bits on streams of its own, two of which work at the
/// same time, in memory of the caller, and in a graph that is launched again
/// with other numbers.
CheckReport checkOnGpu(const LayerSpec &spec, const LoadedLibrary &library,
                       const CheckOptions &options, Gpu &gpu);

} // namespace eqc

#endif // EQC_CHECK_GPU_CHECKSTREAMS_H
