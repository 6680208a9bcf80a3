/*===- Ragged.c - Calls in which each sample has its own size ------- C99 -===*\
|*                                                                            *|
|* As in Call.c everything is checked and all memory acquired first. Weights  *|
|* are packed once for all sizes.                                             *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Ragged.h"

#include <string.h>

#define MOST_NODES ((int64_t)1 << 31)

/*===-- Checks
 * --------------------------------------------------------------===*/

static int fail_size(const eqc_rt_call *c, const eqc_rt_sizes *s,
                     int64_t sample) {
  const char *name = s->extent > 0 ? "sizes" : "n";
  const long long n = (long long)s->n[sample];
  const int64_t most = s->extent > 0 ? s->extent : MOST_NODES;
  if (n >= 0 && n <= most)
    return eqc_rt_fail(EQC_ERR_ARG,
                       "%s_%s: '%s[%lld]' is %lld, must be a multiple of %lld "
                       "for %s",
                       c->layer, c->suffix, name, (long long)sample, n,
                       (long long)s->unit, c->kernel->info->group);
  return eqc_rt_fail(EQC_ERR_ARG,
                     "%s_%s: '%s[%lld]' is %lld, must be 0 to %lld", c->layer,
                     c->suffix, name, (long long)sample, n, (long long)most);
}

static int check_each(const eqc_rt_call *c, eqc_rt_sizes *s) {
  const int64_t most = s->extent > 0 ? s->extent : MOST_NODES;
  int64_t i;
  for (i = 0; i < s->batch; ++i)
    if (s->n[i] < 0 || s->n[i] > most || s->n[i] % s->unit != 0)
      return fail_size(c, s, i);
  return EQC_OK;
}

/* Adds the bytes of a side of one sample. */
static int add_bytes(const eqc_rt_call *c, const eqc_rt_sizes *s, int side,
                     int64_t n, int64_t *total) {
  int64_t bytes = s->channels[side], i;
  int overflow = __builtin_mul_overflow(bytes, s->stored_bytes, &bytes);
  for (i = 0; i < s->order[side] && bytes != 0 && n != 1 && !overflow; ++i)
    overflow |= __builtin_mul_overflow(bytes, n, &bytes);
  overflow |= __builtin_add_overflow(*total, bytes, total);
  if (!overflow && (uint64_t)*total <= PTRDIFF_MAX)
    return EQC_OK;
  return eqc_rt_fail(EQC_ERR_SIZE,
                     "%s_%s: the bytes of '%s' overflow for all %lld samples",
                     c->layer, c->suffix, side == EQC_RT_SIDE_Y ? "y" : "x",
                     (long long)s->batch);
}

static int count_packed_bytes(eqc_rt_call *c, eqc_rt_sizes *s) {
  int64_t i;
  int status = EQC_OK;
  for (i = 0; i < s->batch && status == EQC_OK; ++i) {
    const int64_t n = eqc_rt_size_of(s, i);
    status = add_bytes(c, s, EQC_RT_SIDE_X, n, &c->x_bytes);
    if (status == EQC_OK)
      status = add_bytes(c, s, EQC_RT_SIDE_Y, n, &c->y_bytes);
  }
  return status;
}

int eqc_rt_check_ragged(eqc_rt_call *c, eqc_rt_sizes *s, int padded,
                        int64_t extent, int64_t batch, const int64_t *n) {
  const eqc_layer_info *info = c->kernel->info;
  const int64_t unit = c->kernel->size_unit > 1 ? c->kernel->size_unit : 1;
  int64_t i;
  int status;
  memset(s, 0, sizeof *s);
  if (info->n != -1)
    return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: the layer has one n", c->layer,
                       c->suffix);
  /* Packed arrays are counted one sample at a time. */
  status = eqc_rt_check_sizes(c, padded ? extent : unit,
                              padded || batch < 0 ? batch : 0, "x", "y");
  if (status != EQC_OK)
    return status;
  c->batch = batch;
  s->n = n;
  s->batch = batch;
  s->extent = padded ? extent : 0;
  s->order[EQC_RT_SIDE_X] = info->k;
  s->order[EQC_RT_SIDE_Y] = info->l;
  s->channels[EQC_RT_SIDE_X] = info->c_in;
  s->channels[EQC_RT_SIDE_Y] = info->c_out;
  s->element_bytes = c->kernel->element_bytes;
  s->storage = c->storage;
  s->stored_bytes = c->stored_bytes;
  s->channels_last = strcmp(info->layout, "channels_first") != 0;
  s->unit = unit;
  s->any_n = info->k == 0 && info->l == 0;
  if (batch == 0)
    return EQC_OK;
  if (!n)
    return eqc_rt_fail_null(c, padded ? "sizes" : "n");
  status = check_each(c, s);
  if (status == EQC_OK && !padded)
    status = count_packed_bytes(c, s);
  for (i = 0; i < batch && !s->runs; ++i)
    s->runs = eqc_rt_size_of(s, i) > 0;
  return status;
}

