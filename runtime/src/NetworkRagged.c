/*===- NetworkRagged.c - Networks on samples of different sizes ----- C99 -===*\
|*                                                                            *|
|* The batch is cut into pieces: samples of equal sizes that follow each      *|
|* other. Each is a call of the network. Large pieces are done one after the  *|
|* other, by all threads; the others are handed out in tasks of about equal   *|
|* work, each by one thread. What is a piece, a large one and a task depends  *|
|* on the sizes alone, and gradients of parameters are added up in that       *|
|* order, so results do not depend on the number of threads.                  *|
|*                                                                            *|
|* Of padded arrays the corners that count are copied, a piece at a time.     *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Network.h"

#include <string.h>

#define MOST_NODES ((int64_t)1 << 31)
/* Samples of a piece. */
#define MOST_SAMPLES 64
#define MOST_TASKS 64
/* A large piece is more than this part of all work. */
#define LARGE_PART 16
/* What the sums of all tasks may be, in bytes. */
#define MOST_SUMS ((int64_t)64 << 20)

typedef struct piece {
  int64_t first, samples; /* of the batch */
  const int64_t *sizes;   /* one for each list */
  const int64_t *offsets; /* bytes at which it begins in each array */
  double work;
  int large;
} piece;

typedef struct ragged {
  eqc_rt_network call; /* what all pieces have in common */
  const int64_t *const *lists;
  const int64_t *extents; /* of padded arrays; NULL: arrays are packed */
  int64_t num_lists, num_arrays;
  int64_t bytes[2 * EQC_RT_MOST_TENSORS];  /* of inputs, then of outputs */
  int64_t values[2 * EQC_RT_MOST_TENSORS]; /* which these are */
  piece *pieces;
  int64_t num_pieces, num_tasks;
  int64_t *tasks; /* where the pieces of each begin */
  /* Of one worker: the network's memory, copies of corners, the gradient of the
     parameters from one piece. */
  int64_t stride, copies, gradient;
  char *scratch, *sums;
  int64_t params; /* bytes */
  int status;     /* atomic: the first that was not EQC_OK */
} ragged;

/*===-- Sizes
 * --------------------------------------------------------------===*/

/* The space whose sizes list `list` has. */
static const eqc_space_info *space_of(const ragged *r, int64_t list,
                                      int64_t *unit) {
  const eqc_network_info *info = r->call.network->info;
  int64_t i;
  for (i = 0; info->space[i].n >= 0 || list-- > 0; ++i)
    ;
  *unit = r->call.network->size_units[i];
  return &info->space[i];
}

static int check_list(const ragged *r, int64_t list) {
  const eqc_rt_network *c = &r->call;
  int64_t unit, i;
  const eqc_space_info *space = space_of(r, list, &unit);
  const char *ending = r->extents ? "_sizes" : "";
  const int64_t most = r->extents ? r->extents[list] : MOST_NODES;
  if (!r->lists[list])
    return eqc_rt_fail(EQC_ERR_NULL, "%s_%s: '%s%s' is NULL", c->name,
                       c->suffix, space->name, ending);
  for (i = 0; i < c->batch; ++i) {
    const int64_t n = r->lists[list][i];
    if (n < 0 || n > most)
      return eqc_rt_fail(EQC_ERR_ARG,
                         "%s_%s: '%s%s[%lld]' is %lld, must be 0 to %lld",
                         c->name, c->suffix, space->name, ending, (long long)i,
                         (long long)n, (long long)most);
    if (unit > 1 && n % unit != 0)
      return eqc_rt_fail(
          EQC_ERR_ARG,
          "%s_%s: '%s%s[%lld]' is %lld, must be a multiple of %lld for %s",
          c->name, c->suffix, space->name, ending, (long long)i, (long long)n,
          (long long)unit, space->group);
  }
  return EQC_OK;
}

/* The length of an axis of a sample, and of padded arrays. */
static int64_t length_of(const ragged *r, const int64_t *sizes, int32_t axis) {
  return eqc_rt_axis_length(r->call.network, sizes, axis);
}

