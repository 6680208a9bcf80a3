//===- EqcDialect.h - The eqc dialect ---------------------------*- C++ -*-===//
//
// The dialect class alone; attributes and operations have their own headers.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCDIALECT_H
#define EQC_DIALECT_EQCDIALECT_H

#include "mlir/IR/Dialect.h"

#include "dialect/Eqc/EqcDialect.h.inc"

#endif // EQC_DIALECT_EQCDIALECT_H
