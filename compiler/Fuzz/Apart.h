//===- Apart.h - Judging in processes of their own --------------*- C++ -*-===//
//
// A compiler that crashes or hangs, and a kernel that does, is a finding and
// not the end of the search.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FUZZ_APART_H
#define EQC_FUZZ_APART_H

#include "compiler/Fuzz/Judge.h"

#include <cstdint>
#include <functional>

namespace eqc {

/// Calls `judgeOne` for 0 .. count - 1 in children of this process, and `take`
/// here with each outcome, in order, until it returns false. A case
/// computes for at most `seconds`.
void judgeApart(int64_t count,
                const std::function<FuzzOutcome(int64_t)> &judgeOne,
                const std::function<bool(int64_t, FuzzOutcome)> &take,
                int seconds = 120);

} // namespace eqc

#endif // EQC_FUZZ_APART_H
