/*===- Selftest.c - Does a layer compute what it is? ---------------- C99 -===*\
|*                                                                            *|
|* Calls a layer on integers, small enough for floating point to be exact,    *|
|* and compares with the definition: y, and where there are gradients those   *|
|* of x, weight and bias, on all entries or, of large arrays, on some of each *|
|* sample. Beside that y moves as x does under elements of the groups, the    *|
|* gradients are those of an adjoint map, packed weights give the same bits,  *|
|* and everything is written. Whatever the CPU can run of what the object     *|
|* holds is tried.                                                            *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Definition.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Operations that the definition may take for one array of one call: a few
   hundredths of a second; and those that one sample may take at least. */
#define ARRAY_WORK 8e6
#define SAMPLE_WORK 1e8
/* Of a call with as many samples, or as large a sample, as fits: kernels have
   other code for long sums. */
#define LONG_WORK 1.5e7
/* Of all calls: a second's fraction. */
#define ALL_WORK 3e8
/* Elements of x, z, y and weight of one call, and of one with a single sample.
 */
#define CALL_ELEMENTS ((int64_t)1 << 20)
#define MOST_ELEMENTS ((int64_t)1 << 23)
/* Against the definition, relative to the largest number of an array, where
   numbers are not exact. */
#define TOLERANCE_F32 3e-5
#define TOLERANCE_F64 1e-11

/* The arrays of a call. */
enum {
  X,
  Z,
  WEIGHT,
  BIAS,
  Y,
  GRAD_Y,
  GRAD_X,
  GRAD_Z,
  GRAD_WEIGHT,
  GRAD_BIAS,
  MOVED_X,
  MOVED_Z,
  OTHER_Y,
  PACKED,
  NUM_ARRAYS
};

static const char *const names[NUM_ARRAYS] = {
    "x",      "z",           "weight",    "bias", "y", "grad_y", "grad_x",
    "grad_z", "grad_weight", "grad_bias", "x",    "z", "y",      "packed"};

typedef struct selftest {
  const eqc_selftest *layer; /* its functions, or NULL to call the kernel */
  const eqc_kernel *kernel;
  const eqc_layer_info *info;
  eqc_rt_definition d;
  int64_t n, batch;
  int64_t sizes[EQC_RT_MOST_SIZES]; /* what n stands for */
  int64_t elements[NUM_ARRAYS];
  char *array[NUM_ARRAYS];
  int exact;        /* integers of every plan but those in another basis */
  double tolerance; /* of what is not exact */
  int64_t size;     /* integers go up to it */
  uint64_t random;
  /* The positions of y, x and z that are compared of every sample, their
     number, and what the definition needs. */
  int64_t *positions[EQC_RT_ROWS], count[EQC_RT_ROWS];
  double *room, *out, *gradient;
  eqc_rt_element element;
  int8_t *signs;
  int64_t *orbit;
  /* What was done. */
  double work;
  int64_t calls, entries, variants;
  char *report;
  size_t left;
  const char *cpu;
} selftest;

