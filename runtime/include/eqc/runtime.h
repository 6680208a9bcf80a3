/*===- runtime.h - What programs may ask of the eqc runtime --------- C99 -===*\
|*                                                                            *|
|* Status codes, the description of a layer, and the hooks through which a    *|
|* program lends eqc its own threads and memory. Generated headers include    *|
|* this file; the functions live in the library eqc_rt, or in the layer       *|
|* itself when it was compiled with --emit=shared.                            *|
|*                                                                            *|
|* Nothing here prints, aborts or exits.                                      *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_RUNTIME_H
#define EQC_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define EQC_API __attribute__((visibility("default")))
#else
#define EQC_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What every generated function returns: EQC_OK or a negative code. */
typedef enum eqc_status {
  EQC_OK = 0,
  EQC_ERR_NULL = -1,            /* a needed pointer is NULL */
  EQC_ERR_ARG = -2,             /* batch < 0, n < 1, odd n for Sp */
  EQC_ERR_SIZE = -3,            /* the bytes of an array overflow int64_t */
  EQC_ERR_ALIAS = -4,           /* an output overlaps another array */
  EQC_ERR_NOMEM = -5,           /* the allocator had no memory */
  EQC_ERR_UNSUPPORTED_CPU = -6, /* compiled for CPUs that this one is not */
  EQC_ERR_HOOK = -7,            /* the parallel-for hook failed */
  EQC_ERR_NO_DEVICE = -8,       /* no GPU that could run the layer */
  EQC_ERR_CUDA = -9,            /* the CUDA driver reported an error */
  EQC_ERR_SELFTEST = -10 /* a kernel does not compute what its layer is */
} eqc_status;

/* What is added to the number of a space on axes of its dual. */
#define EQC_DUAL_AXIS 65536

/* What NAME_info() returns. Later versions add fields at the end only, and
   struct_size then grows. */
/* R^n with a group acting on it, which axes of x and y are of. */
typedef struct eqc_space_info {
  uint32_t struct_size; /* sizeof(eqc_space_info) of the compiler */
  const char *name;     /* "" for the only one of a layer with `group` and n */
  const char *group;    /* the family: "S", "O", "SO", "Sp" .. */
  int64_t n;            /* -1: given at run time */
  int64_t q;            /* the minuses of a signature, n - q the pluses; or 0 */
} eqc_space_info;

typedef struct eqc_layer_info {
  uint32_t struct_size;  /* sizeof(eqc_layer_info) of the compiler */
  uint32_t abi;          /* 1 */
  const char *name;      /* of the layer */
  const char *group;     /* "S", "O", "SO", "Sp" ..; "users:S xyz:SO" where axes
                            are those of spaces, a sum by its name alone */
  const char *dtype;     /* "f32", "f64" */
  const char *layout;    /* "channels_last", "channels_first" */
  const char *normalize; /* "none", "mean" */
  const char *plan;      /* the plan that was compiled */
  const char *spec;      /* the layer in the .eq language */
  const char *version;   /* of the compiler */
  int64_t n;             /* -1: given at run time; -2: several spaces have
                            sizes of their own; 0: there are no axes */
  int64_t k, l;          /* orders of the input and of the output */
  int64_t c_in, c_out;   /* channels */
  int64_t diagrams, bias_diagrams;
  int64_t weight_size, bias_size; /* in elements */
  int64_t batch;                  /* the batch it was specialised for, or 0 */
  int64_t has_backward;           /* 1 if NAME_backward exists */
  int64_t spaces;                 /* how many spaces the axes are of */
  const eqc_space_info *space;    /* in the order of their first axes */
  const int32_t *y_axes, *x_axes; /* the number of the space of every axis,
                                     + EQC_DUAL_AXIS on those of its dual */
  int64_t k2;        /* order of the second input, z, whose axes follow those of
                        x in x_axes; -1: there is one input */
  int64_t c_in2;     /* channels of z; 0 without */
  int64_t depthwise; /* 1: channel c of y is made of channel c of x and z */
  const char *options; /* it was compiled with, as on the command line */
  const char *hash;    /* the SHA-256 of spec, in hexadecimal digits */
  const char *maps;    /* the diagrams, after '=' where indices of different
                          blocks differ: for each a sign, + or -, that begins
                          the matrix of the next weight, or & or ~ (minus), that
                          adds to the last one, then for each axis of y, of x and
                          of z the block that it is in, counted from 0, or * for
                          an argument of the Levi-Civita symbol, and behind it,
                          where axes are of sums, the summand of the axis,
                          counted from 0, which is 0 on axes of no sum, or, of
                          orbits, jellyfish and graph maps, a single entry,
                          [2:0,1,3]: what it is, if not 1, and its indices; ';'
                          and those of the bias; then for each symmetry of x ';',
                          its sign and the axis that each axis goes to. "" where
                          they are not written so: too many blocks, more than
                          8192 entries, means of orbits */
  const char *pool; /* what blocks of inputs only take: "sum", "max", "min" */
  int64_t sums;     /* how many sums of spaces axes are of: `space` has them
                       behind its `spaces`, and the numbers of axes go on.
                       The group of a sum is "carbon + oxygen", its summands,
                       its n their total, or -1 */
} eqc_layer_info;

