//===- ForkGate.h - Compiling and forking exclude each other ----*- C++ -*-===//
//
// A forked child has one thread, and every lock as it stood. LLVM and MLIR have
// locks and values made on first use all over, none of which knows of fork: a
// child of a process that was compiling in another thread would wait for ever
// once it compiles itself. So fork waits until every thread that is inside the
// compiler is out or between two passes, and those that want in or on wait
// until it is done. Functions of compiled layers are not concerned.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LIBRARY_FORKGATE_H
#define EQC_LIBRARY_FORKGATE_H

namespace eqc {

/// Lives on the stack of every function that enters the compiler; may nest.
class InsideCompiler {
public:
  InsideCompiler();
  ~InsideCompiler();
  InsideCompiler(const InsideCompiler &) = delete;
  InsideCompiler &operator=(const InsideCompiler &) = delete;
};

/// What long work of this thread inside, on whatever thread, calls where it
/// holds no lock that a child would inherit: lets a fork that waits go ahead,
/// and waits for it. Null where this thread itself is about to fork.
using Pause = void();
Pause *pauseForForks();

/// Closes the gate for the fork that this thread is about to make, which opens
/// it again. fork does so itself, unless it was done before.
void closeForkGate();

} // namespace eqc

#endif // EQC_LIBRARY_FORKGATE_H
