/*===- Pieces.c - A ragged batch as work ---------------------------- C99 -===*\
|*                                                                            *|
|* The batch is walked three times: for the work in it, for what of it is     *|
|* large and the scratch of both kinds, and to write the pieces down.         *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Ragged.h"

#include <string.h>

/* Pieces of an unknown number of operations are worth sharing. */
#define UNKNOWN_OPERATIONS ((double)(1 << 20))
/* Lines that are copied one after the other. */
#define LINES_OF_TASK 16

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

int64_t eqc_rt_size_of(const eqc_rt_sizes *s, int64_t sample) {
  return s->any_n ? s->unit : s->n[sample];
}

/*===-- Pieces
 * --------------------------------------------------------------===*/

/* The n that a kernel is called with. */
static int64_t call_n(const eqc_rt_work *w, int64_t n) {
  return n > 0 ? n : w->empty;
}

static void ask(const eqc_rt_work *w, int64_t n, int64_t samples,
                eqc_schedule *out) {
  memset(out, 0, sizeof *out);
  w->schedule(n, samples, out);
  out->block = out->block < 1 ? 1 : out->block;
  out->phases = out->phases < 1 ? 1 : out->phases;
  out->parts = out->parts < 1 ? 1 : out->parts;
}

/* The schedule for samples of one n. Sizes come again and again. */
static const eqc_schedule *schedule_of(eqc_rt_work *w, int64_t n,
                                       int64_t samples) {
  const int64_t place = (n + 5 * (samples - 1)) % EQC_RT_KNOWN_SCHEDULES;
  if (w->known[place].n != n || w->known[place].samples != samples) {
    w->known[place].n = n;
    w->known[place].samples = samples;
    ask(w, n, samples, &w->known[place].schedule);
  }
  return &w->known[place].schedule;
}

void eqc_rt_schedule_piece(const eqc_rt_work *w, const eqc_rt_piece *piece,
                           eqc_schedule *out) {
  ask(w, call_n(w, piece->n), piece->samples, out);
}

/* What is done with a piece, and with its schedule, which is NULL where no
   kernel is called. */
typedef void visit(eqc_rt_work *w, const eqc_rt_piece *piece,
                   const eqc_schedule *schedule);

static void take(eqc_rt_work *w, eqc_rt_piece *piece, int64_t samples,
                 const eqc_schedule *schedule, visit *visitor) {
  int side;
  piece->samples = samples;
  visitor(w, piece, schedule);
  for (side = 0; side < 2; ++side)
    piece->offset[side] +=
        samples * eqc_rt_sample_bytes(w->sizes, side, piece->n);
}

static void for_each_piece(eqc_rt_work *w, visit *visitor) {
  const eqc_rt_sizes *s = w->sizes;
  eqc_rt_piece piece = {0};
  int64_t sample = 0, end, left;
  for (; sample < s->batch; sample = end) {
    piece.n = eqc_rt_size_of(s, sample);
    for (end = sample + 1; end < s->batch && eqc_rt_size_of(s, end) == piece.n;)
      ++end;
    if (call_n(w, piece.n) > 0) {
      const eqc_schedule schedule =
          *schedule_of(w, call_n(w, piece.n), end - sample);
      for (left = end - sample; left > 0; left -= schedule.block)
        take(w, &piece, eqc_rt_min(left, schedule.block), &schedule, visitor);
    } else if (w->empty == 0) {
      take(w, &piece, end - sample, NULL, visitor);
    } else {
      /* Left out; there is nothing of it in packed arrays. */
      int side;
      for (side = 0; side < 2; ++side)
        piece.offset[side] += (end - sample) * eqc_rt_sample_bytes(s, side, 0);
    }
  }
}

