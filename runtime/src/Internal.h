/*===- Internal.h - What the runtime's files share ------------------ C99 -===*\
|*                                                                            *|
|* The runtime is one instance per linked image. Its global state is this     *|
|* header's functions' business only; every one of them may be called from    *|
|* any thread. Locks are held for a few instructions at a time and never      *|
|* around a call to the user's code, which is what makes fork safe.           *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_RT_INTERNAL_H
#define EQC_RT_INTERNAL_H

#include <eqc/kernel.h>

#define EQC_RT_ALIGN 64
#define EQC_RT_MAX_THREADS 1024

static inline int64_t eqc_rt_min(int64_t a, int64_t b) { return a < b ? a : b; }
/* So many bytes, as far as the next place where an array may begin. */
static inline int64_t eqc_rt_aligned(int64_t bytes) {
  return (bytes + EQC_RT_ALIGN - 1) & -EQC_RT_ALIGN;
}

/*===-- Sizes.c: sizes given at run time
 * --------------------------------------------------------------===*/

#define EQC_RT_MAX_SUMMANDS 16
/* Of one layer: it has axes of no more spaces. */
#define EQC_RT_MOST_SIZES 16

/* How many a layer takes. */
int64_t eqc_rt_num_sizes(const eqc_layer_info *info);
/* Number i of those that n stands for; and the n that stands for a list, which
   stays where it is. */
int64_t eqc_rt_size(const eqc_layer_info *info, int64_t n, int64_t i);
int64_t eqc_rt_n_of(const eqc_layer_info *info, const int64_t *sizes);
/* Which of the sizes given at run time is that of a space, which has none of
   its own, of a layer or of a network. */
int64_t eqc_rt_size_number(const eqc_space_info *spaces, int64_t space);
/* The size of a space. */
int64_t eqc_rt_space_size(const eqc_layer_info *info, int64_t n, int64_t space);
/* The length of an axis of a space or a sum, by the number that axes have, of
   layers that have spaces. */
int64_t eqc_rt_layer_axis_length(const eqc_layer_info *info, int64_t n,
                                 int64_t axis);
/* The summands of a sum, at most EQC_RT_MAX_SUMMANDS, or a space itself; their
   number, or -1 where they are not described. */
int eqc_rt_summands(const eqc_layer_info *info, int64_t axis,
                    const eqc_space_info **summand);
/* What the sizes of a space are multiples of. */
int64_t eqc_rt_unit_of(const eqc_space_info *space);

/*===-- Setup.c: once per process, and around fork
 * -------------------------===*/

/* Prepares keys and fork handlers. 0 once the runtime is unloading. */
int eqc_rt_setup(void);

/*===-- Config.c: hooks and numbers
 * ----------------------------------------===*/

typedef struct eqc_rt_allocator {
  void *(*get)(size_t size, size_t align, void *ctx);
  void (*put)(void *p, size_t size, void *ctx);
  void *ctx;
  uint64_t generation; /* a new one each time the allocator is set */
} eqc_rt_allocator;

typedef struct eqc_rt_runner {
  int (*run)(int64_t tasks, void (*task)(int64_t, void *), void *arg,
             void *ctx);
  void *ctx;
} eqc_rt_runner;

eqc_rt_allocator eqc_rt_current_allocator(void);
int eqc_rt_is_current(const eqc_rt_allocator *allocator);
eqc_rt_runner eqc_rt_current_runner(void); /* run is NULL: our own pool */
int64_t eqc_rt_num_threads(void);          /* 1 .. EQC_RT_MAX_THREADS */
void eqc_rt_config_lock(void);
void eqc_rt_config_unlock(void);
void eqc_rt_config_after_fork(void);

/*===-- Memory.c: what a thread keeps between calls
 * ------------------------===*/

typedef struct eqc_rt_thread eqc_rt_thread;

/* Memory together with who takes it back. */
typedef struct eqc_rt_block {
  void *data;
  size_t size;
  eqc_rt_allocator from;
  eqc_rt_thread *owner; /* whose cache it comes from, or NULL */
} eqc_rt_block;

/* Gets a block of at least size bytes, the calling thread's cached one when it
   is free and fits. EQC_OK, or EQC_ERR_NOMEM with the error's text set. */
int eqc_rt_acquire(size_t size, const char *layer, eqc_rt_block *out);
/* Keeps the block for the thread's next call, or puts it back. */
void eqc_rt_release(eqc_rt_block *block);
/* Puts back every idle cached block; all: of any allocator, else only those
   that are not of the current one. */
void eqc_rt_flush(int all);

/* Where the calling thread's error text goes (EQC_RT_TEXT bytes), or NULL. */
#define EQC_RT_TEXT 1024
char *eqc_rt_text(int create);

int eqc_rt_memory_setup(void);
void eqc_rt_memory_teardown(void);
void eqc_rt_memory_lock(void);
void eqc_rt_memory_unlock(void);

/*===-- Error.c
 * ------------------------------------------------------------===*/

/* Sets the thread's text and returns status. */
int eqc_rt_fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* EQC_OK for a record of this runtime's kind and at least `expected` bytes, of
   a "layer", say. */
int eqc_rt_check_abi(const char *what, uint32_t abi, uint32_t size,
                     size_t expected);

/*===-- Cpu.c
 * --------------------------------------------------------------===*/

/* The variant for this CPU, or NULL. */
const eqc_variant *eqc_rt_choose(const eqc_kernel *kernel);
/* 1 to 4 on x86-64, as of eqc_variant; 0 elsewhere. */
int64_t eqc_rt_cpu_level(void);

/*===-- Pool.c: the default parallel-for
 * -----------------------------------===*/

/* Runs task(0) .. task(tasks-1), each once, and returns when all are done. Runs
   them one after the other when the pool is busy or has no threads. */
void eqc_rt_pool_run(int64_t tasks, void (*task)(int64_t, void *), void *arg);
void eqc_rt_pool_teardown(void);
void eqc_rt_pool_lock(void);
void eqc_rt_pool_unlock(void);
void eqc_rt_pool_after_fork(void);

/*===-- Parallel.c: tasks through whichever runner is set
 * ------------------===*/

/* Calls body(worker, item, arg) once for every 0 <= item < items, with at most
   width workers at a time, each with its own number below width. EQC_OK or
   EQC_ERR_HOOK with the error's text set. */
int eqc_rt_parallel(const eqc_rt_runner *runner, int64_t width, int64_t items,
                    void (*body)(int64_t worker, int64_t item, void *arg),
                    void *arg, const char *layer);

/* The same for `count` things in a row, `most` of them to an item: calls
   body(worker, item, arg) for the items that eqc_rt_share() cuts the same way.
   By this thread alone where width is 1 or there is one item. */
int eqc_rt_parallel_shares(const eqc_rt_runner *runner, int64_t width,
                           int64_t count, int64_t most,
                           void (*body)(int64_t worker, int64_t item,
                                        void *arg),
                           void *arg, const char *layer);

/* [first, end) of an item. */
typedef struct eqc_rt_range {
  int64_t first, end;
} eqc_rt_range;
eqc_rt_range eqc_rt_share(int64_t count, int64_t most, int64_t item);

#endif /* EQC_RT_INTERNAL_H */