/* Bytes of a value of one sample; -1 where they overflow. */
static int64_t value_bytes(const ragged *r, const int64_t *sizes,
                           int64_t value) {
  const eqc_value *v = &r->call.network->values[value];
  int64_t bytes = v->channels * r->call.network->element_bytes, a;
  int overflow = 0;
  for (a = 0; a < v->order; ++a)
    overflow |=
        __builtin_mul_overflow(bytes, length_of(r, sizes, v->axes[a]), &bytes);
  return overflow ? -1 : bytes;
}

static void sizes_of(const ragged *r, int64_t sample, int64_t *sizes) {
  int64_t i;
  for (i = 0; i < r->num_lists; ++i)
    sizes[i] = r->lists[i][sample];
}

static int is_alike(const ragged *r, int64_t a, int64_t b) {
  int64_t i;
  for (i = 0; i < r->num_lists; ++i)
    if (r->lists[i][a] != r->lists[i][b])
      return 0;
  return 1;
}

/* The value that array `i` of the call is of. */
static int64_t value_of(const ragged *r, int64_t i) {
  const eqc_network *network = r->call.network;
  const int64_t inputs = network->info->inputs;
  int64_t v;
  for (v = 0; v < network->num_values; ++v)
    if (i < inputs ? network->values[v].input == i
                   : network->values[v].output == i - inputs)
      break;
  return v;
}

/* The samples of the piece that begins with `first`. */
static int64_t samples_from(const ragged *r, int64_t first) {
  int64_t end = first + 1;
  while (end < r->call.batch && end < first + MOST_SAMPLES &&
         is_alike(r, first, end))
    ++end;
  return end - first;
}

/* Counts pieces, and the bytes of all arrays. */
static int count(ragged *r, int64_t *sizes) {
  const eqc_rt_network *c = &r->call;
  int64_t first, i;
  for (first = 0; first < c->batch; ++r->num_pieces) {
    const int64_t samples = samples_from(r, first);
    sizes_of(r, first, sizes);
    for (i = 0; i < r->num_arrays; ++i) {
      int64_t bytes =
          value_bytes(r, r->extents ? r->extents : sizes, r->values[i]);
      if (bytes < 0 || __builtin_mul_overflow(bytes, samples, &bytes) ||
          __builtin_add_overflow(r->bytes[i], bytes, &r->bytes[i]) ||
          (uint64_t)r->bytes[i] > PTRDIFF_MAX)
        return eqc_rt_fail(
            EQC_ERR_SIZE,
            "%s_%s: the bytes of '%s' overflow for all %lld "
            "samples",
            c->name, c->suffix,
            i < c->network->info->inputs
                ? c->network->info->input[i].name
                : c->network->info->output[i - c->network->info->inputs].name,
            (long long)c->batch);
    }
    first += samples;
  }
  return EQC_OK;
}

/* No output shares bytes with the sizes. */
static int check_lists(const ragged *r) {
  const eqc_rt_network *c = &r->call;
  eqc_rt_extent arrays[EQC_RT_MOST_ARRAYS];
  const int64_t count = eqc_rt_network_arrays(c, arrays);
  const int64_t read = EQC_RT_TENSORS + c->network->info->inputs +
                       (c->backward ? c->network->info->outputs : 0);
  int64_t i, list, unit;
  int status = EQC_OK;
  for (list = 0; list < r->num_lists; ++list) {
    const eqc_rt_extent sizes = {"", space_of(r, list, &unit)->name,
                                 r->lists[list],
                                 c->batch * (int64_t)sizeof(int64_t)};
    for (i = 0; i < count && status == EQC_OK; ++i)
      if (i == EQC_RT_GRAD_PARAMS || i >= read)
        status = eqc_rt_network_alias(c, &arrays[i], &sizes);
  }
  return status;
}

/*===-- Corners of padded arrays
 * -------------------------------------------===*/

/* The axes of a value in a sample and in a padded array, channels_first that of
   the channels among them, and the bytes that follow each other. */
