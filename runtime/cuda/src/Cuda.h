/*===- Cuda.h - What the files of the CUDA runtime share ------------ C99 -===*\
|*                                                                            *|
|* A call checks its arguments as the CPU's do, enters the context, takes for *|
|* each piece of work the first form that the device has room for, and        *|
|* enqueues its launches. Nothing waits for the device.                       *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_RT_CUDA_H
#define EQC_RT_CUDA_H

#include "../../src/Call.h"
#include "Driver.h"

#include <eqc/cuda_kernel.h>

/*===-- Driver.c
 * -----------------------------------------------------------===*/

/* Filled in by eqc_rt_cuda_open. */
extern eqc_cuda_driver eqc_rt_cuda_driver;
#define CU(name) eqc_rt_cuda_driver.name

/* Finds the driver, once. */
int eqc_rt_cuda_open(const eqc_rt_call *c);
/* Whether the driver may be called without asking for it. */
int eqc_rt_cuda_is_open(void);

/* The status for an error of the driver, with the text: what was called, and
   what the driver says about the error. */
int eqc_rt_cuda_fail(const eqc_rt_call *c, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*===-- Load.c: contexts, and what is loaded into them
 * ---------------------===*/

typedef struct eqc_cuda_device {
  int64_t chip, processors, shared_block, shared_processor, l2, max_grid;
  int64_t has_pools, has_clusters;
} eqc_cuda_device;

typedef struct eqc_cuda_loaded_function {
  void *handle;
  int64_t static_shared;
  int64_t fitting; /* atomic; see Program.c */
} eqc_cuda_loaded_function;

/* A layer in a context. Published once, and constant then. */
typedef struct eqc_cuda_loaded {
  struct eqc_cuda_loaded *next;       /* of the layer */
  struct eqc_cuda_loaded *registered; /* of all */
  void *context;
  unsigned long long context_id;
  void *module;
  const eqc_cuda_code *code;
  eqc_cuda_device device;
  eqc_cuda_loaded_function functions[];
} eqc_cuda_loaded;

/* One call of one layer. */
typedef struct eqc_cuda_call {
  eqc_rt_call args;  /* for the checks and for messages */
  eqc_kernel record; /* what args needs of a record */
  const eqc_cuda_kernel *kernel;
  void *stream, *context;
  unsigned long long context_id;
  int pushed; /* the context has to be popped again */
  eqc_cuda_loaded *loaded;
  uint64_t arrays[EQC_NUM_ARRAYS];
  int64_t vars[EQC_NUM_VARS];
} eqc_cuda_call;

/* Makes the context of the call's stream current, and loads the layer into it
   if it was not. Undone by eqc_rt_cuda_leave, also after a failure; that
   returns status, or its own failure. */
int eqc_rt_cuda_enter(eqc_cuda_call *call);
int eqc_rt_cuda_leave(eqc_cuda_call *call, int status);

/* Calls that would disturb a capture in progress stand between these. */
int eqc_rt_cuda_relax(const eqc_cuda_call *call, int *mode);
int eqc_rt_cuda_restore(const eqc_cuda_call *call, int *mode, int status);

/* Counts the calls in progress; 0 once the library is unloading. */
int eqc_rt_cuda_begin(void);
void eqc_rt_cuda_end(void);

/*===-- Formula.c
 * ----------------------------------------------------------===*/

/* EQC_OK, EQC_ERR_SIZE or EQC_ERR_ARG with the error's text set. */
int eqc_rt_cuda_evaluate(const eqc_cuda_call *call, eqc_formula formula,
                         int64_t *value);
/* A record that breaks its own rules. */
int eqc_rt_cuda_damaged(const eqc_cuda_call *call, const char *what);

/*===-- Program.c
 * ----------------------------------------------------------===*/

/* How a piece of work is done in one call. */
typedef struct eqc_cuda_choice {
  const eqc_cuda_form *form; /* NULL: nothing to do */
  int64_t chunk, workspace;
} eqc_cuda_choice;

int eqc_rt_cuda_choose(eqc_cuda_call *call, int program,
                       eqc_cuda_choice *choice);
int eqc_rt_cuda_run(eqc_cuda_call *call, const eqc_cuda_choice *choice);

/*===-- Perform.c
 * ----------------------------------------------------------===*/

/* Where a call's workspace comes from. */
typedef struct eqc_cuda_source {
  int is_given; /* by the caller, else from the device */
  void *workspace;
} eqc_cuda_source;

/* Fills in the layer, checks that this runtime can read it, and counts the
   call. */
int eqc_rt_cuda_begin_call(eqc_cuda_call *call, const eqc_cuda_kernel *kernel,
                           const char *suffix, void *stream);

/* Sets an array of the call, which has a name for messages. */
int eqc_rt_cuda_set_array(eqc_cuda_call *call, int array, const char *name,
                          const void *data);
/* Whether it is one of x, y and their gradients. */
int eqc_rt_cuda_is_of_samples(int array);

#define EQC_CUDA_MOST_PROGRAMS 2

/* How each of several pieces of work is done, and the bytes that suffice for
   each. */
int eqc_rt_cuda_choose_all(eqc_cuda_call *call, const int *programs, int count,
                           eqc_cuda_choice *choices, int64_t *bytes);
/* Several pieces of work, one after the other in the same workspace. */
int eqc_rt_cuda_perform(eqc_cuda_call *call, const int *programs, int count,
                        const eqc_cuda_source *from);

/*===-- Workspace.c
 * --------------------------------------------------------===*/

typedef struct eqc_cuda_buffer eqc_cuda_buffer;

typedef struct eqc_cuda_memory {
  uint64_t address;
  eqc_cuda_buffer *buffer; /* NULL: of the device's pool */
} eqc_cuda_memory;

int eqc_rt_cuda_acquire(const eqc_cuda_call *call, int64_t bytes,
                        eqc_cuda_memory *memory);
/* After the last launch that uses the memory; returns status, or its own
   failure. */
int eqc_rt_cuda_give_back(const eqc_cuda_call *call, eqc_cuda_memory *memory,
                          int status);
/* Forgets all buffers, without calling the driver. */
void eqc_rt_cuda_forget_buffers(void);

#endif /* EQC_RT_CUDA_H */
