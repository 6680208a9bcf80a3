//===- CudaTarget.cpp - What NVIDIA GPUs supply ---------------------------===//

#include "compiler/Lowering/Cuda/Chips.h"
#include "compiler/Lowering/Cuda/EmbedKernels.h"
#include "compiler/Lowering/Cuda/PtxEmitter.h"
#include "compiler/Lowering/Cuda/Stages.h"
#include "compiler/Lowering/Gpu/GpuTarget.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"

using namespace eqc;
using namespace eqc::cuda;
using namespace mlir;

namespace {

class CudaTarget : public device::GpuTarget {
public:
  const Device *device() const override {
    static constexpr Device device = {
        "NVIDIA GPUs",
        "ptx",
        "eqc_rt_cuda",
        "CUstream",
        [](StringRef chip) { return chipTable().find(chip)->number; },
        [](int64_t number) {
          const device::Chip *chip = newestChipFor(number);
          return chip ? chip->name : nullptr;
        }};
    return &device;
  }
  bool resolve(const std::string &, const std::vector<std::string> &names,
               std::vector<CpuVariant> &variants,
               std::string &error) const override {
    return chipTable().resolve(names, variants, error);
  }

  ArrayRef<LoweringStage> stages() const override { return cudaStages(); }
  void addDialects(DialectRegistry &registry) const override {
    GpuTarget::addDialects(registry);
    registry.insert<NVVM::NVVMDialect>();
  }
  void addTranslations(DialectRegistry &registry) const override {
    GpuTarget::addTranslations(registry);
    registerNVVMDialectTranslation(registry);
  }
  LogicalResult embedKernels(ModuleOp module, const ImageOptions &options,
                             std::string &missing) const override {
    return cuda::embedKernels(module, options, missing);
  }
  LogicalResult writeCode(ModuleOp module, const ImageOptions &options,
                          llvm::SmallVectorImpl<char> &code,
                          std::string &) const override {
    return writePtx(module, options, code);
  }
  std::string findAssembler() const override { return findPtxas(); }
};

} // namespace

const KernelTarget &eqc::cudaTarget() {
  static const CudaTarget target;
  return target;
}
