//===- EmittedKernel.h - A kernel and what is known of it -------*- C++ -*-===//
//
// Kernels of a layer are functions. Names are NAME.pack.VARIANT and
// NAME.forward.VARIANT.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_EMITTEDKERNEL_H
#define EQC_LOWERING_EMITTEDKERNEL_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Machine/Machine.h"
#include "compiler/Plan/KernelRecord.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace eqc {

/// A function and what its emitter knows of it.
struct EmittedKernel {
  mlir::func::FuncOp function;
  KernelRecord record;
};

} // namespace eqc

#endif // EQC_LOWERING_EMITTEDKERNEL_H