typedef struct corner {
  const ragged *r;
  const eqc_value *value;
  const int64_t *sizes;
  int64_t tail;
} corner;

static int64_t order_of(const corner *k) {
  return k->value->order + (k->r->call.network->channels_first != 0);
}

static int64_t length_at(const corner *k, int64_t axis, int padded) {
  if (k->r->call.network->channels_first && axis-- == 0)
    return k->value->channels;
  return length_of(k->r, padded ? k->r->extents : k->sizes,
                   k->value->axes[axis]);
}

/* Bytes from one index of an axis to the next. */
static int64_t step_of(const corner *k, int64_t axis, int padded) {
  int64_t bytes = k->tail;
  while (++axis < order_of(k))
    bytes *= length_at(k, axis, padded);
  return bytes;
}

static void read_corner(const corner *k, int64_t axis, const char *padded,
                        char *dense) {
  int64_t i;
  if (axis == order_of(k)) {
    memcpy(dense, padded, (size_t)k->tail);
    return;
  }
  for (i = 0; i < length_at(k, axis, 0); ++i)
    read_corner(k, axis + 1, padded + i * step_of(k, axis, 1),
                dense + i * step_of(k, axis, 0));
}

/* And zeros beside it. */
static void write_corner(const corner *k, int64_t axis, const char *dense,
                         char *padded) {
  const int64_t n = axis == order_of(k) ? 0 : length_at(k, axis, 0);
  int64_t i, step;
  if (axis == order_of(k)) {
    memcpy(padded, dense, (size_t)k->tail);
    return;
  }
  step = step_of(k, axis, 1);
  for (i = 0; i < n; ++i)
    write_corner(k, axis + 1, dense + i * step_of(k, axis, 0),
                 padded + i * step);
  memset(padded + n * step, 0, (size_t)((length_at(k, axis, 1) - n) * step));
}

static corner corner_of(const ragged *r, const piece *p, int64_t array) {
  const eqc_network *network = r->call.network;
  const eqc_value *value = &network->values[r->values[array]];
  corner k = {r, value, p->sizes, network->element_bytes};
  if (!network->channels_first)
    k.tail *= value->channels;
  return k;
}

/* Whether the samples of a piece lie in an array as they are. */
static int is_whole(const ragged *r, const piece *p, int64_t array) {
  const int64_t value = r->values[array];
  return !r->extents ||
         value_bytes(r, p->sizes, value) == value_bytes(r, r->extents, value);
}

/* All samples of a piece, in either direction. */
static void copy_piece(const ragged *r, const piece *p, int64_t array,
                       char *padded, char *dense, int writes) {
  const corner k = corner_of(r, p, array);
  const int64_t from = value_bytes(r, p->sizes, r->values[array]);
  const int64_t to = value_bytes(r, r->extents, r->values[array]);
  int64_t s;
  for (s = 0; s < p->samples; ++s)
    if (writes)
      write_corner(&k, 0, dense + s * from, padded + s * to);
    else
      read_corner(&k, 0, padded + s * to, dense + s * from);
}

/*===-- Pieces
 * -------------------------------------------------------------===*/

/* The call that a piece is, but for its arrays. */
static eqc_rt_network call_of(const ragged *r, const piece *p) {
  eqc_rt_network c = r->call;
  c.array_bytes = NULL;
  c.sizes = p->sizes;
  c.batch = p->samples;
  c.alone = !p->large;
  return c;
}

/* Bytes of the copies of a piece. Each array of backward has a gradient. */
static int64_t copy_bytes(const ragged *r, const piece *p) {
  int64_t i, copy, at = 0;
  for (i = 0; r->extents && i < r->num_arrays; ++i)
    for (copy = 0; copy < 1 + r->call.backward && !is_whole(r, p, i); ++copy)
      eqc_rt_place(&at, p->samples, value_bytes(r, p->sizes, r->values[i]));
  return at;
}

