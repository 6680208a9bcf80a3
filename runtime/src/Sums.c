/*===- Sums.c - Sums over a batch, in slabs ------------------------- C99 -===*\
|*                                                                            *|
|* So that the bits of grad_weight and grad_bias do not depend on the number  *|
|* of threads, the batch is cut into slabs by its shape alone, each slab is   *|
|* summed in order, and the slabs are added up as a fixed tree.               *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Sums.h"

#include <string.h>

/* The sums of all slabs together. */
#define MAX_SUMS ((int64_t)EQC_SUM_PLANES * 4 << 20)
#define MAX_SLABS 32
/* Fewer slabs would keep fewer threads busy than parts of blocks do. */
#define LEAST_SLABS 4
/* Sums that one task adds up. */
#define SUMS_OF_TASK 8192

/*===-- Flipped weights
 * ----------------------------------------------------===*/

/* out[d][co][ci] = flip[d] * weight[d][ci][co], in squares that stay in cache.
 */
#define DEFINE_FLIP(NAME, T)                                                   \
  static void NAME(const eqc_kernel *kernel, int64_t n, const T *weight,       \
                   T *out) {                                                   \
    const eqc_layer_info *info = kernel->info;                                 \
    const int64_t ins = info->c_in, outs = info->c_out;                        \
    const int64_t spaces = info->n == -2 ? info->spaces : 1;                   \
    const int64_t *flip = (const int64_t *)kernel->flips;                      \
    const int64_t side = 16;                                                   \
    int64_t d, i, o, s, ci, co;                                                \
    for (d = 0; d < info->diagrams; ++d) {                                     \
      T factor = 1;                                                            \
      if (flip) {                                                              \
        factor = (T)flip[0];                                                   \
        for (s = 0; s < spaces; ++s) {                                         \
          const int64_t divisions = flip[1 + s];                               \
          const T size =                                                       \
              (T)(info->n == -2 ? eqc_rt_space_size(info, n, s) : n);          \
          for (i = 0; i < divisions; ++i)                                      \
            factor /= size;                                                    \
          for (; i > divisions; --i)                                           \
            factor *= size;                                                    \
        }                                                                      \
        flip += 1 + spaces;                                                    \
      }                                                                        \
      for (i = 0; i < ins; i += side)                                          \
        for (o = 0; o < outs; o += side)                                       \
          for (co = o; co < eqc_rt_min(o + side, outs); ++co)                  \
            for (ci = i; ci < eqc_rt_min(i + side, ins); ++ci)                 \
              out[co * ins + ci] = factor * weight[ci * outs + co];            \
      weight += ins * outs;                                                    \
      out += ins * outs;                                                       \
    }                                                                          \
  }
DEFINE_FLIP(flip_f32, float)
DEFINE_FLIP(flip_f64, double)

void eqc_rt_flip(const eqc_kernel *kernel, int64_t n, const void *weight,
                 void *out) {
  if (kernel->element_bytes == sizeof(float))
    flip_f32(kernel, n, weight, out);
  else
    flip_f64(kernel, n, weight, out);
}

int eqc_rt_sum_nothing(const eqc_rt_call *c, void *grad_weight,
                       void *grad_bias) {
  if (grad_weight)
    memset(grad_weight, 0, (size_t)c->weight_bytes);
  if (grad_bias)
    memset(grad_bias, 0, (size_t)c->bias_bytes);
  return EQC_OK;
}

/*===-- Slabs
 * --------------------------------------------------------------===*/

void eqc_rt_begin_sums(eqc_rt_sums *s, const eqc_rt_call *c,
                       const eqc_sums *code, void *grad_weight,
                       void *grad_bias) {
  const eqc_layer_info *info = c->kernel->info;
  const int64_t weight_rows = code->terms * code->diagram_rows;
  s->call = *c;
  s->channels = info->k2 < 0      ? info->c_in
                : info->depthwise ? 1
                                  : info->c_in * info->c_in2;
  s->code = code;
  s->grad_weight = grad_weight;
  s->grad_bias = grad_bias;
  s->which =
      (grad_weight ? EQC_SUM_WEIGHT : 0) | (grad_bias ? EQC_SUM_BIAS : 0);
  s->first_row = grad_weight ? 0 : weight_rows;
  s->end_row = grad_bias ? code->rows : weight_rows;
}

static int64_t row_bytes(const eqc_rt_sums *s) {
  return s->code->columns * s->call.kernel->element_bytes;
}

int eqc_rt_choose_slabs(eqc_rt_sums *s, int64_t blocks) {
  if (__builtin_mul_overflow(EQC_SUM_PLANES * s->code->rows, row_bytes(s),
                             &s->slab_bytes) ||
      s->slab_bytes > INT64_MAX / MAX_SLABS - EQC_RT_ALIGN)
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", s->call.layer);
  s->slab_bytes = eqc_rt_aligned(s->slab_bytes);
  s->slabs =
      eqc_rt_min(eqc_rt_min(MAX_SLABS, MAX_SUMS / s->slab_bytes), blocks / 2);
  if (s->slabs < LEAST_SLABS)
    s->slabs = 1;
  return EQC_OK;
}

void eqc_rt_clear_slab(const eqc_rt_sums *s, int64_t slab) {
  char *sums = s->memory + slab * s->slab_bytes;
  int plane;
  for (plane = 0; plane < EQC_SUM_PLANES; ++plane)
    memset(sums + (plane * s->code->rows + s->first_row) * row_bytes(s), 0,
           (size_t)((s->end_row - s->first_row) * row_bytes(s)));
}

