//===- PlanEmitter.h - What every plan is emitted through -------*- C++ -*-===//

#ifndef EQC_CONVERSION_PLANEMITTER_H
#define EQC_CONVERSION_PLANEMITTER_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/FactoredPlan.h"
#include "compiler/Plan/Poly.h"
#include "compiler/Plan/SchurPlan.h"
#include "compiler/Plan/SharedPlan.h"
#include "compiler/Plan/StrandPlan.h"
#include "compiler/Plan/TargetShape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <memory>

namespace eqc {

/// A plan of one layer, built once, that writes its functions for any target.
class PlanEmitter {
public:
  virtual ~PlanEmitter() = default;

  virtual llvm::StringRef name() const = 0;
  /// Multiply-adds of a sample and a pair of channels.
  virtual Poly multiplyAdds() const = 0;
  /// Scratch elements that a sample more in a block costs, roughly.
  virtual Poly scratchElements() const { return Poly(); }
  /// Steps of a block that must follow each other, and the shares of a step
  /// that may run at the same time.
  virtual int64_t phases() const { return 1; }
  virtual int64_t parts() const { return 1; }
  virtual std::vector<int64_t> packedShape(const TargetShape &target) const = 0;

  virtual mlir::func::FuncOp emitPack(mlir::OpBuilder &builder,
                                      mlir::Location loc, llvm::StringRef name,
                                      const TargetShape &target) const = 0;
  virtual mlir::func::FuncOp emitForward(mlir::OpBuilder &builder,
                                         mlir::Location loc,
                                         llvm::StringRef name,
                                         const TargetShape &target) const = 0;
  /// Samples that emitLanesForward() works on at once; 0: there is none.
  virtual int64_t lanes(const TargetShape &target) const { return 0; }
  /// The forward function for a group of lanes() samples.
  virtual mlir::func::FuncOp emitLanesForward(mlir::OpBuilder &builder,
                                              mlir::Location loc,
                                              llvm::StringRef name,
                                              const TargetShape &target) const {
    return nullptr;
  }
};

/// `spec` must outlive the emitter. The dense plan needs a fixed n.
std::unique_ptr<PlanEmitter> makeSharedEmitter(const LayerSpec &spec,
                                               SharedPlan plan);
/// The shared plan with some mixes in Fourier space.
std::unique_ptr<PlanEmitter> makeStrandEmitter(const LayerSpec &spec,
                                               StrandPlan plan);
std::unique_ptr<PlanEmitter> makeFactoredEmitter(const LayerSpec &spec,
                                                 FactoredPlan plan);
std::unique_ptr<PlanEmitter> makeDenseEmitter(const LayerSpec &spec);
std::unique_ptr<PlanEmitter>
makeSchurEmitter(const LayerSpec &spec, std::shared_ptr<const SchurPlan> plan);

} // namespace eqc

#endif // EQC_CONVERSION_PLANEMITTER_H
