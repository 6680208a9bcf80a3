//===- GpuTarget.h - What all kinds of GPUs have in common ------*- C++ -*-===//
//
// Kernels of the gpu dialect, and the launches that make a layer of them. What
// becomes of the kernels is for a kind of GPU to say.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_GPU_GPUTARGET_H
#define EQC_LOWERING_GPU_GPUTARGET_H

#include "compiler/Lowering/Gpu/HostForm.h"
#include "compiler/Lowering/KernelTarget.h"

namespace eqc::device {

class GpuTarget : public KernelTarget {
public:
  CostTarget costTarget(const CpuVariant &variant) const override;
  bool takesGradientBasis() const override { return false; }
  std::string whyNoKernels(const LayerSpec &spec) const override;

  Kernels emitLayer(const KernelSite &site, const LayerSpec &spec,
                    const LayerPlan &plan) const override;
  Kernels emitGradients(const KernelSite &site, const LayerSpec &spec,
                        const GradientPlan &plan) const override;

  void addDialects(mlir::DialectRegistry &registry) const override;
  void addTranslations(mlir::DialectRegistry &registry) const override;

  void addHostForm(mlir::OpPassManager &pm) const override {
    device::addHostForm(pm);
  }

  std::string describe(const LayerSpec &spec, const LayerPlan &plan,
                       const Machine &machine) const override;
  std::string describe(const LayerSpec &spec, const GradientPlan &plan,
                       const Machine &machine) const override;
};

/// What becomes of kernels on every way to code, in modules of kernels.
void addDevicePasses(mlir::OpPassManager &kernels);

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_GPUTARGET_H
