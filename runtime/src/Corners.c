/*===- Corners.c - Samples as kernels want them --------------------- C99 -===*\
|*                                                                            *|
|* A sample of size n in axes of a larger extent is a corner of its array.    *|
|* Kernels want samples without gaps, so a corner that has gaps is copied,    *|
|* one piece at a time; and what lies outside is zero in arrays that are      *|
|* written, and never looked at in others. Numbers of 16 bits are converted   *|
|* on the way, so that such samples are copied where there are no gaps, too.  *|
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

/* The length of the axes of an array with a sample of size n. */
static int64_t extent_of(const eqc_rt_sizes *s, int64_t n) {
  return s->extent > 0 ? s->extent : n;
}

int64_t eqc_rt_sample_bytes(const eqc_rt_sizes *s, int side, int64_t n) {
  return power(extent_of(s, n), s->order[side]) * s->channels[side] *
         s->stored_bytes;
}

/* The innermost numbers that stay together, and how many arrays of axes alone a
   sample consists of. */
static int64_t tail_of(const eqc_rt_sizes *s, int side) {
  return s->channels_last ? s->channels[side] : 1;
}
static int64_t planes(const eqc_rt_sizes *s, int side) {
  return s->channels_last ? 1 : s->channels[side];
}
/* Lines of one plane, where axes are so long. */
static int64_t lines_of(const eqc_rt_sizes *s, int side, int64_t length) {
  return s->order[side] > 0 ? length : 1;
}

int eqc_rt_in_place(const eqc_rt_sizes *s, int side,
                    const eqc_rt_piece *piece) {
  if (s->storage != EQC_RT_AS_COMPUTED)
    return piece->n == 0 && s->order[side] > 0; /* nothing is read */
  if (s->extent == 0 || s->order[side] == 0 || piece->n == 0 ||
      piece->n == s->extent)
    return 1;
  /* The start of one line. */
  return s->order[side] == 1 && piece->samples * planes(s, side) == 1;
}

int64_t eqc_rt_lines_read(const eqc_rt_sizes *s, int side,
                          const eqc_rt_piece *piece) {
  return piece->samples * planes(s, side) * lines_of(s, side, piece->n);
}

int64_t eqc_rt_lines_written(const eqc_rt_sizes *s, int side,
                             const eqc_rt_piece *piece) {
  return piece->samples * planes(s, side) *
         lines_of(s, side, extent_of(s, piece->n));
}

static void widen_or_copy(const eqc_rt_sizes *s, char *to, const char *from,
                          int64_t count) {
  if (s->storage == EQC_RT_AS_COMPUTED)
    memcpy(to, from, (size_t)(count * s->element_bytes));
  else
    eqc_rt_widen(s->storage, from, (float *)to, count);
}

static void narrow_or_copy(const eqc_rt_sizes *s, char *to, const char *from,
                           int64_t count) {
  if (s->storage == EQC_RT_AS_COMPUTED)
    memcpy(to, from, (size_t)(count * s->element_bytes));
  else
    eqc_rt_narrow(s->storage, (const float *)from, to, count);
}

/* `order` axes of size n without gaps, from axes of size `extent`. */
static void copy_block(const eqc_rt_sizes *s, char *to, const char *from,
                       int64_t extent, int64_t n, int64_t order, int64_t tail) {
  int64_t i, to_step, from_step;
  if (order < 2 || n == extent) {
    widen_or_copy(s, to, from, power(n, order) * tail);
    return;
  }
  to_step = power(n, order - 1) * tail * s->element_bytes;
  from_step = power(extent, order - 1) * tail * s->stored_bytes;
  for (i = 0; i < n; ++i)
    copy_block(s, to + i * to_step, from + i * from_step, extent, n, order - 1,
               tail);
}

/* The other way, and zeros in the rest of the larger axes. from NULL: only
   these. */
static void expand_block(const eqc_rt_sizes *s, char *to, int64_t extent,
                         const char *from, int64_t n, int64_t order,
                         int64_t tail) {
  int64_t i, to_step, from_step;
  if (order < 2 || n == extent) {
    const int64_t count = power(n, order) * tail;
    if (from)
      narrow_or_copy(s, to, from, count);
    memset(to + count * s->stored_bytes, 0,
           (size_t)((power(extent, order) * tail - count) * s->stored_bytes));
    return;
  }
  to_step = power(extent, order - 1) * tail * s->stored_bytes;
  from_step = power(n, order - 1) * tail * s->element_bytes;
  for (i = 0; i < n; ++i)
    expand_block(s, to + i * to_step, extent,
                 from ? from + i * from_step : NULL, n, order - 1, tail);
  memset(to + n * to_step, 0, (size_t)((extent - n) * to_step));
}

void eqc_rt_read_lines(const eqc_rt_sizes *s, int side,
                       const eqc_rt_piece *piece, const char *array,
                       char *dense, int64_t first, int64_t end) {
  const int64_t order = s->order[side] - 1, tail = tail_of(s, side);
  const int64_t lines = lines_of(s, side, piece->n);
  const int64_t extent = extent_of(s, piece->n);
  const int64_t from_lines = lines_of(s, side, extent);
  const int64_t from_step = power(extent, order) * tail * s->stored_bytes;
  const int64_t to_step = power(piece->n, order) * tail * s->element_bytes;
  int64_t line;
  for (line = first; line < end; ++line)
    copy_block(s, dense + line * to_step,
               array + (line / lines * from_lines + line % lines) * from_step,
               extent, piece->n, order > 0 ? order : 0, tail);
}

void eqc_rt_write_lines(const eqc_rt_sizes *s, int side,
                        const eqc_rt_piece *piece, const char *dense,
                        char *array, int64_t first, int64_t end) {
  const int64_t order = s->order[side] - 1, tail = tail_of(s, side);
  const int64_t lines = lines_of(s, side, piece->n);
  const int64_t extent = extent_of(s, piece->n);
  const int64_t to_lines = lines_of(s, side, extent);
  const int64_t to_step = power(extent, order) * tail * s->stored_bytes;
  const int64_t from_step = power(piece->n, order) * tail * s->element_bytes;
  int64_t line;
  for (line = first; line < end; ++line) {
    const int64_t plane = line / to_lines, i = line % to_lines;
    char *to = array + line * to_step;
    if (i >= lines)
      memset(to, 0, (size_t)to_step);
    else
      expand_block(s, to, extent,
                   dense ? dense + (plane * lines + i) * from_step : NULL,
                   piece->n, order > 0 ? order : 0, tail);
  }
}
