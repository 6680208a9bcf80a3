/*===- RaggedBackward.c - The gradients of ragged batches ----------- C99 -===*\
|*                                                                            *|
|* As in Backward.c, over pieces instead of blocks. Where means are taken the *|
|* flipped weights differ with n: then pieces of one n follow each other, and *|
|* each thread keeps the weights of the n that it is at.                      *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Ragged.h"
#include "Sums.h"

/* A piece of less is not worth waking threads for. */
#define WORTH_SHARING ((double)(1 << 18))

/*===-- The gradient of x
 * ---------------------------------------------------===*/

typedef struct flips {
  const eqc_kernel *kernel;
  const eqc_variant *variant;
  const void *weight;
  int64_t flipped_bytes;
} flips;

/* Flips the weights for n, and packs them, from `memory` on. */
static const void *make_weights(const flips *f, int64_t n, char *memory) {
  eqc_rt_flip(f->kernel, n, f->weight, memory);
  if (f->variant->packed_bytes == 0)
    return memory;
  f->variant->pack(n, memory, memory + f->flipped_bytes);
  return memory + f->flipped_bytes;
}

static int64_t weights_bytes(const flips *f) {
  return f->flipped_bytes + eqc_rt_aligned(f->variant->packed_bytes);
}

/* The room of a worker: the n that its weights are for, then these. */
static const void *weights_for(void *context, int64_t n, char *room) {
  const flips *f = context;
  int64_t *known = (int64_t *)room;
  if (*known != n)
    make_weights(f, n, room + EQC_RT_ALIGN);
  *known = n;
  return room + EQC_RT_ALIGN +
         (f->variant->packed_bytes == 0 ? 0 : f->flipped_bytes);
}

static int differ_with_n(const eqc_kernel *kernel) {
  int64_t d;
  for (d = 0; kernel->flips && d < kernel->info->diagrams; ++d)
    if (kernel->flips[d].divisions != 0)
      return 1;
  return 0;
}

/*===-- Sums over the batch
 * ------------------------------------------------===*/

typedef struct ragged_sums {
  eqc_rt_sums sums;
  eqc_rt_work work;
  int64_t threads; /* that may share a piece */
  /* The piece that they share. */
  const eqc_rt_piece *piece;
  const void *x, *grad_y;
} ragged_sums;

static void add_piece(const ragged_sums *s, const eqc_rt_piece *piece,
                      int64_t phase, int64_t part, const void *x,
                      const void *grad_y, char *sums, char *scratch) {
  /* All there is of samples without entries is the bias. */
  const int64_t n = piece->n > 0 ? piece->n : s->work.empty;
  const int64_t which =
      s->sums.which & (piece->n > 0 ? ~(int64_t)0 : EQC_SUM_BIAS);
  if (!which)
    return;
  s->sums.code->add(n, 0, piece->samples, phase, part, which,
                    which & EQC_SUM_WEIGHT ? x : NULL, grad_y, sums,
                    eqc_rt_kernel_scratch(&s->work, piece, scratch));
}

static void run_piece(const ragged_sums *s, const eqc_rt_piece *piece,
                      char *sums, char *scratch) {
  const eqc_rt_call *c = &s->sums.call;
  int status;
  const void *x = eqc_rt_read_piece(&s->work, c, piece, EQC_RT_SIDE_X,
                                    s->sums.x, scratch, 1, &status);
  const void *grad_y = eqc_rt_read_piece(&s->work, c, piece, EQC_RT_SIDE_Y,
                                         s->sums.grad_y, scratch, 1, &status);
  add_piece(s, piece, EQC_PHASE_ALL, 0, x, grad_y, sums, scratch);
}

/* A slab is what one task adds up; the first begins with the large pieces. */
static void run_slab(int64_t worker, int64_t slab, void *p) {
  const ragged_sums *s = p;
  int64_t i;
  if (slab > 0)
    eqc_rt_clear_slab(&s->sums, slab);
  for (i = s->work.tasks[slab]; i < s->work.tasks[slab + 1]; ++i)
    run_piece(s, &s->work.pieces[i], s->sums.memory + slab * s->sums.slab_bytes,
              s->sums.call.scratch + worker * s->sums.call.stride);
}

