//===- Interpreted.h - The stand-in executes its PTX ------------*- C++ -*-===//

#ifndef EQC_CHECK_STANDIN_INTERPRETED_H
#define EQC_CHECK_STANDIN_INTERPRETED_H

#include "compiler/Check/Ptx/Interpreter.h"
#include "compiler/Check/StandIn/StandIn.h"

namespace eqc::standin {

/// From now on kernels that no test runs by a function of its own are executed
/// as their PTX says, on the device memory of the stand-in. What is wrong with
/// them is a violation.
EQC_STANDIN_API void interpretKernels(ptx::Order order = ptx::Order::Forwards);

} // namespace eqc::standin

#endif // EQC_CHECK_STANDIN_INTERPRETED_H
