//===- OwnStack.h - Work that needs more stack than callers have *- C++ -*-===//
//
// LLVM's passes recurse; a caller's thread may have 64 kB of stack, as those of
// some C libraries do.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PIPELINES_OWNSTACK_H
#define EQC_PIPELINES_OWNSTACK_H

#include "llvm/ADT/STLFunctionalExtras.h"

namespace eqc {

/// Runs `work` on a thread with a stack of 8 MiB and waits for it; where no
/// thread can be started, on the caller's.
void runOnOwnStack(llvm::function_ref<void()> work);

} // namespace eqc

#endif // EQC_PIPELINES_OWNSTACK_H
