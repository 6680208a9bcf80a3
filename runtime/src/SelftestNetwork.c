/*===- SelftestNetwork.c - Does a network compute what it is? ------- C99 -===*\
|*                                                                            *|
|* Every layer is compared with its definition (Selftest.c). Then the network *|
|* is called in all the ways that there are, which have to agree to the last  *|
|* bit: with packed parameters, with a tape, gradients with it and without.   *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Definition.h"
#include "Network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Elements of all arrays of a call, at most; and its samples. */
#define MOST_ELEMENTS ((int64_t)1 << 22)
#define BATCH 3

enum { MOST_ARRAYS = 64, MOST_SPACES = 64 };

typedef struct forms {
  const eqc_network *network;
  int64_t sizes[MOST_SPACES];                /* of those given at run time */
  int64_t in[MOST_ARRAYS], out[MOST_ARRAYS]; /* elements */
  void *inputs[MOST_ARRAYS], *outputs[MOST_ARRAYS], *others[MOST_ARRAYS];
  void *grad_outputs[MOST_ARRAYS], *grads[MOST_ARRAYS], *grads2[MOST_ARRAYS];
  void *params, *packed, *grad_params, *grad_params2, *tape;
  int64_t tape_bytes;
} forms;

static int64_t elements_of(const forms *f, const eqc_tensor_info *tensor) {
  int64_t size = BATCH * tensor->channels, a;
  for (a = 0; a < tensor->order; ++a)
    if (__builtin_mul_overflow(
            size, eqc_rt_axis_length(f->network, f->sizes, tensor->axes[a]),
            &size) ||
        size > MOST_ELEMENTS)
      return MOST_ELEMENTS + 1;
  return size;
}

static void lay_out(forms *f, eqc_rt_arrays *arrays) {
  const eqc_network_info *info = f->network->info;
  const int64_t size = f->network->element_bytes;
  int64_t i;
  for (i = 0; i < info->inputs; ++i) {
    f->inputs[i] = eqc_rt_arrays_take(arrays, f->in[i] * size, size);
    f->grads[i] = eqc_rt_arrays_take(arrays, f->in[i] * size, size);
    f->grads2[i] = eqc_rt_arrays_take(arrays, f->in[i] * size, size);
  }
  for (i = 0; i < info->outputs; ++i) {
    f->outputs[i] = eqc_rt_arrays_take(arrays, f->out[i] * size, size);
    f->others[i] = eqc_rt_arrays_take(arrays, f->out[i] * size, size);
    f->grad_outputs[i] = eqc_rt_arrays_take(arrays, f->out[i] * size, size);
  }
  f->params = eqc_rt_arrays_take(arrays, info->params * size, size);
  f->grad_params = eqc_rt_arrays_take(arrays, info->params * size, size);
  f->grad_params2 = eqc_rt_arrays_take(arrays, info->params * size, size);
  f->packed = eqc_rt_arrays_take(arrays, info->packed_size * size, size);
  f->tape = eqc_rt_arrays_take(arrays, f->tape_bytes, EQC_RT_ALIGN);
}

/* Numbers of some eighths, so that nothing grows. */
static void fill(const forms *f, void *array, int64_t count, uint64_t *random) {
  int64_t i;
  for (i = 0; i < count; ++i) {
    const double v = (double)(eqc_rt_random(random) % 9) / 8 - 0.5;
    if (f->network->element_bytes == 8)
      ((double *)array)[i] = v;
    else
      ((float *)array)[i] = (float)v;
  }
}

/* Says what differs; EQC_OK where all arrays are the same bits. */
static int same(const forms *f, const char *what, void *const *a,
                void *const *b, const int64_t *elements, int64_t count) {
  int64_t i;
  for (i = 0; i < count; ++i)
    if (memcmp(a[i], b[i], (size_t)(elements[i] * f->network->element_bytes)) !=
        0)
      return eqc_rt_fail(EQC_ERR_SELFTEST, "%s_selftest: %s differ",
                         f->network->info->name, what);
  return EQC_OK;
}

static int all_finite(const forms *f) {
  int64_t i, e;
  for (i = 0; i < f->network->info->outputs; ++i)
    for (e = 0; e < f->out[i]; ++e)
      if (!isfinite(f->network->element_bytes == 8
                        ? ((double *)f->outputs[i])[e]
                        : (double)((float *)f->outputs[i])[e]))
        return eqc_rt_fail(EQC_ERR_SELFTEST,
                           "%s_selftest: element %lld of output %s is not "
                           "written, or not finite",
                           f->network->info->name, (long long)e,
                           f->network->info->output[i].name);
  return EQC_OK;
}

