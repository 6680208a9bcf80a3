//===- EmbedKernels.cpp - Kernels of GPUs in the host's code --------------===//

#include "compiler/Lowering/Cuda/EmbedKernels.h"
#include "compiler/Lowering/Cuda/EntryPoints.h"
#include "compiler/Lowering/Cuda/PtxEmitter.h"

using namespace eqc;
using namespace eqc::cuda;
using namespace mlir;

/// The chip of a module LAYER.kernels.CHIP.
static StringRef chipOf(gpu::GPUModuleOp kernels) {
  return kernels.getName().rsplit('.').second;
}

LogicalResult cuda::embedKernels(ModuleOp module, const ImageOptions &options,
                                 std::string &missing) {
  Images images;
  for (auto kernels : module.getOps<gpu::GPUModuleOp>()) {
    if (options.pause)
      options.pause();
    Image &image = images[kernels.getName().str()];
    if (!emitPtx(kernels, chipOf(kernels), options.optLevel, image.ptx))
      return failure();
    std::string why;
    if (!options.assembler.empty())
      image.cubin =
          assemblePtx(options.assembler, image.ptx, chipOf(kernels), why);
    if (options.needsAssembled && image.cubin.empty()) {
      missing = "'" + options.assembler + "' makes no cubin for " +
                chipOf(kernels).str();
      if (!why.empty())
        missing += ": " + why;
      return failure();
    }
    if (!options.keepsText)
      image.ptx.clear();
  }
  return addEntryPoints(module, images);
}

LogicalResult cuda::writePtx(ModuleOp module, const ImageOptions &options,
                             std::string &ptx) {
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
  return success(all && emitPtx(all, chipOf(all), options.optLevel, ptx));
}
