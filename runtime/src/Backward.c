/*===- Backward.c - The gradients of a layer ------------------------ C99 -===*\
|*                                                                            *|
|* grad_x is a layer of its own, from grad_y, whose weights are flipped.      *|
|* grad_weight and grad_bias are sums over the batch, which is cut into slabs *|
|* (Sums.c). Where slabs would be few or large there is one, and threads      *|
|* share the parts of each block.                                             *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Sums.h"

/*===-- Sums over the batch
 * ------------------------------------------------===*/

/* Widens a block of both arrays, as far as it is read. */
static int widen_both(const eqc_rt_sums *s, int64_t block, char *scratch,
                      int64_t width) {
  eqc_rt_call c = s->call;
  int status = EQC_OK;
  if (s->which & EQC_SUM_WEIGHT)
    status = eqc_rt_widen_block(&c, block, 1, s->x,
                                eqc_rt_staged_x(&c, scratch), width);
  if (status == EQC_OK)
    status = eqc_rt_widen_block(&c, block, 0, s->grad_y,
                                eqc_rt_staged_y(&c, scratch), width);
  return status;
}

/* What a block contributes to `sums`, in a phase and a part. */
static void add_block(const eqc_rt_sums *s, int64_t block, int64_t phase,
                      int64_t part, char *sums, char *scratch) {
  const eqc_rt_call *c = &s->call;
  const void *x = s->x, *grad_y = s->grad_y;
  if (c->storage != EQC_RT_AS_COMPUTED) {
    x = eqc_rt_whole(c, block, 1, eqc_rt_staged_x(c, scratch));
    grad_y = eqc_rt_whole(c, block, 0, eqc_rt_staged_y(c, scratch));
  }
  s->code->add(c->n, block * c->schedule.block, eqc_rt_block_samples(c, block),
               phase, part, s->which, x, grad_y, sums, scratch);
}

static void run_slab(int64_t worker, int64_t slab, void *p) {
  const eqc_rt_sums *s = p;
  const eqc_rt_call *c = &s->call;
  char *sums = s->memory + slab * s->slab_bytes;
  int64_t block = slab * s->slab_blocks;
  int64_t end = eqc_rt_min(block + s->slab_blocks, eqc_rt_blocks(c));
  eqc_rt_clear_slab(s, slab);
  for (; block < end; ++block) {
    char *scratch = c->scratch + worker * c->stride;
    if (c->storage != EQC_RT_AS_COMPUTED)
      widen_both(s, block, scratch, 1);
    add_block(s, block, EQC_PHASE_ALL, 0, sums, scratch);
  }
}

static void run_part(int64_t worker, int64_t part, void *p) {
  const eqc_rt_sums *s = p;
  const eqc_rt_call *c = &s->call;
  (void)worker;
  add_block(s, c->block, c->phase, part, s->memory, c->scratch);
}

static int run_parts(eqc_rt_sums *s) {
  eqc_rt_call *c = &s->call;
  int status = EQC_OK;
  int64_t blocks = eqc_rt_blocks(c);
  eqc_rt_clear_slab(s, 0);
  for (c->block = 0; c->block < blocks && status == EQC_OK; ++c->block) {
    if (c->storage != EQC_RT_AS_COMPUTED)
      status = widen_both(s, c->block, c->scratch, c->width);
    for (c->phase = 0; c->phase < c->schedule.phases && status == EQC_OK;
         ++c->phase)
      status = eqc_rt_parallel(&c->runner, c->width, c->schedule.parts,
                               run_part, s, c->layer);
  }
  return status;
}

int eqc_rt_prepare_sums(eqc_rt_sums *s, int64_t *total) {
  eqc_rt_call *c = &s->call;
  int64_t width, blocks;
  int status;
  eqc_rt_ask_schedule(c, s->code->schedule);
  status = eqc_rt_stage(c);
  if (status != EQC_OK)
    return status;
  blocks = eqc_rt_blocks(c);
  status = eqc_rt_choose_slabs(s, blocks);
  if (status != EQC_OK)
    return status;
  s->slab_blocks = (blocks + s->slabs - 1) / s->slabs;
  s->slabs = (blocks + s->slab_blocks - 1) / s->slab_blocks;
  width = eqc_rt_wanted_threads(c);
  c->parts_mode = s->slabs == 1 && width > 1 && c->schedule.parts > 1;
  width = eqc_rt_min(width, c->parts_mode ? c->schedule.parts : s->slabs);
  return eqc_rt_lay_out(c, width, s->slabs * s->slab_bytes, total);
}

int eqc_rt_perform_sums(eqc_rt_sums *s, char *memory) {
  eqc_rt_call *c = &s->call;
  int status;
  s->memory = memory;
  c->scratch = memory + s->slabs * s->slab_bytes;
  if (c->parts_mode)
    status = run_parts(s);
  else
    status =
        eqc_rt_parallel(&c->runner, c->width, s->slabs, run_slab, s, c->layer);
  return status == EQC_OK ? eqc_rt_finish_sums(s) : status;
}

/*===-- A whole call
 * -------------------------------------------------------===*/

