/*===- Call.c - What a generated function does besides computing ---- C99 -===*\
|*                                                                            *|
|* Checks everything and acquires all memory first, so that a call which      *|
|* fails leaves its outputs as they were; then packs the weights and runs the *|
|* kernel over blocks of samples, or over the parts of one block after the    *|
|* other when there are too few blocks for the threads.                       *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

#include <string.h>

/* Less work than this is done before another thread has woken up. */
#define WORTH_THREADS ((double)(1 << 18))
/* All scratch of one call; fewer threads take part rather than exceed it. */
#define MAX_SCRATCH ((int64_t)192 << 20)

/* One call of one layer. */
typedef struct call {
  const eqc_kernel *kernel;
  const eqc_variant *variant;
  const char *layer;
  const char *suffix; /* of the public function: "forward", .. */
  int64_t n, batch;
  const void *x, *packed, *bias;
  void *y;
  int64_t x_bytes, y_bytes, weight_bytes, bias_bytes;
  eqc_schedule schedule;
  char *scratch;
  int64_t stride;       /* of one worker's scratch to the next's */
  int64_t block, phase; /* when parts run in parallel */
} call;

static int fail_null(const call *c, const char *argument) {
  return eqc_rt_fail(EQC_ERR_NULL, "%s_%s: '%s' is NULL", c->layer, c->suffix,
                     argument);
}

static int fail_alias(const call *c, const char *output, const char *other) {
  return eqc_rt_fail(EQC_ERR_ALIAS, "%s_%s: '%s' overlaps '%s'", c->layer,
                     c->suffix, output, other);
}

static int fail_cpu(const call *c) {
  return eqc_rt_fail(EQC_ERR_UNSUPPORTED_CPU,
                     "%s_%s: this CPU lacks instructions the layer was "
                     "compiled for",
                     c->layer, c->suffix);
}

/* Fills in the layer, and checks that this runtime can read it. */
static int begin(call *c, const eqc_kernel *kernel, const char *suffix) {
  if (kernel->abi != 1 || kernel->struct_size < sizeof(eqc_kernel))
    return eqc_rt_fail(EQC_ERR_ARG,
                       "the layer was compiled for another runtime "
                       "(abi %u, this is eqc_rt %s with abi 1)",
                       (unsigned)kernel->abi, eqc_version());
  memset(c, 0, sizeof *c);
  c->kernel = kernel;
  c->layer = kernel->info->name;
  c->suffix = suffix;
  return EQC_OK;
}

static int check_n(call *c, int64_t n) {
  const eqc_layer_info *info = c->kernel->info;
  c->n = info->n;
  if (info->n != -1)
    return EQC_OK;
  c->n = n;
  if (n < 1)
    return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: 'n' is %lld, must be at least 1",
                       c->layer, c->suffix, (long long)n);
  if (n % 2 != 0 && strcmp(info->group, "Sp") == 0)
    return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: 'n' is %lld, must be even for Sp",
                       c->layer, c->suffix, (long long)n);
  return EQC_OK;
}

static int check_batch(call *c, int64_t batch) {
  c->batch = batch;
  if (batch < 0)
    return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: 'batch' is %lld, is below 0",
                       c->layer, c->suffix, (long long)batch);
  return EQC_OK;
}

/* bytes = elements * channels * n^order, or EQC_ERR_SIZE. */
static int count_bytes(const call *c, const char *array, int64_t elements,
                       int64_t channels, int64_t order, int64_t *bytes) {
  int64_t size, i;
  int overflow = __builtin_mul_overflow(elements, channels, &size);
  overflow |= __builtin_mul_overflow(size, c->kernel->element_bytes, &size);
  if (c->n != 1)
    for (i = 0; i < order && size != 0 && !overflow; ++i)
      overflow |= __builtin_mul_overflow(size, c->n, &size);
  *bytes = size;
  if (!overflow && (uint64_t)size <= PTRDIFF_MAX)
    return EQC_OK;
  return eqc_rt_fail(EQC_ERR_SIZE,
                     "%s_%s: the bytes of '%s' overflow for n = %lld and "
                     "batch = %lld",
                     c->layer, c->suffix, array, (long long)c->n,
                     (long long)c->batch);
}

static int check_sizes(call *c) {
  const eqc_layer_info *info = c->kernel->info;
  int status = count_bytes(c, "x", c->batch, info->c_in, info->k, &c->x_bytes);
  if (status == EQC_OK)
    status = count_bytes(c, "y", c->batch, info->c_out, info->l, &c->y_bytes);
  if (status == EQC_OK)
    status =
        count_bytes(c, "weight", info->weight_size, 1, 0, &c->weight_bytes);
  if (status == EQC_OK)
    status = count_bytes(c, "bias", info->bias_size, 1, 0, &c->bias_bytes);
  return status;
}

