//===- KernelFunction.h - The frame of a kernel -----------------*- C++ -*-===//
//
// What the forward functions of all plans share: their arguments, as tensors,
// and their end.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_KERNELFUNCTION_H
#define EQC_LOWERING_CPU_KERNELFUNCTION_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace eqc {

/// A private function; the builder is left at its start.
mlir::func::FuncOp makeKernelFunction(KernelBuilder &kernel,
                                      llvm::StringRef name,
                                      llvm::ArrayRef<mlir::Type> arguments);

/// A function argument as a tensor; arguments never overlap (the runtime
/// checks).
mlir::Value argumentTensor(KernelBuilder &kernel, mlir::Value argument,
                           bool writable);

/// An argument array of so many rows a sample: [batch, positions, channels] or
/// [batch, channels, positions].
mlir::MemRefType sampleType(KernelBuilder &kernel, const Poly &rows,
                            int64_t channels);

/// (n, first, count, phase, part: index, x, packed, bias, y), see
/// EmitShared.h. Opens the kernel, and marks phase and y for
/// eqc-stream-output.
mlir::func::FuncOp makeForwardFunction(KernelBuilder &kernel,
                                       llvm::StringRef name,
                                       llvm::ArrayRef<int64_t> packedShape);

/// Positions of the arguments in a forward function.
enum ForwardArgument : unsigned {
  kArgPhase = 3,
  kArgX = 5,
  kArgPacked = 6,
  kArgBias = 7,
  kArgY = 8,
};

/// The argument of bias rows as an array.
KernelArray biasArray(KernelBuilder &kernel, mlir::func::FuncOp function);

/// Fetches the cache line of an element of an argument, [sample, position,
/// channel], before it is read or written. A position past the end does no
/// harm. What is written, or read `soon`, is fetched to the first-level cache,
/// what is read after other things to the second.
void prefetch(KernelBuilder &kernel, unsigned argument,
              llvm::ArrayRef<mlir::Value> element, bool isWrite,
              bool soon = false);

/// Ends a function whose memref argument `destination` now holds `result`.
void finishKernel(KernelBuilder &kernel, mlir::Value result,
                  mlir::Value destination);

/// A forward function that mixes channels by packed terms, while it is written.
class ForwardKernel {
public:
  /// Opens x, y and the bias as arrays: rows of channels in either layout, with
  /// channels first through scratch that is filled here.
  ForwardKernel(mlir::OpBuilder &builder, mlir::Location loc,
                llvm::StringRef name, const LayerSpec &spec,
                const Machine &machine, size_t terms);

  /// A new scratch array of input or of output channels.
  KernelArray inputRows(const Poly &rows);
  KernelArray outputRows(const Poly &rows);
  /// A scratch array with what y holds on entry, as rows.
  KernelArray copyOfOutput();
  /// Puts the output array where y belongs and ends the function.
  mlir::func::FuncOp close();

private:
  mlir::OpBuilder::InsertionGuard guard;
  ColumnTiling tiling;

public:
  KernelBuilder kernel;
  PlanArrays arrays;

private:
  mlir::func::FuncOp function;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_KERNELFUNCTION_H
