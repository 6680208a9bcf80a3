//===- PlanEmitter.h - What every plan is emitted through -------*- C++ -*-===//

#ifndef EQC_CONVERSION_PLANEMITTER_H
#define EQC_CONVERSION_PLANEMITTER_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Cpu/EmitKernels.h"
#include "compiler/Machine/Tiling.h"
#include "compiler/Plan/Factored/FactoredPlan.h"
#include "compiler/Plan/Isotypic/IsotypicPlan.h"
#include "compiler/Plan/Shared/SharedPlan.h"
#include "compiler/Plan/Strands/StrandPlan.h"

#include <memory>
#include <optional>

namespace eqc {

/// A plan of one layer, built once, that writes its functions for any target.
class PlanEmitter {
public:
  virtual ~PlanEmitter() = default;

  virtual EmittedKernel emitPack(mlir::OpBuilder &builder, mlir::Location loc,
                                 llvm::StringRef name,
                                 const Machine &machine) const = 0;
  virtual EmittedKernel emitForward(mlir::OpBuilder &builder,
                                    mlir::Location loc, llvm::StringRef name,
                                    const Machine &machine) const = 0;
  /// The forward function for a group of samples in the lanes of vectors, where
  /// there is one.
  virtual std::optional<EmittedKernel>
  emitLanesForward(mlir::OpBuilder &builder, mlir::Location loc,
                   llvm::StringRef name, const Machine &machine) const {
    return std::nullopt;
  }
};

/// `spec` must outlive the emitter. The dense plan needs a fixed n; of the
/// shared plan, which some mixes may be in Fourier space.
std::unique_ptr<PlanEmitter> makeStrandEmitter(const LayerSpec &spec,
                                               StrandPlan plan);
std::unique_ptr<PlanEmitter>
makeFactoredEmitter(const LayerSpec &spec, FactoredPlan plan,
                    std::vector<PackedTerm> packed);
std::unique_ptr<PlanEmitter> makeDenseEmitter(const LayerSpec &spec);
std::unique_ptr<PlanEmitter> makeIsotypicEmitter(const LayerSpec &spec,
                                                 IsotypicPlan plan);

} // namespace eqc

#endif // EQC_CONVERSION_PLANEMITTER_H
