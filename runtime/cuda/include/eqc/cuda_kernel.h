/*===- cuda_kernel.h - What a GPU object hands to the runtime ------- C99 -===*\
|*                                                                            *|
|* Internal contract between objects that eqc generates and eqc_rt_cuda.      *|
|* Programs include the generated header and <eqc/runtime.h> instead.         *|
|*                                                                            *|
|* The record is constant data. Whatever depends on n, the batch, the device  *|
|* or the alignment of the arrays is a formula, which the runtime evaluates:  *|
|* an object has no host code but its entry points. All structs are plain     *|
|* sequences of 8-byte fields (the two uint32_t of eqc_cuda_kernel share      *|
|* one), so a code generator can lay them out by hand.                        *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_CUDA_KERNEL_H
#define EQC_CUDA_KERNEL_H

#include <eqc/cuda.h>

#ifdef __cplusplus
extern "C" {
#endif

/*===-- Formulas
 * -----------------------------------------------------------===*/

/* A formula is a list of words for a machine with a stack of at most
   EQC_FORMULA_DEPTH integers, which leaves one. Operands are pushed in the
   order in which they are written, and all of them are computed. Divisors are
   at least 1. A value outside int64_t makes the call return EQC_ERR_SIZE. */
typedef const int64_t *eqc_formula;

#define EQC_FORMULA_DEPTH 16

enum {
  EQC_OP_END,    /* the end of every formula */
  EQC_OP_CONST,  /* the next word */
  EQC_OP_VAR,    /* the variable whose number is the next word */
  EQC_OP_ADD,    /* a b: a + b */
  EQC_OP_SUB,    /* a b: a - b */
  EQC_OP_MUL,    /* a b: a * b */
  EQC_OP_DIV,    /* a b: a / b, rounded down */
  EQC_OP_CEIL,   /* a b: a / b, rounded up */
  EQC_OP_MOD,    /* a b: a - b * (a / b, rounded down) */
  EQC_OP_MIN,    /* a b */
  EQC_OP_MAX,    /* a b */
  EQC_OP_EQ,     /* a b: a == b, 0 or 1 */
  EQC_OP_LE,     /* a b: a <= b, 0 or 1 */
  EQC_OP_SELECT, /* a b c: a != 0 ? b : c */
  EQC_NUM_OPS
};

/* The arrays of a call. Those that it has no use for are NULL. */
enum {
  EQC_ARRAY_X,
  EQC_ARRAY_WEIGHT,
  EQC_ARRAY_PACKED,
  EQC_ARRAY_BIAS,
  EQC_ARRAY_Y,
  EQC_ARRAY_GRAD_Y,
  EQC_ARRAY_GRAD_X,
  EQC_ARRAY_GRAD_WEIGHT,
  EQC_ARRAY_GRAD_BIAS,
  EQC_ARRAY_WORKSPACE, /* begins at a multiple of EQC_CUDA_ALIGN */
  EQC_NUM_ARRAYS
};

#define EQC_CUDA_ALIGN 256

/* Gradients that are sums over the batch: bits of EQC_VAR_SUMS. */
enum { EQC_CUDA_SUM_WEIGHT = 1, EQC_CUDA_SUM_BIAS = 2 };

enum {
  EQC_VAR_N, /* the layer's own when it is fixed, else the call's */
  EQC_VAR_BATCH,
  /* The samples of a launch: all of them, or those of one chunk. */
  EQC_VAR_FIRST,
  EQC_VAR_COUNT,
  EQC_VAR_CHUNK, /* samples of a chunk, of which the last may have fewer */
  EQC_VAR_SUMS,  /* the bits above that are asked for */
  /* The device. */
  EQC_VAR_CHIP,         /* 90 for sm_90 */
  EQC_VAR_PROCESSORS,   /* streaming multiprocessors */
  EQC_VAR_SHARED_BLOCK, /* bytes of shared memory that one block may have */
  EQC_VAR_SHARED_PROCESSOR,
  EQC_VAR_L2, /* bytes */
  /* The largest power of two, at most EQC_CUDA_ALIGN, that the addresses of
     all arrays of samples (x, y and their gradients) are multiples of, and that
     those of the others are. The workspace does not count. */
  EQC_VAR_ALIGN_SAMPLES,
  EQC_VAR_ALIGN_WEIGHTS,
  EQC_NUM_VARS
};

