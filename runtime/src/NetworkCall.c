/*===- NetworkCall.c - The checks and the memory of a network's call  C99 -===*\
|*                                                                            *|
|* As for layers, everything is checked and all memory acquired before        *|
|* anything is written. The block of samples is chosen by their sizes alone,  *|
|* so that results do not depend on threads.                                  *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Network.h"

#include <string.h>

/* Kernels work on so many samples at once, at most. */
#define MOST_SAMPLES 64
/* The sums of all slabs together, and how many slabs there are at most. */
#define MAX_SUMS ((int64_t)64 << 20)
#define LEAST_SLABS 4

/* The length of a space, of which those given at run time are in `sizes`. */
static int64_t size_of(const eqc_network_info *info, const int64_t *sizes,
                       int64_t space) {
  return info->space[space].n >= 0
             ? info->space[space].n
             : sizes[eqc_rt_size_number(info->space, space)];
}

int64_t eqc_rt_axis_length(const eqc_network *network, const int64_t *sizes,
                           int64_t axis) {
  const eqc_network_info *info = network->info;
  const int64_t space = axis % EQC_DUAL_AXIS;
  const eqc_network_sum *sum;
  int64_t i, length = 0;
  if (space < info->spaces)
    return size_of(info, sizes, space);
  sum = &network->sums[space - info->spaces];
  for (i = 0; i < sum->count; ++i)
    if (__builtin_add_overflow(length, size_of(info, sizes, sum->summands[i]),
                               &length))
      return INT64_MAX;
  return length;
}

int64_t eqc_rt_length(const eqc_rt_network *c, int64_t axis) {
  return eqc_rt_axis_length(c->network, c->sizes, axis);
}

int64_t eqc_rt_elements(const eqc_rt_network *c, int64_t value) {
  return c->bytes[value] / c->network->element_bytes;
}

int eqc_rt_network_null(const eqc_rt_network *c, const char *prefix,
                        const char *name) {
  return eqc_rt_fail(EQC_ERR_NULL, "%s_%s: '%s%s' is NULL", c->name, c->suffix,
                     prefix, name);
}

int eqc_rt_network_alias(const eqc_rt_network *c, const eqc_rt_extent *output,
                         const eqc_rt_extent *other) {
  if (!output->data || !other->data ||
      !eqc_rt_overlap(output->data, output->bytes, other->data, other->bytes))
    return EQC_OK;
  return eqc_rt_fail(EQC_ERR_ALIAS, "%s_%s: '%s%s' overlaps '%s%s'", c->name,
                     c->suffix, output->prefix, output->name, other->prefix,
                     other->name);
}

/*===-- Sizes
 * --------------------------------------------------------------===*/

static int check_sizes(const eqc_rt_network *c) {
  const eqc_network_info *info = c->network->info;
  int64_t i, next = 0;
  for (i = 0; i < info->spaces; ++i) {
    const int64_t unit = c->network->size_units[i];
    int64_t n;
    if (info->space[i].n >= 0)
      continue;
    n = c->sizes[next++];
    if (n < 1)
      return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: '%s' is %lld, must be at least 1",
                         c->name, c->suffix, info->space[i].name, (long long)n);
    if (unit > 1 && n % unit != 0)
      return eqc_rt_fail(EQC_ERR_ARG,
                         "%s_%s: '%s' is %lld, must be a multiple of %lld for "
                         "%s",
                         c->name, c->suffix, info->space[i].name, (long long)n,
                         (long long)unit, info->space[i].group);
  }
  if (c->batch < 0)
    return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: 'batch' is %lld, is below 0",
                       c->name, c->suffix, (long long)c->batch);
  return EQC_OK;
}

/* Bytes of one sample; 0 and *overflows where they, times the batch, are too
   many. */
static int64_t sample_bytes(const eqc_rt_network *c, int64_t value,
                            int *overflows) {
  const eqc_value *v = &c->network->values[value];
  int64_t bytes, all, a;
  int overflow =
      __builtin_mul_overflow(v->channels, c->network->element_bytes, &bytes);
  for (a = 0; a < v->order; ++a)
    overflow |=
        __builtin_mul_overflow(bytes, eqc_rt_length(c, v->axes[a]), &bytes);
  overflow |= __builtin_mul_overflow(bytes, c->batch, &all);
  *overflows |= overflow || (uint64_t)all > PTRDIFF_MAX;
  return overflow ? 0 : bytes;
}

