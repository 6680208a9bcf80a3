/*===- NetworkBackward.c - The gradients of a network --------------- C99 -===*\
|*                                                                            *|
|* The steps in reverse, a block of samples at a time. What they need of the  *|
|* values is on the tape or computed again for the block. Gradients of        *|
|* parameters are sums over slabs of blocks, as those of layers are (Sums.c): *|
|* the same for any number of threads.                                        *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Network.h"

#include <string.h>

/*===-- Which gradients there are
 * -------------------------------------------===*/

/* Those that are asked for, or lead to one that is; and those that are not
   zero. */
static void find_gradients(eqc_rt_network *c) {
  const eqc_network *network = c->network;
  int64_t v, s, i;
  for (v = 0; v < network->num_values; ++v) {
    const eqc_value *value = &network->values[v];
    if (value->input >= 0)
      c->wanted[v] = c->grad_inputs[value->input] != NULL;
    if (value->output >= 0)
      c->given[v] = c->grad_outputs[value->output] != NULL;
  }
  for (s = 0; s < network->num_steps; ++s) {
    const eqc_step *step = &network->steps[s];
    char wanted = step->kind == EQC_STEP_LAYER && c->grad_params;
    for (i = 0; i < step->num_operands; ++i)
      wanted |= c->wanted[step->operands[i]];
    c->wanted[step->result] = wanted;
  }
  for (s = network->num_steps - 1; s >= 0; --s) {
    const eqc_step *step = &network->steps[s];
    if (c->given[step->result] && c->wanted[step->result])
      for (i = 0; i < step->num_operands; ++i)
        c->given[step->operands[i]] = 1;
  }
}

/*===-- One block
 * ----------------------------------------------------------===*/

/* Where the gradient of a value is to be written. */
static char *gradient_at(const eqc_rt_network *c, int64_t worker, int64_t value,
                         int64_t first) {
  const eqc_value *v = &c->network->values[value];
  if (v->input >= 0)
    return (char *)c->grad_inputs[v->input] + first * c->bytes[value];
  return c->scratch + worker * c->stride + c->slot_offsets[v->grad_slot];
}

/* The gradient of a step's result, which is complete. */
static const char *gradient_of(const eqc_rt_network *c, int64_t worker,
                               int64_t value, int64_t first) {
  const eqc_value *v = &c->network->values[value];
  if (v->grad_slot < 0)
    return (const char *)c->grad_outputs[v->output] + first * c->bytes[value];
  return gradient_at(c, worker, value, first);
}

static char *written(const eqc_rt_network *c, int64_t worker) {
  return c->scratch + worker * c->stride + c->written;
}

typedef struct sums_part {
  const eqc_rt_sums *sums;
  int64_t first, count, phase;
  const void *x, *grad;
  char *to, *scratch;
} sums_part;

static void add_part(int64_t worker, int64_t part, void *p) {
  const sums_part *s = p;
  const eqc_rt_call *c = &s->sums->call;
  (void)worker;
  s->sums->code->add(c->n, s->first, s->count, s->phase, part, s->sums->which,
                     s->x, s->grad, s->to, s->scratch);
}

/* Adds what a layer's weights and bias get from a block. */
static int add_sums(const eqc_rt_network *c, const eqc_rt_part *part,
                    int64_t worker, int64_t slab, int64_t count, const void *x,
                    const void *grad) {
  const eqc_rt_sums *sums = &part->sums;
  const eqc_schedule *schedule = &sums->call.schedule;
  sums_part job = {sums,
                   0,
                   0,
                   EQC_PHASE_ALL,
                   x,
                   grad,
                   sums->memory + slab * sums->slab_bytes,
                   c->scratch + worker * c->stride + c->layer_scratch};
  int status = EQC_OK;
  for (; job.first < count; job.first += schedule->block) {
    job.count = eqc_rt_min(schedule->block, count - job.first);
    job.phase = EQC_PHASE_ALL;
    if (!c->shares_steps || schedule->parts == 1) {
      add_part(0, 0, &job);
      continue;
    }
    for (job.phase = 0; job.phase < schedule->phases && status == EQC_OK;
         ++job.phase)
      status = eqc_rt_parallel(
          &c->runner, eqc_rt_min(eqc_rt_num_threads(), schedule->parts),
          schedule->parts, add_part, &job, c->name);
  }
  return status;
}

