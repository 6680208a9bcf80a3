//===- HostForm.h - Kernels of GPUs as code of the host ---------*- C++ -*-===//
//
// The block-level form of kernels, executed where there is no GPU. A kernel is
// a list of phases with barriers between; each becomes a function that takes
// one thread through it (HostBlock.h). Who calls them chooses the order of
// threads, which must not change a bit.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_GPU_HOSTFORM_H
#define EQC_LOWERING_GPU_HOSTFORM_H

#include "mlir/Pass/PassManager.h"

namespace eqc::device {

/// Makes functions of the LLVM dialect of all kernels of a module, for this
/// machine. Nothing else of the module is left.
void addHostForm(mlir::OpPassManager &pm);

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_HOSTFORM_H