static void say(selftest *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(selftest *t, const char *format, ...) {
  va_list args;
  int length;
  if (t->left == 0)
    return;
  va_start(args, format);
  length = vsnprintf(t->report, t->left, format, args);
  va_end(args);
  if (length < 0)
    return;
  if ((size_t)length >= t->left)
    length = (int)t->left - 1;
  t->report += length;
  t->left -= (size_t)length;
}

static int two_inputs(const selftest *t) { return t->info->k2 >= 0; }

/* Weights and their gradients are as they are computed. */
static int is_stored(const selftest *t, int array) {
  return t->d.storage != EQC_RT_AS_COMPUTED && array != WEIGHT &&
         array != BIAS && array != GRAD_WEIGHT && array != GRAD_BIAS &&
         array != PACKED;
}

static size_t bytes_of(const selftest *t, int array) {
  const int64_t element = is_stored(t, array) ? (int64_t)sizeof(uint16_t)
                                              : t->kernel->element_bytes;
  return (size_t)(t->elements[array] * element);
}

static double get(const selftest *t, int array, int64_t i) {
  if (is_stored(t, array))
    return eqc_rt_widened(t->d.storage, ((uint16_t *)t->array[array])[i]);
  return t->d.is_double ? ((double *)t->array[array])[i]
                        : (double)((float *)t->array[array])[i];
}

static void put(selftest *t, int array, int64_t i, double v) {
  if (is_stored(t, array))
    eqc_rt_store(&t->d, t->array[array], i, v);
  else if (t->d.is_double)
    ((double *)t->array[array])[i] = v;
  else
    ((float *)t->array[array])[i] = (float)v;
}

/* Fails with a line of the report, which is the thread's error text too. */
static int wrong(selftest *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int wrong(selftest *t, const char *format, ...) {
  const eqc_layer_info *info = t->info;
  char what[400], size[400] = "";
  size_t used = 0;
  int64_t s;
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  if (info->n == -1)
    snprintf(size, sizeof size, "n = %lld, ", (long long)t->n);
  for (s = 0; info->n == -2 && s < info->spaces && used < sizeof size; ++s)
    if (info->space[s].n < 0)
      used += (size_t)snprintf(size + used, sizeof size - used, "%s = %lld, ",
                               info->space[s].name,
                               (long long)eqc_rt_space_size(info, t->n, s));
  say(t, "%s: FAILED: %s (%sbatch = %lld, code %lld of %lld)\n", t->info->name,
      what, size, (long long)t->batch, (long long)t->variants + 1,
      (long long)t->kernel->num_variants);
  return eqc_rt_fail(EQC_ERR_SELFTEST, "%s_selftest: %s (%sbatch = %lld)",
                     t->info->name, what, size, (long long)t->batch);
}

/*===-- Calls
 * --------------------------------------------------------------===*/

/* The exported functions have the element type in their arguments, which makes
   no difference to how they are called, and a size where one is given at run
   time. Those with several are called as they would call the runtime. */
typedef int forward_n(int64_t, int64_t, const void *, const void *,
                      const void *, void *);
typedef int forward_0(int64_t, const void *, const void *, const void *,
                      void *);
typedef int forward2_n(int64_t, int64_t, const void *, const void *,
                       const void *, const void *, void *);
typedef int forward2_0(int64_t, const void *, const void *, const void *,
                       const void *, void *);
typedef int backward_n(int64_t, int64_t, const void *, const void *,
                       const void *, void *, void *, void *);
typedef int backward_0(int64_t, const void *, const void *, const void *,
                       void *, void *, void *);
typedef int backward2_n(int64_t, int64_t, const void *, const void *,
                        const void *, const void *, void *, void *, void *,
                        void *);
typedef int backward2_0(int64_t, const void *, const void *, const void *,
                        const void *, void *, void *, void *, void *);

static int call_forward(const selftest *t, int x, int z, int weights, int y) {
  const int packed = weights == PACKED;
  const void *a = t->array[x], *b = t->array[z], *w = t->array[weights],
             *bias = t->elements[BIAS] ? t->array[BIAS] : NULL;
  void *out = t->array[y];
  const int64_t count = eqc_rt_num_sizes(t->info);
  const int sized = count == 1;
  void (*f)(void) = !t->layer || count > 1 ? NULL
                    : packed               ? t->layer->forward_packed
                                           : t->layer->forward;
  if (two_inputs(t)) {
    const eqc_bilinear *layer = (const eqc_bilinear *)(const void *)t->kernel;
    if (!f && packed)
      return eqc_rt_bilinear_forward_packed(layer, t->n, t->batch, a, b, w,
                                            bias, out);
    if (!f)
      return eqc_rt_bilinear_forward(layer, t->n, t->batch, a, b, w, bias, out);
    return sized ? ((forward2_n *)f)(t->n, t->batch, a, b, w, bias, out)
                 : ((forward2_0 *)f)(t->batch, a, b, w, bias, out);
  }
  if (!f && packed)
    return eqc_rt_forward_packed(t->kernel, t->n, t->batch, a, w, bias, out);
  if (!f)
    return eqc_rt_forward(t->kernel, t->n, t->batch, a, w, bias, out);
  return sized ? ((forward_n *)f)(t->n, t->batch, a, w, bias, out)
               : ((forward_0 *)f)(t->batch, a, w, bias, out);
}

/* The gradients that are asked for, one after the other; the rest is NULL. */
static int call_backward(const selftest *t, void *gx, void *gz, void *gw,
                         void *gb) {
  const void *x = t->array[X], *z = t->array[Z], *w = t->array[WEIGHT],
             *y = t->array[GRAD_Y];
  const int64_t count = eqc_rt_num_sizes(t->info);
  const int sized = count == 1;
  void (*f)(void) = t->layer && count < 2 ? t->layer->backward : NULL;
  if (two_inputs(t)) {
    if (!f)
      return eqc_rt_bilinear_backward(
          (const eqc_bilinear *)(const void *)t->kernel, t->n, t->batch, x, z,
          w, y, gx, gz, gw, gb);
    return sized
               ? ((backward2_n *)f)(t->n, t->batch, x, z, w, y, gx, gz, gw, gb)
               : ((backward2_0 *)f)(t->batch, x, z, w, y, gx, gz, gw, gb);
  }
  if (!f)
    return eqc_rt_backward(t->kernel, t->n, t->batch, x, w, y, gx, gw, gb);
  return sized ? ((backward_n *)f)(t->n, t->batch, x, w, y, gx, gw, gb)
               : ((backward_0 *)f)(t->batch, x, w, y, gx, gw, gb);
}

static int call_pack(const selftest *t) {
  if (t->layer && t->layer->pack)
    return ((int (*)(const void *, void *))t->layer->pack)(t->array[WEIGHT],
                                                           t->array[PACKED]);
  return eqc_rt_pack(t->kernel, -1, t->array[WEIGHT], t->array[PACKED]);
}

/*===-- Data
 * ---------------------------------------------------------------===*/

/* Integers from -size to size without 0. */
static void fill(selftest *t, int array) {
  int64_t i;
  for (i = 0; i < t->elements[array]; ++i) {
    const uint64_t r = eqc_rt_random(&t->random);
    const double v = (double)(1 + (int64_t)(r >> 8) % t->size);
    put(t, array, i, r & 1 ? v : -v);
  }
}

/* What no kernel leaves where it is to write. */
static void spoil(selftest *t, int array) {
  memset(t->array[array], 0xff, bytes_of(t, array));
}

static int all_written(selftest *t, int array) {
  int64_t i;
  for (i = 0; i < t->elements[array]; ++i)
    if (!isfinite(get(t, array, i)))
      return wrong(t, "element %lld of %s is not written, or not finite",
                   (long long)i, names[array]);
  return EQC_OK;
}

/* The tensor of an array, for the definition to read or to compare with. */
static eqc_rt_tensor tensor_of(const selftest *t, int row, int array) {
  eqc_rt_tensor tensor = t->d.row[row];
  tensor.data = t->array[array];
  return tensor;
}

/* Which positions of every sample are compared: all, or one of each of as many
   stretches as the work allows; the last one is among them. */
static void choose_positions(selftest *t, int row) {
  const int64_t all = t->d.row[row].positions;
  int64_t count = all, i;
  while (count > 2 &&
         (double)t->batch * eqc_rt_evaluation_cost(&t->d, row, count) >
             ARRAY_WORK)
    count = count / 2;
  for (i = 0; i < count; ++i) {
    const int64_t first = (int64_t)((double)all * (double)i / (double)count);
    const int64_t end =
        i + 1 == count
            ? all
            : (int64_t)((double)all * (double)(i + 1) / (double)count);
    t->positions[row][i] =
        i + 1 == count
            ? all - 1
            : first + (int64_t)(eqc_rt_random(&t->random) %
                                (uint64_t)(end > first ? end - first : 1));
  }
  t->count[row] = count;
}

/*===-- Comparisons
 * --------------------------------------------------------===*/

/* The largest difference so far, and the largest number. */
typedef struct comparison {
  double error, largest, got, expected;
  int64_t sample, position, channel;
} comparison;

static void compare(comparison *c, double got, double expected, int64_t sample,
                    int64_t position, int64_t channel) {
  const double error = fabs(got - expected);
  if (fabs(expected) > c->largest)
    c->largest = fabs(expected);
  if (error > c->error || error != error) {
    c->error = error == error ? error : INFINITY;
    c->got = got;
    c->expected = expected;
    c->sample = sample;
    c->position = position;
    c->channel = channel;
  }
}

static int judge(selftest *t, const comparison *c, const char *what,
                 int exact) {
  if (c->error <= (exact ? 0 : t->tolerance * c->largest))
    return EQC_OK;
  return wrong(t, "%s[%lld, %lld, %lld] is %.9g, not %.9g", what,
               (long long)c->sample, (long long)c->position,
               (long long)c->channel, c->got, c->expected);
}

/* An array of a call, at the chosen positions of all samples. */
static int compare_row(selftest *t, int row, int array, int exact) {
  const eqc_rt_tensor tensor = tensor_of(t, row, array);
  const int forward = row == EQC_RT_ROW_Y;
  comparison worst = {0};
  int64_t b, i, c;
  eqc_rt_definition d = t->d;
  d.row[EQC_RT_ROW_X].data = t->array[X];
  d.row[EQC_RT_ROW_Z].data = t->array[Z];
  d.row[EQC_RT_ROW_Y].data = t->array[GRAD_Y];
  for (b = 0; b < t->batch; ++b) {
    eqc_rt_evaluate(&d, row, b, t->positions[row], t->count[row],
                    t->array[WEIGHT], t->out, NULL, t->room);
    for (i = 0; i < t->count[row]; ++i) {
      double *out = t->out + i * tensor.channels;
      const int64_t position = t->positions[row][i];
      if (forward)
        eqc_rt_evaluate_bias(&d, b, position, t->array[BIAS], out, NULL);
      for (c = 0; c < tensor.channels; ++c)
        compare(&worst,
                get(t, array,
                    b * tensor.sample + position * tensor.step +
                        c * tensor.channel),
                eqc_rt_rounded(&t->d, out[c]), b, position, c);
    }
  }
  t->entries += t->batch * t->count[row] * tensor.channels;
  return judge(t, &worst, names[array], exact);
}

/* The gradients of weight and bias, all of them; grad_y is zero but at the
   chosen positions. */
static int compare_sums(selftest *t) {
  const int64_t weights = t->elements[WEIGHT], biases = t->elements[BIAS];
  comparison worst = {0}, of_bias = {0};
  int64_t b, i;
  int status;
  eqc_rt_definition d = t->d;
  d.row[EQC_RT_ROW_X].data = t->array[X];
  d.row[EQC_RT_ROW_Z].data = t->array[Z];
  d.row[EQC_RT_ROW_Y].data = t->array[GRAD_Y];
  memset(t->gradient, 0, (size_t)(weights + biases) * sizeof *t->gradient);
  for (b = 0; b < t->batch; ++b) {
    eqc_rt_evaluate(&d, EQC_RT_ROW_Y, b, t->positions[EQC_RT_ROW_Y],
                    t->count[EQC_RT_ROW_Y], NULL, NULL, t->gradient, t->room);
    for (i = 0; i < t->count[EQC_RT_ROW_Y]; ++i)
      eqc_rt_evaluate_bias(&d, b, t->positions[EQC_RT_ROW_Y][i], NULL, NULL,
                           t->gradient + weights);
  }
  for (i = 0; i < weights; ++i)
    compare(&worst, get(t, GRAD_WEIGHT, i), t->gradient[i], 0, 0, i);
  for (i = 0; i < biases; ++i)
    compare(&of_bias, get(t, GRAD_BIAS, i), t->gradient[weights + i], 0, 0, i);
  t->entries += weights + biases;
  status = judge(t, &worst, "grad_weight", t->exact);
  return status != EQC_OK ? status : judge(t, &of_bias, "grad_bias", t->exact);
}

/* <a, b>, and the sum of the absolute products. */
static double dot(const selftest *t, int a, int b, double *all) {
  double sum = 0;
  int64_t i;
  for (i = 0; i < t->elements[a]; ++i) {
    const double v = get(t, a, i) * get(t, b, i);
    sum += v;
    *all += fabs(v);
  }
  return sum;
}

/* <grad_y, y> is what each gradient makes with its array, and the bias's. */
static int adjoint(selftest *t) {
  static const int of[3][2] = {{X, GRAD_X}, {Z, GRAD_Z}, {WEIGHT, GRAD_WEIGHT}};
  double all = 0, y = dot(t, Y, GRAD_Y, &all);
  int i;
  y -= dot(t, BIAS, GRAD_BIAS, &all);
  for (i = 0; i < 3; ++i) {
    double size = all, sum;
    if (i == 1 && !two_inputs(t))
      continue;
    sum = dot(t, of[i][0], of[i][1], &size);
    const int exact = t->exact && t->d.storage == EQC_RT_AS_COMPUTED;
    if (!(fabs(y - sum) <= (exact ? 1e-13 : t->tolerance) * size))
      return wrong(t, "<grad_y, y> is %.9g, but <%s, %s> is %.9g", y,
                   names[of[i][0]], names[of[i][1]], sum);
  }
  return EQC_OK;
}

/* Puts `from`, moved by the element, into `to`. */
static void move(selftest *t, int row, int from, int to) {
  const eqc_rt_tensor *r = &t->d.row[row];
  int64_t p, b, c;
  for (p = 0; p < r->positions; ++p) {
    int sign;
    const int64_t image = eqc_rt_move(&t->d, &t->element, row, p, &sign);
    for (b = 0; b < t->batch; ++b)
      for (c = 0; c < r->channels; ++c) {
        const int64_t at = b * r->sample + c * r->channel;
        put(t, to, at + image * r->step, sign * get(t, from, at + p * r->step));
      }
  }
}

/* One gradient alone has the bits that it has beside the others. */
static int alone(selftest *t) {
  static const int arrays[] = {GRAD_X, GRAD_Z, GRAD_WEIGHT, GRAD_BIAS};
  int i, status;
  for (i = 0; i < 4; ++i) {
    void *room = i < 2 ? (void *)t->array[MOVED_X + i] : (void *)t->gradient;
    const int array = arrays[i];
    if (t->elements[array] == 0 || (array == GRAD_Z && !two_inputs(t)))
      continue;
    status = call_backward(
        t, array == GRAD_X ? room : NULL, array == GRAD_Z ? room : NULL,
        array == GRAD_WEIGHT ? room : NULL, array == GRAD_BIAS ? room : NULL);
    if (status != EQC_OK)
      return status;
    if (memcmp(room, t->array[array], bytes_of(t, array)) != 0)
      return wrong(t, "%s alone has other bits than beside the others",
                   names[array]);
  }
  return EQC_OK;
}

static int equivariant(selftest *t) {
  const eqc_rt_tensor *y = &t->d.row[EQC_RT_ROW_Y];
  comparison worst = {0};
  int64_t p, b, c;
  int status;
  eqc_rt_draw_element(&t->d, &t->element, &t->random);
  move(t, EQC_RT_ROW_X, X, MOVED_X);
  if (two_inputs(t))
    move(t, EQC_RT_ROW_Z, Z, MOVED_Z);
  spoil(t, OTHER_Y);
  status = call_forward(t, MOVED_X, MOVED_Z, WEIGHT, OTHER_Y);
  if (status != EQC_OK)
    return status;
  for (p = 0; p < y->positions; ++p) {
    int sign;
    const int64_t image =
        eqc_rt_move(&t->d, &t->element, EQC_RT_ROW_Y, p, &sign);
    for (b = 0; b < t->batch; ++b)
      for (c = 0; c < y->channels; ++c) {
        const int64_t at = b * y->sample + c * y->channel;
        compare(&worst, get(t, OTHER_Y, at + image * y->step),
                sign * get(t, Y, at + p * y->step), b, image, c);
      }
  }
  worst.largest *= 4;
  return judge(t, &worst, "with x moved by an element of the group, y",
               t->exact);
}

/*===-- One call
 * -----------------------------------------------------------===*/

/* How large numbers may be for everything to be exact, or 0. Signs are random,
   so that sums are far smaller than their terms together. */
static int64_t exact_size(const selftest *t) {
  /* f16 ends at 65504. */
  const double limit = t->d.is_double               ? 0x1p50
                       : t->d.storage == EQC_RT_F16 ? 0x1p15
                                                    : 0x1p21;
  const int factors = two_inputs(t) ? 3 : 2;
  double most = eqc_rt_most_terms(&t->d, EQC_RT_ROW_Y);
  int64_t size;
  if (t->info->has_backward) {
    most = fmax(most, eqc_rt_most_terms(&t->d, EQC_RT_ROW_X));
    if (two_inputs(t))
      most = fmax(most, eqc_rt_most_terms(&t->d, EQC_RT_ROW_Z));
    most = fmax(most, (double)t->batch * eqc_rt_most_terms(&t->d, EQC_RT_ROWS));
  }
  for (size = 3; size > 0; --size) {
    const double one =
        factors == 3 ? (double)(size * size * size) : (double)(size * size);
    if (fmin(most, 16 * sqrt(most)) * one <= limit)
      return size;
  }
  return 0;
}

static int try_call(selftest *t) {
  const int exact_plan = strcmp(t->info->plan, "schur") != 0 &&
                         !strcmp(t->info->normalize, "none");
  int64_t i, c;
  int status, r;
  t->size = exact_size(t);
  t->exact = exact_plan && t->size > 0;
  if (t->size == 0)
    t->size = 1;
  t->tolerance = t->d.is_double ? TOLERANCE_F64 : TOLERANCE_F32;
  if (t->d.storage != EQC_RT_AS_COMPUTED)
    /* What is beside a tie on either side is rounded a whole unit apart. */
    t->tolerance += t->d.storage == EQC_RT_BF16 ? 0x1p-7 : 0x1p-10;
  for (i = X; i <= BIAS; ++i)
    fill(t, (int)i);
  if (!two_inputs(t))
    put(t, Z, 0, 1);
  eqc_rt_symmetrize(&t->d, t->array[X], t->batch, t->signs, t->orbit);
  for (r = 0; r < EQC_RT_ROWS; ++r)
    choose_positions(t, r);

  spoil(t, Y);
  status = call_forward(t, X, Z, WEIGHT, Y);
  if (status == EQC_OK)
    status = all_written(t, Y);
  if (status == EQC_OK)
    status = compare_row(t, EQC_RT_ROW_Y, Y, t->exact);
  if (status == EQC_OK)
    status = equivariant(t);
  if (status == EQC_OK && t->elements[PACKED] > 0) {
    spoil(t, OTHER_Y);
    spoil(t, PACKED);
    status = call_pack(t);
    if (status == EQC_OK)
      status = call_forward(t, X, Z, PACKED, OTHER_Y);
    if (status == EQC_OK &&
        memcmp(t->array[Y], t->array[OTHER_Y], bytes_of(t, Y)) != 0)
      status = wrong(t, "packed weights make y of other bits");
  }
  if (status != EQC_OK || !t->info->has_backward)
    return status;

  if (t->count[EQC_RT_ROW_Y] == t->d.row[EQC_RT_ROW_Y].positions) {
    fill(t, GRAD_Y);
  } else {
    const eqc_rt_tensor *y = &t->d.row[EQC_RT_ROW_Y];
    int64_t b;
    fill(t, OTHER_Y);
    memset(t->array[GRAD_Y], 0, bytes_of(t, GRAD_Y));
    for (b = 0; b < t->batch; ++b)
      for (i = 0; i < t->count[EQC_RT_ROW_Y]; ++i)
        for (c = 0; c < y->channels; ++c) {
          const int64_t at = b * y->sample +
                             t->positions[EQC_RT_ROW_Y][i] * y->step +
                             c * y->channel;
          put(t, GRAD_Y, at, get(t, OTHER_Y, at));
        }
  }
  for (i = GRAD_X; i <= GRAD_BIAS; ++i)
    spoil(t, (int)i);
  status = call_backward(t, t->array[GRAD_X], t->array[GRAD_Z],
                         t->array[GRAD_WEIGHT],
                         t->elements[BIAS] ? t->array[GRAD_BIAS] : NULL);
  for (i = GRAD_X; i <= GRAD_BIAS && status == EQC_OK; ++i)
    if (i != GRAD_Z || two_inputs(t))
      status = all_written(t, (int)i);
  /* The gradients of inputs may have a plan of their own, and their roundings.
   */
  if (status == EQC_OK)
    status = compare_row(t, EQC_RT_ROW_X, GRAD_X, 0);
  if (status == EQC_OK && two_inputs(t))
    status = compare_row(t, EQC_RT_ROW_Z, GRAD_Z, 0);
  if (status == EQC_OK)
    status = compare_sums(t);
  if (status == EQC_OK)
    status = adjoint(t);
  return status == EQC_OK ? alone(t) : status;
}

/*===-- All calls
 * ----------------------------------------------------------===*/

static void lay_out(selftest *t, eqc_rt_arrays *arrays) {
  const eqc_layer_info *info = t->info;
  const eqc_rt_tensor *row = t->d.row;
  const int64_t size = t->kernel->element_bytes;
  int64_t most_room = 0, most_out = 0, element = eqc_rt_element_size(&t->d);
  int i;
  t->elements[X] = t->elements[GRAD_X] = t->elements[MOVED_X] =
      t->batch * row[EQC_RT_ROW_X].sample;
  t->elements[Z] = t->elements[GRAD_Z] = t->elements[MOVED_Z] =
      two_inputs(t) ? t->batch * row[EQC_RT_ROW_Z].sample : 1;
  t->elements[Y] = t->elements[GRAD_Y] = t->elements[OTHER_Y] =
      t->batch * row[EQC_RT_ROW_Y].sample;
  t->elements[WEIGHT] = t->elements[GRAD_WEIGHT] = info->weight_size;
  t->elements[BIAS] = t->elements[GRAD_BIAS] = info->bias_size;
  for (i = 0; i < NUM_ARRAYS; ++i)
    t->array[i] =
        eqc_rt_arrays_take(arrays, (int64_t)bytes_of(t, i),
                           is_stored(t, i) ? (int64_t)sizeof(uint16_t) : size);
  for (i = 0; i < EQC_RT_ROWS; ++i) {
    const int64_t room = eqc_rt_evaluation_room(&t->d, i, row[i].positions);
    most_room = room > most_room ? room : most_room;
    most_out = row[i].sample > most_out ? row[i].sample : most_out;
    t->positions[i] = eqc_rt_arrays_take(arrays, row[i].positions * 8, 8);
  }
  t->room = eqc_rt_arrays_take(arrays, most_room * 8, 8);
  t->out = eqc_rt_arrays_take(arrays, most_out * 8, 8);
  /* That of a weight or a bias alone, of the kernel, too. */
  t->gradient =
      eqc_rt_arrays_take(arrays, (info->weight_size + info->bias_size) * 8, 8);
  t->element.to = eqc_rt_arrays_take(arrays, element * 8, 8);
  t->element.sign = eqc_rt_arrays_take(arrays, element, 1);
  t->signs = eqc_rt_arrays_take(arrays, row[EQC_RT_ROW_X].positions, 1);
  t->orbit = eqc_rt_arrays_take(arrays, row[EQC_RT_ROW_X].positions * 8, 8);
}

/* The elements of a call's arrays, in doubles since they may not exist. */
static double elements_of(const selftest *t, int64_t batch) {
  const eqc_rt_tensor *row = t->d.row;
  return (double)batch * ((double)row[EQC_RT_ROW_X].sample +
                          (double)row[EQC_RT_ROW_Y].sample +
                          (double)row[EQC_RT_ROW_Z].sample) +
         (double)t->info->weight_size;
}

/* The operations that the definition takes at least for a sample. */
static double least_work(const selftest *t) {
  double work = eqc_rt_evaluation_cost(&t->d, EQC_RT_ROW_Y, 2);
  if (t->info->has_backward) {
    work += eqc_rt_evaluation_cost(&t->d, EQC_RT_ROW_X, 2);
    if (two_inputs(t))
      work += eqc_rt_evaluation_cost(&t->d, EQC_RT_ROW_Z, 2);
  }
  return work;
}

/* The n of a call in which the sizes are about as large as n. */
static int64_t n_about(selftest *t, int64_t n) {
  const eqc_layer_info *info = t->info;
  int64_t s, i = 0;
  if (info->n == -1)
    t->sizes[0] = n;
  for (s = 0; info->n == -2 && s < info->spaces; ++s)
    if (info->space[s].n < 0) {
      /* No two are the same. */
      t->sizes[i] = (n + i) * eqc_rt_unit_of(&info->space[s]);
      ++i;
    }
  return eqc_rt_n_of(info, t->sizes);
}

/* One n and batch, the batch smaller where arrays would be large; no call at
   all where even one sample is too large. */
static int try_case(selftest *t, int64_t n, int64_t batch) {
  eqc_rt_arrays arrays;
  double work, most;
  int status, r;
  t->n = n_about(t, n);
  status = eqc_rt_define(&t->d, t->info, t->n);
  if (status != EQC_OK)
    return status;
  if (elements_of(t, 1) > (double)MOST_ELEMENTS || least_work(t) > SAMPLE_WORK)
    return EQC_OK;
  most = fmin(((double)CALL_ELEMENTS - (double)t->info->weight_size) /
                  (elements_of(t, 1) - (double)t->info->weight_size),
              (batch > 64 ? LONG_WORK : SAMPLE_WORK) / least_work(t));
  if ((double)batch > most)
    batch = most < 1 ? 1 : (int64_t)most;
  t->batch = batch;
  work = (double)batch * least_work(t);
  for (r = 0; r < EQC_RT_ROWS; ++r)
    work += fmin(ARRAY_WORK,
                 (double)batch *
                     eqc_rt_evaluation_cost(&t->d, r, t->d.row[r].positions));
  if (t->calls > 0 && t->work + work > ALL_WORK)
    return EQC_OK;
  t->work += work;
  eqc_rt_arrays_begin(&arrays, t->info->name, t->calls % 2 == 0);
  lay_out(t, &arrays);
  status = arrays.status;
  if (status == EQC_OK)
    status = try_call(t);
  eqc_rt_arrays_end(&arrays);
  ++t->calls;
  return status;
}

/* The largest power of two times `unit` whose sample is small enough. */
static int64_t long_size(selftest *t, int64_t unit) {
  int64_t n = 2 * unit;
  while (n < ((int64_t)1 << 20) &&
         eqc_rt_define(&t->d, t->info, n_about(t, 2 * n)) == EQC_OK &&
         elements_of(t, 1) <= (double)CALL_ELEMENTS &&
         least_work(t) <= LONG_WORK)
    n *= 2;
  return n;
}

static int try_cases(selftest *t) {
  static const int64_t batches[] = {3, 1, 8, 17}, sizes[] = {3, 5, 2, 8, 13, 1};
  const eqc_layer_info *info = t->info;
  const int64_t unit = t->kernel->size_unit > 1 ? t->kernel->size_unit : 1;
  const int sized = eqc_rt_num_sizes(info) > 0;
  size_t i, count = sized ? 6 : 4;
  int status = EQC_OK;
  for (i = 0; i < count && status == EQC_OK; ++i)
    status = try_case(t, sized ? unit * sizes[i] : info->n, batches[i % 4]);
  if (status == EQC_OK && sized) {
    const int64_t n = long_size(t, unit);
    status = try_case(t, n, 1);
    if (status == EQC_OK)
      status = try_case(t, n - unit, 1);
  }
  if (status == EQC_OK)
    status = try_case(t, sized ? 2 * unit : info->n, (int64_t)1 << 18);
  if (status == EQC_OK && info->batch > 0)
    status = try_case(t, sized ? unit * sizes[0] : info->n, info->batch);
  return status;
}

/* Whether or not the object exports functions for them: the runtime has all. */
static int try_ragged(selftest *t) {
  const int exact = strcmp(t->info->plan, "schur") != 0 &&
                    !strcmp(t->info->normalize, "none");
  char what[200];
  int status;
  if (t->info->n != -1 || two_inputs(t) || t->calls == 0)
    return EQC_OK;
  status =
      eqc_rt_selftest_ragged(t->kernel, exact, t->tolerance, what, sizeof what);
  return *what ? wrong(t, "%s", what) : status;
}

static int try_variants(selftest *t) {
  const eqc_kernel *whole = t->kernel;
  const eqc_variant *chosen = eqc_rt_choose(whole);
  int64_t i;
  int status = EQC_OK;
  union {
    eqc_kernel kernel;
    eqc_bilinear bilinear;
  } one;
  if (!chosen)
    return eqc_rt_fail(EQC_ERR_UNSUPPORTED_CPU,
                       "%s_selftest: this CPU lacks instructions the layer was "
                       "compiled for",
                       t->info->name);
  /* As programs call it, then the code for lesser CPUs. */
  t->variants = chosen - whole->variants;
  t->elements[PACKED] = eqc_rt_packed_bytes(whole) / whole->element_bytes;
  status = try_cases(t);
  if (status == EQC_OK)
    status = try_ragged(t);
  t->layer = NULL;
  for (i = 0; i < whole->num_variants && status == EQC_OK; ++i) {
    int64_t word = 0;
    if (whole->variants + i == chosen)
      continue;
    if (two_inputs(t)) {
      one.bilinear = *(const eqc_bilinear *)(const void *)whole;
      if (one.bilinear.gradients)
        one.bilinear.gradients += i;
    } else {
      one.kernel = *whole;
      if (one.kernel.gradients)
        one.kernel.gradients += i;
    }
    one.kernel.variants += i;
    one.kernel.num_variants = 1;
    one.kernel.chosen = &word;
    t->kernel = &one.kernel;
    if (!eqc_rt_choose(t->kernel))
      continue;
    t->variants = i;
    t->work = 0;
    t->elements[PACKED] = eqc_rt_packed_bytes(t->kernel) / whole->element_bytes;
    status = try_cases(t);
    t->kernel = whole;
  }
  t->kernel = whole;
  return status;
}

int eqc_rt_selftest(const eqc_selftest *layer, char *report, size_t size) {
  selftest t;
  int status = eqc_rt_check_abi("layer", layer->abi, layer->struct_size,
                                sizeof(eqc_selftest));
  if (size > 0 && report)
    *report = 0;
  if (status == EQC_OK)
    status = eqc_rt_check_abi("layer", layer->kernel->abi,
                              layer->kernel->struct_size, sizeof(eqc_kernel));
  if (status != EQC_OK)
    return status;
  memset(&t, 0, sizeof t);
  t.layer = layer;
  t.kernel = layer->kernel;
  t.info = layer->kernel->info;
  t.report = report;
  t.left = report ? size : 0;
  t.random = 1;
  status = try_variants(&t);
  if (status == EQC_OK && t.calls == 0)
    status = eqc_rt_fail(EQC_ERR_SIZE,
                         "%s_selftest: the layer is too large to be tested in "
                         "a second",
                         t.info->name);
  if (status == EQC_OK)
    say(&t,
        "%s: OK: %lld calls agree with the definition at %lld entries "
        "(plan %s, eqc %s)\n",
        t.info->name, (long long)t.calls, (long long)t.entries, t.info->plan,
        t.info->version);
  else if (status != EQC_ERR_SELFTEST)
    say(&t, "%s: NOT TESTED: %s\n", t.info->name, eqc_last_error());
  return status;
}
