/*===- Call.c - What a generated function does besides computing ---- C99 -===*\
|*                                                                            *|
|* Checks everything and acquires all memory first, so that a call which      *|
|* fails leaves its outputs as they were; then packs the weights and runs the *|
|* kernel over blocks of samples, or over the parts of one block after the    *|
|* other when there are too few blocks for the threads.                       *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Call.h"

#include <string.h>

/* Less work than this is done before another thread has woken up. */
#define WORTH_THREADS ((double)(1 << 18))
/* All scratch of one call; fewer threads take part rather than exceed it. */
#define MAX_SCRATCH ((int64_t)192 << 20)
/* An output of so many bytes would not be in cache after the call. */
#define STREAMED_BYTES ((int64_t)32 << 20)

int eqc_rt_fail_null(const eqc_rt_call *c, const char *argument) {
  return eqc_rt_fail(EQC_ERR_NULL, "%s_%s: '%s' is NULL", c->layer, c->suffix,
                     argument);
}

int eqc_rt_fail_alias(const eqc_rt_call *c, const char *output,
                      const char *other) {
  return eqc_rt_fail(EQC_ERR_ALIAS, "%s_%s: '%s' overlaps '%s'", c->layer,
                     c->suffix, output, other);
}

int eqc_rt_fail_cpu(const eqc_rt_call *c) {
  return eqc_rt_fail(EQC_ERR_UNSUPPORTED_CPU,
                     "%s_%s: this CPU lacks instructions the layer was "
                     "compiled for",
                     c->layer, c->suffix);
}

void eqc_rt_describe(eqc_rt_call *c, const eqc_kernel *kernel,
                     const char *suffix) {
  c->kernel = kernel;
  c->storage = eqc_rt_storage_of(kernel->info);
  c->stored_bytes = c->storage == EQC_RT_AS_COMPUTED
                        ? kernel->element_bytes
                        : (int64_t)sizeof(eqc_bf16);
  c->layer = kernel->info->name;
  c->suffix = suffix;
}

int eqc_rt_begin(eqc_rt_call *c, const eqc_kernel *kernel, const char *suffix) {
  int status = eqc_rt_check_abi("layer", kernel->abi, kernel->struct_size,
                                sizeof(eqc_kernel));
  if (status != EQC_OK)
    return status;
  memset(c, 0, sizeof *c);
  eqc_rt_describe(c, kernel, suffix);
  return EQC_OK;
}

/* The name of a size, as in the arguments of the layer's functions. */
static const char *size_name(const eqc_layer_info *info, int64_t i,
                             const eqc_space_info **space) {
  int64_t s = 0;
  *space = NULL;
  if (info->n != -2)
    return "n";
  for (;; ++s)
    if (info->space[s].n < 0 && i-- == 0)
      break;
  *space = &info->space[s];
  return info->space[s].name;
}

static int check_n(eqc_rt_call *c, int64_t n) {
  const eqc_layer_info *info = c->kernel->info;
  const int64_t count = eqc_rt_num_sizes(info);
  int64_t i;
  c->n = count > 0 ? n : info->n;
  for (i = 0; i < count; ++i) {
    const eqc_space_info *space;
    const char *name = size_name(info, i, &space);
    const char *group = space ? space->group : info->group;
    const int64_t unit = space ? eqc_rt_unit_of(space) : c->kernel->size_unit;
    const long long size = (long long)eqc_rt_size(info, n, i);
    if (size < 1)
      return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: '%s' is %lld, must be at least 1",
                         c->layer, c->suffix, name, size);
    if (unit <= 1 || size % unit == 0)
      continue;
    if (unit == 2)
      return eqc_rt_fail(EQC_ERR_ARG,
                         "%s_%s: '%s' is %lld, must be even for %s", c->layer,
                         c->suffix, name, size, group);
    return eqc_rt_fail(EQC_ERR_ARG,
                       "%s_%s: '%s' is %lld, must be a multiple of %lld for %s",
                       c->layer, c->suffix, name, size, (long long)unit, group);
  }
  return EQC_OK;
}

