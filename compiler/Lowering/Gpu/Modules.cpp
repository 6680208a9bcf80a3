//===- Modules.cpp - Modules of kernels -----------------------------------===//

#include "compiler/Lowering/Gpu/Modules.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace eqc;
using namespace mlir;

gpu::GPUModuleOp device::joinKernels(ModuleOp module, StringRef chip) {
  gpu::GPUModuleOp all;
  for (auto kernels :
       llvm::make_early_inc_range(module.getOps<gpu::GPUModuleOp>())) {
    if (!chip.empty() && chipOf(kernels.getName()) != chip)
      continue;
    if (!all) {
      all = kernels;
      continue;
    }
    // Names begin with that of the layer.
    for (Operation &op : llvm::make_early_inc_range(*kernels.getBody()))
      op.moveBefore(all.getBody(), all.getBody()->end());
    kernels.erase();
  }
  return all;
}

static bool isOnlyRead(Value pointer) {
  return llvm::all_of(pointer.getUsers(), [](Operation *user) {
    return isa<LLVM::LoadOp>(user) ||
           (isa<LLVM::GEPOp>(user) && isOnlyRead(user->getResult(0)));
  });
}

void device::noteConstantArrays(gpu::GPUModuleOp module) {
  module.walk([](LLVM::LLVMFuncOp function) {
    if (function.isExternal())
      return;
    for (BlockArgument argument : function.getArguments())
      if (isa<LLVM::LLVMPointerType>(argument.getType()) &&
          isOnlyRead(argument))
        for (StringRef name : {"llvm.noalias", "llvm.readonly"})
          function.setArgAttr(argument.getArgNumber(), name,
                              UnitAttr::get(function.getContext()));
  });
}
