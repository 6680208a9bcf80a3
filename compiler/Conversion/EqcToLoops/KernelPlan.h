//===- KernelPlan.h - What the kernels of a function compute ----*- C++ -*-===//

#ifndef EQC_CONVERSION_KERNELPLAN_H
#define EQC_CONVERSION_KERNELPLAN_H

#include "compiler/Lowering/KernelTarget.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <variant>

namespace eqc {

/// A function of a layer, or of its gradients of weight and bias, as a target
/// is given it.
struct KernelPlan {
  LayerSpec spec;
  std::variant<LayerPlan, GradientPlan, BilinearPlan> plan;
};

/// Reads the stages in `function`. Says on the operation concerned why it
/// cannot.
mlir::FailureOr<KernelPlan> readKernelPlan(mlir::func::FuncOp function);

} // namespace eqc

#endif // EQC_CONVERSION_KERNELPLAN_H
