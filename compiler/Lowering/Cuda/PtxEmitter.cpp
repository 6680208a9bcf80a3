//===- PtxEmitter.cpp - Kernels in the NVVM dialect to PTX ----------------===//

#include "compiler/Lowering/Cuda/PtxEmitter.h"
#include "compiler/Lowering/Gpu/EmitCode.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace eqc;
using namespace eqc::cuda;
using namespace mlir;

/// Without it ptxas spills to fit two blocks on a processor.
static void wantOneBlock(gpu::GPUModuleOp module) {
  module.walk([](LLVM::LLVMFuncOp function) {
    if (function->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName()))
      function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                        Builder(function.getContext()).getI32IntegerAttr(1));
  });
}

bool cuda::emitPtx(gpu::GPUModuleOp module, StringRef chip, int optLevel,
                   std::string &ptx) {
  wantOneBlock(module);
  device::CodeOptions options;
  options.triple = "nvptx64-nvidia-cuda";
  options.chip = chip;
  options.optLevel = optLevel;
  llvm::SmallVector<char, 0> text;
  if (!device::emitCode(module, options, text))
    return false;
  ptx.assign(text.begin(), text.end());
  return true;
}

std::string cuda::findPtxas() {
  llvm::SmallVector<StringRef> folders;
  std::string toolkit;
  if (std::optional<std::string> path =
          llvm::sys::Process::GetEnv("CUDA_PATH")) {
    toolkit = *path + "/bin";
    if (llvm::ErrorOr<std::string> found =
            llvm::sys::findProgramByName("ptxas", {toolkit}))
      return *found;
  }
  llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("ptxas");
  return found ? *found : "";
}

std::string cuda::assemblePtx(StringRef ptxas, StringRef ptx, StringRef chip,
                              std::string &why) {
  const std::string arch = ("-arch=" + chip).str();
  return device::runOnFile(ptxas, {arch}, "layer.ptx", ptx, why);
}