static int check_batch(eqc_rt_call *c, int64_t batch) {
  c->batch = batch;
  if (batch < 0)
    return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: 'batch' is %lld, is below 0",
                       c->layer, c->suffix, (long long)batch);
  return EQC_OK;
}

int eqc_rt_count_bytes(const eqc_rt_call *c, const char *array,
                       int64_t element_bytes, int64_t elements,
                       int64_t channels, int64_t order, const int32_t *axes,
                       int64_t *bytes) {
  const eqc_layer_info *info = c->kernel->info;
  const int several = info->n == -2;
  int64_t size, i;
  int overflow = __builtin_mul_overflow(elements, channels, &size);
  overflow |= __builtin_mul_overflow(size, element_bytes, &size);
  if (several || c->n != 1)
    for (i = 0; i < order && size != 0 && !overflow; ++i)
      overflow |= __builtin_mul_overflow(
          size, several ? eqc_rt_layer_axis_length(info, c->n, axes[i]) : c->n,
          &size);
  *bytes = size;
  if (!overflow && (uint64_t)size <= PTRDIFF_MAX)
    return EQC_OK;
  if (several) /* whose sizes may be many */
    return eqc_rt_fail(EQC_ERR_SIZE,
                       "%s_%s: the bytes of '%s' overflow for batch = %lld",
                       c->layer, c->suffix, array, (long long)c->batch);
  return eqc_rt_fail(EQC_ERR_SIZE,
                     "%s_%s: the bytes of '%s' overflow for n = %lld and "
                     "batch = %lld",
                     c->layer, c->suffix, array, (long long)c->n,
                     (long long)c->batch);
}

int eqc_rt_check_sizes(eqc_rt_call *c, int64_t n, int64_t batch, const char *x,
                       const char *y) {
  const eqc_layer_info *info = c->kernel->info;
  int status = check_n(c, n);
  if (status == EQC_OK)
    status = check_batch(c, batch);
  if (status == EQC_OK)
    status =
        eqc_rt_count_bytes(c, x, c->stored_bytes, c->batch, info->c_in, info->k,
                           info->n == -2 ? info->x_axes : NULL, &c->x_bytes);
  if (status == EQC_OK)
    status = eqc_rt_count_bytes(c, y, c->stored_bytes, c->batch, info->c_out,
                                info->l, info->n == -2 ? info->y_axes : NULL,
                                &c->y_bytes);
  if (status == EQC_OK)
    status =
        eqc_rt_count_bytes(c, "weight", c->kernel->element_bytes,
                           info->weight_size, 1, 0, NULL, &c->weight_bytes);
  if (status == EQC_OK)
    status = eqc_rt_count_bytes(c, "bias", c->kernel->element_bytes,
                                info->bias_size, 1, 0, NULL, &c->bias_bytes);
  return status;
}

int eqc_rt_overlap(const void *a, int64_t a_bytes, const void *b,
                   int64_t b_bytes) {
  uintptr_t p = (uintptr_t)a, q = (uintptr_t)b;
  if (a_bytes == 0 || b_bytes == 0)
    return 0;
  return p <= q ? q - p < (uintptr_t)a_bytes : p - q < (uintptr_t)b_bytes;
}

int64_t eqc_rt_blocks(const eqc_rt_call *c) {
  return (c->batch - 1) / c->schedule.block + 1;
}

int64_t eqc_rt_block_samples(const eqc_rt_call *c, int64_t block) {
  int64_t rest = c->batch - block * c->schedule.block;
  return rest < c->schedule.block ? rest : c->schedule.block;
}

/* Only x86-64 has been measured. */
int eqc_rt_wants_streaming(const void *y, int64_t bytes) {
#if defined(__x86_64__)
  return bytes >= STREAMED_BYTES && (uintptr_t)y % EQC_RT_ALIGN == 0;
#else
  (void)y;
  (void)bytes;
  return 0;
#endif
}

void eqc_rt_finish_streaming(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#endif
}

