/*===- kernel.h - What a generated object hands to the runtime ------ C99 -===*\
|*                                                                            *|
|* Internal contract between objects that eqc generates and eqc_rt. Programs  *|
|* include the generated header and <eqc/runtime.h> instead.                  *|
|*                                                                            *|
|* All structs are plain sequences of 8-byte fields (the two uint32_t of      *|
|* eqc_kernel share one), so a code generator can lay them out by hand.       *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_KERNEL_H
#define EQC_KERNEL_H

#include <eqc/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a kernel wants to be called for one n and batch. Zeroed before schedule()
   fills it; must not depend on the number of threads, so that results do not.
 */
typedef struct eqc_schedule {
  int64_t scratch_bytes; /* scratch of one task, >= 0, alignment 64 */
  int64_t block;         /* samples of one task; below 1 counts as 1 */
  int64_t phases;        /* steps of one block that must follow each other;
                            below 1 counts as 1 */
  int64_t parts;         /* pieces of every phase that may run in parallel,
                            sharing the block's scratch; below 1 counts as 1 */
  int64_t flops;         /* estimated work per sample; 0: unknown, taken as
                            enough for every thread */
} eqc_schedule;

/* Phases that stand for all of them, see eqc_variant.forward. With the second,
   y is large, and a kernel may write it past the caches. */
enum { EQC_PHASE_ALL = -1, EQC_PHASE_ALL_STREAMING = -2 };

/* The code of a layer for one kind of CPU. */
typedef struct eqc_variant {
  int64_t cpu_level; /* 0: any; on x86-64 1 to 4 for x86-64, -v2, -v3, -v4;
                        -1: whatever has all of cpu_features */
  const char *cpu_features; /* for a cpu_level of -1: comma-separated names as
                               in /proc/cpuinfo, or as LLVM spells them; an
                               unknown name fits no CPU. Else "" or NULL */
  int64_t packed_bytes; /* weights as the kernel wants them; never depends on n.
                           0: forward reads the caller's weights as they are,
                           and pack is not called */
  void (*schedule)(int64_t n, int64_t batch, eqc_schedule *out);
  /* weight -> packed. */
  void (*pack)(int64_t n, const void *weight, void *packed);
  /* Samples first .. first+count-1 of the whole arrays (x, y are their starts),
     in the given phase and part. EQC_PHASE_ALL runs all phases and parts in
     order, part is then 0. So does EQC_PHASE_ALL_STREAMING; y is 64-byte
     aligned then, and stores to it need not be ordered before later ones: the
     caller does that. The bits written may depend on first and count only
     through the schedule's blocks: first is a multiple of block, count is block
     or what is left. Two parts of one phase, or two blocks, never write the
     same element. Scratch holds anything on entry, and keeps its contents from
     one phase of a block to the next. packed is 64-byte aligned from
     eqc_rt_forward, but has only the alignment of an element from
     eqc_rt_forward_packed; x, bias and y always have only that. */
  void (*forward)(int64_t n, int64_t first, int64_t count, int64_t phase,
                  int64_t part, const void *x, const void *packed,
                  const void *bias, void *y, void *scratch);
} eqc_variant;

/* Which gradients eqc_sums.add works on. */
enum { EQC_SUM_WEIGHT = 1, EQC_SUM_BIAS = 2 };

/* A set of sums, see below: its matrices. */
enum { EQC_SUM_PLANES = 3 };

/* The gradients of weight and bias for one kind of CPU: sums over the batch.
   Several sets of sums may be made at the same time and added up. A set is
   three matrices, one after the other, that start as zero and whose sum is
   meant: what was added last, what came to more before, and what was rounded
   away there. A NaN of the third means nothing. Each matrix has for each of
   `terms` terms `diagram_rows` rows, one per input channel, then a row for each
   bias. Channels from `shifted_from` on stand diagram_rows - c_in rows below
   their place, the rows between repeat others. Terms and biases are diagrams
   or, where there is an `unpack`, what it makes these of.
 */
