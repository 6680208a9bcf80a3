/*===- Parallel.c - Items through whichever runner is set ----------- C99 -===*\
|*                                                                            *|
|* A task is one worker, which takes items until none is left, so the load    *|
|* balances itself under any runner, scratch is needed once per worker, and   *|
|* whether a hook did what it promised is seen from one bit per task.         *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

typedef struct job {
  void (*body)(int64_t worker, int64_t item, void *arg);
  void *arg;
  int64_t width, items, chunk;
  uint64_t float_control;
  int64_t next;  /* atomic: the first item nobody took */
  int64_t bogus; /* atomic: a task that was repeated or never asked for, .. */
  int broken;    /* atomic: .. if there was one */
  uint64_t seen[EQC_RT_MAX_THREADS / 64]; /* atomic */
} job;

/* Rounding and flushing of denormals belong to a thread, and results must not
   depend on which thread computes them: workers take over the caller's. */
#if defined(__x86_64__)
static uint64_t get_float_control(void) {
  uint32_t value;
  __asm__ volatile("stmxcsr %0" : "=m"(value));
  return value & 0xffc0; /* not the sticky exception flags */
}
static void set_float_control(uint64_t control) {
  uint32_t value = (uint32_t)control;
  __asm__ volatile("ldmxcsr %0" : : "m"(value));
}
#elif defined(__aarch64__)
static uint64_t get_float_control(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, fpcr" : "=r"(value));
  return value;
}
static void set_float_control(uint64_t control) {
  __asm__ volatile("msr fpcr, %0" : : "r"(control));
}
#else
static uint64_t get_float_control(void) { return 0; }
static void set_float_control(uint64_t control) { (void)control; }
#endif

static void run_items(job *j, int64_t worker) {
  for (;;) {
    int64_t item = __atomic_fetch_add(&j->next, j->chunk, __ATOMIC_RELAXED);
    int64_t end = j->items - item > j->chunk ? item + j->chunk : j->items;
    if (item >= j->items)
      return;
    for (; item < end; ++item)
      j->body(worker, item, j->arg);
  }
}

static void run_task(int64_t worker, void *p) {
  job *j = p;
  uint64_t own, bit = (uint64_t)1 << (worker & 63);
  if (worker < 0 || worker >= j->width ||
      (__atomic_fetch_or(&j->seen[worker / 64], bit, __ATOMIC_ACQ_REL) & bit)) {
    __atomic_store_n(&j->bogus, worker, __ATOMIC_RELAXED);
    __atomic_store_n(&j->broken, 1, __ATOMIC_RELEASE);
    return;
  }
  own = get_float_control();
  if (own == j->float_control) {
    run_items(j, worker);
  } else {
    set_float_control(j->float_control);
    run_items(j, worker);
    set_float_control(own);
  }
}

/* The first task below width that never ran, or -1. */
static int64_t skipped(const job *j) {
  int64_t i;
  for (i = 0; i < j->width; ++i)
    if (!(__atomic_load_n(&j->seen[i / 64], __ATOMIC_ACQUIRE) >> (i & 63) & 1))
      return i;
  return -1;
}

int eqc_rt_parallel(const eqc_rt_runner *runner, int64_t width, int64_t items,
                    void (*body)(int64_t worker, int64_t item, void *arg),
                    void *arg, const char *layer) {
  job j = {0};
  int64_t i;
  int result;
  if (width < 2 && !runner->run) {
    for (i = 0; i < items; ++i)
      body(0, i, arg);
    return EQC_OK;
  }
  j.body = body;
  j.arg = arg;
  j.width = width;
  j.items = items;
  j.chunk = items / width / 8 > 1 ? items / width / 8 : 1;
  j.float_control = get_float_control();
  if (!runner->run) {
    eqc_rt_pool_run(width, run_task, &j);
    return EQC_OK;
  }
  result = runner->run(width, run_task, &j, runner->ctx);
  if (result != 0)
    return eqc_rt_fail(EQC_ERR_HOOK, "%s: the parallel-for hook returned %d",
                       layer, result);
  if (__atomic_load_n(&j.broken, __ATOMIC_ACQUIRE))
    return eqc_rt_fail(EQC_ERR_HOOK,
                       "%s: the parallel-for hook ran task %lld of %lld twice "
                       "or out of range",
                       layer,
                       (long long)__atomic_load_n(&j.bogus, __ATOMIC_RELAXED),
                       (long long)width);
  i = skipped(&j);
  if (i >= 0)
    return eqc_rt_fail(EQC_ERR_HOOK,
                       "%s: the parallel-for hook left out task %lld of %lld",
                       layer, (long long)i, (long long)width);
  return EQC_OK;
}

eqc_rt_range eqc_rt_share(int64_t count, int64_t most, int64_t item) {
  eqc_rt_range range;
  range.first = item * most;
  range.end = eqc_rt_min(range.first + most, count);
  return range;
}

int eqc_rt_parallel_shares(const eqc_rt_runner *runner, int64_t width,
                           int64_t count, int64_t most,
                           void (*body)(int64_t worker, int64_t item,
                                        void *arg),
                           void *arg, const char *layer) {
  const int64_t items = (count + most - 1) / most;
  int64_t i;
  if (width > 1 && items > 1)
    return eqc_rt_parallel(runner, width, items, body, arg, layer);
  for (i = 0; i < items; ++i)
    body(0, i, arg);
  return EQC_OK;
}