static void run_block(int64_t worker, int64_t block, void *p) {
  eqc_rt_call *c = p;
  if (c->storage != EQC_RT_AS_COMPUTED) {
    char *scratch = c->scratch + worker * c->stride;
    float *x = eqc_rt_staged_x(c, scratch), *y = eqc_rt_staged_y(c, scratch);
    eqc_rt_widen_block(c, block, 1, c->x, x, 1);
    eqc_rt_underlay_block(c, block, y, 1);
    c->variant->forward(c->n, block * c->schedule.block,
                        eqc_rt_block_samples(c, block), EQC_PHASE_ALL, 0,
                        eqc_rt_whole(c, block, 1, x), c->packed, c->bias,
                        eqc_rt_whole(c, block, 0, y), scratch);
    eqc_rt_narrow_block(c, block, 0, y, c->y, 1);
    return;
  }
  eqc_rt_underlay_block(c, block, NULL, 1);
  c->variant->forward(
      c->n, block * c->schedule.block, eqc_rt_block_samples(c, block),
      c->streams ? EQC_PHASE_ALL_STREAMING : EQC_PHASE_ALL, 0, c->x, c->packed,
      c->bias, c->y, c->scratch + worker * c->stride);
  if (c->streams)
    eqc_rt_finish_streaming();
}

static void run_part(int64_t worker, int64_t part, void *p) {
  const eqc_rt_call *c = p;
  const int stages = c->storage != EQC_RT_AS_COMPUTED;
  const void *x =
      stages ? eqc_rt_whole(c, c->block, 1, eqc_rt_staged_x(c, c->scratch))
             : c->x;
  void *y = stages
                ? eqc_rt_whole(c, c->block, 0, eqc_rt_staged_y(c, c->scratch))
                : c->y;
  (void)worker;
  c->variant->forward(c->n, c->block * c->schedule.block,
                      eqc_rt_block_samples(c, c->block), c->phase, part, x,
                      c->packed, c->bias, y, c->scratch);
}

static int run_parts(eqc_rt_call *c) {
  int status = EQC_OK;
  int64_t blocks = eqc_rt_blocks(c);
  const int stages = c->storage != EQC_RT_AS_COMPUTED;
  for (c->block = 0; c->block < blocks && status == EQC_OK; ++c->block) {
    if (stages)
      status = eqc_rt_widen_block(c, c->block, 1, c->x,
                                  eqc_rt_staged_x(c, c->scratch), c->width);
    if (status == EQC_OK)
      status = eqc_rt_underlay_block(
          c, c->block, stages ? eqc_rt_staged_y(c, c->scratch) : NULL,
          c->width);
    for (c->phase = 0; c->phase < c->schedule.phases && status == EQC_OK;
         ++c->phase)
      status = eqc_rt_parallel(&c->runner, c->width, c->schedule.parts,
                               run_part, c, c->layer);
    if (stages && status == EQC_OK)
      status = eqc_rt_narrow_block(
          c, c->block, 0, eqc_rt_staged_y(c, c->scratch), c->y, c->width);
  }
  return status;
}

void eqc_rt_ask_schedule(eqc_rt_call *c,
                         void (*schedule)(int64_t, int64_t, eqc_schedule *)) {
  eqc_schedule *s = &c->schedule;
  memset(s, 0, sizeof *s);
  schedule(c->n, c->batch, s);
  s->block = s->block < 1 ? 1 : s->block;
  s->phases = s->phases < 1 ? 1 : s->phases;
  s->parts = s->parts < 1 ? 1 : s->parts;
  if (c->kernel->threads)
    c->runner = eqc_rt_current_runner();
}

/* A program's own runner is always asked, since its threads may be free of
   charge. */
int64_t eqc_rt_wanted_threads(const eqc_rt_call *c) {
  int little = c->schedule.flops > 0 &&
               (double)c->schedule.flops * (double)c->batch < WORTH_THREADS;
  if (!c->kernel->threads || (little && !c->runner.run))
    return 1;
  return eqc_rt_num_threads();
}

