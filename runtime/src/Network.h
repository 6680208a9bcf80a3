/*===- Network.h - What the functions of networks share ------------- C99 -===*\
|*                                                                            *|
|* One call of one network. Values are computed for a block of samples at a   *|
|* time, in scratch whose size does not depend on the batch.                  *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_RT_NETWORK_H
#define EQC_RT_NETWORK_H

#include "Sums.h"

/* Less work than this is done before another thread has woken up. */
#define EQC_RT_WORTH_THREADS ((double)(1 << 18))

/* A layer as the call uses it. */
typedef struct eqc_rt_part {
  int64_t sizes[EQC_RT_MOST_SIZES]; /* what its n stands for */
  eqc_rt_call forward;              /* on a block of samples */
  eqc_rt_call inputs[2];            /* its gradient of each input */
  void *turned[2];                  /* room for the weights of these */
  eqc_rt_sums sums;                 /* its gradients of weight and bias */
  const void *bias;
} eqc_rt_part;

/* Offsets within the memory of a call. */
typedef struct eqc_rt_places {
  int64_t parts, bytes, slots, tapes, flags, weights, scratch;
} eqc_rt_places;

typedef struct eqc_rt_network {
  const eqc_network *network;
  const char *name, *suffix;
  const int64_t *sizes;
  int64_t cpu_level;
  int64_t batch, block, blocks;
  int alone; /* one thread: others are busy with other samples */
  /* Of inputs, then of outputs, where these are not batch times one sample. */
  const int64_t *array_bytes;
  const void *const *inputs;
  void *const *outputs;
  const char *params, *packed; /* one of them */
  char *tape;                  /* or NULL */
  int backward;
  /* Of backward. */
  const void *const *grad_outputs;
  void *const *grad_inputs;
  void *grad_params;
  int64_t slabs, slab_blocks;
  /* In the memory of the call. */
  eqc_rt_part *parts;
  int64_t *bytes;        /* of one sample of each value */
  int64_t *slot_offsets; /* within a worker's scratch */
  int64_t *tape_offsets; /* of each value, -1 for none */
  char *wanted;          /* backward: whether the gradient of a value is */
  char *given;           /* .. and whether there is one that is not zero */
  int64_t temporary;     /* offset of room for one more gradient */
  int64_t written;       /* offset of a byte for each value */
  int64_t layer_scratch; /* offset of what kernels need */
  int64_t zeros;         /* offset of a block of zeros */
  eqc_rt_places places;
  /* How threads share the work: blocks, or each step of one. */
  eqc_rt_runner runner;
  int shares_steps;
  int64_t width, stride;
  char *scratch;
} eqc_rt_network;

/* The length of an axis of a space, or of a sum of them, in a call with these
   sizes; INT64_MAX where it overflows. */
int64_t eqc_rt_axis_length(const eqc_network *network, const int64_t *sizes,
                           int64_t axis);
int64_t eqc_rt_length(const eqc_rt_network *c, int64_t axis);
/* Elements of one sample of a value. */
int64_t eqc_rt_elements(const eqc_rt_network *c, int64_t value);

/* Sets up *c, and checks the sizes, the batch, and the bytes of all arrays. */
int eqc_rt_network_begin(eqc_rt_network *c, const eqc_network *network,
                         const char *suffix, const int64_t *sizes,
                         int64_t batch);
/* Bytes of the tape, which are known to fit. */
int64_t eqc_rt_tape_bytes(const eqc_rt_network *c);

/* An array of a call. */
typedef struct eqc_rt_extent {
  const char *prefix, *name; /* of the argument */
  const void *data;
  int64_t bytes;
} eqc_rt_extent;

int eqc_rt_network_null(const eqc_rt_network *c, const char *prefix,
                        const char *name);
/* EQC_ERR_ALIAS where `output` shares bytes with `other`. */
int eqc_rt_network_alias(const eqc_rt_network *c, const eqc_rt_extent *output,
                         const eqc_rt_extent *other);
/* All arrays of a call: parameters, their gradient, the tape, inputs, outputs,
   gradients of inputs. What is not there has no data. Returns how many. */
enum { EQC_RT_PARAMS, EQC_RT_GRAD_PARAMS, EQC_RT_TAPE, EQC_RT_TENSORS };
#define EQC_RT_MOST_TENSORS 64
/* Sizes given at run time, of calls with lists of them. */
#define EQC_RT_MOST_SPACES 1024
#define EQC_RT_MOST_ARRAYS (EQC_RT_TENSORS + 3 * EQC_RT_MOST_TENSORS)
int64_t eqc_rt_network_arrays(const eqc_rt_network *c, eqc_rt_extent *arrays);