int64_t eqc_rt_tape_bytes(const eqc_rt_network *c) {
  int64_t v, total = 0;
  int overflows = 0;
  for (v = 0; v < c->network->num_values; ++v)
    if (c->network->values[v].kept)
      total += eqc_rt_aligned(c->batch * sample_bytes(c, v, &overflows));
  return total;
}

static int check_bytes(const eqc_rt_network *c) {
  int64_t v, total = 0;
  for (v = 0; v < c->network->num_values; ++v) {
    const eqc_value *value = &c->network->values[v];
    const char *name = "a value";
    int overflows = 0;
    int64_t bytes = sample_bytes(c, v, &overflows);
    if (!overflows && value->kept)
      overflows = __builtin_add_overflow(
          total, eqc_rt_aligned(bytes * c->batch) + EQC_RT_ALIGN, &total);
    if (!overflows)
      continue;
    if (value->input >= 0)
      name = c->network->info->input[value->input].name;
    else if (value->output >= 0)
      name = c->network->info->output[value->output].name;
    return eqc_rt_fail(EQC_ERR_SIZE,
                       "%s_%s: the bytes of '%s' overflow for batch = %lld",
                       c->name, c->suffix, name, (long long)c->batch);
  }
  return EQC_OK;
}

int eqc_rt_network_begin(eqc_rt_network *c, const eqc_network *network,
                         const char *suffix, const int64_t *sizes,
                         int64_t batch) {
  int status = eqc_rt_check_abi("network", network->abi, network->struct_size,
                                sizeof(eqc_network));
  if (status != EQC_OK)
    return status;
  memset(c, 0, sizeof *c);
  c->network = network;
  c->name = network->info->name;
  c->suffix = suffix;
  c->sizes = sizes;
  c->cpu_level = eqc_rt_cpu_level();
  c->batch = batch;
  status = check_sizes(c);
  return status == EQC_OK ? check_bytes(c) : status;
}

/*===-- Arrays
 * -------------------------------------------------------------===*/

static eqc_rt_extent tensor(const eqc_rt_network *c, const char *prefix,
                            const eqc_tensor_info *info, const void *data,
                            int64_t input, int64_t output) {
  eqc_rt_extent extent = {prefix, info->name, data, 0};
  int64_t v;
  int overflows = 0;
  for (v = 0; v < c->network->num_values; ++v) {
    const eqc_value *value = &c->network->values[v];
    if (value->input == input && value->output == output)
      extent.bytes = c->batch * sample_bytes(c, v, &overflows);
  }
  if (c->array_bytes)
    extent.bytes =
        c->array_bytes[input >= 0 ? input : c->network->info->inputs + output];
  return extent;
}

int64_t eqc_rt_network_arrays(const eqc_rt_network *c, eqc_rt_extent *arrays) {
  const eqc_network *network = c->network;
  const eqc_network_info *info = network->info;
  const int64_t size = network->element_bytes;
  int64_t i, count = EQC_RT_TENSORS;
  memset(arrays, 0, EQC_RT_TENSORS * sizeof *arrays);
  arrays[EQC_RT_PARAMS].prefix = arrays[EQC_RT_GRAD_PARAMS].prefix =
      arrays[EQC_RT_TAPE].prefix = "";
  arrays[EQC_RT_PARAMS].name = c->packed ? "packed" : "params";
  arrays[EQC_RT_PARAMS].data = c->packed ? c->packed : c->params;
  arrays[EQC_RT_PARAMS].bytes =
      (c->packed ? network->packed_size : info->params) * size;
  arrays[EQC_RT_GRAD_PARAMS].name = "grad_params";
  arrays[EQC_RT_GRAD_PARAMS].data = c->grad_params;
  arrays[EQC_RT_GRAD_PARAMS].bytes = info->params * size;
  arrays[EQC_RT_TAPE].name = "tape";
  arrays[EQC_RT_TAPE].data = c->tape;
  arrays[EQC_RT_TAPE].bytes = c->tape ? eqc_rt_tape_bytes(c) : 0;
  for (i = 0; i < info->inputs; ++i)
    arrays[count++] = tensor(c, "", &info->input[i], c->inputs[i], i, -1);
  for (i = 0; i < info->outputs; ++i)
    arrays[count++] = tensor(
        c, c->backward ? "grad_" : "", &info->output[i],
        c->backward ? c->grad_outputs[i] : (const void *)c->outputs[i], -1, i);
  for (i = 0; c->backward && i < info->inputs; ++i)
    arrays[count++] =
        tensor(c, "grad_", &info->input[i], c->grad_inputs[i], i, -1);
  return count;
}

