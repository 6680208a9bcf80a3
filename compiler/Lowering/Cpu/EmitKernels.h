//===- EmitKernels.h - The functions of a layer on tensors ------*- C++ -*-===//
//
// Writes a layer's plan as functions of loops, vectors and linalg operations on
// tensors. Names are NAME.pack.VARIANT and NAME.forward.VARIANT.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_EMITKERNELS_H
#define EQC_LOWERING_CPU_EMITKERNELS_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Lowering/Schedules/SharedSchedule.h"
#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Plan/Factored/FactoredPlan.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/Isotypic/IsotypicPlan.h"
#include "compiler/Plan/KernelRecord.h"
#include "compiler/Plan/PackedTerm.h"
#include "compiler/Plan/Shared/SharedPlan.h"
#include "compiler/Plan/Strands/StrandPlan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace eqc {

/// A function and what its emitter knows of it.
struct EmittedKernel {
  mlir::func::FuncOp function;
  KernelRecord record;
};

/// (weight: [diagrams * c_in, c_out], packed: [terms, tiles, c_in, width]):
/// term p of the packed weights is the sum `packed[p]` of weights.
EmittedKernel emitWeightPack(mlir::OpBuilder &builder, mlir::Location loc,
                             llvm::StringRef name, const LayerSpec &spec,
                             llvm::ArrayRef<PackedTerm> packed,
                             const Machine &machine);

/// (n, first, count, phase, part: index, x, packed, bias, y): samples first ..
/// first+count-1 of x and y, which are as in the layer's layout. A phase is one
/// stage of the plan, a negative one all of them; a part is one of the shares
/// of it that the record names.
EmittedKernel emitSharedForward(mlir::OpBuilder &builder, mlir::Location loc,
                                llvm::StringRef name, const LayerSpec &spec,
                                const StrandPlan &plan, const Machine &machine);

/// The same as emitSharedForward() for exactly as many samples as a vector has
/// lanes; count, phase and part are ignored.
EmittedKernel emitLanesForward(mlir::OpBuilder &builder, mlir::Location loc,
                               llvm::StringRef name, const LayerSpec &spec,
                               const SharedPlan &plan, const Machine &machine);

/// (weight: [diagrams * c_in, c_out], packed: [tiles * rows, width]): assembles
/// the matrix of the layer.
EmittedKernel emitDensePack(mlir::OpBuilder &builder, mlir::Location loc,
                            llvm::StringRef name, const LayerSpec &spec,
                            const DensePlan &plan, const Machine &machine);

/// The same as for the shared plan; packed is [1, tiles, rows, width].
EmittedKernel emitDenseForward(mlir::OpBuilder &builder, mlir::Location loc,
                               llvm::StringRef name, const LayerSpec &spec,
                               const DensePlan &plan, const Machine &machine);

/// The same as for the shared plan, without parts of a stage.
EmittedKernel emitSchurForward(mlir::OpBuilder &builder, mlir::Location loc,
                               llvm::StringRef name, const LayerSpec &spec,
                               const IsotypicPlan &plan,
                               const Machine &machine);

/// The same as for the shared plan; the weights are packed in their own order.
EmittedKernel emitFactoredForward(mlir::OpBuilder &builder, mlir::Location loc,
                                  llvm::StringRef name, const LayerSpec &spec,
                                  const FactoredPlan &plan,
                                  const Machine &machine);

/// What emitGradientSums() can be asked for, as bits.
enum GradientSums : int64_t { kSumWeight = 1, kSumBias = 2 };

/// (n, first, count, phase, part, which: index, x, grad_y, sums: [rows,
/// columns]): adds what samples first .. first+count-1 contribute to the
/// gradients of weight and bias to `sums`.
/// Phases and parts are as of emitSharedForward(); x is only read when the
/// weights are asked for.
EmittedKernel emitGradientSums(mlir::OpBuilder &builder, mlir::Location loc,
                               llvm::StringRef name, const LayerSpec &spec,
                               const GradientPlan &plan,
                               const Machine &machine);

} // namespace eqc

#endif // EQC_LOWERING_CPU_EMITKERNELS_H