static double operations_of(const eqc_rt_work *w, const eqc_rt_piece *piece,
                            const eqc_schedule *schedule) {
  double operations = 0;
  int side;
  if (schedule)
    operations = schedule->flops > 0
                     ? (double)schedule->flops * (double)piece->samples
                     : UNKNOWN_OPERATIONS;
  for (side = 0; side < 2; ++side)
    operations += (double)piece->samples *
                  (double)eqc_rt_sample_bytes(w->sizes, side, piece->n) / 4;
  return operations;
}

static void add_up(eqc_rt_work *w, const eqc_rt_piece *piece,
                   const eqc_schedule *schedule) {
  w->total += operations_of(w, piece, schedule);
}

static int is_large(const eqc_rt_work *w, const eqc_rt_piece *piece,
                    const eqc_schedule *schedule) {
  return schedule && schedule->parts > 1 &&
         operations_of(w, piece, schedule) * EQC_RT_MAX_LARGE > w->total;
}

static int64_t copied_bytes(const eqc_rt_work *w, const eqc_rt_piece *piece,
                            int side) {
  if (!w->copied[side] || eqc_rt_in_place(w->sizes, side, piece))
    return 0;
  return eqc_rt_aligned(piece->samples *
                        eqc_rt_corner_bytes(w->sizes, side, piece->n));
}

static void classify(eqc_rt_work *w, const eqc_rt_piece *piece,
                     const eqc_schedule *schedule) {
  const int large =
      is_large(w, piece, schedule) && w->num_large < EQC_RT_MAX_LARGE;
  int64_t *most = large ? &w->large_bytes : &w->piece_bytes;
  int64_t bytes = copied_bytes(w, piece, EQC_RT_SIDE_X) +
                  copied_bytes(w, piece, EQC_RT_SIDE_Y);
  if (schedule)
    bytes += eqc_rt_aligned(schedule->scratch_bytes);
  *most = max64(*most, bytes);
  if (large)
    w->large[w->num_large++] = *piece;
  else
    ++w->num_pieces;
}

void eqc_rt_count_pieces(eqc_rt_work *w) {
  for_each_piece(w, add_up);
  for_each_piece(w, classify);
}

static void list(eqc_rt_work *w, const eqc_rt_piece *piece,
                 const eqc_schedule *schedule) {
  if (!is_large(w, piece, schedule))
    w->pieces[w->num_pieces++] = *piece;
}

/* By n, then as in the batch. */
static int is_before(const eqc_rt_piece *a, const eqc_rt_piece *b) {
  if (a->n != b->n)
    return a->n < b->n;
  return a->offset[0] != b->offset[0] ? a->offset[0] < b->offset[0]
                                      : a->offset[1] < b->offset[1];
}

