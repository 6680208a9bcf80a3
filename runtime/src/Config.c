/*===- Config.c - The hooks and the number of threads --------------- C99 -===*\
|*                                                                            *|
|* Every call reads the hooks, so reading takes no lock: a writer makes the   *|
|* sequence number odd, writes, and makes it even again; a reader that saw    *|
|* two different or odd numbers reads once more. Writers hold the lock, and   *|
|* fork waits for it, so no child inherits an odd number.                     *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include "Internal.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LARGE_PAGE ((size_t)2 << 20)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t requested_threads; /* atomic; 0: the default */
static int64_t default_threads;   /* atomic; 0: not looked up yet */

/* Every field is read and written atomically. */
static struct {
  uint64_t sequence;
  void *(*get)(size_t, size_t, void *);
  void (*put)(void *, size_t, void *);
  void *ctx;
} allocator;

static struct {
  uint64_t sequence;
  int (*run)(int64_t, void (*)(int64_t, void *), void *, void *);
  void *ctx;
} runner;

void eqc_rt_config_lock(void) { pthread_mutex_lock(&lock); }
void eqc_rt_config_unlock(void) { pthread_mutex_unlock(&lock); }

/* A child may have been given other CPUs. */
void eqc_rt_config_after_fork(void) {
  __atomic_store_n(&default_threads, 0, __ATOMIC_RELAXED);
}

/* Large scratch on large pages, where the system has them: with small ones much
   of the time goes to the translation of addresses. */
static void *default_get(size_t size, size_t align, void *ctx) {
  const int large = size >= 2 * LARGE_PAGE;
  void *p = NULL;
  (void)ctx;
  if (large && align < LARGE_PAGE)
    align = LARGE_PAGE;
  if (posix_memalign(&p, align, size) != 0)
    return NULL;
#ifdef MADV_HUGEPAGE
  if (large)
    (void)madvise(p, size, MADV_HUGEPAGE); /* a wish */
#endif
  return p;
}

static void default_put(void *p, size_t size, void *ctx) {
  (void)size;
  (void)ctx;
  free(p);
}

eqc_rt_allocator eqc_rt_current_allocator(void) {
  eqc_rt_allocator a;
  do {
    a.generation = __atomic_load_n(&allocator.sequence, __ATOMIC_SEQ_CST);
    a.get = __atomic_load_n(&allocator.get, __ATOMIC_ACQUIRE);
    a.put = __atomic_load_n(&allocator.put, __ATOMIC_ACQUIRE);
    a.ctx = __atomic_load_n(&allocator.ctx, __ATOMIC_ACQUIRE);
  } while ((a.generation & 1) || !eqc_rt_is_current(&a));
  if (!a.get) {
    a.get = default_get;
    a.put = default_put;
  }
  return a;
}

int eqc_rt_is_current(const eqc_rt_allocator *a) {
  return __atomic_load_n(&allocator.sequence, __ATOMIC_SEQ_CST) ==
         a->generation;
}

eqc_rt_runner eqc_rt_current_runner(void) {
  eqc_rt_runner r;
  uint64_t sequence;
  do {
    sequence = __atomic_load_n(&runner.sequence, __ATOMIC_ACQUIRE);
    r.run = __atomic_load_n(&runner.run, __ATOMIC_ACQUIRE);
    r.ctx = __atomic_load_n(&runner.ctx, __ATOMIC_ACQUIRE);
  } while ((sequence & 1) ||
           __atomic_load_n(&runner.sequence, __ATOMIC_ACQUIRE) != sequence);
  return r;
}

int eqc_set_allocator(void *(*get)(size_t size, size_t align, void *ctx),
                      void (*put)(void *p, size_t size, void *ctx), void *ctx) {
  if (!get != !put)
    return eqc_rt_fail(EQC_ERR_NULL, "eqc_set_allocator: '%s' is NULL",
                       get ? "put" : "get");
  eqc_rt_setup(); /* so that fork knows about the lock */
  eqc_rt_config_lock();
  __atomic_add_fetch(&allocator.sequence, 1, __ATOMIC_SEQ_CST);
  __atomic_store_n(&allocator.get, get, __ATOMIC_RELEASE);
  __atomic_store_n(&allocator.put, put, __ATOMIC_RELEASE);
  __atomic_store_n(&allocator.ctx, ctx, __ATOMIC_RELEASE);
  __atomic_add_fetch(&allocator.sequence, 1, __ATOMIC_SEQ_CST);
  eqc_rt_config_unlock();
  eqc_rt_flush(/*all=*/0);
  return EQC_OK;
}

int eqc_set_parallel_for(int (*run)(int64_t tasks,
                                    void (*task)(int64_t, void *), void *arg,
                                    void *ctx),
                         void *ctx) {
  eqc_rt_setup();
  eqc_rt_config_lock();
  __atomic_add_fetch(&runner.sequence, 1, __ATOMIC_SEQ_CST);
  __atomic_store_n(&runner.run, run, __ATOMIC_RELEASE);
  __atomic_store_n(&runner.ctx, ctx, __ATOMIC_RELEASE);
  __atomic_add_fetch(&runner.sequence, 1, __ATOMIC_SEQ_CST);
  eqc_rt_config_unlock();
  return EQC_OK;
}

int eqc_set_num_threads(int n) {
  if (n < 0)
    return eqc_rt_fail(EQC_ERR_ARG, "eqc_set_num_threads: %d is below 0", n);
  if (n > EQC_RT_MAX_THREADS)
    n = EQC_RT_MAX_THREADS;
  __atomic_store_n(&requested_threads, (int64_t)n, __ATOMIC_RELAXED);
  if (n == 0) /* look again at the environment */
    __atomic_store_n(&default_threads, 0, __ATOMIC_RELAXED);
  return EQC_OK;
}

/* CPUs this process may run on. */
static int64_t available_cpus(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return CPU_COUNT(&set);
#endif
  return sysconf(_SC_NPROCESSORS_ONLN);
}

/* EQC_NUM_THREADS, or 0 when it is unset or no positive number. */
static int64_t environment_threads(void) {
  const char *text = getenv("EQC_NUM_THREADS");
  char *end;
  long value;
  if (!text || *text < '0' || *text > '9')
    return 0;
  errno = 0;
  value = strtol(text, &end, 10);
  if (*end)
    return 0;
  return errno || value > EQC_RT_MAX_THREADS ? EQC_RT_MAX_THREADS : value;
}

int64_t eqc_rt_num_threads(void) {
  int64_t n = __atomic_load_n(&requested_threads, __ATOMIC_RELAXED);
  int saved_errno;
  if (n == 0)
    n = __atomic_load_n(&default_threads, __ATOMIC_RELAXED);
  if (n != 0)
    return n;
  saved_errno = errno;
  n = environment_threads();
  if (n == 0)
    n = available_cpus();
  errno = saved_errno;
  if (n < 1)
    n = 1;
  if (n > EQC_RT_MAX_THREADS)
    n = EQC_RT_MAX_THREADS;
  __atomic_store_n(&default_threads, n, __ATOMIC_RELAXED);
  return n;
}
