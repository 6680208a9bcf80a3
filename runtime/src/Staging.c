/*===- Staging.c - Blocks of samples that are widened --------------- C99 -===*/

#include "Call.h"

#include <string.h>

/* Numbers that one task converts. */
#define NUMBERS_OF_TASK ((int64_t)1 << 15)

static int64_t sample_of(const eqc_rt_call *c, int of_x) {
  return c->batch > 0
             ? (of_x ? c->x_bytes : c->y_bytes) / c->stored_bytes / c->batch
             : 0;
}

int eqc_rt_stage(eqc_rt_call *c) {
  const int64_t samples = eqc_rt_min(c->schedule.block, c->batch);
  int64_t x, y;
  int overflow;
  if (c->storage == EQC_RT_AS_COMPUTED)
    return EQC_OK;
  overflow = __builtin_mul_overflow(samples * (int64_t)sizeof(float),
                                    sample_of(c, 1), &x);
  overflow |= __builtin_mul_overflow(samples * (int64_t)sizeof(float),
                                     sample_of(c, 0), &y);
  c->staged = eqc_rt_aligned(c->schedule.scratch_bytes);
  overflow |= __builtin_add_overflow(x, y, &x);
  overflow |= __builtin_add_overflow(x, c->staged + EQC_RT_ALIGN,
                                     &c->schedule.scratch_bytes);
  return overflow
             ? eqc_rt_fail(EQC_ERR_NOMEM, "%s: scratch overflows", c->layer)
             : EQC_OK;
}

float *eqc_rt_staged_x(const eqc_rt_call *c, char *scratch) {
  return (float *)(scratch + c->staged);
}

float *eqc_rt_staged_y(const eqc_rt_call *c, char *scratch) {
  const int64_t samples = eqc_rt_min(c->schedule.block, c->batch);
  return (float *)(scratch + c->staged +
                   eqc_rt_aligned(samples * sample_of(c, 1) *
                                  (int64_t)sizeof(float)));
}

typedef struct conversion {
  int storage, widens, streams;
  int64_t copied_bytes; /* of a number that is copied as it is; 0: converted */
  const char *from;
  char *to;
  int64_t count;
} conversion;

static void convert(int64_t worker, int64_t task, void *p) {
  const conversion *c = p;
  const eqc_rt_range share = eqc_rt_share(c->count, NUMBERS_OF_TASK, task);
  const int64_t first = share.first, count = share.end - share.first;
  (void)worker;
  if (c->copied_bytes > 0)
    memcpy(c->to + first * c->copied_bytes, c->from + first * c->copied_bytes,
           (size_t)(count * c->copied_bytes));
  else if (c->widens)
    eqc_rt_widen(c->storage, c->from + first * (int64_t)sizeof(uint16_t),
                 (float *)c->to + first, count);
  else
    (c->streams ? eqc_rt_narrow_past_caches : eqc_rt_narrow)(
        c->storage, (const float *)c->from + first,
        c->to + first * (int64_t)sizeof(uint16_t), count);
}

static int convert_all(eqc_rt_call *c, conversion *each, int64_t width) {
  return eqc_rt_parallel_shares(&c->runner, width, each->count, NUMBERS_OF_TASK,
                                convert, each, c->layer);
}

/* Where a block begins, in numbers. */
static int64_t place_of(const eqc_rt_call *c, int64_t block, int of_x) {
  return block * c->schedule.block * sample_of(c, of_x);
}

void *eqc_rt_whole(const eqc_rt_call *c, int64_t block, int of_x,
                   float *staged) {
  const int64_t before = place_of(c, block, of_x) * (int64_t)sizeof(float);
  return (void *)((uintptr_t)staged - (uintptr_t)before);
}

int eqc_rt_widen_block(eqc_rt_call *c, int64_t block, int of_x,
                       const void *array, float *staged, int64_t width) {
  conversion each = {c->storage, 1, 0, 0, NULL, (char *)staged, 0};
  each.from = (const char *)array + place_of(c, block, of_x) * c->stored_bytes;
  each.count = eqc_rt_block_samples(c, block) * sample_of(c, of_x);
  return convert_all(c, &each, width);
}

int eqc_rt_narrow_block(eqc_rt_call *c, int64_t block, int of_x,
                        const float *staged, void *array, int64_t width) {
  conversion each = {c->storage, 0, 0, 0, (const char *)staged, NULL, 0};
  each.streams = eqc_rt_wants_streaming(array, of_x ? c->x_bytes : c->y_bytes);
  each.to = (char *)array + place_of(c, block, of_x) * c->stored_bytes;
  each.count = eqc_rt_block_samples(c, block) * sample_of(c, of_x);
  return convert_all(c, &each, width);
}

int eqc_rt_underlay_block(eqc_rt_call *c, int64_t block, float *staged,
                          int64_t width) {
  const int64_t place = place_of(c, block, 0) * c->stored_bytes;
  conversion each = {c->storage, 1, 0, 0, NULL, (char *)staged, 0};
  if (!c->under)
    return EQC_OK;
  each.from = (const char *)c->under + place;
  each.count = eqc_rt_block_samples(c, block) * sample_of(c, 0);
  if (c->storage == EQC_RT_AS_COMPUTED) {
    each.copied_bytes = c->stored_bytes;
    each.to = (char *)c->y + place;
  }
  return convert_all(c, &each, width);
}
