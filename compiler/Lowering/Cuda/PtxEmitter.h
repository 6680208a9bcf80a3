//===- PtxEmitter.h - Kernels in the NVVM dialect to PTX --------*- C++ -*-===//

#ifndef EQC_LOWERING_CUDA_PTXEMITTER_H
#define EQC_LOWERING_CUDA_PTXEMITTER_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

#include <string>

namespace eqc::cuda {

/// The PTX of a module for a chip, which the table of chips has. False if LLVM
/// refuses, which it reports to the module's context.
bool emitPtx(mlir::gpu::GPUModuleOp module, llvm::StringRef chip, int optLevel,
             std::string &ptx);

/// What ptxas makes of it. Empty if it makes nothing, as of a chip that it does
/// not know; `why` is then the first line of what it says.
std::string assemblePtx(llvm::StringRef ptxas, llvm::StringRef ptx,
                        llvm::StringRef chip, std::string &why);

/// The assembler of the CUDA toolkit: in `CUDA_PATH`, else on the search path;
/// empty if there is none.
std::string findPtxas();

} // namespace eqc::cuda

#endif // EQC_LOWERING_CUDA_PTXEMITTER_H
