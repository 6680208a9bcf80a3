/*===- Sums.h - Sums over a batch, in slabs ------------------------- C99 -===*\
|*                                                                            *|
|* What the gradients of a batch of one size and of ragged ones share. See    *|
|* Sums.c.                                                                    *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_RT_SUMS_H
#define EQC_RT_SUMS_H

#include "Call.h"

/* The weights of the layer that grad_x is: out[d][co][ci] = flip[d] *
   weight[d][ci][co]. */
void eqc_rt_flip(const eqc_kernel *kernel, int64_t n, const void *weight,
                 void *out);

/* The weights of pairs of channels as the gradient of x, or of z, reads them:
   out[d][c3][c2][c1] = weight[d][c1][c2][c3], or out[d][c3][c1][c2]. */
void eqc_rt_turn(const eqc_kernel *kernel, int of_x, const void *weight,
                 void *out);

/* The gradients of no samples; NULL: not asked for. */
int eqc_rt_sum_nothing(const eqc_rt_call *c, void *grad_weight,
                       void *grad_bias);

/* One call for grad_weight and grad_bias. */
typedef struct eqc_rt_sums {
  eqc_rt_call call;
  const eqc_sums *code;
  const void *x, *grad_y;
  void *grad_weight, *grad_bias; /* NULL: not asked for */
  int64_t which;
  int64_t channels; /* rows of the gradient of one diagram */
  int64_t slabs, slab_bytes;
  int64_t slab_blocks;        /* of a batch of one size */
  int64_t first_row, end_row; /* of the sums, that are asked for */
  int64_t task_rows;
  char *memory; /* the slabs */
} eqc_rt_sums;

/* *s is zero, but for x and grad_y. */
void eqc_rt_begin_sums(eqc_rt_sums *s, const eqc_rt_call *c,
                       const eqc_sums *code, void *grad_weight,
                       void *grad_bias);
/* All sums of a batch of one size: the bytes that they need, added to *total;
   then the work in them. */
int eqc_rt_prepare_sums(eqc_rt_sums *s, int64_t *total);
int eqc_rt_perform_sums(eqc_rt_sums *s, char *memory);

/* How many slabs so many blocks are cut into, at most. */
int eqc_rt_choose_slabs(eqc_rt_sums *s, int64_t blocks);
void eqc_rt_clear_slab(const eqc_rt_sums *s, int64_t slab);
/* Adds up the slabs, and brings the sums to their places. */
int eqc_rt_finish_sums(eqc_rt_sums *s);

#endif /* EQC_RT_SUMS_H */
