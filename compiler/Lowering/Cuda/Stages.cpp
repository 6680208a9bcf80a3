//===- Stages.cpp - From kernels of GPUs to the LLVM dialect --------------===//

#include "compiler/Lowering/Cuda/Stages.h"
#include "compiler/Lowering/Gpu/GpuTarget.h"

#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Transforms/Passes.h"

using namespace eqc;
using namespace mlir;

static void lowerToNVVM(OpPassManager &pm, const LoweringOptions &) {
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  device::addDevicePasses(kernels);
  kernels.addPass(createConvertGpuOpsToNVVMOps());
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  kernels.addPass(createReconcileUnrealizedCastsPass());
}

llvm::ArrayRef<LoweringStage> eqc::cudaStages() {
  static constexpr LoweringStage stages[] = {
      {"eqc-to-nvvm", "lower kernels of GPUs to the NVVM dialect", lowerToNVVM},
  };
  return stages;
}