int eqc_rt_check_sizes_alias(const eqc_rt_call *c, const eqc_rt_sizes *s,
                             const char *name, const void *array,
                             int64_t bytes) {
  if (array &&
      eqc_rt_overlap(array, bytes, s->n, s->batch * (int64_t)sizeof(int64_t)))
    return eqc_rt_fail_alias(c, name, s->extent > 0 ? "sizes" : "n");
  return EQC_OK;
}

static int check_forward(const eqc_rt_call *c, const eqc_rt_sizes *s,
                         const void *x, const void *weight, const void *bias,
                         const void *y) {
  int status;
  if (s->runs && !x)
    return eqc_rt_fail_null(c, "x");
  if (s->runs && !weight)
    return eqc_rt_fail_null(c, "weight");
  if (c->y_bytes > 0 && c->bias_bytes > 0 && !bias)
    return eqc_rt_fail_null(c, "bias");
  if (c->y_bytes > 0 && !y)
    return eqc_rt_fail_null(c, "y");
  status =
      eqc_rt_check_output(c, x, "weight", weight, c->weight_bytes, bias, y);
  if (status != EQC_OK)
    return status;
  return eqc_rt_check_sizes_alias(c, s, "y", y, c->y_bytes);
}

/*===-- A kernel on every piece
 * ---------------------------------------------===*/

int64_t eqc_rt_threads_for(const eqc_rt_call *c, double operations) {
  /* Of one sample, as the rule for batches has it. */
  eqc_rt_call one = *c;
  one.batch = 1;
  one.schedule.flops = (int64_t)(operations < 1e15 ? operations + 1 : 1e15);
  return eqc_rt_wanted_threads(&one);
}

/* Samples without entries: those of y that are there all the same are the
   bias, or zero. */
static void write_empty(const eqc_rt_map *m, const eqc_rt_piece *piece) {
  const eqc_rt_sizes *s = m->work.sizes;
  const int64_t bytes = eqc_rt_sample_bytes(s, m->out, 0);
  char *to = (char *)m->call.y + piece->offset[m->out];
  int64_t i;
  if (bytes == 0)
    return;
  if (s->order[m->out] > 0 || !m->call.bias)
    memset(to, 0, (size_t)(piece->samples * bytes));
  else
    for (i = 0; i < piece->samples; ++i)
      if (s->storage == EQC_RT_AS_COMPUTED)
        memcpy(to + i * bytes, m->call.bias, (size_t)bytes);
      else
        eqc_rt_narrow(s->storage, m->call.bias, to + i * bytes,
                      s->channels[m->out]);
}

static const void *weights_for(const eqc_rt_map *m, int64_t n, char *room) {
  return m->weights ? m->weights(m->context, n, room) : m->call.packed;
}

/* Where a kernel writes a piece: where it belongs, or in scratch. */
static void *output_of(const eqc_rt_map *m, const eqc_rt_piece *piece,
                       char *scratch) {
  return eqc_rt_in_place(m->work.sizes, m->out, piece)
             ? (char *)m->call.y + piece->offset[m->out]
             : eqc_rt_copy_of(&m->work, piece, m->out, scratch);
}

/* Puts what a kernel is to find in its output there. */
static int underlay(const eqc_rt_map *m, const eqc_rt_piece *piece, void *out,
                    int64_t width) {
  return m->call.under ? eqc_rt_copy_piece(&m->work, &m->call, piece, m->out,
                                           m->call.under, out, width)
                       : EQC_OK;
}

