/*===- Setup.c - Once per process, around fork, and at unloading ---- C99 -===*\
|*                                                                            *|
|* The runtime may live in a shared library that is loaded and unloaded many  *|
|* times, in a process that forks while kernels run. Whatever it registers    *|
|* with libc is registered here, and taken back here.                         *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include "Internal.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int ready;   /* atomic; set when all is registered */
static int watched; /* the handlers below are registered */
static int closed;  /* atomic */

/* fork copies one thread only, and every lock as it stands; holding all of ours
   makes sure that none of them is left locked by a thread that is gone. */
static void before_fork(void) {
  eqc_rt_memory_lock();
  eqc_rt_config_lock();
  eqc_rt_pool_lock();
}

static void after_fork_parent(void) {
  eqc_rt_pool_unlock();
  eqc_rt_config_unlock();
  eqc_rt_memory_unlock();
}

static void after_fork_child(void) {
  /* A child of a fork amid setup_once, which runs again in it, has them too;
     registered twice they would wait for their own locks. */
  watched = 1;
  eqc_rt_pool_after_fork();
  eqc_rt_config_after_fork();
  eqc_rt_config_unlock();
  eqc_rt_memory_unlock();
}

#if defined(__GLIBC__)
/* pthread_atfork ties its handlers to the image's __dso_handle, and forgets
   them only if the image was linked with the C compiler's start files. These
   two (both in the Linux Standard Base) do the same with a handle of our own,
   so that a library linked in any way unloads cleanly. */
int __register_atfork(void (*prepare)(void), void (*parent)(void),
                      void (*child)(void), void *dso);
void __cxa_finalize(void *dso);
static char fork_handle;

static int watch_forks(void) {
  return __register_atfork(before_fork, after_fork_parent, after_fork_child,
                           &fork_handle);
}
static void unwatch_forks(void) { __cxa_finalize(&fork_handle); }
#else
static int watch_forks(void) {
  return pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}
static void unwatch_forks(void) {}
#endif

static void setup_once(void) {
  if (eqc_rt_memory_setup() != 0)
    return;
  if (!watched && watch_forks() != 0) {
    eqc_rt_memory_teardown();
    return;
  }
  __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
}

int eqc_rt_setup(void) {
  if (__atomic_load_n(&closed, __ATOMIC_ACQUIRE))
    return 0;
  return pthread_once(&once, setup_once) == 0 &&
         __atomic_load_n(&ready, __ATOMIC_ACQUIRE);
}

/* Runs at dlclose, when no call may be in progress, and at exit, when other
   threads may still be inside one: what they hold is left to them. */
__attribute__((destructor)) static void teardown(void) {
  __atomic_store_n(&closed, 1, __ATOMIC_SEQ_CST);
  if (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
    return;
  eqc_rt_pool_teardown();
  eqc_rt_memory_teardown();
  unwatch_forks();
}
