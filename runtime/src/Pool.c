/*===- Pool.c - The default parallel-for ---------------------------- C99 -===*\
|*                                                                            *|
|* One job at a time: the caller publishes it in one atomic word, idle        *|
|* workers claim tickets from that word, and so does the caller, so nobody    *|
|* ever waits for a worker that has not woken up yet. A second caller finds   *|
|* the pool busy and runs its tasks itself.                                   *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include "Internal.h"

#include <pthread.h>
#include <signal.h>

/* Long enough to bridge the gap between two calls in a loop, weights packed and
   all: a pause takes 20 to 50 ns, so 40 to 100 us. Waking a sleeper takes about
   as long. */
#define SPINS 2000
#define STACK_BYTES ((size_t)1 << 20)

static struct {
  int busy; /* atomic: a caller is inside */
  /* atomic: generation << 32 | tasks << 16 | tickets claimed. A claim succeeds
     only within its generation, and the job's fields below stay as they are
     until all of its claimed tasks are done. */
  uint64_t word;
  void (*task)(int64_t, void *);
  void *arg;
  int64_t done;    /* atomic */
  int waiting;     /* atomic: the caller sleeps on idle */
  int sleepers;    /* atomic: workers that sleep on wake */
  int stop;        /* atomic */
  int64_t workers; /* changed while busy */
  pthread_mutex_t lock;
  pthread_cond_t wake, idle;
  pthread_t threads[EQC_RT_MAX_THREADS];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .idle = PTHREAD_COND_INITIALIZER};

void eqc_rt_pool_lock(void) { pthread_mutex_lock(&pool.lock); }
void eqc_rt_pool_unlock(void) { pthread_mutex_unlock(&pool.lock); }

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t tasks_of(uint64_t word) {
  return (int64_t)(word >> 16 & 0xffff);
}
static int64_t next_of(uint64_t word) { return (int64_t)(word & 0xffff); }

static int claimable(void) {
  uint64_t word = __atomic_load_n(&pool.word, __ATOMIC_SEQ_CST);
  return next_of(word) < tasks_of(word);
}

