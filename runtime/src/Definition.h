/*===- Definition.h - What a layer is, to the letter ---------------- C99 -===*\
|*                                                                            *|
|* Entries of y and of gradients as the definition has them: sums over the    *|
|* entries of the diagrams' matrices that are not zero. It reads the          *|
|* description of a layer, eqc_layer_info, and knows nothing of plans and     *|
|* kernels, which self-tests compare with it.                                 *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_RT_DEFINITION_H
#define EQC_RT_DEFINITION_H

#include "Storage.h"

/* Axes of y, x and z together; `maps` has letters for so many blocks. */
#define EQC_RT_MAX_AXES 64

/* The arrays that a diagram joins. A layer of one input has a z of one number,
   1, without axes. */
enum { EQC_RT_ROW_Y, EQC_RT_ROW_X, EQC_RT_ROW_Z, EQC_RT_ROWS };

/* An array of numbers of the layer's type: the element of sample b at position
   p of channel c is b * sample + p * step + c * channel elements away. */
typedef struct eqc_rt_tensor {
  const void *data;
  int64_t positions, channels;
  int64_t sample, step, channel;
} eqc_rt_tensor;

typedef struct eqc_rt_definition {
  const eqc_layer_info *info;
  const char *maps; /* the diagrams of info's, see there */
  int is_exact;     /* indices of different blocks differ */
  int pool;         /* blocks of inputs only take the largest entry: 1, the
                       smallest: -1, or sums: 0 */
  int is_double;
  int storage;                     /* of y, x and z, see Storage.h */
  int axes;                        /* of y, x and z together */
  int first[EQC_RT_ROWS + 1];      /* the first axis of each */
  int64_t length[EQC_RT_MAX_AXES]; /* of each axis */
  int64_t stride[EQC_RT_MAX_AXES]; /* of positions of its array */
  /* What an axis is of, and what that is a sum of: itself, if it is none. */
  const eqc_space_info *space[EQC_RT_MAX_AXES];
  int num_summands[EQC_RT_MAX_AXES];
  const eqc_space_info *summand[EQC_RT_MAX_AXES][EQC_RT_MAX_SUMMANDS];
  int64_t n;                      /* the sizes given at run time, see Sizes.c */
  eqc_rt_tensor row[EQC_RT_ROWS]; /* data: what is to be read */
  int64_t bias_positions;         /* those of y */
} eqc_rt_definition;

/* Describes the layer for one n, without arrays. EQC_OK, or EQC_ERR_ARG where
   the definition cannot be followed, with the error's text set. */
int eqc_rt_define(eqc_rt_definition *d, const eqc_layer_info *info, int64_t n);

/* The numbers of one sum over channels: all pairs of the two other arrays'. */
int64_t eqc_rt_pooled_channels(const eqc_rt_definition *d, int fixed);

/* Roughly the operations that eqc_rt_evaluate takes for so many positions of
   one sample. */
double eqc_rt_evaluation_cost(const eqc_rt_definition *d, int fixed,
                              int64_t positions);
/* The most products that are summed up to one entry of `fixed`, or, for
   EQC_RT_ROWS, to a gradient of a weight of a single sample. */
double eqc_rt_most_terms(const eqc_rt_definition *d, int fixed);
/* The doubles that it needs beside its result. */
int64_t eqc_rt_evaluation_room(const eqc_rt_definition *d, int fixed,
                               int64_t positions);

/* Entries of the array `fixed` at some positions of one sample, all channels of
   the first position, then of the next: those of y without the bias, or those
   of a gradient of x or z where y's array is its gradient; for that of x under
   pooling x is read, too. Where `gradient` is
   not NULL, adds to the gradient of the weights what the sample has for it at
   these positions of y; `weight` may be NULL then, and nothing else is
   written. `room` is as eqc_rt_evaluation_room says. */
void eqc_rt_evaluate(const eqc_rt_definition *d, int fixed, int64_t sample,
                     const int64_t *positions, int64_t count,
                     const void *weight, double *out, double *gradient,
                     double *room);

/* Adds the bias at a position of y to `out`, one number a channel; or, where
   `gradient` is not NULL, what y's array has there to the bias's gradient. */
void eqc_rt_evaluate_bias(const eqc_rt_definition *d, int64_t sample,
                          int64_t position, const void *bias, double *out,
                          double *gradient);

/* A random element of the groups, monomial and of integers: index i of space s
   goes to to[s][i], times sign[s][i]. Spaces lie one after the other. */
typedef struct eqc_rt_element {
  int64_t *to;
  int8_t *sign;
} eqc_rt_element;
/* Of all spaces together: how many indices there are. */
int64_t eqc_rt_element_size(const eqc_rt_definition *d);
void eqc_rt_draw_element(const eqc_rt_definition *d, eqc_rt_element *g,
                         uint64_t *random);
/* Where the element takes a position of an array, and the sign there. */
int64_t eqc_rt_move(const eqc_rt_definition *d, const eqc_rt_element *g,
                    int row, int64_t position, int *sign);

/* x made as its symmetries promise. */
void eqc_rt_symmetrize(const eqc_rt_definition *d, void *x, int64_t batch,
                       int8_t *signs, int64_t *orbit);

/* Arrays of a call of a self-test (SelftestArrays.c). */
#define EQC_RT_MOST_TESTED 400
typedef struct eqc_rt_arrays {
  eqc_rt_allocator from;
  const char *layer;
  int at_end; /* of their pages, else at the beginning */
  int status; /* why eqc_rt_arrays_take returned NULL */
  int64_t count;
  struct {
    void *data;
    size_t size;
  } block[EQC_RT_MOST_TESTED];
} eqc_rt_arrays;
void eqc_rt_arrays_begin(eqc_rt_arrays *arrays, const char *layer, int at_end);
/* Room whose bytes past the last are no array's, aligned to `align`, a power of
   two of at most 64; NULL where there is none, and from then on. */
void *eqc_rt_arrays_take(eqc_rt_arrays *arrays, int64_t bytes, int64_t align);
/* Gives everything back. */
void eqc_rt_arrays_end(eqc_rt_arrays *arrays);

/* Calls a layer of one input, whose n is given at run time, on batches of
   samples of different sizes (SelftestRagged.c). EQC_ERR_SELFTEST with `what`
   is wrong where they are not those of calls with one sample, or what calls
   return. `tolerance` is relative to the largest element, for grad_x and where
   numbers are not `exact`. */
int eqc_rt_selftest_ragged(const eqc_kernel *kernel, int exact,
                           double tolerance, char *what, size_t room);

/* Element i of a tensor becomes v; what it holds where v is written to it. */
void eqc_rt_store(const eqc_rt_definition *d, void *data, int64_t i, double v);
double eqc_rt_rounded(const eqc_rt_definition *d, double v);

/* The next of a sequence of random numbers. */
uint64_t eqc_rt_random(uint64_t *state);

#endif /* EQC_RT_DEFINITION_H */