static void run_piece(const eqc_rt_map *m, const eqc_rt_piece *piece,
                      char *room) {
  const eqc_rt_call *c = &m->call;
  char *scratch = room + m->work.room;
  const void *in;
  void *out;
  int status, streams;
  if (piece->n == 0) {
    write_empty(m, piece);
    return;
  }
  in = eqc_rt_read_piece(&m->work, c, piece, m->in, c->x, scratch, 1, &status);
  out = output_of(m, piece, scratch);
  underlay(m, piece, out, 1);
  streams = eqc_rt_in_place(m->work.sizes, m->out, piece) && !c->under &&
            eqc_rt_wants_streaming(out, c->y_bytes);
  c->variant->forward(piece->n, 0, piece->samples,
                      streams ? EQC_PHASE_ALL_STREAMING : EQC_PHASE_ALL, 0, in,
                      weights_for(m, piece->n, room), c->bias, out,
                      eqc_rt_kernel_scratch(&m->work, piece, scratch));
  if (streams)
    eqc_rt_finish_streaming();
  eqc_rt_write_piece(&m->work, c, piece, m->out, c->y, scratch, 1);
}

static void run_task(int64_t worker, int64_t task, void *p) {
  const eqc_rt_map *m = p;
  int64_t i;
  for (i = m->work.tasks[task]; i < m->work.tasks[task + 1]; ++i)
    run_piece(m, &m->work.pieces[i], m->call.scratch + worker * m->call.stride);
}

static void run_part(int64_t worker, int64_t part, void *p) {
  const eqc_rt_map *m = p;
  const eqc_rt_call *c = &m->call;
  (void)worker;
  c->variant->forward(
      m->piece->n, 0, m->piece->samples, c->phase, part, m->piece_in,
      m->piece_packed, c->bias, m->piece_out,
      eqc_rt_kernel_scratch(&m->work, m->piece, c->scratch + m->work.room));
}

/* All threads on one piece. */
static int share_piece(eqc_rt_map *m, const eqc_rt_piece *piece) {
  eqc_rt_call *c = &m->call;
  char *scratch = c->scratch + m->work.room;
  eqc_schedule schedule;
  int64_t width;
  int status;
  eqc_rt_schedule_piece(&m->work, piece, &schedule);
  width = eqc_rt_min(m->threads, schedule.parts);
  if (width < 2) {
    run_piece(m, piece, c->scratch);
    return EQC_OK;
  }
  m->piece = piece;
  m->piece_in = eqc_rt_read_piece(&m->work, c, piece, m->in, c->x, scratch,
                                  width, &status);
  m->piece_out = output_of(m, piece, scratch);
  m->piece_packed = weights_for(m, piece->n, c->scratch);
  if (status == EQC_OK)
    status = underlay(m, piece, m->piece_out, width);
  for (c->phase = 0; c->phase < schedule.phases && status == EQC_OK; ++c->phase)
    status = eqc_rt_parallel(&c->runner, width, schedule.parts, run_part, m,
                             c->layer);
  if (status != EQC_OK)
    return status;
  return eqc_rt_write_piece(&m->work, c, piece, m->out, c->y, scratch, width);
}

int eqc_rt_prepare_map(eqc_rt_map *m, int64_t head, int64_t *total) {
  eqc_rt_call *c = &m->call;
  eqc_rt_work *w = &m->work;
  int64_t width, list, large, shared;
  int status;
  w->schedule = c->variant->schedule;
  w->copied[EQC_RT_SIDE_X] = w->copied[EQC_RT_SIDE_Y] = 1;
  eqc_rt_count_pieces(w);
  if (c->kernel->threads)
    c->runner = eqc_rt_current_runner();
  m->threads = eqc_rt_threads_for(c, w->total);
  width = eqc_rt_min(m->threads, w->num_pieces > 0 ? w->num_pieces : 1);
  c->schedule.scratch_bytes = w->room + w->piece_bytes;
  if (__builtin_mul_overflow(w->num_pieces, (int64_t)sizeof(eqc_rt_piece),
                             &list) ||
      __builtin_add_overflow(head, list, &head))
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", c->layer);
  status = eqc_rt_lay_out(c, width, head, total);
  if (status != EQC_OK)
    return status;
  /* Large pieces, one after the other, use what the workers use later. */
  large = w->num_large > 0 ? w->room + w->large_bytes : 0;
  shared = c->width * c->stride;
  if (large > shared &&
      (__builtin_add_overflow(*total, large - shared, total) ||
       (uint64_t)*total > PTRDIFF_MAX))
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", c->layer);
  return EQC_OK;
}

