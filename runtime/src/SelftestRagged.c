/*===- SelftestRagged.c - Samples of different sizes ---------------- C99 -===*\
|*                                                                            *|
|* Packed and padded batches against calls with one sample, which Selftest.c  *|
|* has compared with the definition: y, grad_x, and the gradients of weight   *|
|* and bias as sums over the samples. What lies outside of padded samples is  *|
|* NaN before, and zero in what was written.                                  *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Call.h"
#include "Definition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BATCH = 4 };
#define MOST_ELEMENTS ((double)(1 << 20))

typedef struct ragged {
  const eqc_kernel *kernel;
  const eqc_layer_info *info;
  int64_t n[BATCH], extent;
  int exact;        /* numbers are equal, but for those of grad_x, which may */
  double tolerance; /* have a plan of its own */
  char *what;       /* is wrong, with room for `room` */
  size_t room;
} ragged;

static double get(const ragged *r, const void *array, int64_t i) {
  return r->kernel->element_bytes == 8 ? ((const double *)array)[i]
                                       : (double)((const float *)array)[i];
}

static void put(const ragged *r, void *array, int64_t i, double v) {
  if (r->kernel->element_bytes == 8)
    ((double *)array)[i] = v;
  else
    ((float *)array)[i] = (float)v;
}

/* The same of x, y and their gradients, which may lie in memory in 16 bits. */
static int64_t stored_bytes(const ragged *r) {
  return eqc_rt_storage_of(r->info) == EQC_RT_AS_COMPUTED
             ? r->kernel->element_bytes
             : (int64_t)sizeof(uint16_t);
}

static double get_stored(const ragged *r, const void *array, int64_t i) {
  const int storage = eqc_rt_storage_of(r->info);
  return storage == EQC_RT_AS_COMPUTED
             ? get(r, array, i)
             : (double)eqc_rt_widened(storage, ((const uint16_t *)array)[i]);
}

static void put_stored(const ragged *r, void *array, int64_t i, double v) {
  const int storage = eqc_rt_storage_of(r->info);
  if (storage == EQC_RT_AS_COMPUTED)
    put(r, array, i, v);
  else
    ((uint16_t *)array)[i] = eqc_rt_narrowed(storage, (float)v);
}

static void *at(const ragged *r, void *array, int64_t i) {
  return (char *)array + i * stored_bytes(r);
}

static int64_t power(int64_t n, int64_t order) {
  int64_t result = 1;
  for (; order > 0; --order)
    result *= n;
  return result;
}

static void fill(const ragged *r, void *array, int64_t count, uint64_t *random,
                 void (*put_in)(const ragged *, void *, int64_t, double)) {
  int64_t i;
  for (i = 0; i < count; ++i)
    put_in(r, array, i, (double)(eqc_rt_random(random) % 5) - 2);
}

/* Copies samples between packed and padded arrays. */
static void exchange(const ragged *r, int64_t order, int64_t channels,
                     void *packed, void *padded, int to_padded) {
  const int last = !strcmp(r->info->layout, "channels_last");
  const int64_t all = power(r->extent, order);
  int64_t b, p, c, first = 0;
  for (b = 0; b < BATCH; ++b) {
    const int64_t positions = power(r->n[b], order);
    for (p = 0; p < positions; ++p) {
      int64_t left = p, image = 0, scale = 1, a;
      for (a = 0; a < order; ++a) {
        image += left % r->n[b] * scale;
        left /= r->n[b];
        scale *= r->extent;
      }
      for (c = 0; c < channels; ++c) {
        const int64_t from =
            first + (last ? p * channels + c : c * positions + p);
        const int64_t to = b * all * channels +
                           (last ? image * channels + c : c * all + image);
        if (to_padded)
          put_stored(r, padded, to, get_stored(r, packed, from));
        else
          put_stored(r, packed, from, get_stored(r, padded, to));
      }
    }
    first += positions * channels;
  }
}

