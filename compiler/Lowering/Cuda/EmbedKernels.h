//===- EmbedKernels.h - Kernels of GPUs in the host's code ------*- C++ -*-===//

#ifndef EQC_LOWERING_CUDA_EMBEDKERNELS_H
#define EQC_LOWERING_CUDA_EMBEDKERNELS_H

#include "compiler/Lowering/KernelTarget.h"

namespace eqc::cuda {

/// Replaces modules of kernels in the NVVM dialect by their images, and adds
/// the C functions. What `options` asks for and is not there is `missing`.
mlir::LogicalResult embedKernels(mlir::ModuleOp module,
                                 const ImageOptions &options,
                                 std::string &missing);

/// The PTX of all of them, which are for one chip, as one text.
mlir::LogicalResult writePtx(mlir::ModuleOp module, const ImageOptions &options,
                             llvm::SmallVectorImpl<char> &ptx);

} // namespace eqc::cuda

#endif // EQC_LOWERING_CUDA_EMBEDKERNELS_H
