/*===- NetworkParts.c - The layers of a network --------------------- C99 -===*\
|*                                                                            *|
|* Their calls on blocks of samples, of one input or of two; what their       *|
|* kernels and those of their gradients want as weights.                      *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Network.h"

#include <string.h>

/*===-- The code of a layer
 * ------------------------------------------------===*/

static int takes_pair(const eqc_kernel *kernel) {
  return kernel->info->k2 >= 0;
}

/* A layer of two inputs, whose kernel this is. */
static const eqc_bilinear *bilinear_of(const eqc_kernel *kernel) {
  return (const eqc_bilinear *)kernel;
}

static int64_t num_inputs(const eqc_kernel *kernel) {
  return takes_pair(kernel) ? 2 : 1;
}

static int has_gradients(const eqc_kernel *kernel) {
  return takes_pair(kernel) ? bilinear_of(kernel)->gradients != NULL
                            : kernel->gradients != NULL;
}

/* The gradient of an input, beside a variant of the layer. */
static const eqc_variant *gradient_of_input(const eqc_kernel *kernel,
                                            const eqc_variant *variant,
                                            int64_t input) {
  const int64_t number = variant - kernel->variants;
  const eqc_bilinear_gradient *pair;
  if (!takes_pair(kernel))
    return &kernel->gradients[number].input;
  pair = &bilinear_of(kernel)->gradients[number];
  return input == 0 ? &pair->x : &pair->z;
}

static const eqc_sums *sums_of(const eqc_kernel *kernel,
                               const eqc_variant *variant) {
  const int64_t number = variant - kernel->variants;
  return takes_pair(kernel) ? &bilinear_of(kernel)->gradients[number].sums
                            : &kernel->gradients[number].sums;
}

/*===-- Calls
 * --------------------------------------------------------------===*/

/* A call of a layer on a block of samples, all but its arrays. */
static int prepare_call(const eqc_rt_network *c, const eqc_network_part *part,
                        const eqc_variant *variant, int64_t n,
                        eqc_rt_call *call, int64_t *scratch) {
  int64_t total = 0;
  int status = eqc_rt_begin(call, part->kernel, c->suffix);
  if (status != EQC_OK)
    return status;
  call->variant = variant;
  call->n = n;
  call->batch = c->block;
  status = eqc_rt_prepare(call, /*weight=*/NULL, &total);
  if (!c->shares_steps) {
    memset(&call->runner, 0, sizeof call->runner);
    call->parts_mode = 0;
    call->width = 1;
    total = call->stride;
  }
  *scratch = total > *scratch ? total : *scratch;
  return status;
}

int eqc_rt_prepare_part(const eqc_rt_network *c, int64_t i, eqc_rt_part *part,
                        int64_t *scratch) {
  const eqc_network_part *p = &c->network->parts[i];
  const eqc_variant *variant = eqc_rt_choose(p->kernel);
  const eqc_sums *sums;
  int64_t input, n;
  int status;
  memset(part, 0, sizeof *part);
  n = eqc_rt_kernel_n(c, p, part->sizes);
  if (!variant)
    return eqc_rt_fail(EQC_ERR_UNSUPPORTED_CPU,
                       "%s_%s: this CPU lacks instructions that layer %s was "
                       "compiled for",
                       c->name, c->suffix, p->kernel->info->name);
  status = prepare_call(c, p, variant, n, &part->forward, scratch);
  if (status != EQC_OK || !c->backward)
    return status;
  if (!has_gradients(p->kernel))
    return eqc_rt_fail(EQC_ERR_ARG,
                       "%s_%s: the layers were compiled without gradients",
                       c->name, c->suffix);
  for (input = 0; input < num_inputs(p->kernel) && status == EQC_OK; ++input)
    status = prepare_call(c, p, gradient_of_input(p->kernel, variant, input), n,
                          &part->inputs[input], scratch);
  if (status != EQC_OK || !c->grad_params)
    return status;
  sums = sums_of(p->kernel, variant);
  eqc_rt_begin_sums(&part->sums, &part->forward, sums, c->grad_params,
                    c->grad_params);
  eqc_rt_ask_schedule(&part->sums.call, sums->schedule);
  if (!c->shares_steps)
    memset(&part->sums.call.runner, 0, sizeof part->sums.call.runner);
  if (part->sums.call.schedule.scratch_bytes > *scratch)
    *scratch = part->sums.call.schedule.scratch_bytes;
  return eqc_rt_choose_slabs(&part->sums, c->blocks);
}

