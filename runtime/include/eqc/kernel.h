/*===- kernel.h - What a generated object hands to the runtime ------ C99 -===*\
|*                                                                            *|
|* Internal contract between objects that eqc generates and eqc_rt. Programs  *|
|* include the generated header and <eqc/runtime.h> instead.                  *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_KERNEL_H
#define EQC_KERNEL_H

#include <eqc/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a kernel wants to be called for one n and batch. Byte counts. */
typedef struct eqc_schedule {
  int64_t scratch_bytes; /* scratch of one task, alignment 64 */
  int64_t block;         /* samples of one task, >= 1 */
  int64_t phases;        /* >= 1: steps of one block that must follow each other */
  int64_t parts;         /* >= 1: pieces of every phase that may run in parallel, sharing the block's scratch */
} eqc_schedule;

/* The code of a layer for one kind of CPU. */
typedef struct eqc_variant {
  int64_t cpu_level; /* 0: any; on x86-64 2, 3, 4 for x86-64-v2, -v3, -v4; -1: what eqc_variant.cpu_features asks for */
  const char *cpu_features; /* comma-separated names as in /proc/cpuinfo that a
                               cpu_level of -1 needs, or "" */
  int64_t packed_bytes; /* weights as the kernel wants them; never depends on n */
  void (*schedule)(int64_t n, int64_t batch, eqc_schedule *out);
  /* weight -> packed (64-byte aligned) */
  void (*pack)(int64_t n, const void *weight, void *packed);
  /* Samples first .. first+count-1 of the arrays, in the given phase and part;
     phase -1 runs all phases and parts in order. */
  void (*forward)(int64_t n, int64_t first, int64_t count, int64_t phase,
                  int64_t part, const void *x, const void *packed,
                  const void *bias, void *y, void *scratch);
} eqc_variant;

/* A layer. All arrays of one dtype; element counts per sample are polynomials in n. */
typedef struct eqc_kernel {
  uint32_t struct_size, abi; /* of eqc_kernel; 1 */
  const eqc_layer_info *info;
  int64_t element_bytes;
  int64_t num_variants;        /* at least 1, least demanding first */
  const eqc_variant *variants;
  int64_t threads; /* 0: compiled with --no-threads, run serially */
  int64_t pack_depends_on_n; /* 1: pack needs the call's n (dense plan with normalize) */
} eqc_kernel;

/* NAME_forward of the generated header. n is -1 when the layer's n is fixed. */
int eqc_rt_forward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                   const void *x, const void *weight, const void *bias,
                   void *y);

#ifdef __cplusplus
}
#endif

#endif /* EQC_KERNEL_H */