static void run_part(int64_t worker, int64_t part, void *p) {
  const ragged_sums *s = p;
  (void)worker;
  add_piece(s, s->piece, s->sums.call.phase, part, s->x, s->grad_y,
            s->sums.memory, s->sums.call.scratch);
}

/* All threads on one piece, if it is worth that. */
static int share_piece(ragged_sums *s, const eqc_rt_piece *piece) {
  eqc_rt_call *c = &s->sums.call;
  eqc_schedule schedule;
  int64_t width;
  int status;
  eqc_rt_schedule_piece(&s->work, piece, &schedule);
  width = eqc_rt_min(s->threads, schedule.parts);
  if (width < 2 ||
      (schedule.flops > 0 && !c->runner.run &&
       (double)schedule.flops * (double)piece->samples < WORTH_SHARING)) {
    run_piece(s, piece, s->sums.memory, c->scratch);
    return EQC_OK;
  }
  s->piece = piece;
  s->x = eqc_rt_read_piece(&s->work, c, piece, EQC_RT_SIDE_X, s->sums.x,
                           c->scratch, width, &status);
  if (status == EQC_OK)
    s->grad_y = eqc_rt_read_piece(&s->work, c, piece, EQC_RT_SIDE_Y,
                                  s->sums.grad_y, c->scratch, width, &status);
  for (c->phase = 0; c->phase < schedule.phases && status == EQC_OK; ++c->phase)
    status = eqc_rt_parallel(&c->runner, width, schedule.parts, run_part, s,
                             c->layer);
  return status;
}

/* The bytes that the sums need, added to *total. */
static int prepare_sums(ragged_sums *s, const eqc_rt_sizes *sizes,
                        int64_t *total) {
  eqc_rt_sums *all = &s->sums;
  eqc_rt_call *c = &all->call;
  eqc_rt_work *w = &s->work;
  int64_t width, list, head, large;
  int status;
  w->sizes = sizes;
  w->schedule = all->code->schedule;
  w->copied[EQC_RT_SIDE_X] = (all->which & EQC_SUM_WEIGHT) != 0;
  w->copied[EQC_RT_SIDE_Y] = 1;
  /* Whichever gradients are asked for, so that these change no bit. */
  w->empty = sizes->order[EQC_RT_SIDE_Y] == 0 ? sizes->unit : -1;
  eqc_rt_count_pieces(w);
  status = eqc_rt_choose_slabs(all, w->num_pieces);
  if (status != EQC_OK)
    return status;
  if (c->kernel->threads)
    c->runner = eqc_rt_current_runner();
  s->threads = eqc_rt_threads_for(c, w->total);
  width = all->slabs > 1 ? eqc_rt_min(s->threads, all->slabs) : s->threads;
  c->schedule.scratch_bytes = w->piece_bytes;
  if (__builtin_mul_overflow(w->num_pieces, (int64_t)sizeof(eqc_rt_piece),
                             &list) ||
      __builtin_add_overflow(all->slabs * all->slab_bytes, list, &head))
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", c->layer);
  /* With one slab there is one piece at a time. */
  c->parts_mode = all->slabs == 1;
  status = eqc_rt_lay_out(c, width, head, total);
  if (status != EQC_OK)
    return status;
  large = w->large_bytes - (c->parts_mode ? 1 : c->width) * c->stride;
  if (large > 0 && (__builtin_add_overflow(*total, large, total) ||
                    (uint64_t)*total > PTRDIFF_MAX))
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", c->layer);
  return EQC_OK;
}