static int compare_forms(forms *f) {
  const eqc_network *network = f->network;
  const eqc_network_info *info = network->info;
  const void *const *inputs = (const void *const *)f->inputs;
  const void *const *grad_outputs = (const void *const *)f->grad_outputs;
  uint64_t random = 1;
  int64_t i;
  int status;
  for (i = 0; i < info->inputs; ++i)
    fill(f, f->inputs[i], f->in[i], &random);
  for (i = 0; i < info->outputs; ++i) {
    fill(f, f->grad_outputs[i], f->out[i], &random);
    memset(f->outputs[i], 0xff, (size_t)(f->out[i] * network->element_bytes));
  }
  fill(f, f->params, info->params, &random);
  status = eqc_rt_network_forward(network, f->sizes, BATCH, inputs, f->params,
                                  f->outputs);
  if (status == EQC_OK)
    status = all_finite(f);
  if (status == EQC_OK)
    status = eqc_rt_network_pack(network, f->params, f->packed);
  if (status == EQC_OK)
    status = eqc_rt_network_forward_packed(network, f->sizes, BATCH, inputs,
                                           f->packed, f->others);
  if (status == EQC_OK)
    status = same(f, "outputs with packed parameters", f->outputs, f->others,
                  f->out, info->outputs);
  if (status != EQC_OK || !info->has_backward)
    return status;
  status = eqc_rt_network_forward_tape(network, f->sizes, BATCH, inputs,
                                       f->params, f->others, f->tape);
  if (status == EQC_OK)
    status = same(f, "outputs with a tape", f->outputs, f->others, f->out,
                  info->outputs);
  if (status == EQC_OK)
    status =
        eqc_rt_network_backward(network, f->sizes, BATCH, inputs, f->params,
                                grad_outputs, NULL, f->grads, f->grad_params);
  if (status == EQC_OK)
    status = eqc_rt_network_backward(network, f->sizes, BATCH, inputs,
                                     f->params, grad_outputs, f->tape,
                                     f->grads2, f->grad_params2);
  if (status == EQC_OK)
    status = same(f, "gradients with a tape", f->grads, f->grads2, f->in,
                  info->inputs);
  return status == EQC_OK
             ? same(f, "gradients of parameters with a tape", &f->grad_params,
                    &f->grad_params2, &info->params, 1)
             : status;
}

/* EQC_ERR_SIZE where the network is too large. */
static int try_forms(const eqc_network *network) {
  const eqc_network_info *info = network->info;
  forms f;
  eqc_rt_arrays arrays;
  int64_t i, next = 0, total = info->params;
  int status;
  memset(&f, 0, sizeof f);
  f.network = network;
  if (info->inputs > MOST_ARRAYS || info->outputs > MOST_ARRAYS ||
      info->spaces > MOST_SPACES)
    return EQC_ERR_SIZE;
  for (i = 0; i < info->spaces; ++i) {
    const int64_t unit =
        network->size_units[i] > 1 ? network->size_units[i] : 1;
    if (info->space[i].n < 0)
      f.sizes[next++] = 3 * unit;
  }
  for (i = 0; i < info->inputs; ++i)
    total += f.in[i] = elements_of(&f, &info->input[i]);
  for (i = 0; i < info->outputs; ++i)
    total += f.out[i] = elements_of(&f, &info->output[i]);
  if (total > MOST_ELEMENTS)
    return EQC_ERR_SIZE;
  if (info->has_backward) {
    f.tape_bytes = eqc_rt_network_tape_size(network, f.sizes, BATCH);
    if (f.tape_bytes < 0)
      return (int)f.tape_bytes;
  }
  eqc_rt_arrays_begin(&arrays, info->name, /*at_end=*/1);
  lay_out(&f, &arrays);
  status = arrays.status == EQC_OK ? compare_forms(&f) : arrays.status;
  eqc_rt_arrays_end(&arrays);
  return status;
}

int eqc_rt_network_selftest(const eqc_network *network, char *report,
                            size_t size) {
  const eqc_network_info *info = network->info;
  int64_t i;
  size_t used = 0;
  int status = eqc_rt_check_abi("network", network->abi, network->struct_size,
                                sizeof(eqc_network));
  char none[1];
  if (!report || size == 0) {
    report = none;
    size = 1;
  }
  *report = 0;
  if (status != EQC_OK)
    return status;
  for (i = 0; i < info->layers && status == EQC_OK; ++i) {
    eqc_selftest layer = {
        sizeof layer, EQC_KERNEL_ABI, network->parts[i].kernel,
        NULL,         NULL,           NULL,
        NULL};
    status = eqc_rt_selftest(&layer, report + used, size - used);
    used += strlen(report + used);
  }
  if (status != EQC_OK)
    return status;
  status = try_forms(network);
  if (status == EQC_OK)
    snprintf(report + used, size - used,
             "%s: OK: all ways to call the network agree (eqc %s)\n",
             info->name, info->version);
  else if (status == EQC_ERR_SIZE)
    snprintf(report + used, size - used,
             "%s: OK: its layers; the network is too large to be called\n",
             info->name);
  else
    snprintf(report + used, size - used, "%s: FAILED: %s\n", info->name,
             eqc_last_error());
  return status == EQC_ERR_SIZE ? EQC_OK : status;
}
