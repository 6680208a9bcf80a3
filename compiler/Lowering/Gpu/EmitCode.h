//===- EmitCode.h - Modules of kernels to a GPU's code ----------*- C++ -*-===//

#ifndef EQC_LOWERING_GPU_EMITCODE_H
#define EQC_LOWERING_GPU_EMITCODE_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

#include <string>

namespace llvm {
class Module;
}

namespace eqc::device {

struct CodeOptions {
  llvm::StringRef triple, chip; ///< LLVM's; a table has the chip
  int optLevel = 3;
  bool isText = true; ///< else an object
  /// What else LLVM has to know of the module.
  void (*prepare)(llvm::Module &) = nullptr;
};

/// The code of a module in the LLVM dialect. False if LLVM refuses, which it
/// reports to the module's context.
bool emitCode(mlir::gpu::GPUModuleOp module, const CodeOptions &options,
              llvm::SmallVectorImpl<char> &code);

/// What a program makes of a file of this name: PROGRAM OPTIONS.. NAME -o OUT.
/// Empty if it makes nothing; `why` is then the first line of what it says.
std::string runOnFile(llvm::StringRef program,
                      llvm::ArrayRef<llvm::StringRef> options,
                      llvm::StringRef name, llvm::StringRef contents,
                      std::string &why);

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_EMITCODE_H