typedef struct eqc_sums {
  int64_t rows, columns; /* columns: at least c_out, the rest means nothing */
  int64_t diagram_rows, shifted_from;
  int64_t terms;
  void (*schedule)(int64_t n, int64_t batch, eqc_schedule *out);
  /* Adds what samples first .. first+count-1 contribute. All else is as for
     eqc_variant.forward, where two parts of one phase never write the same sum.
     `which` has the bits above; x is only read for the weights. */
  void (*add)(int64_t n, int64_t first, int64_t count, int64_t phase,
              int64_t part, int64_t which, const void *x, const void *grad_y,
              void *sums, void *scratch);
  /* Writes rows first .. end-1 of c_out elements of grad_weight or, if `which`
     is EQC_SUM_BIAS, grad_bias from the sum of the three matrices; or NULL. */
  void (*unpack)(int64_t which, int64_t first, int64_t end, const void *sums,
                 void *gradient);
} eqc_sums;

/* The gradients of a layer for one kind of CPU. */
typedef struct eqc_gradient {
  /* grad_y -> grad_x: a layer of its own, without bias. Diagram d of it has
     weight[d] with the channels exchanged, times its flip. cpu_level and
     cpu_features repeat those of the layer. Where that pools, y of forward
     holds the layer's x on entry, as far as the block goes. */
  eqc_variant input;
  eqc_sums sums;
} eqc_gradient;

/* What the weights of a diagram are multiplied by for grad_x: sign /
   n^divisions, which may be negative. Where a layer has several spaces (its
   n is -2), the divisions by the size of each follow the sign: 1 + spaces
   numbers instead of two. */
typedef struct eqc_flip {
  int64_t sign, divisions;
} eqc_flip;

/* Counts the changes of meaning of eqc_kernel and of what it points to. */
#define EQC_KERNEL_ABI 4
/* What is added to that of layers that ask more of a runtime, so that those
   which know nothing of it refuse them: tensors lie in memory in 16 bits;
   largest or smallest entries of x are taken, so kernels of grad_x find x in y;
   sizes are given at run time beside those of other spaces. */
enum {
  EQC_KERNEL_ABI_STORED = 100,
  EQC_KERNEL_ABI_POOLED = 200,
  EQC_KERNEL_ABI_SIZED = 400,
  EQC_KERNEL_ABI_END = 800
};

/* A layer. The arrays that kernels see are of one dtype. n reaches the
   functions above as the layer's own when it is fixed, as the call's when it is
   dynamic. Of a layer of several spaces, whose info has an n of -2, it is the
   only size that is dynamic, or the address of a list of them, in their order;
   calls of the functions below give it as that, too. */
typedef struct eqc_kernel {
  uint32_t struct_size, abi; /* sizeof(eqc_kernel); EQC_KERNEL_ABI.. */
  const eqc_layer_info *info;
  int64_t element_bytes;
  int64_t num_variants; /* at least 1, least demanding first */
  const eqc_variant *variants;
  int64_t threads;   /* 0: compiled with --no-threads, run serially */
  int64_t size_unit; /* a call's n is a multiple of it; below 1 counts as 1 */
  int64_t *chosen; /* a zero-initialised writable word of the object, where the
                      runtime remembers the variant for this CPU; or NULL */
  const eqc_gradient *gradients; /* one for each variant; NULL: none */
  const eqc_flip *flips;         /* one for each diagram; NULL: all are 1 */
} eqc_kernel;

/* The inputs of a layer of two: what eqc_variant.forward and eqc_sums.add get
   as `x`. */
typedef struct eqc_pair {
  const void *x, *z;
} eqc_pair;

/* The gradients of a layer of two inputs for one kind of CPU. `x` of the first
   two is a pair (grad_y, z) and (grad_y, x). Their weights, like those of the
   layer, have the channels of the pair and of the result in this order. */
typedef struct eqc_bilinear_gradient {
  eqc_variant x, z;
  eqc_sums sums; /* diagram_rows: pairs of channels, or 1 for depthwise ones */
} eqc_bilinear_gradient;

/* A layer of two inputs. Its variants read weights as they are. */
typedef struct eqc_bilinear {
  eqc_kernel kernel; /* struct_size is that of all; no gradients, no flips */
  const eqc_bilinear_gradient *gradients; /* one for each variant; or NULL */
} eqc_bilinear;

/* NAME_forward of the generated header. n is -1 when the layer's n is fixed. */
int eqc_rt_forward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                   const void *x, const void *weight, const void *bias,
                   void *y);

/* NAME_backward of the generated header. */
int eqc_rt_backward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                    const void *x, const void *weight, const void *grad_y,
                    void *grad_x, void *grad_weight, void *grad_bias);

/* NAME_forward_ragged, NAME_backward_ragged: sample b of packed arrays has size
   n[b]. NAME_forward_padded, NAME_backward_padded: size sizes[b], in axes of
   n. For layers whose n is dynamic. */
