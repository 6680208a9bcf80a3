//===- EmitKernels.h - The functions of a layer on tensors ------*- C++ -*-===//
//
// Writes a layer's plan as functions of loops, vectors and linalg operations on
// tensors. Names are NAME.pack.VARIANT and NAME.forward.VARIANT.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CONVERSION_EMITKERNELS_H
#define EQC_CONVERSION_EMITKERNELS_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/SharedPlan.h"
#include "compiler/Plan/TargetShape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace eqc {

/// (weight: [diagrams * c_in, c_out], packed: [terms, tiles, c_in, width]):
/// term p of the packed weights is the weight of `diagrams[p]`.
mlir::func::FuncOp emitWeightPack(mlir::OpBuilder &builder, mlir::Location loc,
                                  llvm::StringRef name, const LayerSpec &spec,
                                  llvm::ArrayRef<int> diagrams,
                                  const TargetShape &target);

/// (n, first, count: index, x, packed, bias, y): samples first .. first+count-1
/// of x and y. Arrays are matrices of rows as in the layer's layout.
mlir::func::FuncOp emitSharedForward(mlir::OpBuilder &builder,
                                     mlir::Location loc, llvm::StringRef name,
                                     const LayerSpec &spec,
                                     const SharedPlan &plan,
                                     const TargetShape &target);

} // namespace eqc

#endif // EQC_CONVERSION_EMITKERNELS_H