/* Tasks of about equal work. */
static void cut_tasks(ragged *r, double total) {
  double work = 0;
  int64_t p, last = 0;
  r->tasks[0] = 0;
  for (p = 0; p < r->num_pieces; ++p) {
    if (work * (double)r->num_tasks >= total && work > 0 &&
        last + 1 < r->num_tasks) {
      r->tasks[++last] = p;
      work = 0;
    }
    work += r->pieces[p].large ? 0 : r->pieces[p].work;
  }
  r->num_tasks = last + 1;
  r->tasks[r->num_tasks] = r->num_pieces;
}

/* Cuts the batch, of which the pieces are known to fit. */
static void cut(ragged *r, int64_t *sizes, int64_t *offsets) {
  int64_t first = 0, p, i;
  double total = 0;
  for (p = 0; p < r->num_pieces; ++p) {
    piece *now = &r->pieces[p];
    now->first = first;
    now->samples = samples_from(r, first);
    now->sizes = sizes;
    now->offsets = offsets;
    now->large = 0;
    sizes_of(r, first, sizes);
    for (i = 0; i < r->num_arrays; ++i) {
      const int64_t *last = p == 0 ? NULL : now[-1].offsets;
      const int64_t *shape = r->extents ? r->extents
                             : p == 0   ? sizes
                                        : now[-1].sizes;
      offsets[i] =
          last ? last[i] + now[-1].samples * value_bytes(r, shape, r->values[i])
               : 0;
    }
    {
      const eqc_rt_network call = call_of(r, now);
      now->work = eqc_rt_network_work(&call);
    }
    total += now->work;
    first += now->samples;
    sizes += r->num_lists;
    offsets += r->num_arrays;
  }
  for (p = 0; p < r->num_pieces; ++p)
    r->pieces[p].large = r->pieces[p].work * LARGE_PART > total &&
                         r->pieces[p].work >= EQC_RT_WORTH_THREADS;
  cut_tasks(r, total);
}

/* An array of a piece: in its place, or in room for a copy. */
static char *place_of(const ragged *r, const piece *p, int64_t array,
                      const void *whole, char *room, int64_t *at, int reads) {
  char *there = whole ? (char *)whole + p->offsets[array] : NULL, *copy;
  if (!there || is_whole(r, p, array))
    return there;
  copy = room + eqc_rt_place(at, p->samples,
                             value_bytes(r, p->sizes, r->values[array]));
  if (reads)
    copy_piece(r, p, array, there, copy, 0);
  return copy;
}

/* Kahan's sum: of long batches no addend is lost. `sum` is followed by what was
   left over. */
#define ADD(TYPE)                                                              \
  do {                                                                         \
    const TYPE *from = addend;                                                 \
    TYPE *to = sum, *rest = to + count;                                        \
    for (i = 0; i < count; ++i) {                                              \
      const TYPE term = from[i] - rest[i], next = to[i] + term;                \
      rest[i] = (next - to[i]) - term;                                         \
      to[i] = next;                                                            \
    }                                                                          \
  } while (0)

static void add(const ragged *r, const void *addend, void *sum) {
  const int64_t count = r->call.network->info->params;
  int64_t i;
  if (r->call.network->element_bytes == sizeof(float))
    ADD(float);
  else
    ADD(double);
}

