//===- EqcOps.h - Operations of the eqc dialect -----------------*- C++ -*-===//
//
// The generated operation classes and the directives of their syntax.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCOPS_H
#define EQC_DIALECT_EQCOPS_H

#include "dialect/Eqc/EqcAttrs.h"
#include "dialect/Eqc/EqcDialect.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace eqc::ir {

/// Of the stages of plans.
template <typename OpT>
class Stage : public mlir::OpTrait::TraitBase<OpT, Stage> {};

} // namespace eqc::ir

#define GET_OP_CLASSES
#include "dialect/Eqc/EqcOps.h.inc"

namespace eqc::ir {

/// The symmetries of a layer, which are those of its axes.
template <typename OpT> AxisSymmetry getSymmetryOf(OpT op) {
  return {getPermutationValues(op.getInSymmetry(), op.getK()),
          getPermutationValues(op.getOutSymmetry(), op.getL())};
}

} // namespace eqc::ir

#endif // EQC_DIALECT_EQCOPS_H
