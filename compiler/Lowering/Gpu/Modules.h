//===- Modules.h - Modules of kernels ---------------------------*- C++ -*-===//

#ifndef EQC_LOWERING_GPU_MODULES_H
#define EQC_LOWERING_GPU_MODULES_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace eqc::device {

/// The chip of a module of kernels, LAYER.kernels.CHIP.
inline llvm::StringRef chipOf(llvm::StringRef kernels) {
  return kernels.rsplit('.').second;
}

/// Moves all kernels of a chip (empty: of all, which are for one) into the
/// first of their modules. Null where there are none.
mlir::gpu::GPUModuleOp joinKernels(mlir::ModuleOp module,
                                   llvm::StringRef chip = "");

/// Notes which arguments of kernels in the LLVM dialect are constant while they
/// run: rows that a kernel writes are never rows that it reads through another
/// argument.
void noteConstantArrays(mlir::gpu::GPUModuleOp module);

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_MODULES_H