static int run_piece(const ragged *r, const piece *p, char *memory, char *sum) {
  const eqc_network_info *info = r->call.network->info;
  eqc_rt_network c = call_of(r, p);
  const void *inputs[EQC_RT_MOST_TENSORS], *grads[EQC_RT_MOST_TENSORS];
  void *outputs[EQC_RT_MOST_TENSORS], *results[EQC_RT_MOST_TENSORS];
  int64_t at = 0, bytes, i;
  int status;
  char *room = memory + r->copies;
  for (i = 0; i < info->inputs; ++i) {
    inputs[i] = place_of(r, p, i, r->call.inputs[i], room, &at, 1);
    if (c.backward)
      results[i] = place_of(r, p, i, r->call.grad_inputs[i], room, &at, 0);
  }
  for (i = 0; i < info->outputs; ++i)
    if (c.backward)
      grads[i] = place_of(r, p, info->inputs + i, r->call.grad_outputs[i], room,
                          &at, 1);
    else
      outputs[i] =
          place_of(r, p, info->inputs + i, r->call.outputs[i], room, &at, 0);
  c.inputs = inputs;
  c.outputs = outputs;
  c.grad_outputs = grads;
  c.grad_inputs = results;
  if (c.backward && r->call.grad_params)
    c.grad_params = memory + r->gradient;
  status = eqc_rt_network_measure(&c, &bytes);
  if (status == EQC_OK)
    status = eqc_rt_network_lay_out(&c, memory);
  if (status == EQC_OK)
    status =
        c.backward ? eqc_rt_network_run_backward(&c) : eqc_rt_network_run(&c);
  if (status != EQC_OK)
    return status;
  for (i = 0; i < r->num_arrays; ++i) {
    const int64_t output = i - info->inputs;
    char *whole = c.backward   ? (output < 0 ? r->call.grad_inputs[i] : NULL)
                  : output < 0 ? NULL
                               : r->call.outputs[output];
    if (whole && !is_whole(r, p, i))
      copy_piece(r, p, i, whole + p->offsets[i],
                 c.backward ? results[i] : outputs[output], 1);
  }
  if (c.grad_params)
    add(r, c.grad_params, sum);
  return EQC_OK;
}

static void run_task(int64_t worker, int64_t task, void *context) {
  ragged *r = context;
  int64_t p;
  for (p = r->tasks[task]; p < r->tasks[task + 1]; ++p) {
    int status;
    if (r->pieces[p].large)
      continue;
    status = run_piece(r, &r->pieces[p], r->scratch + worker * r->stride,
                       r->sums + (task + 1) * 2 * r->params);
    if (status != EQC_OK)
      __atomic_store_n(&r->status, status, __ATOMIC_RELAXED);
  }
}

/*===-- Calls
 * --------------------------------------------------------------===*/

/* The bytes that one worker needs for any of the pieces. */
static int measure(ragged *r) {
  int64_t p, bytes = 0, copies = 0;
  for (p = 0; p < r->num_pieces; ++p) {
    eqc_rt_network c = call_of(r, &r->pieces[p]);
    int64_t own, room = copy_bytes(r, &r->pieces[p]);
    int status = eqc_rt_network_measure(&c, &own);
    if (status != EQC_OK)
      return status;
    bytes = own > bytes ? own : bytes;
    copies = room > copies ? room : copies;
    if (room < 0)
      return eqc_rt_fail_scratch(&r->call);
  }
  r->copies = eqc_rt_place(&r->stride, 1, bytes);
  r->copies = eqc_rt_place(&r->stride, 1, copies);
  r->gradient = eqc_rt_place(&r->stride, 1, r->params);
  return r->stride < 0 ? eqc_rt_fail_scratch(&r->call) : EQC_OK;
}

static int run_all(ragged *r, const eqc_rt_runner *runner, int64_t width) {
  const eqc_rt_runner none = {0};
  int64_t p, task;
  int status = EQC_OK;
  if (r->params > 0)
    memset(r->sums, 0, (size_t)((r->num_tasks + 1) * 2 * r->params));
  for (p = 0; p < r->num_pieces && status == EQC_OK; ++p)
    if (r->pieces[p].large)
      status = run_piece(r, &r->pieces[p], r->scratch, r->sums);
  if (status == EQC_OK)
    status = eqc_rt_parallel(width > 1 ? runner : &none, width, r->num_tasks,
                             run_task, r, r->call.name);
  if (status == EQC_OK)
    status = r->status;
  if (status != EQC_OK || r->params == 0)
    return status;
  for (task = 1; task <= r->num_tasks; ++task)
    add(r, r->sums + task * 2 * r->params, r->sums);
  memcpy(r->call.grad_params, r->sums, (size_t)r->params);
  return EQC_OK;
}