/*===-- Memory
 * -------------------------------------------------------------===*/

/* The number of the slot of a value in this call, or -1. */
static int64_t slot_of(const eqc_rt_network *c, const eqc_value *value,
                       int of_gradient) {
  if (!c->backward)
    return of_gradient || (c->tape && value->kept) ? -1 : value->slot;
  if (of_gradient)
    return value->grad_slot;
  return c->tape ? -1 : value->back_slot;
}

/* Samples of a block: as many as keep all of their values in cache. */
static int64_t choose_block(const eqc_rt_network *c, int64_t bytes) {
  int64_t block = eqc_rt_min(c->network->block_bytes / (bytes < 1 ? 1 : bytes),
                             MOST_SAMPLES);
  /* Leave several blocks for several threads. */
  const int64_t share =
      ((c->batch / 8 + 7) & -8) < 8 ? 8 : ((c->batch / 8 + 7) & -8);
  if (block >= 8)
    block &= -8;
  block = eqc_rt_min(eqc_rt_min(block, share), c->batch);
  return block < 1 ? 1 : block;
}

typedef struct layout {
  int64_t head, slots, packed, kernels, total;
} layout;

/* Bytes of one sample in slot `slot`. */
static int64_t slot_bytes(const eqc_rt_network *c, int64_t slot) {
  int64_t v, most = 0;
  int overflows = 0;
  for (v = 0; v < c->network->num_values; ++v) {
    const eqc_value *value = &c->network->values[v];
    if (slot_of(c, value, 0) == slot || slot_of(c, value, 1) == slot) {
      const int64_t bytes = sample_bytes(c, v, &overflows);
      most = bytes > most ? bytes : most;
    }
  }
  return most;
}

static int64_t num_slots(const eqc_rt_network *c) {
  return c->backward ? c->network->num_back_slots : c->network->num_slots;
}

/* The largest value whose gradient is a sum. */
static int64_t temporary_bytes(const eqc_rt_network *c) {
  int64_t v, most = 0;
  int overflows = 0;
  for (v = 0; c->backward && v < c->network->num_values; ++v)
    if (c->network->values[v].shared) {
      const int64_t bytes = sample_bytes(c, v, &overflows);
      most = bytes > most ? bytes : most;
    }
  return most;
}

int eqc_rt_fail_scratch(const eqc_rt_network *c) {
  return eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", c->name);
}

/* How many slabs the batch is cut into: what all layers together have room
   for. */
static int choose_slabs(eqc_rt_network *c) {
  int64_t i, bytes = 0, slabs = c->blocks;
  for (i = 0; i < c->network->info->layers; ++i) {
    eqc_rt_part part;
    int64_t scratch = 0;
    int status = eqc_rt_prepare_part(c, i, &part, &scratch);
    if (status != EQC_OK)
      return status;
    slabs = eqc_rt_min(slabs, part.sums.slabs);
    if (__builtin_add_overflow(bytes, part.sums.slab_bytes, &bytes))
      return eqc_rt_fail_scratch(c);
  }
  slabs = eqc_rt_min(slabs, MAX_SUMS / (bytes < 1 ? 1 : bytes));
  slabs = slabs < LEAST_SLABS ? 1 : slabs;
  c->slab_blocks = (c->blocks + slabs - 1) / slabs;
  c->slabs = (c->blocks + c->slab_blocks - 1) / c->slab_blocks;
  return EQC_OK;
}