/* Claims a ticket of the current job and runs it. 0 when none is left. */
static int run_one(void) {
  uint64_t word = __atomic_load_n(&pool.word, __ATOMIC_ACQUIRE);
  int64_t tasks;
  do {
    if (next_of(word) >= tasks_of(word))
      return 0;
  } while (!__atomic_compare_exchange_n(&pool.word, &word, word + 1, 0,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
  tasks = tasks_of(word);
  pool.task(next_of(word), pool.arg);
  if (__atomic_add_fetch(&pool.done, 1, __ATOMIC_SEQ_CST) == tasks &&
      __atomic_load_n(&pool.waiting, __ATOMIC_SEQ_CST)) {
    eqc_rt_pool_lock();
    pthread_cond_signal(&pool.idle);
    eqc_rt_pool_unlock();
  }
  return 1;
}

static void *work(void *unused) {
  int spins = 0;
  (void)unused;
  for (;;) {
    if (run_one()) {
      spins = 0;
    } else if (spins++ < SPINS) {
      relax();
    } else {
      spins = 0;
      eqc_rt_pool_lock();
      __atomic_add_fetch(&pool.sleepers, 1, __ATOMIC_SEQ_CST);
      while (!claimable() && !__atomic_load_n(&pool.stop, __ATOMIC_RELAXED))
        pthread_cond_wait(&pool.wake, &pool.lock);
      __atomic_sub_fetch(&pool.sleepers, 1, __ATOMIC_SEQ_CST);
      eqc_rt_pool_unlock();
    }
    if (__atomic_load_n(&pool.stop, __ATOMIC_RELAXED))
      return NULL;
  }
}

/* Starts workers until there are as many as wanted, or the system refuses. */
static void grow(int64_t wanted) {
  pthread_attr_t attributes;
  sigset_t every, old;
  if (pool.workers >= wanted || pthread_attr_init(&attributes) != 0)
    return;
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  /* The program's signals are for its own threads. */
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, &old);
  eqc_rt_pool_lock();
  while (pool.workers < wanted && pthread_create(&pool.threads[pool.workers],
                                                 &attributes, work, NULL) == 0)
    ++pool.workers;
  eqc_rt_pool_unlock();
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  pthread_attr_destroy(&attributes);
}

static void publish(int64_t tasks, void (*task)(int64_t, void *), void *arg) {
  uint64_t generation =
      (__atomic_load_n(&pool.word, __ATOMIC_RELAXED) >> 32) + 1;
  int64_t sleepers, i;
  pool.task = task;
  pool.arg = arg;
  __atomic_store_n(&pool.done, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&pool.word, generation << 32 | (uint64_t)tasks << 16,
                   __ATOMIC_SEQ_CST);
  /* A worker counts itself a sleeper before it looks at the word again. */
  sleepers = __atomic_load_n(&pool.sleepers, __ATOMIC_SEQ_CST);
  if (sleepers == 0)
    return;
  eqc_rt_pool_lock();
  if (tasks - 1 >= sleepers)
    pthread_cond_broadcast(&pool.wake);
  else
    for (i = 0; i < tasks - 1; ++i)
      pthread_cond_signal(&pool.wake);
  eqc_rt_pool_unlock();
}

static int is_done(int64_t tasks) {
  return __atomic_load_n(&pool.done, __ATOMIC_SEQ_CST) == tasks;
}

static void wait_until_done(int64_t tasks) {
  int spins;
  for (spins = 0; spins < SPINS && !is_done(tasks); ++spins)
    relax();
  if (is_done(tasks))
    return;
  eqc_rt_pool_lock();
  __atomic_store_n(&pool.waiting, 1, __ATOMIC_SEQ_CST);
  while (!is_done(tasks))
    pthread_cond_wait(&pool.idle, &pool.lock);
  __atomic_store_n(&pool.waiting, 0, __ATOMIC_SEQ_CST);
  eqc_rt_pool_unlock();
}

void eqc_rt_pool_run(int64_t tasks, void (*task)(int64_t, void *), void *arg) {
  int64_t i;
  if (tasks < 2 || tasks > EQC_RT_MAX_THREADS || !eqc_rt_setup() ||
      __atomic_exchange_n(&pool.busy, 1, __ATOMIC_ACQUIRE)) {
    for (i = 0; i < tasks; ++i)
      task(i, arg);
    return;
  }
  grow(tasks - 1);
  publish(tasks, task, arg);
  while (run_one())
    ;
  wait_until_done(tasks);
  __atomic_store_n(&pool.busy, 0, __ATOMIC_RELEASE);
}

void eqc_rt_pool_teardown(void) {
  int64_t i;
  /* Busy at exit, inside another thread's call: leave both alone. Else nobody
     ever gets in again. */
  if (__atomic_exchange_n(&pool.busy, 1, __ATOMIC_ACQUIRE))
    return;
  eqc_rt_pool_lock();
  __atomic_store_n(&pool.stop, 1, __ATOMIC_RELAXED);
  pthread_cond_broadcast(&pool.wake);
  eqc_rt_pool_unlock();
  for (i = 0; i < pool.workers; ++i)
    pthread_join(pool.threads[i], NULL);
}

/* The child has no workers, and its callers are gone but the one that forked,
   which was not inside the pool. */
void eqc_rt_pool_after_fork(void) {
  static const pthread_mutex_t fresh_lock = PTHREAD_MUTEX_INITIALIZER;
  static const pthread_cond_t fresh_cond = PTHREAD_COND_INITIALIZER;
  pool.workers = 0;
  pool.lock = fresh_lock;
  pool.wake = fresh_cond;
  pool.idle = fresh_cond;
  __atomic_store_n(&pool.waiting, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&pool.sleepers, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&pool.word, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&pool.busy, 0, __ATOMIC_RELEASE);
}