/* Memory for the list of pieces, then for the work; then the work. */
static int perform_with(ragged *r, eqc_rt_block *lists, eqc_rt_block *memory) {
  eqc_rt_network *c = &r->call;
  const int64_t number = sizeof(int64_t);
  const int64_t params =
      c->grad_params ? c->network->info->params * c->network->element_bytes : 0;
  int64_t at = 0, i, pieces, sizes, offsets, tasks, sums, packed;
  int64_t width, scratch;
  eqc_rt_runner runner = {0};
  char *base;
  int status;
  r->num_tasks = eqc_rt_min(MOST_TASKS, r->num_pieces);
  r->params = params;
  if (params > 0)
    r->num_tasks = eqc_rt_min(r->num_tasks, MOST_SUMS / (2 * params));
  if (r->num_tasks < 1)
    r->num_tasks = 1;
  pieces = eqc_rt_place(&at, r->num_pieces, sizeof(piece));
  sizes = eqc_rt_place(&at, r->num_pieces * r->num_lists, number);
  offsets = eqc_rt_place(&at, r->num_pieces * r->num_arrays, number);
  tasks = eqc_rt_place(&at, r->num_tasks + 1, number);
  if (at < 0)
    return eqc_rt_fail_scratch(c);
  status = eqc_rt_acquire((size_t)at, c->name, lists);
  if (status != EQC_OK)
    return status;
  base = lists->data;
  r->pieces = (piece *)(base + pieces);
  r->tasks = (int64_t *)(base + tasks);
  cut(r, (int64_t *)(base + sizes), (int64_t *)(base + offsets));
  status = measure(r);
  if (status != EQC_OK)
    return status;

  if (c->network->threads)
    runner = eqc_rt_current_runner();
  width = 1;
  if (c->network->threads) {
    double work = 0;
    for (i = 0; i < r->num_pieces; ++i)
      work += r->pieces[i].large ? 0 : r->pieces[i].work;
    if (runner.run || work >= EQC_RT_WORTH_THREADS)
      width = eqc_rt_min(eqc_rt_num_threads(), r->num_tasks);
  }
  at = 0;
  packed = eqc_rt_place(&at, c->backward ? 0 : c->network->packed_size,
                        c->network->element_bytes);
  sums = eqc_rt_place(&at, 2 * (r->num_tasks + 1), params);
  scratch = eqc_rt_place(&at, width, r->stride);
  if (at < 0)
    return eqc_rt_fail_scratch(c);
  status = eqc_rt_acquire((size_t)at, c->name, memory);
  if (status != EQC_OK)
    return status;
  base = memory->data;
  r->sums = base + sums;
  r->scratch = base + scratch;
  if (!c->backward) {
    status = eqc_rt_network_pack(c->network, c->params, base + packed);
    c->packed = base + packed;
  }
  return status == EQC_OK ? run_all(r, &runner, width) : status;
}

static int perform(ragged *r) {
  eqc_rt_block lists = {0}, memory = {0};
  int status = perform_with(r, &lists, &memory);
  eqc_rt_release(&memory);
  eqc_rt_release(&lists);
  return status;
}

/* Sets up *r, but for arrays, and checks sizes and bytes. */
static int begin(ragged *r, const eqc_network *network, const char *suffix,
                 const int64_t *extents, int64_t batch,
                 const int64_t *const *lists) {
  const eqc_network_info *info = network->info;
  int64_t first[EQC_RT_MOST_SPACES], i;
  int status;
  memset(r, 0, sizeof *r);
  for (i = 0; i < info->spaces; ++i)
    if (info->space[i].n < 0) {
      if (r->num_lists == EQC_RT_MOST_SPACES)
        return eqc_rt_fail(EQC_ERR_SIZE, "%s_%s: more than %d sizes",
                           info->name, suffix, EQC_RT_MOST_SPACES);
      first[r->num_lists++] = network->size_units[i];
    }
  /* Packed arrays are counted a piece at a time. */
  status =
      eqc_rt_network_begin(&r->call, network, suffix, extents ? extents : first,
                           extents || batch < 0 ? batch : 0);
  if (status != EQC_OK)
    return status;
  r->call.batch = batch;
  r->lists = lists;
  r->extents = extents;
  r->num_arrays = info->inputs + info->outputs;
  for (i = 0; i < r->num_arrays; ++i)
    r->values[i] = value_of(r, i);
  r->call.array_bytes = r->bytes;
  for (i = 0; i < r->num_lists && batch > 0 && status == EQC_OK; ++i)
    status = check_list(r, i);
  return status == EQC_OK ? count(r, first) : status;
}