int eqc_rt_lay_out(eqc_rt_call *c, int64_t width, int64_t head,
                   int64_t *total) {
  int64_t bytes = 0;
  int overflow = __builtin_add_overflow(head, EQC_RT_ALIGN - 1, &head);
  overflow |= __builtin_add_overflow(c->schedule.scratch_bytes,
                                     EQC_RT_ALIGN - 1, &c->stride);
  head &= -EQC_RT_ALIGN;
  c->stride &= -EQC_RT_ALIGN;
  c->width = width;
  if (!c->parts_mode && !overflow && c->stride > MAX_SCRATCH / width)
    c->width = MAX_SCRATCH / c->stride > 1 ? MAX_SCRATCH / c->stride : 1;
  overflow |=
      __builtin_mul_overflow(c->stride, c->parts_mode ? 1 : c->width, &bytes);
  overflow |= __builtin_add_overflow(*total, head, total);
  overflow |= __builtin_add_overflow(*total, bytes, total);
  if (overflow || (uint64_t)*total > PTRDIFF_MAX)
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", c->layer);
  return EQC_OK;
}

int eqc_rt_prepare(eqc_rt_call *c, const void *weight, int64_t *total) {
  int64_t width, blocks;
  int status;
  eqc_rt_ask_schedule(c, c->variant->schedule);
  status = eqc_rt_stage(c);
  if (status != EQC_OK)
    return status;
  width = eqc_rt_wanted_threads(c);
  blocks = eqc_rt_blocks(c);
  c->parts_mode = c->schedule.parts > 1 && width > 1 && blocks < 4 * width &&
                  blocks % width != 0;
  if (c->parts_mode)
    width = c->schedule.parts < width ? c->schedule.parts : width;
  else
    width = blocks < width ? blocks : width;
  if (weight && c->variant->packed_bytes == 0)
    c->packed = weight;
  else if (weight)
    c->packed_bytes = c->variant->packed_bytes;
  return eqc_rt_lay_out(c, width, c->packed_bytes, total);
}

int eqc_rt_perform(eqc_rt_call *c, const void *weight, char *memory) {
  /* First the packed weights, then every worker's scratch. */
  if (memory)
    c->scratch = memory + eqc_rt_aligned(c->packed_bytes);
  if (c->packed_bytes > 0) {
    c->variant->pack(c->n, weight, memory);
    c->packed = memory;
  }
  if (c->parts_mode)
    return run_parts(c);
  c->streams = c->storage == EQC_RT_AS_COMPUTED && !c->under &&
               eqc_rt_wants_streaming(c->y, c->y_bytes);
  return eqc_rt_parallel(&c->runner, c->width, eqc_rt_blocks(c), run_block, c,
                         c->layer);
}

int eqc_rt_execute(eqc_rt_call *c, const void *weight) {
  eqc_rt_block memory = {0};
  int64_t total = 0;
  int status = eqc_rt_prepare(c, weight, &total);
  if (status == EQC_OK && total > 0)
    status = eqc_rt_acquire((size_t)total, c->layer, &memory);
  if (status != EQC_OK)
    return status;
  status = eqc_rt_perform(c, weight, memory.data);
  if (total > 0)
    eqc_rt_release(&memory);
  return status;
}

int eqc_rt_check_aliases(const eqc_rt_call *c, const eqc_rt_array *arrays,
                         int count, int first_output) {
  int output, other;
  for (output = first_output; output < count; ++output)
    for (other = 0; other < output; ++other)
      if (arrays[output].data && arrays[other].data &&
          eqc_rt_overlap(arrays[output].data, arrays[output].bytes,
                         arrays[other].data, arrays[other].bytes))
        return eqc_rt_fail_alias(c, arrays[output].name, arrays[other].name);
  return EQC_OK;
}

int eqc_rt_check_output(const eqc_rt_call *c, const void *x,
                        const char *weight_name, const void *weight,
                        int64_t weight_bytes, const void *bias, const void *y) {
  if (y && x && eqc_rt_overlap(y, c->y_bytes, x, c->x_bytes))
    return eqc_rt_fail_alias(c, "y", "x");
  if (y && weight && eqc_rt_overlap(y, c->y_bytes, weight, weight_bytes))
    return eqc_rt_fail_alias(c, "y", weight_name);
  if (y && bias && eqc_rt_overlap(y, c->y_bytes, bias, c->bias_bytes))
    return eqc_rt_fail_alias(c, "y", "bias");
  return EQC_OK;
}