int64_t eqc_rt_place(int64_t *at, int64_t count, int64_t size) {
  const int64_t here = *at;
  int64_t bytes;
  if (here < 0 || __builtin_mul_overflow(count, size, &bytes) ||
      bytes > PTRDIFF_MAX - EQC_RT_ALIGN ||
      __builtin_add_overflow(here, eqc_rt_aligned(bytes), at)) {
    *at = -1;
    return -1;
  }
  return here;
}

/* The size that the call has for a space of a layer. */
static int64_t size_of_space(const eqc_rt_network *c,
                             const eqc_space_info *space) {
  const eqc_network_info *info = c->network->info;
  int64_t s = 0;
  while (strcmp(info->space[s].name, space->name) != 0)
    ++s;
  return eqc_rt_length(c, s);
}

int64_t eqc_rt_kernel_n(const eqc_rt_network *c, const eqc_network_part *part,
                        int64_t *sizes) {
  const eqc_layer_info *info = part->kernel->info;
  const int64_t unit = part->kernel->size_unit;
  int64_t s, i = 0;
  if (eqc_rt_num_sizes(info) == 0)
    return info->n;
  if (info->n == -1) {
    sizes[0] = c->sizes[part->size];
    if (sizes[0] <= 0)
      sizes[0] = unit > 1 ? unit : 1;
    return sizes[0];
  }
  for (s = 0; s < info->spaces; ++s)
    if (info->space[s].n < 0) {
      const int64_t size = size_of_space(c, &info->space[s]);
      sizes[i++] = size > 0 ? size : eqc_rt_unit_of(&info->space[s]);
    }
  return eqc_rt_n_of(info, sizes);
}

/* Whether a layer has a size of 0. */
static int has_no_entries(const eqc_rt_network *c,
                          const eqc_network_part *part) {
  const eqc_layer_info *info = part->kernel->info;
  int64_t s;
  if (info->n == -1)
    return c->sizes[part->size] <= 0;
  for (s = 0; info->n == -2 && s < info->spaces; ++s)
    if (info->space[s].n < 0 && size_of_space(c, &info->space[s]) <= 0)
      return 1;
  return 0;
}

int eqc_rt_reads_nothing(const eqc_rt_network *c, const eqc_step *step) {
  int64_t i;
  for (i = 0; i < step->num_operands; ++i)
    if (c->bytes[step->operands[i]] == 0)
      return step->kind == EQC_STEP_LAYER;
  return 0;
}

double eqc_rt_network_work(const eqc_rt_network *c) {
  double work = 0;
  int64_t i;
  for (i = 0; i < c->network->info->layers; ++i) {
    const eqc_network_part *part = &c->network->parts[i];
    const eqc_variant *variant = eqc_rt_choose(part->kernel);
    eqc_schedule schedule = {0};
    int64_t sizes[EQC_RT_MOST_SIZES];
    if (!variant)
      continue; /* reported later */
    variant->schedule(eqc_rt_kernel_n(c, part, sizes), c->batch, &schedule);
    work += (double)schedule.flops;
  }
  return work * (double)c->batch;
}

/* Whether there is enough to do for more than one thread. */
static int is_much(const eqc_rt_network *c, int64_t bytes) {
  /* Entries are read and written, by functions that are not cheap. */
  const double entries =
      4.0 * (double)bytes / (double)c->network->element_bytes;
  return eqc_rt_network_work(c) + entries * (double)c->batch >=
         EQC_RT_WORTH_THREADS;
}

/* Blocks, and whether threads share these or the steps of each. */
static int choose_work(eqc_rt_network *c) {
  const eqc_network_info *info = c->network->info;
  int64_t v, s, threads, bytes = 0;
  int overflows = 0;
  for (s = 0; s < num_slots(c); ++s)
    overflows |= __builtin_add_overflow(bytes, slot_bytes(c, s), &bytes);
  for (v = 0; v < c->network->num_values; ++v)
    if (c->network->values[v].input >= 0 || c->network->values[v].output >= 0)
      overflows |=
          __builtin_add_overflow(bytes, sample_bytes(c, v, &overflows), &bytes);
  if (overflows)
    return eqc_rt_fail_scratch(c);
  c->block = choose_block(c, bytes);
  c->blocks = (c->batch - 1) / c->block + 1;
  if (c->network->threads && !c->alone)
    c->runner = eqc_rt_current_runner();
  threads =
      c->network->threads && !c->alone && (c->runner.run || is_much(c, bytes))
          ? eqc_rt_num_threads()
          : 1;
  c->slabs = c->blocks;
  c->slab_blocks = 1;
  if (c->backward && c->grad_params && info->layers > 0) {
    int status = choose_slabs(c);
    if (status != EQC_OK)
      return status;
  }
  c->shares_steps = threads > 1 && c->slabs < threads;
  c->width = c->shares_steps ? 1 : eqc_rt_min(threads, c->slabs);
  return EQC_OK;
}