static int perform_sums(ragged_sums *s, char *memory) {
  eqc_rt_sums *all = &s->sums;
  eqc_rt_call *c = &all->call;
  eqc_rt_work *w = &s->work;
  int64_t i;
  int status = EQC_OK;
  all->memory = memory;
  memory += all->slabs * all->slab_bytes;
  w->pieces = (eqc_rt_piece *)memory;
  c->scratch =
      memory + eqc_rt_aligned(w->num_pieces * (int64_t)sizeof(eqc_rt_piece));
  eqc_rt_list_pieces(w, /*by_size=*/0);
  eqc_rt_clear_slab(all, 0);
  for (i = 0; i < w->num_large && status == EQC_OK; ++i)
    status = share_piece(s, &w->large[i]);
  if (all->slabs == 1) {
    for (i = 0; i < w->num_pieces && status == EQC_OK; ++i)
      status = share_piece(s, &w->pieces[i]);
  } else if (status == EQC_OK) {
    eqc_rt_cut_tasks(w, all->slabs);
    all->slabs = w->num_tasks;
    status = eqc_rt_parallel(&c->runner, c->width, w->num_tasks, run_slab, s,
                             c->layer);
  }
  return status == EQC_OK ? eqc_rt_finish_sums(all) : status;
}

/*===-- A whole call
 * -------------------------------------------------------===*/

static int check(const eqc_rt_call *c, const eqc_rt_sizes *s,
                 eqc_rt_array *arrays) {
  int i, status;
  const int reads_y = s->runs || (s->order[EQC_RT_SIDE_Y] == 0 &&
                                  arrays[EQC_RT_GRAD_BIAS].data);
  if (s->runs && !arrays[EQC_RT_X].data &&
      (arrays[EQC_RT_GRAD_WEIGHT].data ||
       (eqc_rt_pools(c->kernel) && arrays[EQC_RT_GRAD_X].data)))
    return eqc_rt_fail_null(c, "x");
  if (s->runs && !arrays[EQC_RT_WEIGHT].data && arrays[EQC_RT_GRAD_X].data)
    return eqc_rt_fail_null(c, "weight");
  if (reads_y && c->batch > 0 && !arrays[EQC_RT_GRAD_Y].data)
    return eqc_rt_fail_null(c, "grad_y");
  status = eqc_rt_check_aliases(c, arrays, EQC_RT_NUM_ARRAYS, EQC_RT_GRAD_X);
  for (i = EQC_RT_GRAD_X; i < EQC_RT_NUM_ARRAYS && status == EQC_OK; ++i)
    status = eqc_rt_check_sizes_alias(c, s, arrays[i].name, arrays[i].data,
                                      arrays[i].bytes);
  return status;
}

/* The bytes that grad_x needs; the weights that are the same for every n come
   before all else. */
static int prepare_input(eqc_rt_map *m, flips *f, int64_t *total) {
  const int differ = differ_with_n(f->kernel);
  f->flipped_bytes = eqc_rt_aligned(m->call.weight_bytes);
  m->context = f;
  m->by_size = differ;
  m->weights = differ ? weights_for : NULL;
  m->work.room = differ ? EQC_RT_ALIGN + weights_bytes(f) : 0;
  return eqc_rt_prepare_map(m, differ ? 0 : weights_bytes(f), total);
}

static int perform_input(eqc_rt_map *m, flips *f, char *memory) {
  if (m->weights)
    return eqc_rt_perform_map(m, memory);
  if (m->work.sizes->runs)
    m->call.packed = make_weights(f, m->work.sizes->unit, memory);
  return eqc_rt_perform_map(m, memory + weights_bytes(f));
}

