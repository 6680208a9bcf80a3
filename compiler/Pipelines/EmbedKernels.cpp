//===- EmbedKernels.cpp - Kernels of GPUs in the host's code --------------===//

#include "compiler/Pipelines/EmbedKernels.h"
#include "compiler/Target/PtxEmitter.h"
#include "compiler/Transforms/AddCudaEntryPoints.h"

using namespace eqc;
using namespace mlir;

/// The chip of a module LAYER.kernels.CHIP.
static StringRef chipOf(gpu::GPUModuleOp kernels) {
  return kernels.getName().rsplit('.').second;
}

bool eqc::embedKernels(ModuleOp module, const CompileOptions &options,
                       CompileFailure &failure) {
  CudaImages images;
  for (auto kernels : module.getOps<gpu::GPUModuleOp>()) {
    if (options.pause)
      options.pause();
    CudaImage &image = images[kernels.getName().str()];
    if (!emitPtx(kernels, chipOf(kernels), options.optLevel, image.ptx))
      return false;
    std::string why;
    if (!options.ptxas.empty())
      image.cubin = assemblePtx(options.ptxas, image.ptx, chipOf(kernels), why);
    if (options.cubins && image.cubin.empty()) {
      failure.status = 2;
      failure.message =
          "'" + options.ptxas + "' makes no cubin for " + chipOf(kernels).str();
      if (!why.empty())
        failure.message += ": " + why;
      return false;
    }
    if (!options.ptx)
      image.ptx.clear();
  }
  return succeeded(addCudaEntryPoints(module, images));
}

bool eqc::writePtx(ModuleOp module, const CompileOptions &options,
                   llvm::SmallVectorImpl<char> &out) {
  gpu::GPUModuleOp all;
  for (auto kernels :
       llvm::make_early_inc_range(module.getOps<gpu::GPUModuleOp>())) {
    if (!all) {
      all = kernels;
      continue;
    }
    // Names begin with that of the layer.
    for (Operation &op : llvm::make_early_inc_range(*kernels.getBody()))
      op.moveBefore(all.getBody(), all.getBody()->end());
    kernels.erase();
  }
  std::string ptx;
  if (!all || !emitPtx(all, chipOf(all), options.optLevel, ptx))
    return false;
  out.append(ptx.begin(), ptx.end());
  return true;
}
