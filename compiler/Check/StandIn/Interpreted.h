//===- Interpreted.h - The stand-in executes its PTX ------------*- C++ -*-===//

#ifndef EQC_CHECK_STANDIN_INTERPRETED_H
#define EQC_CHECK_STANDIN_INTERPRETED_H

#include "compiler/Check/Ptx/Interpreter.h"

namespace eqc::standin {

/// From now on kernels that no test runs by a function of its own are executed
/// as their PTX says, on the device memory of the stand-in. What is wrong with
/// them is a violation.
void interpretKernels(ptx::Order order = ptx::Order::Forwards);

} // namespace eqc::standin

#endif // EQC_CHECK_STANDIN_INTERPRETED_H
