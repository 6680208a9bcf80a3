//===- EqcLayerFunction.h - Functions that are layers -----------*- C++ -*-===//
//
// What is compiled is a function that is one layer, and nothing else:
//
//     func.func @NAME(x, weight[, bias]) -> y           a layer or its stages
//     func.func @NAME(x, grad_y) -> grad_weight[, grad_bias]
//
// All else in it would be lost, because kernels are written from the layer.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCLAYERFUNCTION_H
#define EQC_DIALECT_EQCLAYERFUNCTION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace eqc::ir {

/// Whether `function` is to be compiled: a layer or a stage of one stands in
/// it, or it carries a plan. Diagrams that stand alone make no layer.
bool holdsLayer(mlir::func::FuncOp function);

/// The layers of a module, to be verified. Who refers to which function is
/// found in one walk: a walk for each would take time that grows with their
/// square.
class LayerFunctions {
public:
  explicit LayerFunctions(mlir::ModuleOp module);

  /// A function for which holdsLayer() holds is one layer and nothing else.
  /// Says where it is not.
  mlir::LogicalResult verify(mlir::func::FuncOp function) const;

private:
  /// Some operation that refers to a name, by the symbol table that the name
  /// stands in.
  llvm::DenseMap<std::pair<mlir::Operation *, mlir::StringAttr>,
                 mlir::Operation *>
      users;
};

} // namespace eqc::ir

#endif // EQC_DIALECT_EQCLAYERFUNCTION_H