static void sift_down(eqc_rt_piece *heap, int64_t at, int64_t size) {
  const eqc_rt_piece piece = heap[at];
  for (;;) {
    int64_t child = 2 * at + 1;
    if (child + 1 < size && is_before(&heap[child], &heap[child + 1]))
      ++child;
    if (child >= size || !is_before(&piece, &heap[child]))
      break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = piece;
}

static void sort_by_size(eqc_rt_piece *pieces, int64_t count) {
  int64_t i;
  for (i = count / 2; i-- > 0;)
    sift_down(pieces, i, count);
  for (i = count; i-- > 1;) {
    const eqc_rt_piece last = pieces[i];
    pieces[i] = pieces[0];
    pieces[0] = last;
    sift_down(pieces, 0, i);
  }
}

void eqc_rt_list_pieces(eqc_rt_work *w, int by_size) {
  w->num_pieces = 0;
  for_each_piece(w, list);
  if (by_size)
    sort_by_size(w->pieces, w->num_pieces);
}

/* Operations of a piece when it is known not to be large. */
static double known_operations(eqc_rt_work *w, const eqc_rt_piece *piece) {
  const int64_t n = call_n(w, piece->n);
  return operations_of(w, piece,
                       n > 0 ? schedule_of(w, n, piece->samples) : NULL);
}

void eqc_rt_cut_tasks(eqc_rt_work *w, int64_t most) {
  double all = 0, done = 0;
  int64_t i;
  for (i = 0; i < w->num_pieces; ++i)
    all += known_operations(w, &w->pieces[i]);
  w->num_tasks = 0;
  for (i = 0; i < w->num_pieces; ++i) {
    if (done * (double)most >= all * (double)w->num_tasks &&
        w->num_tasks < most)
      w->tasks[w->num_tasks++] = i;
    done += known_operations(w, &w->pieces[i]);
  }
  w->tasks[w->num_tasks] = w->num_pieces;
}

/*===-- Scratch
 * -------------------------------------------------------------===*/

char *eqc_rt_copy_of(const eqc_rt_work *w, const eqc_rt_piece *piece, int side,
                     char *scratch) {
  return side == EQC_RT_SIDE_X
             ? scratch
             : scratch + copied_bytes(w, piece, EQC_RT_SIDE_X);
}

char *eqc_rt_kernel_scratch(const eqc_rt_work *w, const eqc_rt_piece *piece,
                            char *scratch) {
  return scratch + copied_bytes(w, piece, EQC_RT_SIDE_X) +
         copied_bytes(w, piece, EQC_RT_SIDE_Y);
}

/* Threads that share the copying of a piece. */
typedef struct copying {
  const eqc_rt_work *work;
  const eqc_rt_piece *piece;
  int side, is_read;
  const char *from;
  char *to;
  int64_t lines;
} copying;

static void copy_lines(int64_t worker, int64_t item, void *p) {
  const copying *c = p;
  const eqc_rt_range share = eqc_rt_share(c->lines, LINES_OF_TASK, item);
  (void)worker;
  (c->is_read ? eqc_rt_read_lines
              : eqc_rt_write_lines)(c->work->sizes, c->side, c->piece, c->from,
                                    c->to, share.first, share.end);
}

static int copy(copying *c, const eqc_rt_call *call, int64_t width) {
  return eqc_rt_parallel_shares(&call->runner, width, c->lines, LINES_OF_TASK,
                                copy_lines, c, call->layer);
}

const void *eqc_rt_read_piece(const eqc_rt_work *w, const eqc_rt_call *c,
                              const eqc_rt_piece *piece, int side,
                              const void *array, char *scratch, int64_t width,
                              int *status) {
  copying each = {w, piece, side, 1, NULL, NULL, 0};
  *status = EQC_OK;
  if (!array || !w->copied[side])
    return NULL;
  each.from = (const char *)array + piece->offset[side];
  if (eqc_rt_in_place(w->sizes, side, piece))
    return each.from;
  each.to = eqc_rt_copy_of(w, piece, side, scratch);
  each.lines = eqc_rt_lines_read(w->sizes, side, piece);
  *status = copy(&each, c, width);
  return each.to;
}

int eqc_rt_copy_piece(const eqc_rt_work *w, const eqc_rt_call *c,
                      const eqc_rt_piece *piece, int side, const void *array,
                      void *to, int64_t width) {
  copying each = {w, piece, side, 1, NULL, to, 0};
  each.from = (const char *)array + piece->offset[side];
  each.lines = eqc_rt_lines_read(w->sizes, side, piece);
  return copy(&each, c, width);
}

int eqc_rt_write_piece(const eqc_rt_work *w, const eqc_rt_call *c,
                       const eqc_rt_piece *piece, int side, void *array,
                       char *scratch, int64_t width) {
  copying each = {w, piece, side, 0, NULL, NULL, 0};
  if (w->sizes->storage == EQC_RT_AS_COMPUTED &&
      (w->sizes->extent == 0 || w->sizes->order[side] == 0 ||
       piece->n == w->sizes->extent))
    return EQC_OK;
  each.to = (char *)array + piece->offset[side];
  if (!eqc_rt_in_place(w->sizes, side, piece))
    each.from = eqc_rt_copy_of(w, piece, side, scratch);
  each.lines = eqc_rt_lines_written(w->sizes, side, piece);
  return copy(&each, c, width);
}
