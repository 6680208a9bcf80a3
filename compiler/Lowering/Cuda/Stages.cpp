//===- Stages.cpp - From kernels of GPUs to the LLVM dialect --------------===//

#include "compiler/Lowering/Cuda/Stages.h"
#include "compiler/Lowering/Gpu/GpuTarget.h"
#include "compiler/Lowering/Gpu/Program.h"

#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Transforms/Passes.h"

using namespace eqc;
using namespace mlir;

namespace {

/// Barriers of kernels whose blocks share memory are those of a cluster. There
/// is one before the first access, as the others may not have begun, and one
/// after the last, as they may still read.
class ClusterBarriers
    : public PassWrapper<ClusterBarriers, OperationPass<gpu::GPUModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ClusterBarriers)
  StringRef getArgument() const override { return "eqc-cluster-barriers"; }
  StringRef getDescription() const override {
    return "barriers of kernels with clusters of blocks";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<NVVM::NVVMDialect>();
  }
  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<gpu::GPUFuncOp>()) {
      if (!kernel->removeAttr(device::kClusterAttrName))
        continue;
      OpBuilder b(kernel.getContext());
      auto add = [&](Operation *before) {
        b.setInsertionPoint(before);
        NVVM::ClusterArriveOp::create(b, kernel.getLoc(), b.getUnitAttr());
        NVVM::ClusterWaitOp::create(b, kernel.getLoc(), b.getUnitAttr());
      };
      mlir::Block &body = kernel.getBody().front();
      const bool visitsAtOnce = visitsBeforeBarrier(body);
      for (auto barrier :
           llvm::make_early_inc_range(body.getOps<gpu::BarrierOp>())) {
        add(barrier);
        barrier.erase();
      }
      if (visitsAtOnce)
        add(&body.front());
      add(body.getTerminator());
    }
  }

private:
  /// Whether blocks access shared memory of others, which have to have begun,
  /// before the first barrier.
  static bool visitsBeforeBarrier(mlir::Block &body) {
    for (Operation &op : body) {
      if (isa<gpu::BarrierOp>(op))
        return false;
      if (op.walk([](NVVM::MapaOp) {
              return WalkResult::interrupt();
            }).wasInterrupted())
        return true;
    }
    return false;
  }
};

} // namespace

static void lowerToNVVM(OpPassManager &pm, const LoweringOptions &) {
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  kernels.addPass(std::make_unique<ClusterBarriers>());
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