int eqc_rt_forward_ragged(const eqc_kernel *kernel, int64_t batch,
                          const int64_t *n, const void *x, const void *weight,
                          const void *bias, void *y);
int eqc_rt_backward_ragged(const eqc_kernel *kernel, int64_t batch,
                           const int64_t *n, const void *x, const void *weight,
                           const void *grad_y, void *grad_x, void *grad_weight,
                           void *grad_bias);
int eqc_rt_forward_padded(const eqc_kernel *kernel, int64_t n, int64_t batch,
                          const int64_t *sizes, const void *x,
                          const void *weight, const void *bias, void *y);
int eqc_rt_backward_padded(const eqc_kernel *kernel, int64_t n, int64_t batch,
                           const int64_t *sizes, const void *x,
                           const void *weight, const void *grad_y, void *grad_x,
                           void *grad_weight, void *grad_bias);

/* NAME_pack: weights -> at least eqc_rt_packed_bytes() bytes. n is ignored. */
int eqc_rt_pack(const eqc_kernel *kernel, int64_t n, const void *weight,
                void *packed);

/* NAME_forward_packed: eqc_rt_forward on what eqc_rt_pack wrote on this CPU. */
int eqc_rt_forward_packed(const eqc_kernel *kernel, int64_t n, int64_t batch,
                          const void *x, const void *packed, const void *bias,
                          void *y);

/* What eqc_rt_pack writes on this CPU, at most the largest packed_bytes of all
   variants, weight bytes where packed_bytes is 0; or a negative status. */
int64_t eqc_rt_packed_bytes(const eqc_kernel *kernel);

/* NAME_forward, NAME_forward_packed and NAME_backward of layers of two
   inputs. */
int eqc_rt_bilinear_forward(const eqc_bilinear *layer, int64_t n, int64_t batch,
                            const void *x, const void *z, const void *weight,
                            const void *bias, void *y);
int eqc_rt_bilinear_forward_packed(const eqc_bilinear *layer, int64_t n,
                                   int64_t batch, const void *x, const void *z,
                                   const void *packed, const void *bias,
                                   void *y);
int eqc_rt_bilinear_backward(const eqc_bilinear *layer, int64_t n,
                             int64_t batch, const void *x, const void *z,
                             const void *weight, const void *grad_y,
                             void *grad_x, void *grad_z, void *grad_weight,
                             void *grad_bias);

/* What NAME_selftest tries: a layer of one input or of two. The functions are
   those that the object exports; where one is NULL, the kernel is called as it
   would be. */
typedef struct eqc_selftest {
  uint32_t struct_size, abi; /* sizeof(eqc_selftest); EQC_KERNEL_ABI */
  const eqc_kernel *kernel;  /* of a layer of two inputs that of its
                                eqc_bilinear */
  void (*forward)(void);
  void (*pack)(void);
  void (*forward_packed)(void);
  void (*backward)(void); /* NULL without gradients */
} eqc_selftest;

/* NAME_selftest of the generated header. */
int eqc_rt_selftest(const eqc_selftest *layer, char *report, size_t size);

/*===-- Networks
 * -----------------------------------------------------------===*/

/* Functions of single entries. */
typedef enum eqc_function {
  EQC_RELU,
  EQC_LEAKY_RELU,
  EQC_ELU,
  EQC_GELU,
  EQC_SILU,
  EQC_SIGMOID,
  EQC_SOFTPLUS,
  EQC_TANH,
  EQC_SOFTSIGN,
  EQC_SIN,
  EQC_COS,
  EQC_EXP,
  EQC_ABS,
  EQC_SQUARE
} eqc_function;

/* What a step does. */
enum {
  EQC_STEP_LAYER,
  EQC_STEP_POINTWISE,
  EQC_STEP_NORM,
  EQC_STEP_SCALE, /* the second operand times the first */
  EQC_STEP_CONCAT,
  EQC_STEP_ADD
};

/* A value of a network, and where it lives during a call. Slots are numbers of
   pieces of scratch, each as large as the largest value in it; -1: none. */
typedef struct eqc_value {
  int64_t channels, order;
  const int32_t *axes;   /* the space of each, as in eqc_network_info */
  int64_t input, output; /* which one it is, or -1 */
  int64_t slot;          /* in the forward functions */
  int64_t back_slot;     /* in the backward function, if made again there */
  int64_t grad_slot;     /* of its gradient */
  int64_t kept;          /* 1: backward needs it, so it is on the tape */
  int64_t shared;        /* 1: its gradient is a sum */
} eqc_value;