static int overlap(const void *a, int64_t a_bytes, const void *b,
                   int64_t b_bytes) {
  uintptr_t p = (uintptr_t)a, q = (uintptr_t)b;
  if (a_bytes == 0 || b_bytes == 0)
    return 0;
  return p <= q ? q - p < (uintptr_t)a_bytes : p - q < (uintptr_t)b_bytes;
}

static int64_t blocks_of(const call *c) {
  return (c->batch - 1) / c->schedule.block + 1;
}

static void run_block(int64_t worker, int64_t block, void *p) {
  const call *c = p;
  int64_t first = block * c->schedule.block, count = c->batch - first;
  if (count > c->schedule.block)
    count = c->schedule.block;
  c->variant->forward(c->n, first, count, -1, 0, c->x, c->packed, c->bias, c->y,
                      c->scratch + worker * c->stride);
}

static void run_part(int64_t worker, int64_t part, void *p) {
  const call *c = p;
  int64_t first = c->block * c->schedule.block, count = c->batch - first;
  (void)worker;
  if (count > c->schedule.block)
    count = c->schedule.block;
  c->variant->forward(c->n, first, count, c->phase, part, c->x, c->packed,
                      c->bias, c->y, c->scratch);
}

static int run_parts(call *c, const eqc_rt_runner *runner, int64_t width) {
  int status = EQC_OK;
  int64_t blocks = blocks_of(c);
  for (c->block = 0; c->block < blocks && status == EQC_OK; ++c->block)
    for (c->phase = 0; c->phase < c->schedule.phases && status == EQC_OK;
         ++c->phase)
      status = eqc_rt_parallel(runner, width, c->schedule.parts, run_part, c,
                               c->layer);
  return status;
}

static void ask_schedule(call *c) {
  eqc_schedule *s = &c->schedule;
  c->variant->schedule(c->n, c->batch, s);
  s->block = s->block < 1 ? 1 : s->block;
  s->phases = s->phases < 1 ? 1 : s->phases;
  s->parts = s->parts < 1 ? 1 : s->parts;
}

/* How many threads could share the work. A program's own runner is always
   asked, since its threads may be free of charge. */
static int64_t wanted_threads(const call *c, const eqc_rt_runner *runner) {
  int little = c->schedule.flops > 0 &&
               (double)c->schedule.flops * (double)c->batch < WORTH_THREADS;
  if (!c->kernel->threads || (little && !runner->run))
    return 1;
  return eqc_rt_num_threads();
}

/* Everything after the checks. weight is NULL when c->packed is set already. */
static int execute(call *c, const void *weight) {
  eqc_rt_runner runner = {0};
  eqc_rt_block memory = {0};
  int64_t packed_bytes = 0, total, width, blocks;
  int parts_mode, status = EQC_OK;

  if (c->kernel->threads)
    runner = eqc_rt_current_runner();
  ask_schedule(c);
  width = wanted_threads(c, &runner);
  blocks = blocks_of(c);
  parts_mode = c->schedule.parts > 1 && width > 1 && blocks < 4 * width &&
               blocks % width != 0;
  if (parts_mode)
    width = c->schedule.parts < width ? c->schedule.parts : width;
  else
    width = blocks < width ? blocks : width;

  /* One block of memory: the packed weights, then every worker's scratch. */
  if (weight && c->variant->packed_bytes == 0)
    c->packed = weight;
  else if (weight)
    packed_bytes = c->variant->packed_bytes;
  if (__builtin_add_overflow(packed_bytes, EQC_RT_ALIGN - 1, &packed_bytes) ||
      __builtin_add_overflow(c->schedule.scratch_bytes, EQC_RT_ALIGN - 1,
                             &c->stride))
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", c->layer);
  packed_bytes &= -EQC_RT_ALIGN;
  c->stride &= -EQC_RT_ALIGN;
  if (!parts_mode && c->stride > MAX_SCRATCH / width)
    width = MAX_SCRATCH / c->stride > 1 ? MAX_SCRATCH / c->stride : 1;
  if (__builtin_mul_overflow(c->stride, parts_mode ? 1 : width, &total) ||
      __builtin_add_overflow(total, packed_bytes, &total) ||
      (uint64_t)total > PTRDIFF_MAX)
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", c->layer);
  if (total > 0) {
    status = eqc_rt_acquire((size_t)total, c->layer, &memory);
    if (status != EQC_OK)
      return status;
  }
  c->scratch = memory.data ? (char *)memory.data + packed_bytes : NULL;
  if (packed_bytes > 0) {
    c->variant->pack(c->n, weight, memory.data);
    c->packed = memory.data;
  }
  if (parts_mode)
    status = run_parts(c, &runner, width);
  else
    status = eqc_rt_parallel(&runner, width, blocks, run_block, c, c->layer);
  if (total > 0)
    eqc_rt_release(&memory);
  return status;
}