const void *eqc_rt_layer_input(const eqc_rt_network *c, const eqc_step *step,
                               int64_t worker, int64_t first, int64_t count,
                               eqc_pair *pair) {
  if (eqc_rt_reads_nothing(c, step)) {
    char *zeros = c->scratch + worker * c->stride + c->zeros;
    memset(zeros, 0, (size_t)(count * eqc_rt_zero_bytes(c)));
    pair->x = pair->z = zeros;
    return step->num_operands == 1 ? (const void *)zeros : pair;
  }
  pair->x = eqc_rt_value_at(c, worker, step->operands[0], first);
  if (step->num_operands == 1)
    return pair->x;
  pair->z = eqc_rt_value_at(c, worker, step->operands[1], first);
  return pair;
}

int eqc_rt_run_layer(const eqc_rt_network *c, const eqc_rt_call *prepared,
                     int64_t worker, int64_t count, const void *x,
                     const void *bias, void *y) {
  eqc_rt_call call = *prepared;
  call.batch = count;
  call.x = x;
  call.bias = bias;
  call.y = y;
  return eqc_rt_perform(&call, NULL,
                        c->scratch + worker * c->stride + c->layer_scratch);
}

/*===-- Weights
 * ------------------------------------------------------------===*/

/* Elements of the weights that the gradient of an input has, before they are
   packed; 0: those of the layer as they are. */
static int64_t turned_size(const eqc_kernel *kernel) {
  return takes_pair(kernel) && kernel->info->depthwise
             ? 0
             : kernel->info->weight_size;
}

/* Takes so much memory; NULL where it is only counted. */
static char *take(char *base, int64_t *at, int64_t count, int64_t size) {
  const int64_t here = eqc_rt_place(at, count, size);
  return base ? base + here : NULL;
}

void eqc_rt_place_part(const eqc_rt_network *c, int64_t i, eqc_rt_part *part,
                       char *base, int64_t *at) {
  const eqc_kernel *kernel = c->network->parts[i].kernel;
  int64_t input;
  part->forward.packed = take(base, at, 1, part->forward.variant->packed_bytes);
  if (!c->backward)
    return;
  for (input = 0; input < num_inputs(kernel); ++input) {
    part->turned[input] =
        take(base, at, turned_size(kernel), kernel->element_bytes);
    part->inputs[input].packed =
        take(base, at, 1, part->inputs[input].variant->packed_bytes);
  }
  if (!c->grad_params)
    return;
  part->sums.slabs = c->slabs;
  part->sums.memory = take(base, at, c->slabs, part->sums.slab_bytes);
}

/* Weights as a call reads them, in the room that it has for that. */
static void pack(eqc_rt_call *call, const void *weight) {
  if (call->variant->packed_bytes > 0)
    call->variant->pack(call->n, weight, (void *)call->packed);
  else
    call->packed = weight;
}

/* Those of the gradient of an input. */
static void pack_gradient(const eqc_kernel *kernel, eqc_rt_part *part,
                          int64_t input, const void *weight) {
  void *turned = part->turned[input];
  if (!takes_pair(kernel))
    eqc_rt_flip(kernel, part->inputs[input].n, weight, turned);
  else if (turned_size(kernel) > 0)
    eqc_rt_turn(kernel, /*of_x=*/input == 0, weight, turned);
  pack(&part->inputs[input], turned_size(kernel) > 0 ? turned : weight);
}

/* The weights of one layer, and of its gradients of inputs. */
static void pack_part(int64_t worker, int64_t i, void *p) {
  eqc_rt_network *c = p;
  const eqc_network_part *place = &c->network->parts[i];
  const eqc_network_layer *layer = &c->network->info->layer[i];
  const int64_t size = c->network->element_bytes;
  eqc_rt_part *part = &c->parts[i];
  const char *weight = c->params + layer->offset * size;
  int64_t input;
  (void)worker;
  part->bias = NULL;
  if (c->packed) {
    part->forward.packed = c->packed + place->packed_offset * size;
    if (layer->bias_size > 0)
      part->bias = c->packed + place->packed_bias_offset * size;
    return;
  }
  if (layer->bias_size > 0)
    part->bias = c->params + layer->bias_offset * size;
  pack(&part->forward, weight);
  for (input = 0; c->backward && input < num_inputs(place->kernel); ++input)
    pack_gradient(place->kernel, part, input, weight);
}

int eqc_rt_network_pack_all(eqc_rt_network *c) {
  const int64_t threads =
      c->network->threads && !c->packed &&
              (double)c->network->info->params > EQC_RT_WORTH_THREADS
          ? eqc_rt_num_threads()
          : 1;
  const int64_t layers = c->network->info->layers;
  const eqc_rt_runner none = {0};
  return eqc_rt_parallel(threads > 1 ? &c->runner : &none,
                         eqc_rt_min(threads, layers), layers, pack_part, c,
                         c->name);
}
