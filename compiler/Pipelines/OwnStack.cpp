//===- OwnStack.cpp - Work that needs more stack than callers have --------===//

#include "compiler/Pipelines/OwnStack.h"

#include <csignal>
#include <pthread.h>

static constexpr size_t stackBytes = size_t(8) << 20;

/// Signals sent to the process stay the business of the caller's threads; a
/// fault of the work itself is met where it happens.
static sigset_t sentSignals() {
  sigset_t set;
  sigfillset(&set);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS,
                    SIGPIPE, SIGXFSZ})
    sigdelset(&set, fault);
  return set;
}

static void *run(void *work) {
  (*static_cast<llvm::function_ref<void()> *>(work))();
  return nullptr;
}

void eqc::runOnOwnStack(llvm::function_ref<void()> work) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0)
    return work();
  const sigset_t kept = sentSignals();
  sigset_t before;
  pthread_t thread;
  // A thread starts with the signals of its maker.
  pthread_sigmask(SIG_BLOCK, &kept, &before);
  const bool started =
      pthread_attr_setstacksize(&attributes, stackBytes) == 0 &&
      pthread_create(&thread, &attributes, run, &work) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (started)
    pthread_join(thread, nullptr);
  else
    work();
}
