//===- OnHost.h - The stand-in runs kernels as code of the host -*- C++ -*-===//
//
// The block-level form of kernels: every thread of a block, or of a cluster, is
// taken through a phase before one begins the next. Far faster than the
// interpreter of PTX, which sees more: what LLVM makes of a kernel for a GPU,
// and races whose order happens to do no harm.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_STANDIN_ONHOST_H
#define EQC_CHECK_STANDIN_ONHOST_H

#include "compiler/Check/Ptx/Interpreter.h"
#include "compiler/Check/StandIn/StandIn.h"

#include <optional>

namespace eqc::standin {

/// The code of a phase by its name, KERNEL.0 and so on; null where there is
/// none. See compiler/Lowering/Gpu/HostForm.h.
using FindPhase = std::function<void *(const std::string &)>;

struct HostOrder {
  /// None: forwards, and backwards in every other launch of a kernel.
  std::optional<ptx::Order> threads = std::nullopt;
  /// As if this barrier of a kernel were not there (1: its first): each thread
  /// goes through the phases on both sides before the next thread begins.
  int withoutBarrier = 0;
};

/// What a launch does.
void runOnHost(const Launch &launch, const FindPhase &find, ptx::Order threads,
               int withoutBarrier = 0);

/// From now on kernels that no test runs by a function of its own are those
/// functions. Shared memory is filled with NaN before each block, and pages
/// that nobody may touch follow it.
EQC_STANDIN_API void runKernelsOnHost(FindPhase find, HostOrder order = {});

} // namespace eqc::standin

#endif // EQC_CHECK_STANDIN_ONHOST_H
