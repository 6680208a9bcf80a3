//===- EmbedKernels.cpp - Kernels of GPUs in the host's code --------------===//

#include "compiler/Lowering/Cuda/EmbedKernels.h"
#include "compiler/Lowering/Cuda/EntryPoints.h"
#include "compiler/Lowering/Cuda/PtxEmitter.h"
#include "compiler/Lowering/Gpu/Modules.h"

using namespace eqc;
using namespace eqc::cuda;
using namespace eqc::device;
using namespace mlir;

LogicalResult cuda::embedKernels(ModuleOp module, const ImageOptions &options,
                                 std::string &missing) {
  Images images;
  for (auto kernels : module.getOps<gpu::GPUModuleOp>()) {
    if (options.pause)
      options.pause();
    Image &image = images[kernels.getName().str()];
    if (!emitPtx(kernels, chipOf(kernels.getName()), options.optLevel,
                 image.ptx))
      return failure();
    std::string why;
    if (!options.assembler.empty())
      image.cubin = assemblePtx(options.assembler, image.ptx,
                                chipOf(kernels.getName()), why);
    if (options.needsAssembled && image.cubin.empty()) {
      missing = "'" + options.assembler + "' makes no cubin for " +
                chipOf(kernels.getName()).str();
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
                             llvm::SmallVectorImpl<char> &ptx) {
  gpu::GPUModuleOp all = joinKernels(module);
  std::string text;
  if (!all || !emitPtx(all, chipOf(all.getName()), options.optLevel, text))
    return failure();
  ptx.append(text.begin(), text.end());
  return success();
}
