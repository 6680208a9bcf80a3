//===- Workers.h - Several threads doing the same for a while ---*- C++ -*-===//

#ifndef EQC_BENCH_WORKERS_H
#define EQC_BENCH_WORKERS_H

#include <functional>

namespace eqc {

/// Runs `prepare(thread)`, waits until all threads have, then runs
/// `work(thread)` on all of them at once, the caller being thread 0. Returns
/// the seconds from the common start to the last end of `work`. Fewer threads
/// than asked may start; `started`, where given, says how many did.
double runTogether(int threads, const std::function<void(int)> &prepare,
                   const std::function<void(int)> &work,
                   int *started = nullptr);

/// Seconds of a clock that never goes back.
double now();

/// How many CPUs this process may use.
int availableCpus();

} // namespace eqc

#endif // EQC_BENCH_WORKERS_H