/*===-- Kernels and launches
 * -----------------------------------------------===*/

enum {
  /* Some launch has more than 48 KB of shared memory. */
  EQC_CUDA_LARGE_SHARED = 1,
  /* Some launch has clusters of more than 8 blocks. */
  EQC_CUDA_LARGE_CLUSTER = 2
};

/* A function of an image. */
typedef struct eqc_cuda_function {
  const char *name;
  int64_t threads; /* of a block */
  int64_t flags;
} eqc_cuda_function;

enum {
  EQC_PARAM_ARRAY, /* 8 bytes: the array's address + value bytes; 0 for NULL */
  EQC_PARAM_I64,   /* 8 bytes: value */
  EQC_PARAM_I32,   /* 4 bytes: value, which must fit */
  EQC_PARAM_BLOCK  /* 8 bytes: how many blocks of the launch are in grids before
                      this one. With it a launch of more blocks than the device
                      takes, and without clusters, is several grids */
};

typedef struct eqc_cuda_param {
  int64_t kind, array;
  eqc_formula value; /* NULL: 0 */
} eqc_cuda_param;

#define EQC_CUDA_MAX_PARAMS 32

typedef struct eqc_cuda_launch {
  int64_t function;    /* number in eqc_cuda_code.functions */
  eqc_formula grid;    /* blocks; no launch where it is below 1 */
  eqc_formula shared;  /* bytes of dynamic shared memory; NULL: none */
  eqc_formula cluster; /* blocks of a cluster; NULL, or below 2: none. The grid
                          is a multiple of it */
  int64_t loop;        /* see eqc_cuda_form */
  int64_t num_params;  /* at most EQC_CUDA_MAX_PARAMS */
  const eqc_cuda_param *params;
} eqc_cuda_launch;

/* One way to do a piece of work. Launches follow each other in stream order.
   Those with loop = 0 are done once, for the whole batch. Neighbours that share
   a loop number above 0 are repeated together, for one chunk of the batch after
   the other. */
typedef struct eqc_cuda_form {
  eqc_formula condition; /* 0: not to be used; NULL: always 1 */
  eqc_formula chunk;     /* samples; NULL, or below 1: the batch. May not
                            depend on FIRST, COUNT, CHUNK */
  int64_t granule;       /* where a launch of a loop would have more blocks than
                            the device takes, and is no several grids, chunks
                            are made smaller, to
                            multiples of this; below 1: they may not be */
  eqc_formula workspace; /* bytes; NULL: none. May not depend on FIRST, COUNT */
  int64_t num_launches;
  const eqc_cuda_launch *launches;
} eqc_cuda_form;

/* The first form is taken whose condition holds and whose launches the device
   has room for: shared memory, clusters, blocks. */
typedef struct eqc_cuda_program {
  int64_t num_forms; /* 0: nothing to do */
  const eqc_cuda_form *forms;
} eqc_cuda_program;

enum {
  EQC_PROGRAM_FORWARD,        /* X WEIGHT BIAS -> Y */
  EQC_PROGRAM_FORWARD_PACKED, /* X PACKED BIAS -> Y */
  EQC_PROGRAM_PACK,           /* WEIGHT -> PACKED, the batch is 1; no forms: a
                                 copy */
  EQC_PROGRAM_GRAD_X,         /* WEIGHT GRAD_Y -> GRAD_X */
  EQC_PROGRAM_GRAD_SUMS,      /* X GRAD_Y -> GRAD_WEIGHT GRAD_BIAS */
  EQC_NUM_PROGRAMS
};

/* What the kernels of an image are, and how they are launched. Images of one
   chip, and of like chips, may share it. */
typedef struct eqc_cuda_code {
  int64_t num_functions;
  const eqc_cuda_function *functions;
  eqc_cuda_program programs[EQC_NUM_PROGRAMS];
} eqc_cuda_code;