/* The checks and the work of both forms of forward; weights is the argument's
   name, and tells them apart by is_packed. */
static int forward(call *c, int64_t n, int64_t batch, const void *x,
                   const void *weight, const void *bias, void *y,
                   int is_packed) {
  const char *weight_name = is_packed ? "packed" : "weight";
  int64_t weight_bytes;
  int status = check_n(c, n);
  if (status == EQC_OK)
    status = check_batch(c, batch);
  if (status == EQC_OK)
    status = check_sizes(c);
  /* Nothing to read and nothing to write. */
  if (status != EQC_OK || batch == 0)
    return status;
  if (!x)
    return fail_null(c, "x");
  if (!weight)
    return fail_null(c, weight_name);
  if (!bias && c->bias_bytes > 0)
    return fail_null(c, "bias");
  if (!y)
    return fail_null(c, "y");
  c->variant = eqc_rt_choose(c->kernel);
  if (!c->variant)
    return fail_cpu(c);
  weight_bytes = is_packed && c->variant->packed_bytes > 0
                     ? c->variant->packed_bytes
                     : c->weight_bytes;
  if (overlap(y, c->y_bytes, x, c->x_bytes))
    return fail_alias(c, "y", "x");
  if (overlap(y, c->y_bytes, weight, weight_bytes))
    return fail_alias(c, "y", weight_name);
  if (overlap(y, c->y_bytes, bias, c->bias_bytes))
    return fail_alias(c, "y", "bias");
  c->x = x;
  c->bias = c->bias_bytes > 0 ? bias : NULL;
  c->y = y;
  if (is_packed)
    c->packed = weight;
  return execute(c, is_packed ? NULL : weight);
}

int eqc_rt_forward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                   const void *x, const void *weight, const void *bias,
                   void *y) {
  call c;
  int status = begin(&c, kernel, "forward");
  if (status != EQC_OK)
    return status;
  return forward(&c, n, batch, x, weight, bias, y, /*is_packed=*/0);
}

int eqc_rt_forward_packed(const eqc_kernel *kernel, int64_t n, int64_t batch,
                          const void *x, const void *packed, const void *bias,
                          void *y) {
  call c;
  int status = begin(&c, kernel, "forward_packed");
  if (status != EQC_OK)
    return status;
  return forward(&c, n, batch, x, packed, bias, y, /*is_packed=*/1);
}

/* Bytes of c's weights as its variant wants them. */
static int64_t packed_bytes_of(const call *c) {
  return c->variant->packed_bytes > 0
             ? c->variant->packed_bytes
             : c->kernel->info->weight_size * c->kernel->element_bytes;
}

int64_t eqc_rt_packed_bytes(const eqc_kernel *kernel) {
  call c;
  int status = begin(&c, kernel, "pack");
  if (status != EQC_OK)
    return status;
  c.variant = eqc_rt_choose(kernel);
  return c.variant ? packed_bytes_of(&c) : fail_cpu(&c);
}

int eqc_rt_pack(const eqc_kernel *kernel, int64_t n, const void *weight,
                void *packed) {
  call c;
  int status = begin(&c, kernel, "pack");
  if (status == EQC_OK && kernel->pack_depends_on_n)
    status = check_n(&c, n);
  if (status != EQC_OK)
    return status;
  if (!kernel->pack_depends_on_n)
    c.n = kernel->info->n;
  if (!weight)
    return fail_null(&c, "weight");
  if (!packed)
    return fail_null(&c, "packed");
  c.variant = eqc_rt_choose(kernel);
  if (!c.variant)
    return fail_cpu(&c);
  if (overlap(packed, packed_bytes_of(&c), weight,
              kernel->info->weight_size * kernel->element_bytes))
    return fail_alias(&c, "packed", "weight");
  if (c.variant->packed_bytes > 0)
    c.variant->pack(c.n, weight, packed);
  else
    memcpy(packed, weight, (size_t)packed_bytes_of(&c));
  return EQC_OK;
}
