//===- Interpreted.h - The stand-in executes its PTX ------------*- C++ -*-===//

#ifndef EQC_CHECK_STANDIN_INTERPRETED_H
#define EQC_CHECK_STANDIN_INTERPRETED_H

#include "compiler/Check/StandIn/OnHost.h"

namespace eqc::standin {

/// From now on kernels that no test runs by a function of its own are executed
/// as their PTX says, on the device memory of the stand-in. What is wrong with
/// them is a violation. Kernels with clusters, whose samples are large, are
/// executed in block-level form, where `clusters` finds it.
EQC_STANDIN_API void interpretKernels(ptx::Order order = ptx::Order::Forwards,
                                      const FindPhase &clusters = {});

} // namespace eqc::standin

#endif // EQC_CHECK_STANDIN_INTERPRETED_H
