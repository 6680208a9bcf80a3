/*===- Backward.c - The gradients of a layer ------------------------ C99 -===*\
|*                                                                            *|
|* grad_x is a layer of its own, from grad_y, whose weights are flipped here. *|
|* grad_weight and grad_bias are sums over the batch: so that their bits do   *|
|* not depend on the number of threads, the batch is cut into slabs by its    *|
|* shape alone, each slab is summed in order, and the slabs are added up as a *|
|* fixed tree. Where slabs would be few or large there is one, and threads    *|
|* share the parts of each block.                                             *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Call.h"

#include <string.h>

/* The sums of all slabs together. */
#define MAX_SUMS ((int64_t)EQC_SUM_PLANES * 4 << 20)
#define MAX_SLABS 32
/* Fewer slabs would keep fewer threads busy than parts of blocks do. */
#define LEAST_SLABS 4
/* Sums that one task adds up. */
#define SUMS_OF_TASK 8192

/* One call for grad_weight and grad_bias. */
typedef struct sums_call {
  eqc_rt_call call;
  const eqc_sums *code;
  const void *x, *grad_y;
  void *grad_weight, *grad_bias; /* NULL: not asked for */
  int64_t which;
  int64_t slabs, slab_blocks, slab_bytes;
  int64_t first_row, end_row; /* of the sums, that are asked for */
  int64_t task_rows;
  char *sums;
} sums_call;

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/*===-- Flipped weights
 * ----------------------------------------------------===*/

/* out[d][co][ci] = flip[d] * weight[d][ci][co], in squares that stay in cache.
 */
#define DEFINE_FLIP(NAME, T)                                                   \
  static void NAME(const eqc_kernel *kernel, int64_t n, const T *weight,       \
                   T *out) {                                                   \
    const int64_t ins = kernel->info->c_in, outs = kernel->info->c_out;        \
    const int64_t side = 16;                                                   \
    int64_t d, i, o, ci, co;                                                   \
    for (d = 0; d < kernel->info->diagrams; ++d) {                             \
      T factor = 1;                                                            \
      if (kernel->flips) {                                                     \
        factor = (T)kernel->flips[d].sign;                                     \
        for (i = 0; i < kernel->flips[d].divisions; ++i)                       \
          factor /= (T)n;                                                      \
        for (; i > kernel->flips[d].divisions; --i)                            \
          factor *= (T)n;                                                      \
      }                                                                        \
      for (i = 0; i < ins; i += side)                                          \
        for (o = 0; o < outs; o += side)                                       \
          for (co = o; co < min64(o + side, outs); ++co)                       \
            for (ci = i; ci < min64(i + side, ins); ++ci)                      \
              out[co * ins + ci] = factor * weight[ci * outs + co];            \
      weight += ins * outs;                                                    \
      out += ins * outs;                                                       \
    }                                                                          \
  }
DEFINE_FLIP(flip_f32, float)
DEFINE_FLIP(flip_f64, double)

static void flip(const eqc_rt_call *c, const void *weight, void *out) {
  if (c->kernel->element_bytes == sizeof(float))
    flip_f32(c->kernel, c->n, weight, out);
  else
    flip_f64(c->kernel, c->n, weight, out);
}

/*===-- Sums over the batch
 * ------------------------------------------------===*/

static int64_t row_bytes(const sums_call *s) {
  return s->code->columns * s->call.kernel->element_bytes;
}

static void clear_slab(const sums_call *s, char *sums) {
  int plane;
  for (plane = 0; plane < EQC_SUM_PLANES; ++plane)
    memset(sums + (plane * s->code->rows + s->first_row) * row_bytes(s), 0,
           (size_t)((s->end_row - s->first_row) * row_bytes(s)));
}

static void run_slab(int64_t worker, int64_t slab, void *p) {
  const sums_call *s = p;
  const eqc_rt_call *c = &s->call;
  char *sums = s->sums + slab * s->slab_bytes;
  int64_t block = slab * s->slab_blocks;
  int64_t end = min64(block + s->slab_blocks, eqc_rt_blocks(c));
  clear_slab(s, sums);
  for (; block < end; ++block)
    s->code->add(c->n, block * c->schedule.block,
                 eqc_rt_block_samples(c, block), EQC_PHASE_ALL, 0, s->which,
                 s->x, s->grad_y, sums, c->scratch + worker * c->stride);
}