typedef struct eqc_step {
  int64_t kind, function, layer, result;
  int64_t num_operands;
  const int32_t *operands;
  /* Of a norm for each axis whether it is summed over, of scale whether the
     factor lacks it. */
  const int32_t *dropped;
  int64_t repeated; /* 1: done again in backward, without a tape */
} eqc_step;

/* A layer of a network. Offsets count elements. */
typedef struct eqc_network_part {
  const eqc_kernel *kernel; /* of a layer of two inputs the kernel of its
                               eqc_bilinear */
  int64_t size;             /* which of the call's sizes is its n, or -1 */
  int64_t packed_offset, packed_size, packed_bias_offset;
} eqc_network_part;

/* A sum of spaces that axes are of. */
typedef struct eqc_network_sum {
  int64_t count;
  const int32_t *summands; /* the spaces */
} eqc_network_sum;

/* A network: steps in the order in which they can be done. Its kernel's layers
   are those of info, in their order. */
typedef struct eqc_network {
  uint32_t struct_size, abi; /* sizeof(eqc_network); EQC_KERNEL_ABI */
  const eqc_network_info *info;
  int64_t element_bytes, channels_first;
  int64_t threads;     /* as of eqc_kernel */
  int64_t block_bytes; /* the values of a block of samples should not be more */
  int64_t num_values;
  const eqc_value *values;
  int64_t num_steps;
  const eqc_step *steps;
  const eqc_network_part *parts; /* one for each layer */
  int64_t packed_size;           /* elements */
  int64_t num_slots, num_back_slots;
  const int64_t *size_units; /* of each space: n is a multiple of it */
  const eqc_network_sum *sums;
} eqc_network;

/* NAME_forward, NAME_forward_tape and NAME_forward_packed. Arrays of pointers
   are in the order of inputs and outputs; sizes are those of the spaces whose
   size is given at run time. */
int eqc_rt_network_forward(const eqc_network *network, const int64_t *sizes,
                           int64_t batch, const void *const *inputs,
                           const void *params, void *const *outputs);
int eqc_rt_network_forward_tape(const eqc_network *network,
                                const int64_t *sizes, int64_t batch,
                                const void *const *inputs, const void *params,
                                void *const *outputs, void *tape);
int eqc_rt_network_forward_packed(const eqc_network *network,
                                  const int64_t *sizes, int64_t batch,
                                  const void *const *inputs, const void *packed,
                                  void *const *outputs);
int64_t eqc_rt_network_tape_size(const eqc_network *network,
                                 const int64_t *sizes, int64_t batch);
int eqc_rt_network_pack(const eqc_network *network, const void *params,
                        void *packed);
int eqc_rt_network_backward(const eqc_network *network, const int64_t *sizes,
                            int64_t batch, const void *const *inputs,
                            const void *params, const void *const *grad_outputs,
                            const void *tape, void *const *grad_inputs,
                            void *grad_params);

/* NAME_forward_ragged and the like: `sizes` is an array of lists, one for each
   size given at run time, of a size for each sample; of padded arrays `extents`
   are the lengths of the axes. `tape` is NULL. */
int eqc_rt_network_forward_ragged(const eqc_network *network, int64_t batch,
                                  const int64_t *const *sizes,
                                  const void *const *inputs, const void *params,
                                  void *const *outputs);
int eqc_rt_network_forward_padded(const eqc_network *network,
                                  const int64_t *extents, int64_t batch,
                                  const int64_t *const *sizes,
                                  const void *const *inputs, const void *params,
                                  void *const *outputs);
int eqc_rt_network_backward_ragged(const eqc_network *network, int64_t batch,
                                   const int64_t *const *sizes,
                                   const void *const *inputs,
                                   const void *params,
                                   const void *const *grad_outputs,
                                   const void *tape, void *const *grad_inputs,
                                   void *grad_params);
int eqc_rt_network_backward_padded(
    const eqc_network *network, const int64_t *extents, int64_t batch,
    const int64_t *const *sizes, const void *const *inputs, const void *params,
    const void *const *grad_outputs, const void *tape, void *const *grad_inputs,
    void *grad_params);

/* NAME_selftest. */
int eqc_rt_network_selftest(const eqc_network *network, char *report,
                            size_t size);

#ifdef __cplusplus
}
#endif

#endif /* EQC_KERNEL_H */
