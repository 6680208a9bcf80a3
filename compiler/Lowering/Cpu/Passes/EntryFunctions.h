//===- EntryFunctions.h - How the runtime calls a kernel --------*- C++ -*-===//
//
// Kernels take arrays with their sizes and strides; the runtime passes
// pointers. For each kind of kernel the function in between, and the one that
// says how it wants to be called, which are what the runtime's structs point
// to.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_PASSES_ENTRYFUNCTIONS_H
#define EQC_LOWERING_CPU_PASSES_ENTRYFUNCTIONS_H

#include "compiler/Lowering/Entry/EntryInfo.h"

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

/// A constant `eqc_variant` of the runtime.
EntryConstant makeVariant(EntryBuilder &b, const EntryLayer &layer,
                          const EntryVariant &variant);

/// A constant `eqc_sums` of the runtime; `lanes` is null where no samples run
/// in lanes, `unpack` where sums are those of diagrams.
EntryConstant makeSums(EntryBuilder &b, const EntryLayer &layer,
                       const EntryKernel &sums, const EntryKernel *lanes,
                       const EntryKernel *unpack);

/// The same of a layer of two inputs, or of the gradient of one of them.
EntryConstant makeBilinearVariant(EntryBuilder &b, const EntryLayer &layer,
                                  ir::TargetAttr target,
                                  const EntryKernel &forward);
EntryConstant makeBilinearSums(EntryBuilder &b, const EntryLayer &layer,
                               const EntryKernel &sums);

} // namespace eqc

#endif // EQC_LOWERING_CPU_PASSES_ENTRYFUNCTIONS_H