/* All layers, whose scratch is *scratch bytes and whose memory from base + *at
   on, or only counted where base is NULL. */
static int prepare_parts(const eqc_rt_network *c, eqc_rt_part *parts,
                         char *base, int64_t *at, int64_t *scratch) {
  int64_t i;
  int status = EQC_OK;
  *scratch = 0;
  for (i = 0; i < c->network->info->layers && status == EQC_OK; ++i) {
    eqc_rt_part one, *part = parts ? &parts[i] : &one;
    status = eqc_rt_prepare_part(c, i, part, scratch);
    if (status == EQC_OK)
      eqc_rt_place_part(c, i, part, base, at);
  }
  return status;
}

int64_t eqc_rt_zero_bytes(const eqc_rt_network *c) {
  int64_t i, axis, most = 0;
  for (i = 0; i < c->network->info->layers; ++i) {
    const eqc_network_part *part = &c->network->parts[i];
    const eqc_layer_info *info = part->kernel->info;
    int64_t sizes[EQC_RT_MOST_SIZES];
    const int64_t n = eqc_rt_kernel_n(c, part, sizes);
    int64_t x = info->c_in, z = info->depthwise ? info->c_in : info->c_in2;
    if (!has_no_entries(c, part))
      continue;
    for (axis = 0; axis < info->k; ++axis)
      x *= eqc_rt_layer_axis_length(info, n, info->x_axes[axis]);
    for (axis = 0; axis < info->k2; ++axis)
      z *= eqc_rt_layer_axis_length(info, n, info->x_axes[info->k + axis]);
    most = x > most ? x : most;
    most = z > most ? z : most;
  }
  return most * c->network->element_bytes;
}

int eqc_rt_network_measure(eqc_rt_network *c, int64_t *bytes) {
  const int64_t layers = c->network->info->layers;
  const int64_t values = c->network->num_values;
  eqc_rt_places *places = &c->places;
  int64_t i, at = 0, kernels = 0, own = 0;
  int status = choose_work(c);
  if (status != EQC_OK)
    return status;
  places->parts = eqc_rt_place(&at, layers, sizeof(eqc_rt_part));
  places->bytes = eqc_rt_place(&at, values, sizeof(int64_t));
  places->slots = eqc_rt_place(&at, num_slots(c) + 1, sizeof(int64_t));
  places->tapes = eqc_rt_place(&at, values, sizeof(int64_t));
  places->flags = eqc_rt_place(&at, 2 * values, 1);
  places->weights = at;
  status = prepare_parts(c, NULL, NULL, &at, &kernels);
  if (status != EQC_OK)
    return status;
  /* Of one worker. */
  for (i = 0; i < num_slots(c); ++i)
    eqc_rt_place(&own, c->block, slot_bytes(c, i));
  c->temporary = eqc_rt_place(&own, c->block, temporary_bytes(c));
  c->written = eqc_rt_place(&own, c->backward ? values : 0, 1);
  c->layer_scratch = eqc_rt_place(&own, 1, kernels);
  c->zeros = eqc_rt_place(&own, c->block, eqc_rt_zero_bytes(c));
  c->stride = own;
  places->scratch = own < 0 ? -1 : eqc_rt_place(&at, c->width, own);
  if (at < 0 || places->scratch < 0)
    return eqc_rt_fail_scratch(c);
  *bytes = at;
  return EQC_OK;
}

