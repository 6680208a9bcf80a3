//===- Pipelines.h - Named stages of lowering -------------------*- C++ -*-===//
//
// The stages a kernel goes through after it was written as loops on tensors.
// The driver, eqc-opt and tests call the same functions.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PIPELINES_PIPELINES_H
#define EQC_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"

namespace eqc {

/// Tensors: register tiles become vectors that stay in registers.
void populateVectorizePipeline(mlir::OpPassManager &pm);

/// Tensors to memory: everything in place, scratch in one arena.
void populateBufferizePipeline(mlir::OpPassManager &pm);

/// Loops, vectors and memory to the LLVM dialect.
void populateLLVMPipeline(mlir::OpPassManager &pm);

/// Makes the stages known to eqc-opt as --eqc-vectorize, --eqc-bufferize,
/// --eqc-to-llvm.
void registerEqcPipelines();

} // namespace eqc

#endif // EQC_PIPELINES_PIPELINES_H