static int compare(ragged *r, const char *what, const void *got,
                   const void *expected, int64_t count, int exact,
                   double (*get_of)(const ragged *, const void *, int64_t)) {
  const double tolerance = exact ? 0 : r->tolerance;
  double largest = 0;
  int64_t i;
  for (i = 0; i < count; ++i)
    largest = fmax(largest, fabs(get_of(r, expected, i)));
  for (i = 0; i < count; ++i) {
    const double difference = fabs(get_of(r, got, i) - get_of(r, expected, i));
    if (difference <= tolerance * largest)
      continue;
    snprintf(r->what, r->room, "element %lld of %s is %.9g, not %.9g",
             (long long)i, what, get_of(r, got, i), get_of(r, expected, i));
    return EQC_ERR_SELFTEST;
  }
  return EQC_OK;
}

/* Whether as much of a padded array is zero as lies outside of the samples. */
static int zero_outside(ragged *r, const char *what, int64_t order,
                        int64_t channels, void *padded, void *zeros) {
  const int64_t count = BATCH * power(r->extent, order) * channels;
  int64_t i, size = 0;
  for (i = 0; i < BATCH; ++i)
    size += power(r->n[i], order) * channels;
  memset(zeros, 0, (size_t)(size * stored_bytes(r)));
  exchange(r, order, channels, zeros, padded, /*to_padded=*/1);
  for (i = 0; i < count; ++i)
    if (get_stored(r, padded, i) != 0) {
      snprintf(r->what, r->room, "element %lld of %s is not zero", (long long)i,
               what);
      return EQC_ERR_SELFTEST;
    }
  return EQC_OK;
}

/* The arrays of all samples. */
typedef struct arrays {
  int64_t x_size, y_size, padded_x, padded_y;
  void *x, *y, *grad_y, *grad_x, *weight, *bias, *grad_weight, *grad_bias;
  void *expected_y, *expected_x, *expected_weight, *expected_bias;
  void *wide_x, *wide_grad_x, *wide_y, *got;
} arrays;

static void lay_out(const ragged *r, arrays *m, eqc_rt_arrays *memory) {
  const int64_t size = r->kernel->element_bytes, stored = stored_bytes(r);
  const int64_t w = r->info->weight_size * size, b = r->info->bias_size * size;
  m->x = eqc_rt_arrays_take(memory, m->x_size * stored, stored);
  m->y = eqc_rt_arrays_take(memory, m->y_size * stored, stored);
  m->grad_y = eqc_rt_arrays_take(memory, m->y_size * stored, stored);
  m->grad_x = eqc_rt_arrays_take(memory, m->x_size * stored, stored);
  m->weight = eqc_rt_arrays_take(memory, w, size);
  m->bias = eqc_rt_arrays_take(memory, b, size);
  m->grad_weight = eqc_rt_arrays_take(memory, w, size);
  m->grad_bias = eqc_rt_arrays_take(memory, b, size);
  m->expected_y = eqc_rt_arrays_take(memory, m->y_size * stored, stored);
  m->expected_x = eqc_rt_arrays_take(memory, m->x_size * stored, stored);
  m->expected_weight = eqc_rt_arrays_take(memory, w, size);
  m->expected_bias = eqc_rt_arrays_take(memory, b, size);
  m->wide_x = eqc_rt_arrays_take(memory, m->padded_x * stored, stored);
  /* Where nothing reads x for its gradient, that takes its place. */
  m->wide_grad_x =
      eqc_rt_pools(r->kernel)
          ? eqc_rt_arrays_take(memory, m->padded_x * stored, stored)
          : m->wide_x;
  m->wide_y = eqc_rt_arrays_take(memory, m->padded_y * stored, stored);
  m->got = eqc_rt_arrays_take(
      memory, (m->x_size > m->y_size ? m->x_size : m->y_size) * stored, stored);
}

/* One sample after the other. A sample of size 0 has no call: what is compared
   of it stays as `y` has it, for l = 0. */
