//===- PlansOfModule.h - Plans that passes have built -----------*- C++ -*-===//

#ifndef EQC_TRANSFORMS_PLANSOFMODULE_H
#define EQC_TRANSFORMS_PLANSOFMODULE_H

#include "compiler/Plan/BuiltPlans.h"
#include "compiler/Transforms/Passes.h"

#include "mlir/Pass/AnalysisManager.h"

namespace eqc {

/// What was built to choose plans, for those who write them: an analysis of the
/// module. It is of layers, not of their operations, so no pass invalidates it.
class PlansOfModule {
public:
  explicit PlansOfModule(mlir::Operation *) {}

  bool isInvalidated(const mlir::AnalysisManager::PreservedAnalyses &) {
    return false;
  }

  BuiltPlans &plans() { return kept ? *kept : own; }
  /// From here on those of a caller, who compiles the layers several times.
  void keepIn(BuiltPlans &plans) { kept = &plans; }

private:
  BuiltPlans own;
  BuiltPlans *kept = nullptr;
};

} // namespace eqc

#endif // EQC_TRANSFORMS_PLANSOFMODULE_H