/* Everything after the checks. */
static int execute(const eqc_rt_call *c, const eqc_rt_sizes *sizes,
                   const eqc_rt_array *arrays, void *grad_x, void *grad_weight,
                   void *grad_bias) {
  const eqc_gradient *gradient =
      &c->kernel->gradients[c->variant - c->kernel->variants];
  eqc_rt_block memory = {0};
  eqc_rt_map input = {0};
  ragged_sums sums = {0};
  flips flips = {c->kernel, &gradient->input, arrays[EQC_RT_WEIGHT].data, 0};
  int64_t input_total = 0, sums_total = 0, total;
  int status = EQC_OK;

  if (grad_x) {
    input.call = *c;
    input.call.variant = &gradient->input;
    input.call.x = arrays[EQC_RT_GRAD_Y].data;
    input.call.y = grad_x;
    input.call.y_bytes = c->x_bytes;
    if (eqc_rt_pools(c->kernel))
      input.call.under = arrays[EQC_RT_X].data;
    input.work.sizes = sizes;
    input.in = EQC_RT_SIDE_Y;
    input.out = EQC_RT_SIDE_X;
    status = prepare_input(&input, &flips, &input_total);
  }
  if (status == EQC_OK && (grad_weight || grad_bias)) {
    eqc_rt_begin_sums(&sums.sums, c, &gradient->sums, grad_weight, grad_bias);
    sums.sums.x = arrays[EQC_RT_X].data;
    sums.sums.grad_y = arrays[EQC_RT_GRAD_Y].data;
    status = prepare_sums(&sums, sizes, &sums_total);
  }
  /* One after the other, in the same memory. */
  total = input_total > sums_total ? input_total : sums_total;
  if (status == EQC_OK)
    status = eqc_rt_acquire((size_t)(total > 0 ? total : 1), c->layer, &memory);
  if (status != EQC_OK)
    return status;
  if (grad_x)
    status = perform_input(&input, &flips, memory.data);
  if (status == EQC_OK && sums.sums.which)
    status = perform_sums(&sums, memory.data);
  eqc_rt_release(&memory);
  return status;
}

static int backward(const eqc_kernel *kernel, const char *suffix, int padded,
                    int64_t extent, int64_t batch, const int64_t *n,
                    const void *x, const void *weight, const void *grad_y,
                    void *grad_x, void *grad_weight, void *grad_bias) {
  eqc_rt_array arrays[EQC_RT_NUM_ARRAYS] = {
      {NULL, x, 0},      {NULL, weight, 0},      {NULL, grad_y, 0},
      {NULL, grad_x, 0}, {NULL, grad_weight, 0}, {NULL, grad_bias, 0}};
  eqc_rt_sizes sizes;
  eqc_rt_call c;
  int status = eqc_rt_begin(&c, kernel, suffix);
  if (status == EQC_OK)
    status = eqc_rt_check_gradients(&c, c.kernel->gradients);
  if (status == EQC_OK)
    status = eqc_rt_check_ragged(&c, &sizes, padded, extent, batch, n);
  if (status != EQC_OK)
    return status;
  eqc_rt_describe_arrays(&c, arrays);
  if (!arrays[EQC_RT_GRAD_BIAS].data)
    grad_bias = NULL;
  if (!grad_x && !grad_weight && !grad_bias)
    return EQC_OK;
  status = check(&c, &sizes, arrays);
  if (status != EQC_OK)
    return status;
  if (c.x_bytes == 0)
    grad_x = NULL;
  if (batch == 0)
    return eqc_rt_sum_nothing(&c, grad_weight, grad_bias);
  c.variant = eqc_rt_choose(kernel);
  if (!c.variant)
    return eqc_rt_fail_cpu(&c);
  return execute(&c, &sizes, arrays, grad_x, grad_weight, grad_bias);
}

int eqc_rt_backward_ragged(const eqc_kernel *kernel, int64_t batch,
                           const int64_t *n, const void *x, const void *weight,
                           const void *grad_y, void *grad_x, void *grad_weight,
                           void *grad_bias) {
  return backward(kernel, "backward_ragged", /*padded=*/0, 0, batch, n, x,
                  weight, grad_y, grad_x, grad_weight, grad_bias);
}

int eqc_rt_backward_padded(const eqc_kernel *kernel, int64_t n, int64_t batch,
                           const int64_t *sizes, const void *x,
                           const void *weight, const void *grad_y, void *grad_x,
                           void *grad_weight, void *grad_bias) {
  return backward(kernel, "backward_padded", /*padded=*/1, n, batch, sizes, x,
                  weight, grad_y, grad_x, grad_weight, grad_bias);
}