static int call_alone(const ragged *r, const arrays *m) {
  const eqc_layer_info *info = r->info;
  int64_t x = 0, y = 0, b, i;
  int status = EQC_OK;
  for (i = 0; i < info->weight_size; ++i)
    put(r, m->expected_weight, i, 0);
  for (i = 0; i < info->bias_size; ++i)
    put(r, m->expected_bias, i, 0);
  for (b = 0; b < BATCH && status == EQC_OK; ++b) {
    const int64_t n = r->n[b];
    const int64_t in = power(n, info->k) * info->c_in;
    const int64_t out = power(n, info->l) * info->c_out;
    if (n == 0) {
      memcpy(at(r, m->expected_y, y), at(r, m->y, y),
             (size_t)(out * stored_bytes(r)));
      for (i = 0; i < out; ++i) /* of l = 0: it has no part in the sums */
        put_stored(r, m->grad_y, y + i, 0);
      for (i = 0; i < in; ++i) /* of k = 0, for that grad_y */
        put_stored(r, m->expected_x, x + i, 0);
    } else {
      status = eqc_rt_forward(r->kernel, n, 1, at(r, m->x, x), m->weight,
                              info->bias_size ? m->bias : NULL,
                              at(r, m->expected_y, y));
      if (status == EQC_OK && info->has_backward)
        status = eqc_rt_backward(r->kernel, n, 1, at(r, m->x, x), m->weight,
                                 at(r, m->grad_y, y), at(r, m->expected_x, x),
                                 m->grad_weight,
                                 info->bias_size ? m->grad_bias : NULL);
      for (i = 0; i < info->weight_size && info->has_backward; ++i)
        put(r, m->expected_weight, i,
            get(r, m->expected_weight, i) + get(r, m->grad_weight, i));
      for (i = 0; i < info->bias_size && info->has_backward; ++i)
        put(r, m->expected_bias, i,
            get(r, m->expected_bias, i) + get(r, m->grad_bias, i));
    }
    x += in;
    y += out;
  }
  return status;
}

static int compare_gradients(ragged *r, const arrays *m, const void *grad_x) {
  int status = compare(r, "grad_x of samples of different sizes", grad_x,
                       m->expected_x, m->x_size, 0, get_stored);
  if (status == EQC_OK)
    status =
        compare(r, "grad_weight of samples of different sizes", m->grad_weight,
                m->expected_weight, r->info->weight_size, r->exact, get);
  if (status == EQC_OK)
    status = compare(r, "grad_bias of samples of different sizes", m->grad_bias,
                     m->expected_bias, r->info->bias_size, r->exact, get);
  return status;
}

static int call_packed(ragged *r, const arrays *m) {
  void *bias = r->info->bias_size ? m->bias : NULL;
  void *grad_bias = r->info->bias_size ? m->grad_bias : NULL;
  int status = eqc_rt_forward_ragged(r->kernel, BATCH, r->n, m->x, m->weight,
                                     bias, m->y);
  if (status == EQC_OK && r->info->has_backward)
    status =
        eqc_rt_backward_ragged(r->kernel, BATCH, r->n, m->x, m->weight,
                               m->grad_y, m->grad_x, m->grad_weight, grad_bias);
  if (status == EQC_OK)
    status = call_alone(r, m);
  if (status == EQC_OK)
    status = compare(r, "y of samples of different sizes", m->y, m->expected_y,
                     m->y_size, r->exact, get_stored);
  if (status != EQC_OK || !r->info->has_backward)
    return status;
  /* Again, since grad_y has changed. */
  status =
      eqc_rt_backward_ragged(r->kernel, BATCH, r->n, m->x, m->weight, m->grad_y,
                             m->grad_x, m->grad_weight, grad_bias);
  return status == EQC_OK ? compare_gradients(r, m, m->grad_x) : status;
}

