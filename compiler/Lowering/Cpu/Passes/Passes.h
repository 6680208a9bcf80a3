//===- Passes.h - Passes on the kernels of CPUs -----------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_PASSES_PASSES_H
#define EQC_LOWERING_CPU_PASSES_PASSES_H

#include "dialect/Eqc/EqcDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace eqc {

#define GEN_PASS_DECL
#include "compiler/Lowering/Cpu/Passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Lowering/Cpu/Passes/Passes.h.inc"

} // namespace eqc

#endif // EQC_LOWERING_CPU_PASSES_PASSES_H
