/*===- Network.c - The forward functions of networks ---------------- C99 -===*\
|*                                                                            *|
|* Blocks of samples go through all steps one after the other, so that what   *|
|* lies between layers stays in cache. Threads share blocks or, where these   *|
|* are too few, the work of each layer.                                       *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Network.h"

#include <string.h>

typedef struct forward_job {
  const eqc_rt_network *call;
  int status; /* atomic: the first that was not EQC_OK */
} forward_job;

static void run_block(int64_t worker, int64_t block, void *p) {
  forward_job *job = p;
  const eqc_rt_network *c = job->call;
  int status = eqc_rt_run_steps(c, worker, block * c->block,
                                eqc_rt_samples_of(c, block));
  if (status != EQC_OK)
    __atomic_store_n(&job->status, status, __ATOMIC_RELAXED);
}

int eqc_rt_network_run(eqc_rt_network *c) {
  forward_job job = {c, EQC_OK};
  const eqc_rt_runner none = {0};
  int status = eqc_rt_network_pack_all(c);
  if (status == EQC_OK)
    status =
        eqc_rt_parallel(c->width > 1 || !c->shares_steps ? &c->runner : &none,
                        c->width, c->blocks, run_block, &job, c->name);
  return status == EQC_OK ? job.status : status;
}

int eqc_rt_network_check(const eqc_rt_network *c) {
  const eqc_network_info *info = c->network->info;
  eqc_rt_extent arrays[EQC_RT_MOST_ARRAYS];
  const int64_t count = eqc_rt_network_arrays(c, arrays);
  const int64_t outputs = EQC_RT_TENSORS + info->inputs;
  int64_t i, other;
  int status = EQC_OK;
  for (i = EQC_RT_TENSORS; i < outputs; ++i)
    if (!arrays[i].data && arrays[i].bytes > 0)
      return eqc_rt_network_null(c, "", arrays[i].name);
  if (!arrays[EQC_RT_PARAMS].data)
    return eqc_rt_network_null(c, "", arrays[EQC_RT_PARAMS].name);
  for (i = outputs; i < count; ++i)
    if (!arrays[i].data && arrays[i].bytes > 0)
      return eqc_rt_network_null(c, "", arrays[i].name);
  for (i = outputs; i < count; ++i)
    for (other = 0; other < i && status == EQC_OK; ++other)
      status = eqc_rt_network_alias(c, &arrays[i], &arrays[other]);
  for (i = 0; i < outputs && status == EQC_OK; ++i)
    if (i != EQC_RT_TAPE)
      status = eqc_rt_network_alias(c, &arrays[EQC_RT_TAPE], &arrays[i]);
  return status;
}

static int forward(eqc_rt_network *c) {
  eqc_rt_block memory = {0};
  int status;
  if (c->batch == 0)
    return EQC_OK;
  status = eqc_rt_network_check(c);
  if (status == EQC_OK)
    status = eqc_rt_network_prepare(c, &memory);
  if (status != EQC_OK)
    return status;
  status = eqc_rt_network_run(c);
  eqc_rt_release(&memory);
  return status;
}

int eqc_rt_network_forward(const eqc_network *network, const int64_t *sizes,
                           int64_t batch, const void *const *inputs,
                           const void *params, void *const *outputs) {
  eqc_rt_network c;
  int status = eqc_rt_network_begin(&c, network, "forward", sizes, batch);
  if (status != EQC_OK)
    return status;
  c.inputs = inputs;
  c.params = params;
  c.outputs = outputs;
  return forward(&c);
}

/* EQC_ERR_ARG for a tape that is not aligned. */
static int check_tape(const eqc_rt_network *c, const void *tape) {
  if ((uintptr_t)tape % EQC_RT_ALIGN == 0)
    return EQC_OK;
  return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: 'tape' is not aligned to %d bytes",
                     c->name, c->suffix, EQC_RT_ALIGN);
}

int eqc_rt_network_forward_tape(const eqc_network *network,
                                const int64_t *sizes, int64_t batch,
                                const void *const *inputs, const void *params,
                                void *const *outputs, void *tape) {
  eqc_rt_network c;
  int status = eqc_rt_network_begin(&c, network, "forward_tape", sizes, batch);
  if (status == EQC_OK)
    status = check_tape(&c, tape);
  if (status != EQC_OK)
    return status;
  if (!tape && eqc_rt_tape_bytes(&c) > 0)
    return eqc_rt_network_null(&c, "", "tape");
  c.inputs = inputs;
  c.params = params;
  c.outputs = outputs;
  c.tape = tape;
  return forward(&c);
}

int eqc_rt_network_forward_packed(const eqc_network *network,
                                  const int64_t *sizes, int64_t batch,
                                  const void *const *inputs, const void *packed,
                                  void *const *outputs) {
  eqc_rt_network c;
  int status =
      eqc_rt_network_begin(&c, network, "forward_packed", sizes, batch);
  if (status != EQC_OK)
    return status;
  if (!packed && batch > 0)
    return eqc_rt_network_null(&c, "", "packed");
  c.inputs = inputs;
  c.packed = packed;
  c.outputs = outputs;
  return forward(&c);
}

int64_t eqc_rt_network_tape_size(const eqc_network *network,
                                 const int64_t *sizes, int64_t batch) {
  eqc_rt_network c;
  int status = eqc_rt_network_begin(&c, network, "tape_size", sizes, batch);
  return status == EQC_OK ? eqc_rt_tape_bytes(&c) : status;
}

int eqc_rt_network_pack(const eqc_network *network, const void *params,
                        void *packed) {
  const eqc_network_info *info = network->info;
  const int64_t size = network->element_bytes;
  eqc_rt_network c = {0};
  int64_t i;
  c.network = network;
  c.name = info->name;
  c.suffix = "pack";
  if (!params)
    return eqc_rt_network_null(&c, "", "params");
  if (!packed)
    return eqc_rt_network_null(&c, "", "packed");
  if (eqc_rt_overlap(packed, network->packed_size * size, params,
                     info->params * size))
    return eqc_rt_fail(EQC_ERR_ALIAS, "%s_pack: 'packed' overlaps 'params'",
                       c.name);
  for (i = 0; i < info->layers; ++i)
    if (!eqc_rt_choose(network->parts[i].kernel))
      return eqc_rt_fail(EQC_ERR_UNSUPPORTED_CPU,
                         "%s_pack: this CPU lacks instructions that layer %s "
                         "was compiled for",
                         c.name, info->layer[i].name);
  for (i = 0; i < info->layers; ++i) {
    const eqc_network_layer *layer = &info->layer[i];
    const eqc_network_part *part = &network->parts[i];
    char *to = (char *)packed + part->packed_offset * size;
    int status = eqc_rt_pack(part->kernel, part->kernel->info->n,
                             (const char *)params + layer->offset * size, to);
    if (status != EQC_OK)
      return status;
    memcpy((char *)packed + part->packed_bias_offset * size,
           (const char *)params + layer->bias_offset * size,
           (size_t)(layer->bias_size * size));
  }
  return EQC_OK;
}
