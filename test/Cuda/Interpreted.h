//===- Interpreted.h - The stand-in executes the PTX it is given -*- C++
//-*-===//

#ifndef EQC_TEST_CUDA_INTERPRETED_H
#define EQC_TEST_CUDA_INTERPRETED_H

#include "test/Ptx/Interpreter.h"

namespace eqc::test {

/// From now on kernels that no test runs by a function of its own are executed
/// as their PTX says, on the device memory of the stand-in. What is wrong with
/// them is a violation.
void interpretKernels(ptx::Order order = ptx::Order::Forwards);

} // namespace eqc::test

#endif // EQC_TEST_CUDA_INTERPRETED_H