/* Lets every worker know that its room holds no weights. */
static void forget_weights(const eqc_rt_map *m) {
  const eqc_rt_call *c = &m->call;
  int64_t worker;
  for (worker = 0; worker < c->width && m->weights; ++worker)
    *(int64_t *)(c->scratch + worker * c->stride) = 0;
}

int eqc_rt_perform_map(eqc_rt_map *m, char *memory) {
  eqc_rt_call *c = &m->call;
  eqc_rt_work *w = &m->work;
  const int64_t list = w->num_pieces * (int64_t)sizeof(eqc_rt_piece);
  int status = EQC_OK, i;
  w->pieces = (eqc_rt_piece *)memory;
  c->scratch = memory + eqc_rt_aligned(list);
  eqc_rt_list_pieces(w, m->by_size);
  eqc_rt_cut_tasks(w, EQC_RT_MAX_TASKS);
  forget_weights(m);
  for (i = 0; i < w->num_large && status == EQC_OK; ++i)
    status = share_piece(m, &w->large[i]);
  /* Their scratch may have been where other workers' rooms are. */
  if (w->num_large > 0)
    forget_weights(m);
  if (status == EQC_OK && w->num_tasks > 0)
    status = eqc_rt_parallel(&c->runner, eqc_rt_min(c->width, w->num_tasks),
                             w->num_tasks, run_task, m, c->layer);
  return status;
}

/*===-- Forward calls
 * -------------------------------------------------------===*/

/* Everything after the checks. */
static int execute(eqc_rt_map *m, const void *weight) {
  eqc_rt_call *c = &m->call;
  eqc_rt_block memory = {0};
  const int64_t packed = eqc_rt_aligned(c->variant->packed_bytes);
  int64_t total = 0;
  int status = eqc_rt_prepare_map(m, packed, &total);
  if (status == EQC_OK)
    status = eqc_rt_acquire((size_t)(total > 0 ? total : 1), c->layer, &memory);
  if (status != EQC_OK)
    return status;
  c->packed = weight;
  if (packed > 0 && m->work.sizes->runs) {
    c->variant->pack(c->kernel->info->n, weight, memory.data);
    c->packed = memory.data;
  }
  status = eqc_rt_perform_map(m, (char *)memory.data + packed);
  eqc_rt_release(&memory);
  return status;
}

static int forward(const eqc_kernel *kernel, const char *suffix, int padded,
                   int64_t extent, int64_t batch, const int64_t *n,
                   const void *x, const void *weight, const void *bias,
                   void *y) {
  eqc_rt_map map = {0};
  eqc_rt_sizes sizes;
  eqc_rt_call *c = &map.call;
  int status = eqc_rt_begin(c, kernel, suffix);
  if (status == EQC_OK)
    status = eqc_rt_check_ragged(c, &sizes, padded, extent, batch, n);
  if (status == EQC_OK && batch > 0)
    status = check_forward(c, &sizes, x, weight, bias, y);
  if (status != EQC_OK || c->y_bytes == 0)
    return status;
  c->variant = eqc_rt_choose(kernel);
  if (!c->variant)
    return eqc_rt_fail_cpu(c);
  c->x = x;
  c->bias = c->bias_bytes > 0 ? bias : NULL;
  c->y = y;
  map.work.sizes = &sizes;
  map.in = EQC_RT_SIDE_X;
  map.out = EQC_RT_SIDE_Y;
  return execute(&map, weight);
}

int eqc_rt_forward_ragged(const eqc_kernel *kernel, int64_t batch,
                          const int64_t *n, const void *x, const void *weight,
                          const void *bias, void *y) {
  return forward(kernel, "forward_ragged", /*padded=*/0, 0, batch, n, x, weight,
                 bias, y);
}

int eqc_rt_forward_padded(const eqc_kernel *kernel, int64_t n, int64_t batch,
                          const int64_t *sizes, const void *x,
                          const void *weight, const void *bias, void *y) {
  return forward(kernel, "forward_padded", /*padded=*/1, n, batch, sizes, x,
                 weight, bias, y);
}