/* What nothing is added to is zero. */
static void leave_zero(const eqc_rt_network *c, int64_t value, int64_t worker,
                       int64_t first, int64_t count) {
  char *adds = written(c, worker) + value;
  if (*adds || !c->wanted[value])
    return;
  memset(gradient_at(c, worker, value, first), 0,
         (size_t)(count * c->bytes[value]));
  *adds = 1;
}

/* The gradient of one operand. A kernel writes; where something is there
   already, which may be from the other input of the same layer, it is added
   from another place. */
static int reverse_operand(const eqc_rt_network *c, const eqc_step *step,
                           int64_t which, int64_t worker, int64_t first,
                           int64_t count, const char *grad) {
  const int64_t operand = step->operands[which];
  char *adds = written(c, worker) + operand;
  char *to = gradient_at(c, worker, operand, first);
  char *other = c->scratch + worker * c->stride + c->temporary;
  eqc_pair pair = {grad, NULL};
  eqc_rt_call call;
  int status;
  if (c->bytes[operand] == 0 || eqc_rt_reads_nothing(c, step)) {
    leave_zero(c, operand, worker, first, count);
    return EQC_OK;
  }
  if (step->kind != EQC_STEP_LAYER) {
    eqc_rt_step_gradient(c, step, worker, first, count, which, grad, to, *adds);
    *adds = 1;
    return EQC_OK;
  }
  if (step->num_operands == 2)
    pair.z = eqc_rt_value_at(c, worker, step->operands[1 - which], first);
  call = c->parts[step->layer].inputs[which];
  if (eqc_rt_pools(call.kernel)) {
    call.under = eqc_rt_value_at(c, worker, operand, first);
    call.y_bytes = count * c->bytes[operand];
  }
  status = eqc_rt_run_layer(c, &call, worker, count,
                            pair.z ? (const void *)&pair : grad, NULL,
                            *adds ? other : to);
  if (*adds && status == EQC_OK)
    eqc_rt_put(c, other, to, count * eqc_rt_elements(c, operand), 1);
  *adds = 1;
  return status;
}

static int reverse_steps(const eqc_rt_network *c, int64_t worker, int64_t slab,
                         int64_t first, int64_t count) {
  const eqc_network *network = c->network;
  char *done = written(c, worker);
  int64_t v, s, i;
  int status = EQC_OK;
  memset(done, 0, (size_t)network->num_values);
  for (v = 0; v < network->num_values; ++v) {
    const eqc_value *value = &network->values[v];
    if (value->output < 0 || value->grad_slot < 0 || !c->given[v] ||
        !c->grad_outputs[value->output])
      continue;
    eqc_rt_put(
        c, (const char *)c->grad_outputs[value->output] + first * c->bytes[v],
        gradient_at(c, worker, v, first), count * eqc_rt_elements(c, v), 0);
    done[v] = 1;
  }
  for (s = network->num_steps - 1; s >= 0 && status == EQC_OK; --s) {
    const eqc_step *step = &network->steps[s];
    const char *grad;
    eqc_pair pair;
    if (!c->given[step->result] || !c->wanted[step->result])
      continue;
    if (c->bytes[step->result] == 0) {
      for (i = 0; i < step->num_operands; ++i)
        leave_zero(c, step->operands[i], worker, first, count);
      continue;
    }
    grad = gradient_of(c, worker, step->result, first);
    if (step->kind == EQC_STEP_LAYER && c->grad_params)
      status = add_sums(
          c, &c->parts[step->layer], worker, slab, count,
          eqc_rt_layer_input(c, step, worker, first, count, &pair), grad);
    for (i = 0; i < step->num_operands && status == EQC_OK; ++i)
      if (c->wanted[step->operands[i]])
        status = reverse_operand(c, step, i, worker, first, count, grad);
  }
  for (v = 0; v < network->num_values; ++v) {
    const int64_t input = network->values[v].input;
    if (input >= 0 && c->grad_inputs[input] && !done[v])
      memset((char *)c->grad_inputs[input] + first * c->bytes[v], 0,
             (size_t)(count * c->bytes[v]));
  }
  return status;
}

/*===-- The batch
 * ----------------------------------------------------------===*/

typedef struct backward_job {
  const eqc_rt_network *call;
  int status; /* atomic: one that was not EQC_OK */
} backward_job;

