/*===- NetworkSteps.c - Steps of networks that are no layers -------- C99 -===*\
|*                                                                            *|
|* Functions of single entries, norms, products with factors, sums, and       *|
|* channels put side by side; and the gradient of each.                       *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "FastFunctions.h"
#include "Network.h"

#include <math.h>
#include <string.h>

/* Sums that are made at the same time. */
#define LANES 16
/* More axes than a value may have, the samples and channels included. */
#define MOST_AXES 192

/* An axis of x, and how far apart its entries lie in x and in what has fewer
   axes. */
typedef struct axis {
  int64_t length, x, s;
} axis;

/* x with all of its axes, and s without some: `inner` entries next to each
   other, at each place of the kept axes and, of x, of the dropped ones. */
typedef struct fold {
  axis kept[MOST_AXES], dropped[MOST_AXES];
  int num_kept, num_dropped;
  int64_t inner;
  int64_t step; /* of s along these entries: 0 for one channel */
} fold;

/* A place in some axes, the last one fastest. */
typedef struct odometer {
  int64_t at[MOST_AXES];
  int64_t x, s;
} odometer;

static inline int advance(odometer *o, const axis *axes, int num_axes) {
  int i;
  for (i = num_axes - 1; i >= 0; --i) {
    o->x += axes[i].x;
    o->s += axes[i].s;
    if (++o->at[i] < axes[i].length)
      return 1;
    o->x -= axes[i].x * axes[i].length;
    o->s -= axes[i].s * axes[i].length;
    o->at[i] = 0;
  }
  return 0;
}

#define TARGET
#define VARIANT
#include "EntriesOfTypes.h"
#undef TARGET
#undef VARIANT

#if defined(__x86_64__) && defined(__GNUC__)
/* The same for CPUs with vectors of 32 bytes. */
#define TARGET __attribute__((target("avx2,fma")))
#define VARIANT _wide
#include "EntriesOfTypes.h"
#undef TARGET
#undef VARIANT
#define IS_WIDE (c->cpu_level >= 3)
#else
#define IS_WIDE 0
#define apply_f32_wide apply_f32
#define apply_f64_wide apply_f64
#define apply_slope_f32_wide apply_slope_f32
#define apply_slope_f64_wide apply_slope_f64
#define put_f32_wide put_f32
#define put_f64_wide put_f64
#define add_f32_wide add_f32
#define add_f64_wide add_f64
#define norm_f32_wide norm_f32
#define norm_f64_wide norm_f64
#define norm_slope_f32_wide norm_slope_f32
#define norm_slope_f64_wide norm_slope_f64
#define scale_f32_wide scale_f32
#define scale_f64_wide scale_f64
#define scale_slope_f32_wide scale_slope_f32
#define scale_slope_f64_wide scale_slope_f64
#define scale_factor_f32_wide scale_factor_f32
#define scale_factor_f64_wide scale_factor_f64
#endif