static void run_part(int64_t worker, int64_t part, void *p) {
  const sums_call *s = p;
  const eqc_rt_call *c = &s->call;
  (void)worker;
  s->code->add(c->n, c->block * c->schedule.block,
               eqc_rt_block_samples(c, c->block), c->phase, part, s->which,
               s->x, s->grad_y, s->sums, c->scratch);
}

static int run_parts(sums_call *s) {
  eqc_rt_call *c = &s->call;
  int status = EQC_OK;
  int64_t blocks = eqc_rt_blocks(c);
  clear_slab(s, s->sums);
  for (c->block = 0; c->block < blocks && status == EQC_OK; ++c->block)
    for (c->phase = 0; c->phase < c->schedule.phases && status == EQC_OK;
         ++c->phase)
      status = eqc_rt_parallel(&c->runner, c->width, c->schedule.parts,
                               run_part, s, c->layer);
  return status;
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
  static void NAME(const sums_call *s, int64_t first, int64_t end) {           \
    int64_t begin = first * s->code->columns;                                  \
    int64_t count = (end - first) * s->code->columns;                          \
    int64_t plane = s->code->rows * s->code->columns;                          \
    int64_t step, slab;                                                        \
    for (slab = 0; slab < s->slabs; ++slab) {                                  \
      T *block = (T *)(s->sums + slab * s->slab_bytes) + begin;                \
      NAME##_planes(block, block + plane, block + 2 * plane, count);           \
    }                                                                          \
    for (step = 1; step < s->slabs; step *= 2)                                 \
      for (slab = 0; slab + step < s->slabs; slab += 2 * step)                 \
        NAME##_pair((T *)(s->sums + slab * s->slab_bytes) + begin,             \
                    (const T *)(s->sums + (slab + step) * s->slab_bytes) +     \
                        begin,                                                 \
                    count);                                                    \
  }
DEFINE_ADD_SLABS(add_slabs_f32, float)
DEFINE_ADD_SLABS(add_slabs_f64, double)

/* Where a row of the sums belongs, or NULL if it repeats another. */
static char *place_of(const sums_call *s, int64_t row) {
  const eqc_layer_info *info = s->call.kernel->info;
  const int64_t bytes = info->c_out * s->call.kernel->element_bytes;
  const int64_t weight_rows = info->diagrams * s->code->diagram_rows;
  int64_t diagram, channel;
  if (row >= weight_rows)
    return (char *)s->grad_bias + (row - weight_rows) * bytes;
  diagram = row / s->code->diagram_rows;
  channel = row % s->code->diagram_rows;
  if (channel >= s->code->shifted_from) {
    channel -= s->code->diagram_rows - info->c_in;
    if (channel < s->code->shifted_from)
      return NULL;
  }
  return (char *)s->grad_weight + (diagram * info->c_in + channel) * bytes;
}

static void finish_rows(int64_t worker, int64_t task, void *p) {
  const sums_call *s = p;
  const int64_t element = s->call.kernel->element_bytes;
  int64_t row = s->first_row + task * s->task_rows;
  int64_t end = min64(row + s->task_rows, s->end_row);
  (void)worker;
  if (element == sizeof(float))
    add_slabs_f32(s, row, end);
  else
    add_slabs_f64(s, row, end);
  for (; row < end; ++row) {
    char *place = place_of(s, row);
    if (place)
      memcpy(place, s->sums + row * row_bytes(s),
             (size_t)(s->call.kernel->info->c_out * element));
  }
}

