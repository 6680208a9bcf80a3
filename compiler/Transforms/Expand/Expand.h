//===- Expand.h - The stages of each plan as operations ---------*- C++ -*-===//
//
// Each writes the stages of a plan before a layer and returns what takes the
// place of its output.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TRANSFORMS_EXPAND_EXPAND_H
#define EQC_TRANSFORMS_EXPAND_EXPAND_H

#include "compiler/Algebra/Factored.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/Isotypic/IsotypicPlan.h"
#include "compiler/Plan/Strands/StrandPlan.h"
#include "dialect/Eqc/EqcOps.h"

namespace eqc {

/// The stages of every plan, each in the file NAME.cpp: `plan` is what was
/// chosen, `built` what was built to choose it. Says on the operation why it
/// cannot.
#define EQC_PLAN(NAME, TEXT, WORDS)                                            \
  mlir::FailureOr<mlir::Value> expand##NAME(                                   \
      mlir::OpBuilder &b, ir::LinearOp op, ir::PlanAttr plan,                  \
      BuiltPlans &built);
#include "compiler/Plan/Plans.def"

//===----------------------------------------------------------------------===//
// What plans have in common
//===----------------------------------------------------------------------===//

/// The stages of the shared plan of the members of a layer's orbits, of which
/// some mixes may be in the basis of their strands.
mlir::Value writeSharedStages(mlir::OpBuilder &b, ir::LinearOp op,
                              const MemberLayer &layer, const StrandPlan &plan);

/// Changes of basis, and mixes between copies for each dimension.
mlir::Value writeIsotypicStages(mlir::OpBuilder &b, ir::LinearOp op,
                                const IsotypicPlan &plan);

/// Changes of basis of x and grad_y, sums of products of copies, and the way
/// back to weights: the gradients of weight and maybe bias.
llvm::SmallVector<mlir::Value> writeGradientStages(mlir::OpBuilder &b,
                                                   ir::GradWeightOp op,
                                                   const GradientPlan &plan);

/// Contracts the factors of each planar input in the order of its form, joins
/// what is left, and returns what meets the weights.
mlir::Value writeContractions(mlir::OpBuilder &b, ir::ToPlanarOp planar,
                              llvm::ArrayRef<FactoredDiagram> forms,
                              ir::NormalizeAttr normalize);

/// The weights of a layer as its stages read them.
mlir::Value createPack(mlir::OpBuilder &b, ir::LinearOp op,
                       llvm::ArrayRef<PackedTerm> terms);

/// The bias with a row for each member of its orbits; null without.
mlir::Value createBias(mlir::OpBuilder &b, ir::LinearOp op,
                       const MemberLayer &layer);

} // namespace eqc

#endif // EQC_TRANSFORMS_EXPAND_EXPAND_H