/* Chooses blocks and threads, and counts all bytes that the call needs. */
int eqc_rt_network_measure(eqc_rt_network *c, int64_t *bytes);
/* Lays the call out in so many, aligned to EQC_RT_ALIGN. */
int eqc_rt_network_lay_out(eqc_rt_network *c, char *base);
/* Both, in memory that is acquired for it. */
int eqc_rt_network_prepare(eqc_rt_network *c, eqc_rt_block *memory);
/* Operations that the layers are for the whole batch, roughly. */
double eqc_rt_network_work(const eqc_rt_network *c);
/* The n of a layer's kernel; of samples without entries, whose kernels are not
   called for values, the least that there is. Several sizes are written to
   `sizes`, which has room for EQC_RT_MOST_SIZES and whose address n is then. */
int64_t eqc_rt_kernel_n(const eqc_rt_network *c, const eqc_network_part *part,
                        int64_t *sizes);
/* The most that a layer reads of a sample whose input has no entries, so that
   its kernel is called with zeros for the sums over the batch. */
int64_t eqc_rt_zero_bytes(const eqc_rt_network *c);
/* Whether a layer has an input without entries: sums over them are zero. */
int eqc_rt_reads_nothing(const eqc_rt_network *c, const eqc_step *step);
int eqc_rt_fail_scratch(const eqc_rt_network *c);
/* Bytes at `*at`, which moves behind them; -1 where there are too many. */
int64_t eqc_rt_place(int64_t *at, int64_t count, int64_t size);

/* Where the samples of a block from `first` on are of a value, or of its
   gradient. `forward` tells the places of the forward functions from those of
   backward. */
char *eqc_rt_value_at(const eqc_rt_network *c, int64_t worker, int64_t value,
                      int64_t first);
/* Runs the steps of a block. */
int eqc_rt_run_steps(const eqc_rt_network *c, int64_t worker, int64_t first,
                     int64_t count);
int64_t eqc_rt_samples_of(const eqc_rt_network *c, int64_t block);

/*===-- Network.c, NetworkBackward.c: calls
 * -----------------------------------------------------------===*/

/* Whether all arrays are there that are read and written, and share no bytes
   where they may not. */
int eqc_rt_network_check(const eqc_rt_network *c);
int eqc_rt_network_check_backward(const eqc_rt_network *c);
/* A call that is laid out. */
int eqc_rt_network_run(eqc_rt_network *c);
int eqc_rt_network_run_backward(eqc_rt_network *c);

/*===-- NetworkParts.c: layers
 * ---------------------------------------------===*/

/* The calls of layer i for blocks of this call, all but arrays and memory;
 *scratch grows to what their kernels need. */
int eqc_rt_prepare_part(const eqc_rt_network *c, int64_t i, eqc_rt_part *part,
                        int64_t *scratch);
/* Takes the memory of a layer from base + *at on; where base is NULL, only
   moves *at. */
void eqc_rt_place_part(const eqc_rt_network *c, int64_t i, eqc_rt_part *part,
                       char *base, int64_t *at);
/* Brings the weights of all layers to where their calls read them. */
int eqc_rt_network_pack_all(eqc_rt_network *c);
/* What the kernels of a step's layer take as x for `count` samples from `first`
   on: of a layer of two inputs `pair`. Zeros where an input has no entries, so
   that y is the bias, whose gradient is what it should be and that of the
   weights nothing. */
const void *eqc_rt_layer_input(const eqc_rt_network *c, const eqc_step *step,
                               int64_t worker, int64_t first, int64_t count,
                               eqc_pair *pair);
/* A layer on `count` samples. */
int eqc_rt_run_layer(const eqc_rt_network *c, const eqc_rt_call *prepared,
                     int64_t worker, int64_t count, const void *x,
                     const void *bias, void *y);

/*===-- NetworkSteps.c: what is no layer
 * -----------------------------------===*/

/* A step on the `count` samples from `first` on. */
void eqc_rt_step_value(const eqc_rt_network *c, const eqc_step *step,
                       int64_t worker, int64_t first, int64_t count);
/* The gradient of operand `which` from that of the result, written or, where
   `adds`, added. */
void eqc_rt_step_gradient(const eqc_rt_network *c, const eqc_step *step,
                          int64_t worker, int64_t first, int64_t count,
                          int64_t which, const char *grad, char *grad_operand,
                          int adds);
/* to = from, or += */
void eqc_rt_put(const eqc_rt_network *c, const char *from, char *to,
                int64_t elements, int adds);

#endif /* EQC_RT_NETWORK_H */