int eqc_rt_network_lay_out(eqc_rt_network *c, char *base) {
  const eqc_network *network = c->network;
  const eqc_rt_places *places = &c->places;
  const int64_t values = network->num_values;
  int64_t i, own = 0, at = 0, kernels, weights = places->weights;
  c->parts = (eqc_rt_part *)(base + places->parts);
  c->bytes = (int64_t *)(base + places->bytes);
  c->slot_offsets = (int64_t *)(base + places->slots);
  c->tape_offsets = (int64_t *)(base + places->tapes);
  c->wanted = base + places->flags;
  c->given = c->wanted + values;
  c->scratch = base + places->scratch;
  memset(c->wanted, 0, (size_t)(2 * values));
  for (i = 0; i < num_slots(c); ++i)
    c->slot_offsets[i] = eqc_rt_place(&own, c->block, slot_bytes(c, i));
  for (i = 0; i < values; ++i) {
    int overflows = 0;
    c->bytes[i] = sample_bytes(c, i, &overflows);
    c->tape_offsets[i] = -1;
    if (network->values[i].kept)
      c->tape_offsets[i] = eqc_rt_place(&at, c->batch, c->bytes[i]);
  }
  return prepare_parts(c, c->parts, base, &weights, &kernels);
}

int eqc_rt_network_prepare(eqc_rt_network *c, eqc_rt_block *memory) {
  int64_t bytes = 0;
  int status = eqc_rt_network_measure(c, &bytes);
  if (status == EQC_OK)
    status = eqc_rt_acquire((size_t)bytes, c->name, memory);
  if (status != EQC_OK)
    return status;
  return eqc_rt_network_lay_out(c, memory->data);
}

/*===-- Steps
 * --------------------------------------------------------------===*/

int64_t eqc_rt_samples_of(const eqc_rt_network *c, int64_t block) {
  return eqc_rt_min(c->block, c->batch - block * c->block);
}

char *eqc_rt_value_at(const eqc_rt_network *c, int64_t worker, int64_t value,
                      int64_t first) {
  const eqc_value *v = &c->network->values[value];
  const int64_t offset = first * c->bytes[value];
  int64_t slot;
  if (v->input >= 0)
    return (char *)c->inputs[v->input] + offset;
  if (!c->backward && v->output >= 0)
    return (char *)c->outputs[v->output] + offset;
  if (c->tape && v->kept)
    return c->tape + c->tape_offsets[value] + offset;
  slot = slot_of(c, v, 0);
  return slot < 0 ? NULL
                  : c->scratch + worker * c->stride + c->slot_offsets[slot];
}

/* What a layer makes of samples without entries: sums over these are zero, and
   what it writes for all that has no axis of their space. */
static void write_bias(const eqc_rt_network *c, const void *bias, int64_t value,
                       int64_t count, char *result) {
  const int64_t bytes = c->bytes[value];
  int64_t i;
  if (!bias)
    memset(result, 0, (size_t)(count * bytes));
  for (i = 0; bias && i < count; ++i)
    memcpy(result + i * bytes, bias, (size_t)bytes);
}

int eqc_rt_run_steps(const eqc_rt_network *c, int64_t worker, int64_t first,
                     int64_t count) {
  int64_t s;
  int status = EQC_OK;
  for (s = 0; s < c->network->num_steps && status == EQC_OK; ++s) {
    const eqc_step *step = &c->network->steps[s];
    const eqc_value *value = &c->network->values[step->result];
    char *result;
    if ((c->backward && !step->repeated) || c->bytes[step->result] == 0)
      continue;
    result = eqc_rt_value_at(c, worker, step->result, first);
    if (eqc_rt_reads_nothing(c, step) && value->order == 0) {
      write_bias(c, c->parts[step->layer].bias, step->result, count, result);
    } else if (step->kind == EQC_STEP_LAYER) {
      const eqc_rt_part *part = &c->parts[step->layer];
      eqc_pair pair;
      status = eqc_rt_run_layer(
          c, &part->forward, worker, count,
          eqc_rt_layer_input(c, step, worker, first, count, &pair), part->bias,
          result);
    } else {
      eqc_rt_step_value(c, step, worker, first, count);
    }
    if (!c->backward && c->tape && value->kept && value->output >= 0)
      memcpy(c->tape + c->tape_offsets[step->result] +
                 first * c->bytes[step->result],
             result, (size_t)(count * c->bytes[step->result]));
  }
  return status;
}