/* The bytes that the sums need, added to *total. */
static int prepare_sums(sums_call *s, int64_t *total) {
  eqc_rt_call *c = &s->call;
  int64_t width, blocks, sums;
  eqc_rt_ask_schedule(c, s->code->schedule);
  blocks = eqc_rt_blocks(c);
  if (__builtin_mul_overflow(EQC_SUM_PLANES * s->code->rows, row_bytes(s),
                             &s->slab_bytes) ||
      s->slab_bytes > INT64_MAX - EQC_RT_ALIGN)
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", c->layer);
  s->slab_bytes = (s->slab_bytes + EQC_RT_ALIGN - 1) & -EQC_RT_ALIGN;
  s->slabs = min64(min64(MAX_SLABS, MAX_SUMS / s->slab_bytes), blocks / 2);
  if (s->slabs < LEAST_SLABS)
    s->slabs = 1;
  s->slab_blocks = (blocks + s->slabs - 1) / s->slabs;
  s->slabs = (blocks + s->slab_blocks - 1) / s->slab_blocks;
  width = eqc_rt_wanted_threads(c);
  c->parts_mode = s->slabs == 1 && width > 1 && c->schedule.parts > 1;
  width = min64(width, c->parts_mode ? c->schedule.parts : s->slabs);
  if (__builtin_mul_overflow(s->slabs, s->slab_bytes, &sums))
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", c->layer);
  return eqc_rt_lay_out(c, width, sums, total);
}

static int perform_sums(sums_call *s, char *memory) {
  eqc_rt_call *c = &s->call;
  int64_t rows = s->end_row - s->first_row;
  int status;
  s->sums = memory;
  c->scratch = memory + s->slabs * s->slab_bytes;
  if (c->parts_mode)
    status = run_parts(s);
  else
    status =
        eqc_rt_parallel(&c->runner, c->width, s->slabs, run_slab, s, c->layer);
  if (status != EQC_OK)
    return status;
  s->task_rows = SUMS_OF_TASK / s->code->columns;
  s->task_rows = s->task_rows < 1 ? 1 : s->task_rows;
  return eqc_rt_parallel(&c->runner, c->width,
                         (rows + s->task_rows - 1) / s->task_rows, finish_rows,
                         s, c->layer);
}

/*===-- A whole call
 * -------------------------------------------------------===*/

/* No output shares bytes with any other array. */
static int check_aliases(const eqc_rt_call *c, const eqc_rt_array *arrays) {
  int output, other;
  for (output = EQC_RT_GRAD_X; output < EQC_RT_NUM_ARRAYS; ++output)
    for (other = 0; other < output; ++other)
      if (arrays[output].data && arrays[other].data &&
          eqc_rt_overlap(arrays[output].data, arrays[output].bytes,
                         arrays[other].data, arrays[other].bytes))
        return eqc_rt_fail_alias(c, arrays[output].name, arrays[other].name);
  return EQC_OK;
}

int eqc_rt_check_backward(eqc_rt_call *c, int64_t n, int64_t batch,
                          eqc_rt_array *arrays) {
  static const char *const names[EQC_RT_NUM_ARRAYS] = {
      "x", "weight", "grad_y", "grad_x", "grad_weight", "grad_bias"};
  int i, status = eqc_rt_check_sizes(c, n, batch, "x", "grad_y");
  if (status != EQC_OK)
    return status;
  const int64_t bytes[EQC_RT_NUM_ARRAYS] = {c->x_bytes,      c->weight_bytes,
                                            c->y_bytes,      c->x_bytes,
                                            c->weight_bytes, c->bias_bytes};
  for (i = 0; i < EQC_RT_NUM_ARRAYS; ++i) {
    arrays[i].name = names[i];
    arrays[i].bytes = bytes[i];
  }
  if (c->bias_bytes == 0)
    arrays[EQC_RT_GRAD_BIAS].data = NULL; /* ignored */
  if (!arrays[EQC_RT_GRAD_X].data && !arrays[EQC_RT_GRAD_WEIGHT].data &&
      !arrays[EQC_RT_GRAD_BIAS].data)
    return EQC_OK;
  if (batch > 0 && !arrays[EQC_RT_X].data && arrays[EQC_RT_GRAD_WEIGHT].data)
    return eqc_rt_fail_null(c, "x");
  if (batch > 0 && !arrays[EQC_RT_WEIGHT].data && arrays[EQC_RT_GRAD_X].data)
    return eqc_rt_fail_null(c, "weight");
  if (batch > 0 && !arrays[EQC_RT_GRAD_Y].data)
    return eqc_rt_fail_null(c, "grad_y");
  return check_aliases(c, arrays);
}

