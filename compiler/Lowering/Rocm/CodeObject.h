//===- CodeObject.h - Kernels in the ROCDL dialect to code ------*- C++ -*-===//

#ifndef EQC_LOWERING_ROCM_CODEOBJECT_H
#define EQC_LOWERING_ROCM_CODEOBJECT_H

#include "compiler/Lowering/KernelTarget.h"

namespace eqc::rocm {

/// All kernels of a module: the assembly of one chip, or its code object, or a
/// bundle of the code objects of several. `missing` is what the linker is not
/// there for, or does not do.
mlir::LogicalResult writeKernels(mlir::ModuleOp module,
                                 const ImageOptions &options,
                                 llvm::SmallVectorImpl<char> &code,
                                 std::string &missing);

/// LLVM's linker, which makes code objects of what is assembled; empty if there
/// is none.
std::string findLinker();

} // namespace eqc::rocm

#endif // EQC_LOWERING_ROCM_CODEOBJECT_H