/* Rows first .. end-1 of all slabs into those of the first: the planes of every
   slab into its first, then slab i takes slab i + step for step 1, 2, 4, ..
   The loops are functions of their own because compilers believe `restrict` of
   parameters, and only then take vectors. */
#define DEFINE_ADD_SLABS(NAME, T)                                              \
  static void NAME##_planes(T *restrict block, const T *restrict total,        \
                            const T *restrict rest, int64_t count) {           \
    int64_t i;                                                                 \
    for (i = 0; i < count; ++i) {                                              \
      T sum = total[i] + block[i];                                             \
      T all = sum + rest[i];                                                   \
      block[i] = rest[i] == rest[i] ? all : sum;                               \
    }                                                                          \
  }                                                                            \
  static void NAME##_pair(T *restrict to, const T *restrict from,              \
                          int64_t count) {                                     \
    int64_t i;                                                                 \
    for (i = 0; i < count; ++i)                                                \
      to[i] += from[i];                                                        \
  }                                                                            \
  static void NAME(const eqc_rt_sums *s, int64_t first, int64_t end) {         \
    int64_t begin = first * s->code->columns;                                  \
    int64_t count = (end - first) * s->code->columns;                          \
    int64_t plane = s->code->rows * s->code->columns;                          \
    int64_t step, slab;                                                        \
    for (slab = 0; slab < s->slabs; ++slab) {                                  \
      T *block = (T *)(s->memory + slab * s->slab_bytes) + begin;              \
      NAME##_planes(block, block + plane, block + 2 * plane, count);           \
    }                                                                          \
    for (step = 1; step < s->slabs; step *= 2)                                 \
      for (slab = 0; slab + step < s->slabs; slab += 2 * step)                 \
        NAME##_pair((T *)(s->memory + slab * s->slab_bytes) + begin,           \
                    (const T *)(s->memory + (slab + step) * s->slab_bytes) +   \
                        begin,                                                 \
                    count);                                                    \
  }
DEFINE_ADD_SLABS(add_slabs_f32, float)
DEFINE_ADD_SLABS(add_slabs_f64, double)

/* Where a row of the sums belongs, or NULL if it repeats another. */
static char *place_of(const eqc_rt_sums *s, int64_t row) {
  const eqc_layer_info *info = s->call.kernel->info;
  const int64_t bytes = info->c_out * s->call.kernel->element_bytes;
  const int64_t weight_rows = s->code->terms * s->code->diagram_rows;
  int64_t diagram, channel;
  if (row >= weight_rows)
    return (char *)s->grad_bias + (row - weight_rows) * bytes;
  diagram = row / s->code->diagram_rows;
  channel = row % s->code->diagram_rows;
  if (channel >= s->code->shifted_from) {
    channel -= s->code->diagram_rows - s->channels;
    if (channel < s->code->shifted_from)
      return NULL;
  }
  return (char *)s->grad_weight + (diagram * s->channels + channel) * bytes;
}

static void finish_rows(int64_t worker, int64_t task, void *p) {
  const eqc_rt_sums *s = p;
  const int64_t element = s->call.kernel->element_bytes;
  int64_t row = s->first_row + task * s->task_rows;
  int64_t end = eqc_rt_min(row + s->task_rows, s->end_row);
  (void)worker;
  if (element == sizeof(float))
    add_slabs_f32(s, row, end);
  else
    add_slabs_f64(s, row, end);
  for (; row < end && !s->code->unpack; ++row) {
    char *place = place_of(s, row);
    if (place)
      memcpy(place, s->memory + row * row_bytes(s),
             (size_t)(s->call.kernel->info->c_out * element));
  }
}

/* Rows of grad_weight, then those of grad_bias, from the sums of all slabs. */
static void unpack_rows(int64_t worker, int64_t task, void *p) {
  const eqc_rt_sums *s = p;
  const eqc_layer_info *info = s->call.kernel->info;
  const int64_t weights = s->grad_weight ? info->diagrams * info->c_in : 0;
  const int64_t first = task * s->task_rows;
  const int64_t end = first + s->task_rows;
  (void)worker;
  if (first < weights)
    s->code->unpack(EQC_SUM_WEIGHT, first, eqc_rt_min(end, weights), s->memory,
                    s->grad_weight);
  if (s->grad_bias && end > weights)
    s->code->unpack(EQC_SUM_BIAS, first > weights ? first - weights : 0,
                    eqc_rt_min(end - weights, info->bias_diagrams), s->memory,
                    s->grad_bias);
}

static int64_t tasks_of(const eqc_rt_sums *s, int64_t rows) {
  return (rows + s->task_rows - 1) / s->task_rows;
}

int eqc_rt_finish_sums(eqc_rt_sums *s) {
  eqc_rt_call *c = &s->call;
  const eqc_layer_info *info = c->kernel->info;
  int status;
  s->task_rows = SUMS_OF_TASK / s->code->columns;
  s->task_rows = s->task_rows < 1 ? 1 : s->task_rows;
  status = eqc_rt_parallel(&c->runner, c->width,
                           tasks_of(s, s->end_row - s->first_row), finish_rows,
                           s, c->layer);
  if (status != EQC_OK || !s->code->unpack)
    return status;
  return eqc_rt_parallel(
      &c->runner, c->width,
      tasks_of(s, (s->grad_weight ? info->diagrams * info->c_in : 0) +
                      (s->grad_bias ? info->bias_diagrams : 0)),
      unpack_rows, s, c->layer);
}
