//===- RocmTarget.cpp - What AMD GPUs supply ------------------------------===//
//
// The kernels of all GPUs, down to code objects. Nothing calls them yet: there
// is no runtime, and no code of the host.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Gpu/ChipTable.h"
#include "compiler/Lowering/Gpu/GpuTarget.h"
#include "compiler/Lowering/Gpu/Modules.h"
#include "compiler/Lowering/Rocm/CodeObject.h"

#include "mlir/Conversion/GPUToROCDL/GPUToROCDLPass.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/AMDGPU/IR/AMDGPUDialect.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Target/LLVMIR/Dialect/ROCDL/ROCDLToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

/// Numbered as LLVM numbers versions of the instruction set.
static constexpr Chip chips[] = {
    {"gfx90a", 0x90a},   {"gfx942", 0x942},   {"gfx950", 0x950},
    {"gfx1030", 0x1030}, {"gfx1100", 0x1100}, {"gfx1201", 0x1201},
};
static constexpr const char *defaults[] = {"gfx90a", "gfx942", "gfx1100"};
static constexpr ChipTable table = {chips, defaults};

namespace {

/// Upstream's conversion has to know the chip, which differs from module to
/// module.
class ConvertToRocdl
    : public PassWrapper<ConvertToRocdl, OperationPass<gpu::GPUModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ConvertToRocdl)
  StringRef getArgument() const override { return "eqc-kernels-to-rocdl"; }
  StringRef getDescription() const override {
    return "kernels of a chip to the ROCDL dialect";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<ROCDL::ROCDLDialect, amdgpu::AMDGPUDialect,
                    cf::ControlFlowDialect, memref::MemRefDialect>();
  }
  void runOnOperation() override {
    ConvertGpuOpsToROCDLOpsOptions options;
    options.chipset = chipOf(getOperation().getName()).str();
    options.runtime = gpu::amd::Runtime::HIP;
    OpPassManager pm(gpu::GPUModuleOp::getOperationName());
    pm.addPass(createConvertGpuOpsToROCDLOps(options));
    if (failed(runPipeline(pm, getOperation())))
      signalPassFailure();
  }
};

class RocmTarget : public GpuTarget {
public:
  const Device *device() const override {
    static constexpr Device device = {
        "AMD GPUs",
        "gcn",
        "",
        "hipStream_t",
        [](StringRef chip) { return table.find(chip)->number; },
        [](int64_t) -> const char * { return nullptr; },
        ".hsaco"};
    return &device;
  }
  bool resolve(const std::string &, const std::vector<std::string> &names,
               std::vector<CpuVariant> &variants,
               std::string &error) const override {
    return table.resolve(names, variants, error);
  }

  ArrayRef<LoweringStage> stages() const override {
    static constexpr LoweringStage stages[] = {
        {"eqc-to-rocdl", "lower kernels of GPUs to the ROCDL dialect", lower},
    };
    return stages;
  }
  void addDialects(DialectRegistry &registry) const override {
    GpuTarget::addDialects(registry);
    registry.insert<ROCDL::ROCDLDialect>();
  }
  void addTranslations(DialectRegistry &registry) const override {
    GpuTarget::addTranslations(registry);
    registerROCDLDialectTranslation(registry);
  }
  LogicalResult writeCode(ModuleOp module, const ImageOptions &options,
                          llvm::SmallVectorImpl<char> &code,
                          std::string &missing) const override {
    return rocm::writeKernels(module, options, code, missing);
  }
  std::string findAssembler() const override { return rocm::findLinker(); }

private:
  static void lower(OpPassManager &pm, const LoweringOptions &) {
    OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
    addDevicePasses(kernels);
    kernels.addPass(std::make_unique<ConvertToRocdl>());
    kernels.addPass(createCanonicalizerPass());
    kernels.addPass(createCSEPass());
    kernels.addPass(createReconcileUnrealizedCastsPass());
  }
};

} // namespace

const KernelTarget &eqc::rocmTarget() {
  static const RocmTarget target;
  return target;
}
