/*===- Corners.c - The entries of padded arrays that count ---------- C99 -===*\
|*                                                                            *|
|* A sample of size n in axes of a larger extent is a corner of its array.    *|
|* Kernels want samples without gaps, so a corner that has gaps is copied,    *|
|* one piece at a time; and what lies outside is zero in arrays that are      *|
|* written, and never looked at in others.                                    *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Ragged.h"

#include <string.h>

static int64_t power(int64_t n, int64_t order) {
  int64_t result = 1;
  if (n == 1)
    return 1;
  for (; order > 0 && result != 0; --order)
    result *= n;
  return result;
}

int64_t eqc_rt_corner_bytes(const eqc_rt_sizes *s, int side, int64_t n) {
  return power(n, s->order[side]) * s->channels[side] * s->element_bytes;
}

int64_t eqc_rt_sample_bytes(const eqc_rt_sizes *s, int side, int64_t n) {
  return eqc_rt_corner_bytes(s, side, s->extent > 0 ? s->extent : n);
}

/* The innermost bytes that stay together, and how many arrays of axes alone a
   sample consists of. */
static int64_t tail_bytes(const eqc_rt_sizes *s, int side) {
  return s->element_bytes * (s->channels_last ? s->channels[side] : 1);
}
static int64_t planes(const eqc_rt_sizes *s, int side) {
  return s->channels_last ? 1 : s->channels[side];
}

int eqc_rt_in_place(const eqc_rt_sizes *s, int side,
                    const eqc_rt_piece *piece) {
  if (s->extent == 0 || s->order[side] == 0 || piece->n == s->extent)
    return 1;
  /* The start of one line. */
  return s->order[side] == 1 && piece->samples * planes(s, side) == 1;
}

int64_t eqc_rt_lines_read(const eqc_rt_sizes *s, int side,
                          const eqc_rt_piece *piece) {
  return piece->samples * planes(s, side) * piece->n;
}

int64_t eqc_rt_lines_written(const eqc_rt_sizes *s, int side,
                             const eqc_rt_piece *piece) {
  return piece->samples * planes(s, side) * s->extent;
}

/* `order` axes of size n, from strides of one extent to those of another. */
static void copy_block(char *to, int64_t to_extent, const char *from,
                       int64_t from_extent, int64_t n, int64_t order,
                       int64_t tail) {
  int64_t i, to_step, from_step;
  if (order < 2) {
    memcpy(to, from, (size_t)(order == 0 ? tail : n * tail));
    return;
  }
  to_step = power(to_extent, order - 1) * tail;
  from_step = power(from_extent, order - 1) * tail;
  for (i = 0; i < n; ++i)
    copy_block(to + i * to_step, to_extent, from + i * from_step, from_extent,
               n, order - 1, tail);
}

/* The same, and zeros in the rest of the larger axes. from NULL: only these. */
static void expand_block(char *to, int64_t extent, const char *from, int64_t n,
                         int64_t order, int64_t tail) {
  int64_t i, to_step, from_step;
  if (order == 0) {
    if (from)
      memcpy(to, from, (size_t)tail);
    return;
  }
  if (order == 1) {
    if (from)
      memcpy(to, from, (size_t)(n * tail));
    memset(to + n * tail, 0, (size_t)((extent - n) * tail));
    return;
  }
  to_step = power(extent, order - 1) * tail;
  from_step = power(n, order - 1) * tail;
  for (i = 0; i < n; ++i)
    expand_block(to + i * to_step, extent, from ? from + i * from_step : NULL,
                 n, order - 1, tail);
  memset(to + n * to_step, 0, (size_t)((extent - n) * to_step));
}

void eqc_rt_read_lines(const eqc_rt_sizes *s, int side,
                       const eqc_rt_piece *piece, const char *padded,
                       char *dense, int64_t first, int64_t end) {
  const int64_t order = s->order[side] - 1, tail = tail_bytes(s, side);
  const int64_t from_step = power(s->extent, order) * tail;
  const int64_t to_step = power(piece->n, order) * tail;
  int64_t line;
  for (line = first; line < end; ++line)
    copy_block(dense + line * to_step, piece->n,
               padded +
                   (line / piece->n * s->extent + line % piece->n) * from_step,
               s->extent, piece->n, order, tail);
}

void eqc_rt_write_lines(const eqc_rt_sizes *s, int side,
                        const eqc_rt_piece *piece, const char *dense,
                        char *padded, int64_t first, int64_t end) {
  const int64_t order = s->order[side] - 1, tail = tail_bytes(s, side);
  const int64_t to_step = power(s->extent, order) * tail;
  const int64_t from_step = power(piece->n, order) * tail;
  int64_t line;
  for (line = first; line < end; ++line) {
    const int64_t plane = line / s->extent, i = line % s->extent;
    char *to = padded + line * to_step;
    if (i >= piece->n)
      memset(to, 0, (size_t)to_step);
    else
      expand_block(to, s->extent,
                   dense ? dense + (plane * piece->n + i) * from_step : NULL,
                   piece->n, order, tail);
  }
}