/* By the type of numbers and the CPU. */
#define CALL(FUNCTION, ...)                                                    \
  (c->network->element_bytes == sizeof(float)                                  \
       ? (IS_WIDE ? FUNCTION##_f32_wide(__VA_ARGS__)                           \
                  : FUNCTION##_f32(__VA_ARGS__))                               \
       : (IS_WIDE ? FUNCTION##_f64_wide(__VA_ARGS__)                           \
                  : FUNCTION##_f64(__VA_ARGS__)))

void eqc_rt_put(const eqc_rt_network *c, const char *from, char *to,
                int64_t elements, int adds) {
  CALL(put, (const void *)from, (void *)to, elements, adds);
}

/* Appends an axis; what has length 1 is none. */
static void add_axis(axis *axes, int *count, int64_t length, int64_t x,
                     int64_t s) {
  if (length == 1)
    return;
  axes[*count].length = length;
  axes[*count].x = x;
  axes[*count].s = s;
  ++*count;
}

/* `count` samples of a value x, and of s, which lacks the axes in `dropped`. */
static void make_fold(const eqc_rt_network *c, int64_t x, int64_t s,
                      const int32_t *dropped, int64_t count, fold *f) {
  const eqc_value *value = &c->network->values[x];
  const int64_t channels = value->channels;
  const int64_t s_channels = c->network->values[s].channels;
  const int64_t elements = eqc_rt_elements(c, x);
  const int64_t s_elements = eqc_rt_elements(c, s);
  const int first = c->network->channels_first != 0;
  int64_t stride = elements / channels, s_stride = s_elements / s_channels;
  int64_t a;
  f->num_kept = f->num_dropped = 0;
  f->inner = first ? 1 : channels;
  f->step = s_channels == channels;
  add_axis(f->kept, &f->num_kept, count, elements, s_elements);
  if (first)
    add_axis(f->kept, &f->num_kept, channels, stride, f->step ? s_stride : 0);
  if (!first) {
    stride = elements;
    s_stride = s_elements;
  }
  for (a = 0; a < value->order; ++a) {
    const int64_t length = eqc_rt_length(c, value->axes[a]);
    stride /= length;
    if (dropped[a]) {
      add_axis(f->dropped, &f->num_dropped, length, stride, 0);
      continue;
    }
    s_stride /= length;
    add_axis(f->kept, &f->num_kept, length, stride, s_stride);
  }
}

/* A factor of one channel in front of the axes is a sum over the channels: they
   are dropped then. */
static void drop_channels(fold *f, int64_t channels) {
  int i;
  for (i = 0; i < f->num_kept; ++i)
    if (f->kept[i].s == 0 && f->kept[i].length == channels) {
      f->dropped[f->num_dropped++] = f->kept[i];
      memmove(&f->kept[i], &f->kept[i + 1],
              (size_t)(f->num_kept - i - 1) * sizeof f->kept[0]);
      --f->num_kept;
      return;
    }
}

/* The number of runs of entries that a sample of a value is made of, between
   which the channels of another one may stand. */
static int64_t rows_of(const eqc_rt_network *c, int64_t value) {
  return c->network->channels_first
             ? 1
             : eqc_rt_elements(c, value) / c->network->values[value].channels;
}

static void concat(const eqc_rt_network *c, const eqc_step *step,
                   int64_t worker, int64_t first, int64_t count, char *result) {
  const int64_t size = c->network->element_bytes;
  const int64_t rows = count * rows_of(c, step->result);
  const int64_t whole = count * eqc_rt_elements(c, step->result) / rows * size;
  int64_t i, r;
  for (i = 0; i < step->num_operands; ++i) {
    const int64_t operand = step->operands[i];
    const char *from = eqc_rt_value_at(c, worker, operand, first);
    const int64_t bytes = count * eqc_rt_elements(c, operand) / rows * size;
    for (r = 0; r < rows; ++r)
      memcpy(result + r * whole, from + r * bytes, (size_t)bytes);
    result += bytes;
  }
}

static void concat_gradient(const eqc_rt_network *c, const eqc_step *step,
                            int64_t count, int64_t which, const char *grad,
                            char *grad_operand, int adds) {
  const int64_t size = c->network->element_bytes;
  const int64_t rows = count * rows_of(c, step->result);
  const int64_t whole = count * eqc_rt_elements(c, step->result) / rows;
  int64_t i, r, width = 0, before = 0;
  for (i = 0; i <= which; ++i) {
    before += width;
    width = count * eqc_rt_elements(c, step->operands[i]) / rows;
  }
  for (r = 0; r < rows; ++r)
    eqc_rt_put(c, grad + (r * whole + before) * size,
               grad_operand + r * width * size, width, adds);
}

/* That of no entries: the root of the 1e-12 that is added to a sum. */
static void norm_of_nothing(const eqc_rt_network *c, int64_t elements,
                            char *result) {
  int64_t i;
  for (i = 0; i < elements; ++i)
    if (c->network->element_bytes == sizeof(float))
      ((float *)result)[i] = 1e-6f;
    else
      ((double *)result)[i] = 1e-6;
}

void eqc_rt_step_value(const eqc_rt_network *c, const eqc_step *step,
                       int64_t worker, int64_t first, int64_t count) {
  const int64_t elements = count * eqc_rt_elements(c, step->result);
  char *result = eqc_rt_value_at(c, worker, step->result, first);
  const char *a = eqc_rt_value_at(c, worker, step->operands[0], first), *b;
  fold f;
  int64_t i;
  switch (step->kind) {
  case EQC_STEP_POINTWISE:
    CALL(apply, step->function, (const void *)a, (void *)result, elements);
    break;
  case EQC_STEP_NORM:
    if (c->bytes[step->operands[0]] == 0) {
      norm_of_nothing(c, elements, result);
      break;
    }
    make_fold(c, step->operands[0], step->result, step->dropped, count, &f);
    CALL(norm, &f, (const void *)a, (void *)result);
    break;
  case EQC_STEP_SCALE:
    b = eqc_rt_value_at(c, worker, step->operands[1], first);
    make_fold(c, step->operands[1], step->operands[0], step->dropped, count,
              &f);
    CALL(scale, &f, (const void *)a, (const void *)b, (void *)result);
    break;
  case EQC_STEP_CONCAT:
    concat(c, step, worker, first, count, result);
    break;
  default:
    if (step->num_operands == 1) {
      eqc_rt_put(c, a, result, elements, 0);
      break;
    }
    b = eqc_rt_value_at(c, worker, step->operands[1], first);
    CALL(add, (const void *)a, (const void *)b, (void *)result, elements);
    for (i = 2; i < step->num_operands; ++i)
      eqc_rt_put(c, eqc_rt_value_at(c, worker, step->operands[i], first),
                 result, elements, 1);
  }
}

void eqc_rt_step_gradient(const eqc_rt_network *c, const eqc_step *step,
                          int64_t worker, int64_t first, int64_t count,
                          int64_t which, const char *grad, char *grad_operand,
                          int adds) {
  const int64_t elements = count * eqc_rt_elements(c, step->result);
  const char *a = eqc_rt_value_at(c, worker, step->operands[0], first), *b;
  fold f;
  switch (step->kind) {
  case EQC_STEP_POINTWISE:
    CALL(apply_slope, step->function, (const void *)a, (const void *)grad,
         (void *)grad_operand, elements, adds);
    break;
  case EQC_STEP_NORM:
    b = eqc_rt_value_at(c, worker, step->result, first);
    make_fold(c, step->operands[0], step->result, step->dropped, count, &f);
    CALL(norm_slope, &f, (const void *)a, (const void *)b, (const void *)grad,
         (void *)grad_operand, adds);
    break;
  case EQC_STEP_SCALE:
    b = eqc_rt_value_at(c, worker, step->operands[1], first);
    make_fold(c, step->operands[1], step->operands[0], step->dropped, count,
              &f);
    if (which == 1) {
      CALL(scale_slope, &f, (const void *)a, (const void *)grad,
           (void *)grad_operand, adds);
      break;
    }
    if (!f.step)
      drop_channels(&f, c->network->values[step->operands[1]].channels);
    CALL(scale_factor, &f, (const void *)b, (const void *)grad,
         (void *)grad_operand, adds);
    break;
  case EQC_STEP_CONCAT:
    concat_gradient(c, step, count, which, grad, grad_operand, adds);
    break;
  default:
    eqc_rt_put(c, grad, grad_operand, elements, adds);
  }
}
