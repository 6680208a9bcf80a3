//===- EqcDialect.cpp - The eqc dialect -----------------------------------===//
//
// Registers the dialect's attributes and operations.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcDialect.h"
#include "dialect/Eqc/EqcOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "dialect/Eqc/EqcDialect.cpp.inc"

void eqc::ir::EqcDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialect/Eqc/EqcOps.cpp.inc"
      >();
}
