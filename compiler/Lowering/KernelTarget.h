//===- KernelTarget.h - What a kind of machine supplies ---------*- C++ -*-===//
//
// A kind of target is a folder of this room: it visits the nests of a plan
// under schedules of its own. All that others know of it stands here.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_KERNELTARGET_H
#define EQC_LOWERING_KERNELTARGET_H

#include "compiler/Lowering/EmittedKernel.h"
#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Plan/Factored/FactoredPlan.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/Isotypic/IsotypicPlan.h"
#include "compiler/Plan/Strands/StrandPlan.h"
#include "dialect/Eqc/EqcAttrs.h"

#include "mlir/Pass/PassManager.h"

#include <string>
#include <variant>
#include <vector>

namespace eqc {

/// The factored plan with what its weights are.
struct FactoredLayer {
  FactoredPlan plan;
  std::vector<PackedTerm> packed;
};
/// A plan that kernels are written for; of the shared one, some mixes may be in
/// Fourier space.
using LayerPlan =
    std::variant<StrandPlan, IsotypicPlan, FactoredLayer, DensePlan>;

/// Where kernels are written, before the builder's insertion point, and of
/// which layer they are for which machine.
struct KernelSite {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  llvm::StringRef layer;
  ir::TargetAttr target;

  std::string nameOf(KernelRole role) const {
    return (layer + "." + ir::getSpelling(role) + "." + target.getName()).str();
  }
};

/// A step on the way from kernels to the LLVM dialect: a pipeline of eqc-opt.
struct LoweringStage {
  llvm::StringLiteral name, summary;
  void (*populate)(mlir::OpPassManager &);
};

class KernelTarget {
public:
  using Kernels = std::vector<std::pair<KernelRole, EmittedKernel>>;

  virtual ~KernelTarget() = default;

  /// The kernels of a layer.
  virtual Kernels emitLayer(const KernelSite &site, const LayerSpec &spec,
                            const LayerPlan &plan) const = 0;
  /// Those of its gradients of weight and bias.
  virtual Kernels emitGradients(const KernelSite &site, const LayerSpec &spec,
                                const GradientPlan &plan) const = 0;

  /// What becomes of its kernels, in order; each stage checks what it leaves.
  /// The last one leaves the LLVM dialect, to which C functions are added.
  virtual llvm::ArrayRef<LoweringStage> stages() const = 0;
  /// The dialects that kernels are written in.
  virtual void addDialects(mlir::DialectRegistry &registry) const = 0;
  /// Makes the passes of its stages known to eqc-opt.
  virtual void registerPasses() const = 0;

  /// How kernels carry out the stages of a plan: a line for each.
  virtual std::string describe(const LayerSpec &spec, const LayerPlan &plan,
                               const Machine &machine) const = 0;
  virtual std::string describe(const LayerSpec &spec, const GradientPlan &plan,
                               const Machine &machine) const = 0;
};

#define EQC_TARGET(KIND, FOLDER, TARGET) const KernelTarget &TARGET();
#include "compiler/Lowering/Targets.def"

/// All of them.
llvm::ArrayRef<const KernelTarget *> kernelTargets();
/// The target of a kind, as Targets.def lists it; null if there is none.
const KernelTarget *findKernelTarget(llvm::StringRef kind);

} // namespace eqc

#endif // EQC_LOWERING_KERNELTARGET_H