/* An input or an output of a network. */
typedef struct eqc_tensor_info {
  uint32_t struct_size; /* sizeof(eqc_tensor_info) of the compiler */
  const char *name;
  int64_t order;       /* how many axes it has */
  const int32_t *axes; /* the number of the space of each, as of a layer's */
  int64_t channels;
} eqc_tensor_info;

/* A layer of a network, and where its weights are within the parameters; in
   elements. */
typedef struct eqc_network_layer {
  uint32_t struct_size; /* sizeof(eqc_network_layer) of the compiler */
  const char *name;
  int64_t offset, size;
  int64_t bias_offset, bias_size; /* bias_size is 0 without a bias */
  const eqc_layer_info *layer;
} eqc_network_layer;

/* What NAME_info() of a network returns. Later versions add fields at the end
   only, and struct_size then grows. */
typedef struct eqc_network_info {
  uint32_t struct_size; /* sizeof(eqc_network_info) of the compiler */
  uint32_t abi;         /* 1 */
  const char *name;     /* of the network */
  const char *dtype;    /* "f32", "f64" */
  const char *layout;   /* "channels_last", "channels_first" */
  const char *spec;     /* the network with its layers in the .eq language */
  const char *version;  /* of the compiler */
  int64_t inputs;
  const eqc_tensor_info *input;
  int64_t outputs;
  const eqc_tensor_info *output;
  int64_t layers; /* in the order of their first calls */
  const eqc_network_layer *layer;
  int64_t spaces; /* those whose n is -1 are arguments, in this order */
  const eqc_space_info *space;
  int64_t params;       /* elements of all weights and biases */
  int64_t has_backward; /* 1 if NAME_backward exists */
  int64_t packed_size;  /* elements that NAME_pack writes at most */
  int64_t sums;         /* how many sums of spaces axes are of: `space` has them
                           behind its `spaces`, as that of a layer */
} eqc_network_info;

/* Numbers of 16 bits, by their bits: the upper half of an IEEE 754 binary32,
   and a binary16. */
typedef uint16_t eqc_bf16;
typedef uint16_t eqc_f16;

/* A constant name such as "EQC_ERR_NULL: a needed pointer is NULL". */
EQC_API const char *eqc_status_string(int status);

/* The text of the calling thread's last error, "" before the first one. Valid
   until the thread's next call that fails. */
EQC_API const char *eqc_last_error(void);

/* The version of the runtime, such as "0.1.0". */
EQC_API const char *eqc_version(void);

/* How many threads one call may use, the caller included. 0 means the default:
   EQC_NUM_THREADS from the environment, else the CPUs this process may run on.
   More than 1024 counts as 1024. Never changes the result of a layer. */
EQC_API int eqc_set_num_threads(int n);

/* Where scratch memory comes from. get returns at least size bytes aligned to
   align (a power of two), or NULL; put takes back what get returned, with the
   size asked for. Both may be called from any thread. Memory of the previous
   allocator that is idle goes back before this function returns, memory in use
   by a running call when that call ends. Two NULLs restore the default. */
EQC_API int
eqc_set_allocator(void *(*get)(size_t size, size_t align, void *ctx),
                  void (*put)(void *p, size_t size, void *ctx), void *ctx);

/* Who runs a call's tasks. run calls task(i, arg) exactly once for every
   0 <= i < tasks, on any threads and in any order, and returns 0 when all of
   them have returned; anything else makes the call return EQC_ERR_HOOK. NULL
   restores the runtime's own threads. */
EQC_API int eqc_set_parallel_for(int (*run)(int64_t tasks,
                                            void (*task)(int64_t, void *),
                                            void *arg, void *ctx),
                                 void *ctx);

#ifdef __cplusplus
}
#endif

#endif /* EQC_RUNTIME_H */