static int forward(ragged *r, const void *const *inputs, const void *params,
                   void *const *outputs) {
  eqc_rt_network *c = &r->call;
  int status;
  if (c->batch == 0)
    return EQC_OK;
  c->inputs = inputs;
  c->params = params;
  c->outputs = outputs;
  status = eqc_rt_network_check(c);
  if (status == EQC_OK)
    status = check_lists(r);
  return status == EQC_OK ? perform(r) : status;
}

int eqc_rt_network_forward_ragged(const eqc_network *network, int64_t batch,
                                  const int64_t *const *sizes,
                                  const void *const *inputs, const void *params,
                                  void *const *outputs) {
  ragged r;
  int status = begin(&r, network, "forward_ragged", NULL, batch, sizes);
  return status == EQC_OK ? forward(&r, inputs, params, outputs) : status;
}

int eqc_rt_network_forward_padded(const eqc_network *network,
                                  const int64_t *extents, int64_t batch,
                                  const int64_t *const *sizes,
                                  const void *const *inputs, const void *params,
                                  void *const *outputs) {
  ragged r;
  int status = begin(&r, network, "forward_padded", extents, batch, sizes);
  return status == EQC_OK ? forward(&r, inputs, params, outputs) : status;
}

static int backward(ragged *r, const void *const *inputs, const void *params,
                    const void *const *grad_outputs, const void *tape,
                    void *const *grad_inputs, void *grad_params) {
  eqc_rt_network *c = &r->call;
  const eqc_network_info *info = c->network->info;
  int64_t i, asked = grad_params != NULL;
  int status;
  if (tape)
    return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: 'tape' is not NULL", c->name,
                       c->suffix);
  c->inputs = inputs;
  c->params = params;
  c->backward = 1;
  c->grad_outputs = grad_outputs;
  c->grad_inputs = grad_inputs;
  c->grad_params = grad_params;
  for (i = 0; i < info->inputs; ++i)
    asked += grad_inputs[i] != NULL;
  if (asked == 0)
    return EQC_OK;
  status = eqc_rt_network_check_backward(c);
  if (status == EQC_OK)
    status = check_lists(r);
  if (status != EQC_OK)
    return status;
  if (c->batch > 0)
    return perform(r);
  if (grad_params)
    memset(grad_params, 0, (size_t)(info->params * c->network->element_bytes));
  return EQC_OK;
}

int eqc_rt_network_backward_ragged(const eqc_network *network, int64_t batch,
                                   const int64_t *const *sizes,
                                   const void *const *inputs,
                                   const void *params,
                                   const void *const *grad_outputs,
                                   const void *tape, void *const *grad_inputs,
                                   void *grad_params) {
  ragged r;
  int status = begin(&r, network, "backward_ragged", NULL, batch, sizes);
  if (status != EQC_OK)
    return status;
  return backward(&r, inputs, params, grad_outputs, tape, grad_inputs,
                  grad_params);
}

int eqc_rt_network_backward_padded(
    const eqc_network *network, const int64_t *extents, int64_t batch,
    const int64_t *const *sizes, const void *const *inputs, const void *params,
    const void *const *grad_outputs, const void *tape, void *const *grad_inputs,
    void *grad_params) {
  ragged r;
  int status = begin(&r, network, "backward_padded", extents, batch, sizes);
  if (status != EQC_OK)
    return status;
  return backward(&r, inputs, params, grad_outputs, tape, grad_inputs,
                  grad_params);
}