void eqc_rt_describe_arrays(const eqc_rt_call *c, eqc_rt_array *arrays) {
  static const char *const names[EQC_RT_NUM_ARRAYS] = {
      "x", "weight", "grad_y", "grad_x", "grad_weight", "grad_bias"};
  int i;
  const int64_t bytes[EQC_RT_NUM_ARRAYS] = {c->x_bytes,      c->weight_bytes,
                                            c->y_bytes,      c->x_bytes,
                                            c->weight_bytes, c->bias_bytes};
  for (i = 0; i < EQC_RT_NUM_ARRAYS; ++i) {
    arrays[i].name = names[i];
    arrays[i].bytes = bytes[i];
  }
  if (c->bias_bytes == 0)
    arrays[EQC_RT_GRAD_BIAS].data = NULL; /* ignored */
}

int eqc_rt_check_backward(eqc_rt_call *c, int64_t n, int64_t batch,
                          eqc_rt_array *arrays) {
  int status = eqc_rt_check_sizes(c, n, batch, "x", "grad_y");
  if (status != EQC_OK)
    return status;
  eqc_rt_describe_arrays(c, arrays);
  if (!arrays[EQC_RT_GRAD_X].data && !arrays[EQC_RT_GRAD_WEIGHT].data &&
      !arrays[EQC_RT_GRAD_BIAS].data)
    return EQC_OK;
  if (batch > 0 && !arrays[EQC_RT_X].data &&
      (arrays[EQC_RT_GRAD_WEIGHT].data ||
       (eqc_rt_pools(c->kernel) && arrays[EQC_RT_GRAD_X].data)))
    return eqc_rt_fail_null(c, "x");
  if (batch > 0 && !arrays[EQC_RT_WEIGHT].data && arrays[EQC_RT_GRAD_X].data)
    return eqc_rt_fail_null(c, "weight");
  if (batch > 0 && !arrays[EQC_RT_GRAD_Y].data)
    return eqc_rt_fail_null(c, "grad_y");
  return eqc_rt_check_aliases(c, arrays, EQC_RT_NUM_ARRAYS, EQC_RT_GRAD_X);
}

/* Everything after the checks. */
static int execute(eqc_rt_call *c, const eqc_rt_array *arrays, void *grad_x,
                   void *grad_weight, void *grad_bias) {
  const eqc_gradient *gradient =
      &c->kernel->gradients[c->variant - c->kernel->variants];
  eqc_rt_block memory = {0};
  eqc_rt_call input = *c;
  eqc_rt_sums sums = {0};
  int64_t flipped = 0, input_total = 0, sums_total = 0, total;
  int status = EQC_OK;

  if (grad_x) {
    input.variant = &gradient->input;
    input.x = arrays[EQC_RT_GRAD_Y].data;
    input.y = grad_x;
    input.x_bytes = c->y_bytes;
    input.y_bytes = c->x_bytes;
    if (eqc_rt_pools(c->kernel))
      input.under = arrays[EQC_RT_X].data;
    flipped = eqc_rt_aligned(c->weight_bytes);
    input_total = flipped;
    status = eqc_rt_prepare(&input, arrays[EQC_RT_WEIGHT].data, &input_total);
  }
  if (status == EQC_OK && (grad_weight || grad_bias)) {
    eqc_rt_begin_sums(&sums, c, &gradient->sums, grad_weight, grad_bias);
    sums.x = arrays[EQC_RT_X].data;
    sums.grad_y = arrays[EQC_RT_GRAD_Y].data;
    status = eqc_rt_prepare_sums(&sums, &sums_total);
  }
  /* One after the other, in the same memory. */
  total = input_total > sums_total ? input_total : sums_total;
  if (status == EQC_OK)
    status = eqc_rt_acquire((size_t)total, c->layer, &memory);
  if (status != EQC_OK)
    return status;
  if (grad_x) {
    eqc_rt_flip(c->kernel, c->n, arrays[EQC_RT_WEIGHT].data, memory.data);
    /* A kernel that takes weights as they are takes the flipped ones. */
    if (input.packed)
      input.packed = memory.data;
    status = eqc_rt_perform(&input, memory.data, (char *)memory.data + flipped);
  }
  if (status == EQC_OK && sums.which)
    status = eqc_rt_perform_sums(&sums, memory.data);
  eqc_rt_release(&memory);
  return status;
}

int eqc_rt_pools(const eqc_kernel *kernel) {
  return ((kernel->abi - EQC_KERNEL_ABI) / 100 & EQC_KERNEL_ABI_POOLED / 100) !=
         0;
}

int eqc_rt_check_gradients(const eqc_rt_call *c, const void *gradients) {
  if (gradients)
    return EQC_OK;
  return eqc_rt_fail(EQC_ERR_ARG,
                     "%s_%s: the layer was compiled without gradients",
                     c->layer, c->suffix);
}

int eqc_rt_backward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                    const void *x, const void *weight, const void *grad_y,
                    void *grad_x, void *grad_weight, void *grad_bias) {
  eqc_rt_call c;
  int status = eqc_rt_begin(&c, kernel, "backward");
  if (status == EQC_OK)
    status = eqc_rt_check_gradients(&c, c.kernel->gradients);
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
  if (batch == 0)
    return eqc_rt_sum_nothing(&c, grad_weight, grad_bias);
  c.variant = eqc_rt_choose(kernel);
  if (!c.variant)
    return eqc_rt_fail_cpu(&c);
  return execute(&c, arrays, grad_x, grad_weight, grad_bias);
}
