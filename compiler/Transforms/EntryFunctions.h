//===- EntryFunctions.h - How the runtime calls a kernel --------*- C++ -*-===//
//
// Kernels take arrays with their sizes and strides; the runtime passes
// pointers. For each kind of kernel the function in between, and the one that
// says how it wants to be called, which are what the runtime's structs point
// to.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TRANSFORMS_ENTRYFUNCTIONS_H
#define EQC_TRANSFORMS_ENTRYFUNCTIONS_H

#include "compiler/Transforms/EntryBuilder.h"
#include "dialect/Eqc/EqcAttrs.h"

#include <optional>
#include <string>

namespace eqc {

/// A kernel in the LLVM dialect.
struct EntryKernel {
  mlir::LLVM::LLVMFuncOp function;
  mlir::LLVM::LLVMFuncOp arena; ///< bytes of scratch; null: none
  ir::KernelAttr attribute;
  KernelRecord record;
};

/// The kernels of a layer for one CPU.
struct EntryVariant {
  ir::TargetAttr target;
  EntryKernel pack, forward;
  std::optional<EntryKernel> lanes;
};

/// What entry points must know of a layer's arrays.
struct EntryLayer {
  std::string name;
  int64_t n = 0; ///< -1: given at run time
  int64_t k = 0, l = 0, cIn = 0, cOut = 0;
  bool channelsLast = true;
  int64_t elementBytes = 4;

  explicit EntryLayer(ir::InterfaceAttr interface);
  /// The layer from grad_y to grad_x.
  EntryLayer gradientOfX() const;
};

/// A constant `eqc_variant` of the runtime.
EntryConstant makeVariant(EntryBuilder &b, const EntryLayer &layer,
                          const EntryVariant &variant);

/// A constant `eqc_sums` of the runtime.
EntryConstant makeSums(EntryBuilder &b, const EntryLayer &layer,
                       const EntryKernel &sums);

} // namespace eqc

#endif // EQC_TRANSFORMS_ENTRYFUNCTIONS_H
