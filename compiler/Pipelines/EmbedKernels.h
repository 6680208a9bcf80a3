//===- EmbedKernels.h - Kernels of GPUs in the host's code ------*- C++ -*-===//

#ifndef EQC_PIPELINES_EMBEDKERNELS_H
#define EQC_PIPELINES_EMBEDKERNELS_H

#include "compiler/Pipelines/Compile.h"

#include "mlir/IR/BuiltinOps.h"

namespace eqc {

/// Replaces modules of kernels in the NVVM dialect by their images, and adds
/// the C functions. False after an error, which the context has.
/// What `options` asks for and is not there is written to `failure`.
bool embedKernels(mlir::ModuleOp module, const CompileOptions &options,
                  CompileFailure &failure);

/// The PTX of all of them, which are for one chip, as one text.
bool writePtx(mlir::ModuleOp module, const CompileOptions &options,
              llvm::SmallVectorImpl<char> &out);

} // namespace eqc

#endif // EQC_PIPELINES_EMBEDKERNELS_H