static int call_padded(ragged *r, const arrays *m) {
  const eqc_layer_info *info = r->info;
  const int64_t size = stored_bytes(r);
  void *bias = info->bias_size ? m->bias : NULL;
  int status;
  memset(m->wide_x, 0xff, (size_t)(m->padded_x * size));
  memset(m->wide_y, 0xff, (size_t)(m->padded_y * size));
  exchange(r, info->k, info->c_in, m->x, m->wide_x, /*to_padded=*/1);
  status = eqc_rt_forward_padded(r->kernel, r->extent, BATCH, r->n, m->wide_x,
                                 m->weight, bias, m->wide_y);
  if (status != EQC_OK)
    return status;
  exchange(r, info->l, info->c_out, m->got, m->wide_y, /*to_padded=*/0);
  status = compare(r, "y of padded samples", m->got, m->expected_y, m->y_size,
                   r->exact, get_stored);
  if (status == EQC_OK)
    status = zero_outside(r, "y beside padded samples", info->l, info->c_out,
                          m->wide_y, m->got);
  if (status != EQC_OK || !info->has_backward)
    return status;
  memset(m->wide_y, 0xff, (size_t)(m->padded_y * size));
  exchange(r, info->l, info->c_out, m->grad_y, m->wide_y, /*to_padded=*/1);
  status = eqc_rt_backward_padded(r->kernel, r->extent, BATCH, r->n, m->wide_x,
                                  m->weight, m->wide_y, NULL, m->grad_weight,
                                  info->bias_size ? m->grad_bias : NULL);
  if (status == EQC_OK)
    status = eqc_rt_backward_padded(r->kernel, r->extent, BATCH, r->n,
                                    eqc_rt_pools(r->kernel) ? m->wide_x : NULL,
                                    m->weight, m->wide_y, m->wide_grad_x, NULL,
                                    NULL);
  if (status != EQC_OK)
    return status;
  exchange(r, info->k, info->c_in, m->got, m->wide_grad_x, /*to_padded=*/0);
  status = compare_gradients(r, m, m->got);
  return status == EQC_OK
             ? zero_outside(r, "grad_x beside padded samples", info->k,
                            info->c_in, m->wide_grad_x, m->got)
             : status;
}

int eqc_rt_selftest_ragged(const eqc_kernel *kernel, int exact,
                           double tolerance, char *what, size_t room) {
  static const int64_t sizes[BATCH] = {2, 0, 1, 3};
  const int64_t unit = kernel->size_unit > 1 ? kernel->size_unit : 1;
  const eqc_layer_info *info = kernel->info;
  eqc_rt_arrays memory;
  arrays m = {0};
  ragged r;
  uint64_t random = 1;
  int status, b;
  *what = 0;
  r.kernel = kernel;
  r.info = info;
  r.extent = 3 * unit;
  r.exact = exact;
  r.tolerance = tolerance;
  r.what = what;
  r.room = room;
  if (BATCH * (pow((double)r.extent, (double)info->k) * (double)info->c_in +
               pow((double)r.extent, (double)info->l) * (double)info->c_out) >
      MOST_ELEMENTS)
    return EQC_OK;
  for (b = 0; b < BATCH; ++b) {
    r.n[b] = unit * sizes[b];
    m.x_size += power(r.n[b], info->k) * info->c_in;
    m.y_size += power(r.n[b], info->l) * info->c_out;
  }
  m.padded_x = BATCH * power(r.extent, info->k) * info->c_in;
  m.padded_y = BATCH * power(r.extent, info->l) * info->c_out;
  eqc_rt_arrays_begin(&memory, info->name, /*at_end=*/1);
  lay_out(&r, &m, &memory);
  status = memory.status;
  if (status == EQC_OK) {
    fill(&r, m.x, m.x_size, &random, put_stored);
    fill(&r, m.grad_y, m.y_size, &random, put_stored);
    fill(&r, m.weight, info->weight_size, &random, put);
    fill(&r, m.bias, info->bias_size, &random, put);
    status = call_packed(&r, &m);
  }
  if (status == EQC_OK)
    status = call_padded(&r, &m);
  eqc_rt_arrays_end(&memory);
  return status;
}
