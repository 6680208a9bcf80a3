//===- ForkGate.cpp - Compiling and forking exclude each other ------------===//

#include "compiler/Library/ForkGate.h"

#include <eqc/runtime.h>

#include <atomic>
#include <cstdint>
#include <pthread.h>

/// The lock is held for a few instructions at a time. Plain pthread objects: a
/// child makes them anew.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int64_t threadsInside;
static std::atomic<bool> closed; // written with the lock

/// How often this thread is inside, and whether it closed the gate.
static thread_local int64_t depth;
static thread_local bool closedByMe;

eqc::InsideCompiler::InsideCompiler() {
  if (depth++ > 0 || closedByMe)
    return;
  pthread_mutex_lock(&lock);
  while (closed)
    pthread_cond_wait(&changed, &lock);
  ++threadsInside;
  pthread_mutex_unlock(&lock);
}

eqc::InsideCompiler::~InsideCompiler() {
  if (--depth > 0 || closedByMe)
    return;
  pthread_mutex_lock(&lock);
  --threadsInside;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void letForksPass() {
  if (!closed.load(std::memory_order_relaxed))
    return;
  pthread_mutex_lock(&lock);
  if (closed) {
    --threadsInside;
    pthread_cond_broadcast(&changed);
    while (closed)
      pthread_cond_wait(&changed, &lock);
    ++threadsInside;
  }
  pthread_mutex_unlock(&lock);
}

eqc::Pause *eqc::pauseForForks() { return closedByMe ? nullptr : letForksPass; }

void eqc::closeForkGate() {
  if (closedByMe)
    return;
  pthread_mutex_lock(&lock);
  while (closed)
    pthread_cond_wait(&changed, &lock);
  closed = true;
  const int64_t mine = depth > 0 ? 1 : 0;
  while (threadsInside > mine)
    pthread_cond_wait(&changed, &lock);
  closedByMe = true;
  pthread_mutex_unlock(&lock);
}

static void openInParent() {
  pthread_mutex_lock(&lock);
  closed = false;
  closedByMe = false;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void openInChild() {
  lock = PTHREAD_MUTEX_INITIALIZER;
  changed = PTHREAD_COND_INITIALIZER;
  threadsInside = depth > 0 ? 1 : 0;
  closed = false;
  closedByMe = false;
}

/// Registered when the library is loaded, before any thread can be inside.
/// Handlers run last in, first out before a fork: those of the runtime, which
/// hold its locks, are registered by its first use here, and so run after the
/// wait.
__attribute__((constructor)) static void watchForks() {
  eqc_last_error();
  pthread_atfork(eqc::closeForkGate, openInParent, openInChild);
}
