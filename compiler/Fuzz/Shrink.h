//===- Shrink.h - The smallest program that still fails ---------*- C++ -*-===//

#ifndef EQC_FUZZ_SHRINK_H
#define EQC_FUZZ_SHRINK_H

#include "compiler/Fuzz/FuzzProgram.h"

#include <functional>

namespace eqc {

/// Leaves out and lowers what there is, as long as `fails`, which is asked at
/// most `budget` times.
FuzzProgram shrink(FuzzProgram program,
                   const std::function<bool(const FuzzProgram &)> &fails,
                   int budget = 400);

} // namespace eqc

#endif // EQC_FUZZ_SHRINK_H
