/*===- Call.h - What the generated functions share ------------------ C99 -===*\
|*                                                                            *|
|* The checks and the scheduling of one call of one layer, in either          *|
|* direction. See Call.c and Backward.c.                                      *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_RT_CALL_H
#define EQC_RT_CALL_H

#include "Storage.h"

/* One call of one layer. */
typedef struct eqc_rt_call {
  const eqc_kernel *kernel;
  const eqc_variant *variant;
  int storage;          /* of x and y, see Storage.h */
  int64_t stored_bytes; /* of one of their elements */
  const char *layer;
  const char *suffix; /* of the public function: "forward", .. */
  int64_t n, batch;
  const void *x, *packed, *bias;
  void *y;
  const void *under; /* what a kernel is to find in y; or NULL */
  int64_t x_bytes, y_bytes, weight_bytes, bias_bytes;
  eqc_schedule schedule;
  eqc_rt_runner runner;
  int parts_mode;       /* parts of a block in parallel, not blocks */
  int streams;          /* y is written past the caches */
  int64_t width;        /* threads */
  int64_t packed_bytes; /* room for packed weights, 0 if there are some */
  char *scratch;
  int64_t stride;       /* of one worker's scratch to the next's */
  int64_t block, phase; /* when parts run in parallel */
  int64_t staged;       /* where widened samples lie in a worker's scratch */
} eqc_rt_call;

int eqc_rt_fail_null(const eqc_rt_call *c, const char *argument);
int eqc_rt_fail_alias(const eqc_rt_call *c, const char *output,
                      const char *other);
int eqc_rt_fail_cpu(const eqc_rt_call *c);

/* What c knows of its layer, and the name of the function for messages. */
void eqc_rt_describe(eqc_rt_call *c, const eqc_kernel *kernel,
                     const char *suffix);
/* Fills in the layer, and checks that this runtime can read it. */
int eqc_rt_begin(eqc_rt_call *c, const eqc_kernel *kernel, const char *suffix);
/* Checks n, the batch and the bytes of all arrays, which are given their names
   in messages. */
int eqc_rt_check_sizes(eqc_rt_call *c, int64_t n, int64_t batch, const char *x,
                       const char *y);

/* bytes = element_bytes * elements * channels * n^order, or EQC_ERR_SIZE. Where
   there are several spaces, `axes` says which each of the axes is of. */
int eqc_rt_count_bytes(const eqc_rt_call *c, const char *array,
                       int64_t element_bytes, int64_t elements,
                       int64_t channels, int64_t order, const int32_t *axes,
                       int64_t *bytes);

/* Whether two arrays share bytes. */
int eqc_rt_overlap(const void *a, int64_t a_bytes, const void *b,
                   int64_t b_bytes);

/* y shares bytes with no other array of a forward call; those that are NULL
   have none. */
int eqc_rt_check_output(const eqc_rt_call *c, const void *x,
                        const char *weight_name, const void *weight,
                        int64_t weight_bytes, const void *bias, const void *y);

/* Every check of the arguments of a forward call. weight_bytes is 0 for weights
   as the caller has them. With a batch of 0 the arrays may be anything. */
int eqc_rt_check_forward(eqc_rt_call *c, int64_t n, int64_t batch,
                         const void *x, const char *weight_name,
                         const void *weight, int64_t weight_bytes,
                         const void *bias, const void *y);

/* An array of a backward call. Outputs that are not asked for are NULL. */
typedef struct eqc_rt_array {
  const char *name;
  const void *data;
  int64_t bytes;
} eqc_rt_array;

enum {
  EQC_RT_X,
  EQC_RT_WEIGHT,
  EQC_RT_GRAD_Y,
  EQC_RT_GRAD_X,
  EQC_RT_GRAD_WEIGHT,
  EQC_RT_GRAD_BIAS,
  EQC_RT_NUM_ARRAYS
};

/* Whether the kernels of grad_x want x under it. */
int eqc_rt_pools(const eqc_kernel *kernel);

/* EQC_ERR_ARG for a layer without gradients. */
int eqc_rt_check_gradients(const eqc_rt_call *c, const void *gradients);

/* No output shares bytes with any other array; the outputs are those from
   `first_output` on. */
int eqc_rt_check_aliases(const eqc_rt_call *c, const eqc_rt_array *arrays,
                         int count, int first_output);

/* Fills in names and bytes; a gradient that is to be ignored becomes NULL. */
void eqc_rt_describe_arrays(const eqc_rt_call *c, eqc_rt_array *arrays);
/* Every check of the arguments of a backward call. The arrays are
   described. */
int eqc_rt_check_backward(eqc_rt_call *c, int64_t n, int64_t batch,
                          eqc_rt_array *arrays);

/* The schedule of the call's n and batch. */
void eqc_rt_ask_schedule(eqc_rt_call *c,
                         void (*schedule)(int64_t, int64_t, eqc_schedule *));
/* The blocks of the batch, and the samples of one of them. */
int64_t eqc_rt_blocks(const eqc_rt_call *c);
int64_t eqc_rt_block_samples(const eqc_rt_call *c, int64_t block);
/* How many threads could share the work. */
int64_t eqc_rt_wanted_threads(const eqc_rt_call *c);
/* Makes room in a worker's scratch, behind a kernel's own, for a block of x and
   of y that are widened. EQC_OK or EQC_ERR_NOMEM. */
int eqc_rt_stage(eqc_rt_call *c);
/* Where a block of an array lies in a worker's scratch. */
float *eqc_rt_staged_x(const eqc_rt_call *c, char *scratch);
float *eqc_rt_staged_y(const eqc_rt_call *c, char *scratch);
/* Where the whole array, in which the block has its place, would begin: what
   kernels are told. */
void *eqc_rt_whole(const eqc_rt_call *c, int64_t block, int of_x,
                   float *staged);
/* Widens a block of an array, or narrows it, `of_x` as large as x. Threads
   share it if `width` is more than 1. */
int eqc_rt_widen_block(eqc_rt_call *c, int64_t block, int of_x,
                       const void *array, float *staged, int64_t width);
/* Copies a block of `under` to where a kernel writes y: to y itself or, where
   that is widened, to what is staged of it. */
int eqc_rt_underlay_block(eqc_rt_call *c, int64_t block, float *staged,
                          int64_t width);
int eqc_rt_narrow_block(eqc_rt_call *c, int64_t block, int of_x,
                        const float *staged, void *array, int64_t width);
/* Whether an output of so many bytes should be written past the caches; and
   what orders such stores before whatever tells others that they are done. */
int eqc_rt_wants_streaming(const void *y, int64_t bytes);
void eqc_rt_finish_streaming(void);
/* Decides how many workers there are, at most `width` of them on `items`, and
   how far apart the scratch of each lies. `head` bytes come before it; the
   bytes of all are added to *total. EQC_OK or EQC_ERR_NOMEM. */
int eqc_rt_lay_out(eqc_rt_call *c, int64_t width, int64_t head, int64_t *total);

/* Everything after the checks of a forward call. weight is NULL when c->packed
   is set already. */
int eqc_rt_execute(eqc_rt_call *c, const void *weight);

/* A forward call in two steps: the bytes that it needs, then the work. weight
   is NULL when c->packed is set already. */
int eqc_rt_prepare(eqc_rt_call *c, const void *weight, int64_t *total);
int eqc_rt_perform(eqc_rt_call *c, const void *weight, char *memory);

#endif /* EQC_RT_CALL_H */