/* Everything after the checks. */
static int execute(eqc_rt_call *c, const eqc_rt_array *arrays, void *grad_x,
                   void *grad_weight, void *grad_bias) {
  const eqc_gradient *gradient =
      &c->kernel->gradients[c->variant - c->kernel->variants];
  const eqc_layer_info *info = c->kernel->info;
  eqc_rt_block memory = {0};
  eqc_rt_call input = *c;
  sums_call sums = {0};
  int64_t flipped = 0, input_total = 0, sums_total = 0, total;
  int status = EQC_OK;

  if (grad_x) {
    input.variant = &gradient->input;
    input.x = arrays[EQC_RT_GRAD_Y].data;
    input.y = grad_x;
    input.x_bytes = c->y_bytes;
    input.y_bytes = c->x_bytes;
    flipped = (c->weight_bytes + EQC_RT_ALIGN - 1) & -EQC_RT_ALIGN;
    input_total = flipped;
    status = eqc_rt_prepare(&input, arrays[EQC_RT_WEIGHT].data, &input_total);
  }
  if (status == EQC_OK && (grad_weight || grad_bias)) {
    sums.call = *c;
    sums.code = &gradient->sums;
    sums.x = arrays[EQC_RT_X].data;
    sums.grad_y = arrays[EQC_RT_GRAD_Y].data;
    sums.grad_weight = grad_weight;
    sums.grad_bias = grad_bias;
    sums.which =
        (grad_weight ? EQC_SUM_WEIGHT : 0) | (grad_bias ? EQC_SUM_BIAS : 0);
    sums.first_row = grad_weight ? 0 : info->diagrams * sums.code->diagram_rows;
    sums.end_row =
        grad_bias ? sums.code->rows : info->diagrams * sums.code->diagram_rows;
    status = prepare_sums(&sums, &sums_total);
  }
  /* One after the other, in the same memory. */
  total = input_total > sums_total ? input_total : sums_total;
  if (status == EQC_OK)
    status = eqc_rt_acquire((size_t)total, c->layer, &memory);
  if (status != EQC_OK)
    return status;
  if (grad_x) {
    flip(c, arrays[EQC_RT_WEIGHT].data, memory.data);
    /* A kernel that takes weights as they are takes the flipped ones. */
    if (input.packed)
      input.packed = memory.data;
    status = eqc_rt_perform(&input, memory.data, (char *)memory.data + flipped);
  }
  if (status == EQC_OK && sums.which)
    status = perform_sums(&sums, memory.data);
  eqc_rt_release(&memory);
  return status;
}

int eqc_rt_backward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                    const void *x, const void *weight, const void *grad_y,
                    void *grad_x, void *grad_weight, void *grad_bias) {
  eqc_rt_call c;
  int status = eqc_rt_begin(&c, kernel, "backward");
  if (status == EQC_OK && !kernel->gradients)
    status = eqc_rt_fail(EQC_ERR_ARG,
                         "%s_backward: the layer was compiled "
                         "without gradients",
                         c.layer);
  if (status != EQC_OK)
    return status;
  eqc_rt_array arrays[EQC_RT_NUM_ARRAYS] = {
      {NULL, x, 0},      {NULL, weight, 0},      {NULL, grad_y, 0},
      {NULL, grad_x, 0}, {NULL, grad_weight, 0}, {NULL, grad_bias, 0}};
  status = eqc_rt_check_backward(&c, n, batch, arrays);
  if (status != EQC_OK)
    return status;
  if (!arrays[EQC_RT_GRAD_BIAS].data)
    grad_bias = NULL;
  if (!grad_x && !grad_weight && !grad_bias)
    return EQC_OK;
  if (batch == 0) {
    if (grad_weight)
      memset(grad_weight, 0, (size_t)c.weight_bytes);
    if (grad_bias)
      memset(grad_bias, 0, (size_t)c.bias_bytes);
    return EQC_OK;
  }
  c.variant = eqc_rt_choose(kernel);
  if (!c.variant)
    return eqc_rt_fail_cpu(&c);
  return execute(&c, arrays, grad_x, grad_weight, grad_bias);
}
