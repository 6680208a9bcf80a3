//===- FindGpu.h - The GPU that a command runs layers on --------*- C++ -*-===//

#ifndef EQC_DRIVER_FINDGPU_H
#define EQC_DRIVER_FINDGPU_H

#include "compiler/Check/Gpu/Gpu.h"
#include "compiler/Pipelines/Compile.h"

namespace eqc {

/// The first GPU. Sets what is compiled for, unless chips were named, and adds
/// a line to `text` that says where layers run. Null and why, where there is
/// none.
std::unique_ptr<Gpu> findDevice(CompileOptions &options, std::string &text,
                                std::string &error);

/// The first GPU, or where there is none the stand-in; the same of it.
/// `clusters` as of Gpu::standIn.
std::unique_ptr<Gpu> findGpu(CompileOptions &options, std::string &text,
                             std::string &error,
                             const Gpu::FindPhase &clusters);

} // namespace eqc

#endif // EQC_DRIVER_FINDGPU_H