int eqc_rt_check_forward(eqc_rt_call *c, int64_t n, int64_t batch,
                         const void *x, const char *weight_name,
                         const void *weight, int64_t weight_bytes,
                         const void *bias, const void *y) {
  int status = eqc_rt_check_sizes(c, n, batch, "x", "y");
  /* Nothing to read and nothing to write. */
  if (status != EQC_OK || batch == 0)
    return status;
  if (!x)
    return eqc_rt_fail_null(c, "x");
  if (!weight)
    return eqc_rt_fail_null(c, weight_name);
  if (!bias && c->bias_bytes > 0)
    return eqc_rt_fail_null(c, "bias");
  if (!y)
    return eqc_rt_fail_null(c, "y");
  return eqc_rt_check_output(c, x, weight_name, weight,
                             weight_bytes == 0 ? c->weight_bytes : weight_bytes,
                             bias, y);
}

/* The checks and the work of both forms of forward. */
static int forward(eqc_rt_call *c, int64_t n, int64_t batch, const void *x,
                   const void *weight, const void *bias, void *y,
                   int is_packed) {
  int64_t packed_bytes = 0;
  int status;
  c->variant = eqc_rt_choose(c->kernel);
  if (is_packed && c->variant)
    packed_bytes = c->variant->packed_bytes;
  status = eqc_rt_check_forward(c, n, batch, x, is_packed ? "packed" : "weight",
                                weight, packed_bytes, bias, y);
  if (status != EQC_OK || batch == 0)
    return status;
  if (!c->variant)
    return eqc_rt_fail_cpu(c);
  c->x = x;
  c->bias = c->bias_bytes > 0 ? bias : NULL;
  c->y = y;
  if (is_packed)
    c->packed = weight;
  return eqc_rt_execute(c, is_packed ? NULL : weight);
}

int eqc_rt_forward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                   const void *x, const void *weight, const void *bias,
                   void *y) {
  eqc_rt_call c;
  int status = eqc_rt_begin(&c, kernel, "forward");
  if (status != EQC_OK)
    return status;
  return forward(&c, n, batch, x, weight, bias, y, /*is_packed=*/0);
}

int eqc_rt_forward_packed(const eqc_kernel *kernel, int64_t n, int64_t batch,
                          const void *x, const void *packed, const void *bias,
                          void *y) {
  eqc_rt_call c;
  int status = eqc_rt_begin(&c, kernel, "forward_packed");
  if (status != EQC_OK)
    return status;
  return forward(&c, n, batch, x, packed, bias, y, /*is_packed=*/1);
}

/* Bytes of c's weights as its variant wants them. */
static int64_t packed_bytes_of(const eqc_rt_call *c) {
  return c->variant->packed_bytes > 0
             ? c->variant->packed_bytes
             : c->kernel->info->weight_size * c->kernel->element_bytes;
}

int64_t eqc_rt_packed_bytes(const eqc_kernel *kernel) {
  eqc_rt_call c;
  int status = eqc_rt_begin(&c, kernel, "pack");
  if (status != EQC_OK)
    return status;
  c.variant = eqc_rt_choose(kernel);
  return c.variant ? packed_bytes_of(&c) : eqc_rt_fail_cpu(&c);
}

int eqc_rt_pack(const eqc_kernel *kernel, int64_t n, const void *weight,
                void *packed) {
  eqc_rt_call c;
  int status = eqc_rt_begin(&c, kernel, "pack");
  if (status != EQC_OK)
    return status;
  (void)n;
  c.n = kernel->info->n;
  if (!weight)
    return eqc_rt_fail_null(&c, "weight");
  if (!packed)
    return eqc_rt_fail_null(&c, "packed");
  c.variant = eqc_rt_choose(kernel);
  if (!c.variant)
    return eqc_rt_fail_cpu(&c);
  if (eqc_rt_overlap(packed, packed_bytes_of(&c), weight,
                     kernel->info->weight_size * kernel->element_bytes))
    return eqc_rt_fail_alias(&c, "packed", "weight");
  if (c.variant->packed_bytes > 0)
    c.variant->pack(c.n, weight, packed);
  else
    memcpy(packed, weight, (size_t)packed_bytes_of(&c));
  return EQC_OK;
}