static void run_slab(int64_t worker, int64_t slab, void *p) {
  backward_job *job = p;
  const eqc_rt_network *c = job->call;
  const int64_t end = eqc_rt_min((slab + 1) * c->slab_blocks, c->blocks);
  int64_t block = slab * c->slab_blocks, i;
  int status = EQC_OK;
  for (i = 0; c->grad_params && i < c->network->info->layers; ++i)
    eqc_rt_clear_slab(&c->parts[i].sums, slab);
  for (; block < end && status == EQC_OK; ++block) {
    const int64_t first = block * c->block;
    const int64_t count = eqc_rt_samples_of(c, block);
    if (!c->tape)
      status = eqc_rt_run_steps(c, worker, first, count);
    if (status == EQC_OK)
      status = reverse_steps(c, worker, slab, first, count);
  }
  if (status != EQC_OK)
    __atomic_store_n(&job->status, status, __ATOMIC_RELAXED);
}

int eqc_rt_network_run_backward(eqc_rt_network *c) {
  backward_job job = {c, EQC_OK};
  const eqc_rt_runner none = {0};
  int64_t i;
  int status = eqc_rt_network_pack_all(c);
  find_gradients(c);
  if (status == EQC_OK)
    status = eqc_rt_parallel(c->shares_steps ? &none : &c->runner, c->width,
                             c->slabs, run_slab, &job, c->name);
  if (status == EQC_OK)
    status = job.status;
  for (i = 0;
       c->grad_params && status == EQC_OK && i < c->network->info->layers;
       ++i) {
    const eqc_network_layer *layer = &c->network->info->layer[i];
    eqc_rt_sums *sums = &c->parts[i].sums;
    const int64_t size = c->network->element_bytes;
    sums->grad_weight = (char *)c->grad_params + layer->offset * size;
    sums->grad_bias = (char *)c->grad_params + layer->bias_offset * size;
    sums->call.runner = c->runner;
    sums->call.width = c->width;
    status = eqc_rt_finish_sums(sums);
  }
  return status;
}

int eqc_rt_network_check_backward(const eqc_rt_network *c) {
  const eqc_network_info *info = c->network->info;
  eqc_rt_extent arrays[EQC_RT_MOST_ARRAYS];
  const int64_t count = eqc_rt_network_arrays(c, arrays);
  const int64_t grads = EQC_RT_TENSORS + info->inputs + info->outputs;
  int64_t i, other;
  int status = EQC_OK;
  for (i = EQC_RT_TENSORS; i < EQC_RT_TENSORS + info->inputs && c->batch > 0;
       ++i)
    if (!arrays[i].data && arrays[i].bytes > 0)
      return eqc_rt_network_null(c, "", arrays[i].name);
  if (!c->params && c->batch > 0)
    return eqc_rt_network_null(c, "", "params");
  for (i = grads; i < count; ++i)
    for (other = 0; other < i && status == EQC_OK; ++other)
      status = eqc_rt_network_alias(c, &arrays[i], &arrays[other]);
  for (i = 0; i < grads && status == EQC_OK; ++i)
    if (i != EQC_RT_GRAD_PARAMS)
      status = eqc_rt_network_alias(c, &arrays[EQC_RT_GRAD_PARAMS], &arrays[i]);
  return status;
}

int eqc_rt_network_backward(const eqc_network *network, const int64_t *sizes,
                            int64_t batch, const void *const *inputs,
                            const void *params, const void *const *grad_outputs,
                            const void *tape, void *const *grad_inputs,
                            void *grad_params) {
  eqc_rt_network c;
  eqc_rt_block memory = {0};
  int64_t i, asked = grad_params != NULL;
  int status = eqc_rt_network_begin(&c, network, "backward", sizes, batch);
  if (status != EQC_OK)
    return status;
  if ((uintptr_t)tape % EQC_RT_ALIGN != 0)
    return eqc_rt_fail(EQC_ERR_ARG,
                       "%s_backward: 'tape' is not aligned to %d bytes", c.name,
                       EQC_RT_ALIGN);
  c.inputs = inputs;
  c.params = params;
  c.tape = (char *)tape;
  c.backward = 1;
  c.grad_outputs = grad_outputs;
  c.grad_inputs = grad_inputs;
  c.grad_params = grad_params;
  for (i = 0; i < network->info->inputs; ++i)
    asked += grad_inputs[i] != NULL;
  if (asked == 0)
    return EQC_OK;
  status = eqc_rt_network_check_backward(&c);
  if (status != EQC_OK)
    return status;
  if (batch == 0) {
    if (grad_params)
      memset(grad_params, 0,
             (size_t)(network->info->params * network->element_bytes));
    return EQC_OK;
  }
  status = eqc_rt_network_prepare(&c, &memory);
  if (status != EQC_OK)
    return status;
  status = eqc_rt_network_run_backward(&c);
  eqc_rt_release(&memory);
  return status;
}