/*===-- Layers
 * -------------------------------------------------------------===*/

enum { EQC_IMAGE_PTX, EQC_IMAGE_CUBIN };

typedef struct eqc_cuda_image {
  int64_t chip;     /* 90 for sm_90 */
  int64_t kind;     /* PTX ends with a zero byte */
  int64_t exact;    /* 1: for this chip alone, as sm_90a is */
  const void *data; /* aligned to 8 bytes */
  const eqc_cuda_code *code;
} eqc_cuda_image;

/* Counts the changes of meaning of eqc_cuda_kernel and of what it points to. */
#define EQC_CUDA_ABI 2

/* A layer. All arrays are of one dtype. */
typedef struct eqc_cuda_kernel {
  uint32_t struct_size, abi; /* sizeof(eqc_cuda_kernel); EQC_CUDA_ABI */
  const eqc_layer_info *info;
  int64_t element_bytes;
  int64_t size_unit; /* a call's n is a multiple of it; below 1 counts as 1 */
  int64_t packed_bytes; /* of packed weights, the most that any image has; 0:
                           as the weights */
  int64_t num_images;   /* the best is taken: a cubin of the device's own major
                           version, the highest that it can run; else the
                           highest PTX that it can run */
  const eqc_cuda_image *images;
  void **state; /* a zero-initialised writable word of the object, where the
                   runtime remembers what it has loaded */
} eqc_cuda_kernel;

/* The functions of the generated header. n is -1 when the layer's n is fixed.
   The arrays are device pointers, stream is a CUstream. */

int eqc_rt_cuda_forward(const eqc_cuda_kernel *kernel, int64_t n, int64_t batch,
                        const void *x, const void *weight, const void *bias,
                        void *y, void *stream);

int eqc_rt_cuda_forward_in(const eqc_cuda_kernel *kernel, int64_t n,
                           int64_t batch, const void *x, const void *weight,
                           const void *bias, void *y, void *workspace,
                           void *stream);

int eqc_rt_cuda_backward(const eqc_cuda_kernel *kernel, int64_t n,
                         int64_t batch, const void *x, const void *weight,
                         const void *grad_y, void *grad_x, void *grad_weight,
                         void *grad_bias, void *stream);

int eqc_rt_cuda_backward_in(const eqc_cuda_kernel *kernel, int64_t n,
                            int64_t batch, const void *x, const void *weight,
                            const void *grad_y, void *grad_x, void *grad_weight,
                            void *grad_bias, void *workspace, void *stream);

/* n is ignored. */
int eqc_rt_cuda_pack(const eqc_cuda_kernel *kernel, int64_t n,
                     const void *weight, void *packed, void *stream);

int eqc_rt_cuda_forward_packed(const eqc_cuda_kernel *kernel, int64_t n,
                               int64_t batch, const void *x, const void *packed,
                               const void *bias, void *y, void *stream);

/* Bytes that suffice for any arrays, and any choice of gradients, on the
   device of the current context; or a negative status. */
int64_t eqc_rt_cuda_workspace_bytes(const eqc_cuda_kernel *kernel, int64_t n,
                                    int64_t batch, int backward);

int eqc_rt_cuda_prepare(const eqc_cuda_kernel *kernel, void *stream);

/* Forgets the layer, whose record is about to go away, and unloads its modules
   from the contexts that still exist. No call of the layer may be in progress,
   here or on a device, and no graph may be launched any more that has some. */
void eqc_rt_cuda_release(const eqc_cuda_kernel *kernel);

/*===-- The driver, for programs that need more of it
 * -----------------------===*/

/* A function of the driver that the runtime uses, which it opens where it has
   not yet; NULL, with the error's text set, where there is none. */
void *eqc_rt_cuda_function(const char *symbol);

/* From now on the functions of the driver are what `find` gives. Nothing may
   have been loaded by then. */
typedef void *eqc_cuda_find(const char *symbol);
void eqc_rt_cuda_use(eqc_cuda_find *find);

#ifdef __cplusplus
}
#endif

#endif /* EQC_CUDA_KERNEL_H */
