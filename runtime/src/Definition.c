/*===- Definition.c - What a layer is, to the letter ---------------- C99 -===*/

#include "Definition.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

uint64_t eqc_rt_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static double load(const eqc_rt_definition *d, const void *data, int64_t i) {
  return d->is_double ? ((const double *)data)[i]
                      : (double)((const float *)data)[i];
}

/* The same of a tensor, which may lie in memory in 16 bits. */
static double load_stored(const eqc_rt_definition *d, const void *data,
                          int64_t i) {
  return d->storage == EQC_RT_AS_COMPUTED
             ? load(d, data, i)
             : (double)eqc_rt_widened(d->storage, ((const uint16_t *)data)[i]);
}

void eqc_rt_store(const eqc_rt_definition *d, void *data, int64_t i, double v) {
  if (d->storage != EQC_RT_AS_COMPUTED)
    ((uint16_t *)data)[i] = eqc_rt_narrowed(d->storage, (float)v);
  else if (d->is_double)
    ((double *)data)[i] = v;
  else
    ((float *)data)[i] = (float)v;
}

double eqc_rt_rounded(const eqc_rt_definition *d, double v) {
  return d->storage == EQC_RT_AS_COMPUTED
             ? v
             : (double)eqc_rt_widened(d->storage,
                                      eqc_rt_narrowed(d->storage, (float)v));
}

/*===-- Groups
 * -------------------------------------------------------------===*/

/* What is particular to a family: the form that joins a pair in one row, and
   which monomial matrices of integers belong to it. */
typedef struct family {
  const char *name;
  int symplectic;
  int permutes, flips_all, flips_each, keeps_determinant;
} family;

static const family families[] = {
    /*        symplectic permutes all each det */
    {"S", 0, 1, 0, 0, 0},
    {"B", 0, 1, 0, 0, 0},
    {"S'", 0, 1, 1, 0, 0},
    {"B'", 0, 1, 1, 0, 0},
    {"H", 0, 1, 0, 1, 0},
    {"O", 0, 1, 0, 1, 0},
    {"SO", 0, 1, 0, 1, 1},
    {"Sp", 1, 1, 0, 0, 0},
    {"GL", 0, 1, 0, 1, 0},
    {"A", 0, 1, 0, 0, 1},
    /* Which permutations there are is not told: the identity is one. */
    {"Perm", 0, 0, 0, 0, 0},
    {"Graph", 0, 0, 0, 0, 0}};

static int64_t size_of(const eqc_rt_definition *d,
                       const eqc_space_info *space) {
  return eqc_rt_layer_axis_length(d->info, d->n, space - d->info->space);
}

static const family *family_of(const eqc_space_info *space) {
  size_t i;
  for (i = 0; i < sizeof families / sizeof *families; ++i)
    if (!strcmp(families[i].name, space->group))
      return &families[i];
  return NULL;
}

/* The one index that the form of a space joins `a` with, and its entry there.
 */
static int64_t partner_of(const eqc_rt_definition *d,
                          const eqc_space_info *space, int64_t a,
                          double *form) {
  *form = 1;
  if (family_of(space)->symplectic) {
    *form = a % 2 == 0 ? 1 : -1;
    return a ^ 1;
  }
  if (a >= size_of(d, space) - space->q)
    *form = -1;
  return a;
}

/*===-- Description
 * --------------------------------------------------------===*/

/* What an axis is of, the summands in order. Whether all are known. */
static int find_summands(eqc_rt_definition *d, int axis, int64_t number) {
  d->space[axis] = &d->info->space[number];
  d->num_summands[axis] = eqc_rt_summands(d->info, number, d->summand[axis]);
  return d->num_summands[axis] >= 0;
}

int eqc_rt_define(eqc_rt_definition *d, const eqc_layer_info *info, int64_t n) {
  const int two = info->k2 >= 0;
  const int64_t order[EQC_RT_ROWS] = {info->l, info->k, two ? info->k2 : 0};
  const int64_t channels[EQC_RT_ROWS] = {info->c_out, info->c_in,
                                         two ? info->c_in2 : 1};
  const int last = !strcmp(info->layout, "channels_last");
  int64_t i, axis = 0;
  int r;
  memset(d, 0, sizeof *d);
  d->info = info;
  d->n = n;
  d->is_exact = *info->maps == '=';
  d->maps = info->maps + d->is_exact;
  /* Objects of earlier compilers do not say it, and sum. */
  if (info->struct_size > offsetof(eqc_layer_info, pool))
    d->pool = !strcmp(info->pool, "max") ? 1 : -!strcmp(info->pool, "min");
  d->is_double = !strcmp(info->dtype, "f64");
  d->storage = eqc_rt_storage_of(info);
  if (!*info->maps || order[0] + order[1] + order[2] > EQC_RT_MAX_AXES)
    return eqc_rt_fail(EQC_ERR_ARG,
                       "%s_selftest: its diagrams are not described, as "
                       "those of too many entries or axes and some means are "
                       "not",
                       info->name);
  for (i = 0; i < info->spaces; ++i)
    if (!family_of(&info->space[i]))
      return eqc_rt_fail(EQC_ERR_ARG,
                         "%s_selftest: this runtime does not know the group "
                         "'%s'",
                         info->name, info->space[i].group);
  for (r = 0; r < EQC_RT_ROWS; ++r) {
    eqc_rt_tensor *t = &d->row[r];
    d->first[r] = (int)axis;
    for (i = 0; i < order[r]; ++i, ++axis) {
      const int32_t number = r == EQC_RT_ROW_Y   ? info->y_axes[i]
                             : r == EQC_RT_ROW_X ? info->x_axes[i]
                                                 : info->x_axes[info->k + i];
      if (!find_summands(d, (int)axis, number % EQC_DUAL_AXIS))
        return eqc_rt_fail(EQC_ERR_ARG,
                           "%s_selftest: the sum of axis %lld is not described",
                           info->name, (long long)axis);
      d->length[axis] = size_of(d, d->space[axis]);
    }
    t->positions = 1;
    for (i = axis; i-- > d->first[r];) {
      d->stride[i] = t->positions;
      if (__builtin_mul_overflow(t->positions, d->length[i], &t->positions))
        return eqc_rt_fail(EQC_ERR_SIZE, "%s_selftest: the arrays overflow",
                           info->name);
    }
    t->channels = channels[r];
    t->step = last ? t->channels : 1;
    t->channel = last ? 1 : t->positions;
    if (__builtin_mul_overflow(t->positions, t->channels, &t->sample))
      return eqc_rt_fail(EQC_ERR_SIZE, "%s_selftest: the arrays overflow",
                         info->name);
  }
  d->first[EQC_RT_ROWS] = (int)axis;
  d->axes = (int)axis;
  return EQC_OK;
}

static int row_of(const eqc_rt_definition *d, int axis) {
  return axis < d->first[1]   ? EQC_RT_ROW_Y
         : axis < d->first[2] ? EQC_RT_ROW_X
                              : EQC_RT_ROW_Z;
}

/*===-- Diagrams
 * -----------------------------------------------------------===*/

/* A block of a diagram, seen from one of the arrays: its axes there are
   `given`, the others are summed over. */
typedef struct block {
  int size, axis[EQC_RT_MAX_AXES];
  int is_free; /* the arguments of a Levi-Civita symbol */
  int in_row;  /* a pair of outputs, or of inputs: joined by the form */
  int given, open;
  int64_t length;
} block;

typedef struct diagram {
  int num_blocks;
  block blocks[EQC_RT_MAX_AXES];
  double sign; /* of the orbit's sum, and 1/n for each mean */
  int begins;  /* the matrix of a weight */
  /* Values that the sum over open axes depends on, and their number. */
  int num_keys, key[EQC_RT_MAX_AXES];
  int64_t keys;
  double terms; /* how many there are for each */
  /* Of a single entry, which is all that there is: where it stands. */
  int is_entry;
  int64_t at[EQC_RT_MAX_AXES];
  /* The summand that an axis lies in, and where on the axis that begins. Values
     of axes are those within it. */
  const eqc_space_info *space[EQC_RT_MAX_AXES];
  int64_t begin[EQC_RT_MAX_AXES];
} diagram;

/* Reads `[2:0,1,3]`, an entry, behind its sign. */
static const char *read_entry(const eqc_rt_definition *d, const char *text,
                              int axes, diagram *g) {
  char *end;
  int64_t number = strtoll(text + 1, &end, 10);
  int a;
  g->is_entry = 1;
  if (*end == ':') {
    g->sign *= (double)number;
    g->terms = fmax(1, (double)number);
    number = axes > 0 ? strtoll(end + 1, &end, 10) : (++end, 0);
  }
  memset(g->at, 0, sizeof g->at);
  for (a = 0; a < axes; ++a) {
    g->at[a] = number;
    g->begin[a] = 0;
    g->space[a] = d->space[a];
    if (*end == ',')
      number = strtoll(end + 1, &end, 10);
  }
  return *end == ']' ? end + 1 : end;
}

/* Reads the diagram at `text`, of `axes` axes, as seen from `fixed`; the text
   behind it. */
static const char *read_diagram(const eqc_rt_definition *d, const char *text,
                                int axes, int fixed, diagram *g) {
  const int mean = !strcmp(d->info->normalize, "mean");
  const int step = d->info->sums > 0 ? 2 : 1; /* characters of an axis */
  int of[128], a, b, i;
  g->num_blocks = g->num_keys = 0;
  g->keys = 1;
  g->terms = 1;
  g->sign = *text == '-' || *text == '~' ? -1 : 1;
  g->begins = *text == '+' || *text == '-';
  g->is_entry = 0;
  if (text[1] == '[')
    return read_entry(d, text + 1, axes, g);
  memset(of, -1, sizeof of);
  for (a = 0; a < axes; ++a) {
    const int letter = text[1 + a * step] & 127;
    const int place = step == 2 ? text[2 + a * step] - '0' : 0;
    block *to;
    g->begin[a] = 0;
    for (i = 0; i < place; ++i)
      g->begin[a] += size_of(d, d->summand[a][i]);
    g->space[a] = d->summand[a][place];
    if (of[letter] < 0) {
      of[letter] = g->num_blocks++;
      to = &g->blocks[of[letter]];
      memset(to, 0, offsetof(block, length));
      to->is_free = letter == '*';
      to->length = size_of(d, g->space[a]);
    }
    to = &g->blocks[of[letter]];
    to->axis[to->size++] = a;
    if (row_of(d, a) == fixed)
      ++to->given;
    else
      ++to->open;
  }
  for (b = 0; b < g->num_blocks; ++b) {
    block *p = &g->blocks[b];
    const int outputs = d->first[1];
    const int below = p->axis[0] >= outputs;
    p->in_row = p->size == 2 && !p->is_free && below == (p->axis[1] >= outputs);
    if (mean && below && !p->is_free)
      g->sign /= (double)p->length;
    if (!p->open)
      continue;
    if (p->is_free) {
      for (i = 0; i < p->size; ++i)
        if (row_of(d, p->axis[i]) == fixed) {
          g->key[g->num_keys++] = p->axis[i];
          g->keys *= p->length;
        } else {
          g->terms *= (double)p->length;
        }
    } else if (p->given) {
      for (i = 0; row_of(d, p->axis[i]) != fixed; ++i)
        ;
      g->key[g->num_keys++] = p->axis[i];
      g->keys *= p->length;
    } else {
      g->terms *= (double)p->length;
    }
  }
  if (d->is_exact) { /* then it depends on all values */
    g->num_keys = 0;
    g->keys = 1;
  }
  return text + 1 + axes * step;
}

/* The sign of values that are all different, as a permutation; else 0. */
static double levi_civita(const int64_t *values, int count) {
  double sign = 1;
  int i, j;
  for (i = 0; i < count; ++i)
    for (j = i + 1; j < count; ++j) {
      if (values[i] == values[j])
        return 0;
      if (values[i] > values[j])
        sign = -sign;
    }
  return sign;
}

/* The entry that a block has where its axes have these values; axes that are
   open, of a block with a given one, are set to the value that they need. */
static double entry_of(const eqc_rt_definition *d, const diagram *g,
                       const block *p, int fixed, int64_t *value) {
  double sign = 1, form;
  int i, known = 0;
  if (p->is_free) {
    int64_t values[EQC_RT_MAX_AXES];
    for (i = 0; i < p->size; ++i)
      values[i] = value[p->axis[i]];
    sign = levi_civita(values, p->size);
    for (i = 0; i < p->size; ++i)
      if (p->axis[i] >= d->first[1]) {
        partner_of(d, g->space[p->axis[i]], values[i], &form);
        sign *= form;
      }
    return sign;
  }
  if (p->given)
    while (row_of(d, p->axis[known]) != fixed)
      ++known;
  if (p->in_row) {
    const int other = p->axis[1 - known];
    const int64_t joined =
        partner_of(d, g->space[p->axis[0]], value[p->axis[known]], &form);
    if (p->given == 2 && value[other] != joined)
      return 0;
    value[other] = joined;
    partner_of(d, g->space[p->axis[0]], value[p->axis[0]], &form);
    return form;
  }
  for (i = 0; i < p->size; ++i)
    if (row_of(d, p->axis[i]) == fixed) {
      if (value[p->axis[i]] != value[p->axis[known]])
        return 0;
    } else {
      value[p->axis[i]] = value[p->axis[known]];
    }
  return sign;
}

/* The two arrays beside `fixed`. */
static void others_of(int fixed, int *a, int *b) {
  *a = fixed == EQC_RT_ROW_Y ? EQC_RT_ROW_X : EQC_RT_ROW_Y;
  *b = fixed == EQC_RT_ROW_Z ? EQC_RT_ROW_X : EQC_RT_ROW_Z;
}

int64_t eqc_rt_pooled_channels(const eqc_rt_definition *d, int fixed) {
  int a, b;
  others_of(fixed, &a, &b);
  return d->info->depthwise ? d->info->c_out
                            : d->row[a].channels * d->row[b].channels;
}

static int64_t position_of(const eqc_rt_definition *d, const diagram *g,
                           int row, const int64_t *value) {
  int64_t position = 0;
  int a;
  for (a = d->first[row]; a < d->first[row + 1]; ++a)
    position += (g->begin[a] + value[a]) * d->stride[a];
  return position;
}

/* Whether the values of blocks of one space differ, if they have to. */
static int are_distinct(const eqc_rt_definition *d, const diagram *g,
                        const int64_t *value) {
  int a, b;
  for (a = 0; d->is_exact && a < g->num_blocks; ++a)
    for (b = 0; b < a; ++b) {
      const int first = g->blocks[a].axis[0], other = g->blocks[b].axis[0];
      if (g->space[first] == g->space[other] && value[first] == value[other])
        return 0;
    }
  return 1;
}

/* Whether a number takes the place of the most extreme one so far. */
static int is_more_extreme(const eqc_rt_definition *d, double v, double most) {
  return d->pool > 0 ? v > most : v < most;
}

/* For each channel of x the position of the extreme over the values of blocks
   of x alone, the first one in the order of positions; the other blocks have
   values. */
static void find_extremes(const eqc_rt_definition *d, const diagram *g,
                          int64_t sample, const int64_t *given,
                          double *extremes, double *at) {
  const eqc_rt_tensor *t = &d->row[EQC_RT_ROW_X];
  const block *digit[EQC_RT_MAX_AXES];
  int64_t value[EQC_RT_MAX_AXES], c;
  int num_digits = 0, a, b, i, any = 0;
  memcpy(value, given, sizeof value);
  for (b = 0; b < g->num_blocks; ++b)
    if (g->blocks[b].axis[0] >= d->first[EQC_RT_ROW_X]) {
      digit[num_digits++] = &g->blocks[b];
      for (i = 0; i < g->blocks[b].size; ++i)
        value[g->blocks[b].axis[i]] = 0;
    }
  for (;;) {
    const int64_t position = position_of(d, g, EQC_RT_ROW_X, value);
    for (c = 0; c < t->channels; ++c) {
      const double v = load_stored(
          d, t->data, sample * t->sample + position * t->step + c * t->channel);
      if (!any || is_more_extreme(d, v, extremes[c])) {
        extremes[c] = v;
        at[c] = (double)position;
      }
    }
    any = 1;
    for (a = num_digits; a-- > 0;) {
      const int64_t next = value[digit[a]->axis[0]] + 1;
      const int64_t to = next < digit[a]->length ? next : 0;
      for (i = 0; i < digit[a]->size; ++i)
        value[digit[a]->axis[i]] = to;
      if (to > 0)
        break;
    }
    if (a < 0)
      return;
  }
}

/* Sums the products of the other arrays' elements over all open axes, where the
   given ones have values; of x alone its extremes under pooling. */
static void pool(const eqc_rt_definition *d, const diagram *g, int fixed,
                 int64_t sample, int64_t *value, double *sums) {
  const block *digit[EQC_RT_MAX_AXES];
  int at[EQC_RT_MAX_AXES]; /* the axis that a digit sets */
  int num_digits = 0, a, b, i, row1, row2, any = 0;
  const eqc_rt_tensor *t1, *t2;
  int64_t c1, c2;
  others_of(fixed, &row1, &row2);
  t1 = &d->row[row1];
  t2 = &d->row[row2];
  for (b = 0; b < g->num_blocks; ++b) {
    const block *p = &g->blocks[b];
    for (i = 0; i < p->size; ++i)
      if (p->open && row_of(d, p->axis[i]) != fixed &&
          (p->is_free || (!p->given && i == 0))) {
        digit[num_digits] = p;
        at[num_digits++] = p->axis[i];
        value[p->axis[i]] = 0;
      }
  }
  for (;;) {
    double sign = 1;
    int64_t i1, i2;
    for (b = 0; b < g->num_blocks && sign != 0; ++b)
      if (g->blocks[b].open)
        sign *= entry_of(d, g, &g->blocks[b], fixed, value);
    if (sign != 0 && are_distinct(d, g, value)) {
      i1 = sample * t1->sample + position_of(d, g, row1, value) * t1->step;
      i2 = sample * t2->sample + position_of(d, g, row2, value) * t2->step;
      if (d->info->depthwise) {
        for (c1 = 0; c1 < t1->channels; ++c1)
          sums[c1] += sign * load_stored(d, t1->data, i1 + c1 * t1->channel) *
                      load_stored(d, t2->data, i2 + c1 * t2->channel);
      } else if (d->pool != 0 && fixed == EQC_RT_ROW_Y) {
        for (c1 = 0; c1 < t1->channels; ++c1) {
          const double v = load_stored(d, t1->data, i1 + c1 * t1->channel);
          if (!any || is_more_extreme(d, v, sums[c1]))
            sums[c1] = v;
        }
        any = 1;
      } else if (d->info->k2 < 0) {
        for (c1 = 0; c1 < t1->channels; ++c1)
          sums[c1] += sign * load_stored(d, t1->data, i1 + c1 * t1->channel);
      } else {
        for (c1 = 0; c1 < t1->channels; ++c1) {
          const double v =
              sign * load_stored(d, t1->data, i1 + c1 * t1->channel);
          for (c2 = 0; c2 < t2->channels; ++c2)
            sums[c1 * t2->channels + c2] +=
                v * load_stored(d, t2->data, i2 + c2 * t2->channel);
        }
      }
    }
    for (a = 0; a < num_digits; ++a) {
      if (++value[at[a]] < digit[a]->length)
        break;
      value[at[a]] = 0;
    }
    if (a == num_digits)
      return;
  }
}

/* The values of the axes of an array at a position; 0 where it lies in other
   summands than those of the diagram. */
static int set_values(const eqc_rt_definition *d, const diagram *g, int row,
                      int64_t position, int64_t *value) {
  int a, inside = 1;
  for (a = d->first[row]; a < d->first[row + 1]; ++a) {
    value[a] = position / d->stride[a] - g->begin[a];
    position %= d->stride[a];
    inside &= value[a] >= 0 && value[a] < size_of(d, g->space[a]);
  }
  return inside;
}

/* What blocks of given axes alone make of an entry. */
static double given_entry(const eqc_rt_definition *d, const diagram *g,
                          int fixed, int64_t *value) {
  double sign = 1;
  int a, b;
  if (g->is_entry) {
    for (a = 0; a < d->axes; ++a)
      if (row_of(d, a) != fixed)
        value[a] = g->at[a];
      else if (value[a] != g->at[a])
        return 0;
    return 1;
  }
  for (b = 0; b < g->num_blocks && sign != 0; ++b)
    if (!g->blocks[b].open)
      sign *= entry_of(d, g, &g->blocks[b], fixed, value);
  /* Given axes of a block that has open ones, too. */
  for (b = 0; b < g->num_blocks && sign != 0; ++b) {
    const block *p = &g->blocks[b];
    int i, known = -1;
    if (!p->open || p->is_free)
      continue;
    for (i = 0; i < p->size; ++i)
      if (row_of(d, p->axis[i]) == fixed) {
        if (known >= 0 && value[p->axis[i]] != value[p->axis[known]])
          return 0;
        known = i;
      }
  }
  return sign;
}

/*===-- Weights
 * ------------------------------------------------------------===*/

/* From one channel of an array to the next in the weights of a diagram. */
static int64_t weight_step(const eqc_rt_definition *d, int row) {
  if (row == EQC_RT_ROW_Y)
    return 1;
  return row == EQC_RT_ROW_Z ? d->info->c_out
                             : d->row[EQC_RT_ROW_Z].channels * d->info->c_out;
}

static void mix(const eqc_rt_definition *d, int fixed, const double *sums,
                const void *weight, int64_t first, double *out) {
  int row1, row2;
  int64_t c, c1, c2, s, s1, s2;
  const int64_t channels = d->row[fixed].channels;
  others_of(fixed, &row1, &row2);
  if (d->info->depthwise) {
    for (c = 0; c < channels; ++c)
      out[c] += load(d, weight, first + c) * sums[c];
    return;
  }
  s = weight_step(d, fixed);
  s1 = weight_step(d, row1);
  s2 = weight_step(d, row2);
  for (c1 = 0; c1 < d->row[row1].channels; ++c1)
    for (c2 = 0; c2 < d->row[row2].channels; ++c2) {
      const double v = *sums++;
      const int64_t at = first + c1 * s1 + c2 * s2;
      if (v != 0)
        for (c = 0; c < channels; ++c)
          out[c] += v * load(d, weight, at + c * s);
    }
}

/* The products of sums, at a position of y, with the array of y there. */
static void spread(const eqc_rt_definition *d, int64_t sample, int64_t position,
                   const double *sums, double *gradient) {
  const eqc_rt_tensor *y = &d->row[EQC_RT_ROW_Y];
  const int64_t at = sample * y->sample + position * y->step;
  const int64_t count =
      d->info->depthwise ? 1 : eqc_rt_pooled_channels(d, EQC_RT_ROW_Y);
  int64_t c, i;
  for (i = 0; i < count; ++i)
    for (c = 0; c < y->channels; ++c)
      gradient[i * y->channels + c] +=
          sums[d->info->depthwise ? c : i] *
          load_stored(d, y->data, at + c * y->channel);
}

/*===-- Entries
 * ------------------------------------------------------------===*/

static int64_t most_keys(const eqc_rt_definition *d, int fixed) {
  const char *text = d->maps;
  int64_t most = 1;
  diagram g;
  while (*text && *text != ';') {
    text = read_diagram(d, text, d->axes, fixed, &g);
    if (g.keys > most)
      most = g.keys;
  }
  return most;
}

int64_t eqc_rt_evaluation_room(const eqc_rt_definition *d, int fixed,
                               int64_t positions) {
  /* Sums by key, whether they are there, and sums by position; of channels
     extremes, where these are, and what goes there. */
  return most_keys(d, fixed) * (eqc_rt_pooled_channels(d, fixed) + 1) +
         positions * eqc_rt_pooled_channels(d, fixed) +
         3 * d->row[fixed].channels;
}

/* How many entries of x an extreme is taken of. */
static double extremes_of(const eqc_rt_definition *d, const diagram *g) {
  double count = 1;
  int b;
  for (b = 0; b < g->num_blocks; ++b)
    if (g->blocks[b].axis[0] >= d->first[EQC_RT_ROW_X])
      count *= (double)g->blocks[b].length;
  return count;
}

double eqc_rt_evaluation_cost(const eqc_rt_definition *d, int fixed,
                              int64_t positions) {
  const char *text = d->maps;
  const double pooled = (double)eqc_rt_pooled_channels(d, fixed);
  double cost = 0;
  diagram g;
  while (*text && *text != ';') {
    text = read_diagram(d, text, d->axes, fixed, &g);
    const double keys = d->is_exact ? (double)positions
                                    : fmin((double)g.keys, (double)positions);
    cost += keys * g.terms * (pooled + 8.0 * g.num_blocks + d->axes) +
            (double)g.keys + (double)positions * (pooled + d->axes);
    if (g.begins)
      cost += (double)positions * pooled *
              (d->info->depthwise ? 1 : (double)d->row[fixed].channels);
    if (d->pool != 0 && fixed == EQC_RT_ROW_X)
      cost += (double)positions * extremes_of(d, &g) *
              (double)(d->row[fixed].channels + d->axes);
  }
  return cost;
}

double eqc_rt_most_terms(const eqc_rt_definition *d, int fixed) {
  const char *text = d->maps;
  double all = 0, most = 0;
  diagram g;
  while (*text && *text != ';') {
    text = read_diagram(d, text, d->axes, fixed == EQC_RT_ROWS ? 0 : fixed, &g);
    all += g.terms;
    most = fmax(most, g.terms * (double)d->row[EQC_RT_ROW_Y].positions);
  }
  if (fixed == EQC_RT_ROWS)
    return most;
  return all * (double)eqc_rt_pooled_channels(d, fixed) +
         (fixed == EQC_RT_ROW_Y ? (double)d->info->bias_diagrams : 0);
}

void eqc_rt_evaluate(const eqc_rt_definition *d, int fixed, int64_t sample,
                     const int64_t *positions, int64_t count,
                     const void *weight, double *out, double *gradient,
                     double *room) {
  const char *text = d->maps;
  const int64_t pooled = eqc_rt_pooled_channels(d, fixed);
  const int64_t channels = d->row[fixed].channels;
  const int64_t weights = d->info->weight_size / d->info->diagrams;
  const int64_t keys = most_keys(d, fixed);
  double *by_key = room, *known = by_key + keys * pooled;
  double *by_position = known + keys;
  double *extremes = by_position + count * pooled, *at = extremes + channels;
  double *part = at + channels;
  const int routes = d->pool != 0 && fixed == EQC_RT_ROW_X;
  int64_t value[EQC_RT_MAX_AXES], i, c, number = -1;
  diagram g;
  if (!gradient)
    memset(out, 0, (size_t)(count * channels) * sizeof *out);
  while (*text && *text != ';') {
    text = read_diagram(d, text, d->axes, fixed, &g);
    number += g.begins;
    if (g.begins || routes)
      memset(by_position, 0, (size_t)(count * pooled) * sizeof *by_position);
    memset(known, 0, (size_t)g.keys * sizeof *known);
    for (i = 0; i < count; ++i) {
      int64_t key = 0;
      double sign, *sums;
      int k;
      if (!set_values(d, &g, fixed, positions[i], value))
        continue;
      sign = g.sign * given_entry(d, &g, fixed, value);
      if (sign == 0)
        continue;
      for (k = 0; k < g.num_keys; ++k)
        key = key * size_of(d, g.space[g.key[k]]) + value[g.key[k]];
      sums = by_key + key * pooled;
      if (d->is_exact || known[key] == 0) {
        memset(sums, 0, (size_t)pooled * sizeof *sums);
        pool(d, &g, fixed, sample, value, sums);
        known[key] = 1;
      }
      for (c = 0; c < pooled; ++c)
        by_position[i * pooled + c] += sign * sums[c];
    }
    for (i = 0; routes && i < count; ++i) {
      memset(part, 0, (size_t)channels * sizeof *part);
      mix(d, fixed, by_position + i * pooled, weight, number * weights, part);
      if (!set_values(d, &g, fixed, positions[i], value))
        continue;
      find_extremes(d, &g, sample, value, extremes, at);
      for (c = 0; c < channels; ++c)
        if ((int64_t)at[c] == positions[i])
          out[i * channels + c] += part[c];
    }
    if (routes || (*text && *text != ';' && *text != '+' && *text != '-'))
      continue; /* another member of the orbit */
    for (i = 0; i < count; ++i)
      if (gradient)
        spread(d, sample, positions[i], by_position + i * pooled,
               gradient + number * weights);
      else
        mix(d, fixed, by_position + i * pooled, weight, number * weights,
            out + i * channels);
  }
}

/* The text behind `count` semicolons. */
static const char *section(const char *text, int count) {
  for (; *text && count > 0; ++text)
    count -= *text == ';';
  return text;
}

void eqc_rt_evaluate_bias(const eqc_rt_definition *d, int64_t sample,
                          int64_t position, const void *bias, double *out,
                          double *gradient) {
  const char *text = section(d->maps, 1);
  const eqc_rt_tensor *y = &d->row[EQC_RT_ROW_Y];
  int64_t value[EQC_RT_MAX_AXES], c, number = -1;
  diagram g;
  while (*text && *text != ';') {
    double sign;
    text = read_diagram(d, text, d->first[1], EQC_RT_ROW_Y, &g);
    number += g.begins;
    if (!set_values(d, &g, EQC_RT_ROW_Y, position, value))
      continue;
    sign = g.sign * given_entry(d, &g, EQC_RT_ROW_Y, value);
    if (sign == 0 || !are_distinct(d, &g, value))
      continue;
    for (c = 0; c < y->channels; ++c)
      if (gradient)
        gradient[number * y->channels + c] +=
            sign * load_stored(d, y->data,
                               sample * y->sample + position * y->step +
                                   c * y->channel);
      else
        out[c] += sign * load(d, bias, number * y->channels + c);
  }
}

/*===-- Elements of the groups
 * ---------------------------------------------===*/

/* The length of the axes of each space; 0 where there is none. */
static int64_t length_of(const eqc_rt_definition *d, int64_t space) {
  int a, i;
  for (a = 0; a < d->axes; ++a)
    for (i = 0; i < d->num_summands[a]; ++i)
      if (d->summand[a][i] == &d->info->space[space])
        return size_of(d, d->summand[a][i]);
  return 0;
}

int64_t eqc_rt_element_size(const eqc_rt_definition *d) {
  int64_t sum = 0, s;
  for (s = 0; s < d->info->spaces; ++s)
    sum += length_of(d, s);
  return sum;
}

/* Moves `count` things, `unit` indices each, from `first` on. */
static void shuffle(int64_t *to, int64_t first, int64_t count, int64_t unit,
                    uint64_t *random) {
  int64_t i, u;
  for (i = count; i > 1; --i) {
    const int64_t j = (int64_t)(eqc_rt_random(random) % (uint64_t)i);
    for (u = 0; u < unit; ++u) {
      int64_t *a = to + first + (i - 1) * unit + u,
              *b = to + first + j * unit + u;
      const int64_t kept = *a;
      *a = *b;
      *b = kept;
    }
  }
}

static int determinant_is_negative(const int64_t *to, const int8_t *sign,
                                   int64_t length) {
  int negative = 0;
  int64_t i, j;
  for (i = 0; i < length; ++i) {
    negative ^= sign[i] < 0;
    for (j = 0; j < i; ++j)
      negative ^= to[j] > to[i];
  }
  return negative;
}

/* Makes an element of the wrong determinant one of the right one. */
static void exchange_sign(const family *f, int64_t *to, int8_t *sign) {
  const int64_t first = to[0];
  if (f->flips_each) {
    sign[0] = (int8_t)-sign[0];
    return;
  }
  to[0] = to[1];
  to[1] = first;
}

void eqc_rt_draw_element(const eqc_rt_definition *d, eqc_rt_element *g,
                         uint64_t *random) {
  int64_t s, i, first = 0;
  for (s = 0; s < d->info->spaces; ++s) {
    const eqc_space_info *space = &d->info->space[s];
    const family *f = family_of(space);
    const int64_t length = length_of(d, s);
    int64_t *to = g->to + first;
    int8_t *sign = g->sign + first;
    const int all = f->flips_all && eqc_rt_random(random) % 2;
    for (i = 0; i < length; ++i) {
      to[i] = i;
      sign[i] = all || (f->flips_each && eqc_rt_random(random) % 2) ? -1 : 1;
    }
    if (!f->permutes || length == 0)
      ; /* nothing to move; a space of no axis has no q either */
    else if (f->symplectic) {
      shuffle(to, 0, length / 2, 2, random);
      for (i = 0; i < length; i += 2)
        if (eqc_rt_random(random) % 2) { /* a quarter turn of a plane */
          const int64_t kept = to[i];
          to[i] = to[i + 1];
          to[i + 1] = kept;
          sign[i + 1] = -1;
        }
    } else {
      shuffle(to, 0, length - space->q, 1, random);
      shuffle(to, length - space->q, space->q, 1, random);
    }
    if (f->keeps_determinant && length > 0 &&
        determinant_is_negative(to, sign, length))
      exchange_sign(f, to, sign);
    first += length;
  }
}

int64_t eqc_rt_move(const eqc_rt_definition *d, const eqc_rt_element *g,
                    int row, int64_t position, int *sign) {
  int64_t image = 0;
  int a;
  *sign = 1;
  for (a = d->first[row]; a < d->first[row + 1]; ++a) {
    int64_t index = position / d->stride[a], begin = 0;
    int64_t first = 0, s;
    int i = 0;
    position %= d->stride[a];
    for (; index >= size_of(d, d->summand[a][i]); ++i) {
      const int64_t size = size_of(d, d->summand[a][i]);
      index -= size;
      begin += size;
    }
    for (s = 0; &d->info->space[s] != d->summand[a][i]; ++s)
      first += length_of(d, s);
    image += (begin + g->to[first + index]) * d->stride[a];
    *sign *= g->sign[first + index];
  }
  return image;
}

/*===-- Symmetries of x
 * ----------------------------------------------------===*/

/* Where a permutation of axes, written as letters, takes a position of x. */
static int64_t exchange(const eqc_rt_definition *d, const char *letters,
                        int64_t position) {
  const int first = d->first[EQC_RT_ROW_X];
  const int order = d->first[EQC_RT_ROWS] - first;
  int64_t image = 0;
  int a;
  for (a = 0; a < order; ++a) {
    image +=
        position / d->stride[first + a] * d->stride[first + letters[a] - '0'];
    position %= d->stride[first + a];
  }
  return image;
}

void eqc_rt_symmetrize(const eqc_rt_definition *d, void *x, int64_t batch,
                       int8_t *signs, int64_t *orbit) {
  const char *symmetries = section(d->maps, 2), *text;
  const eqc_rt_tensor *t = &d->row[EQC_RT_ROW_X];
  const int64_t order = d->first[EQC_RT_ROWS] - d->first[EQC_RT_ROW_X];
  int64_t p, i, count, b, c;
  if (!*symmetries)
    return;
  memset(signs, 0, (size_t)t->positions);
  for (p = 0; p < t->positions; ++p) {
    int vanishes = 0;
    if (signs[p])
      continue;
    signs[p] = 1;
    orbit[0] = p;
    for (i = 0, count = 1; i < count; ++i)
      for (text = symmetries; *text;
           text += 1 + order + (text[1 + order] == ';')) {
        const int64_t image = exchange(d, text + 1, orbit[i]);
        const int8_t sign =
            (int8_t)(*text == '-' ? -signs[orbit[i]] : signs[orbit[i]]);
        if (!signs[image])
          orbit[count++] = image, signs[image] = sign;
        else
          vanishes |= signs[image] != sign;
      }
    for (i = 0; i < count; ++i)
      for (b = 0; b < batch; ++b)
        for (c = 0; c < t->channels; ++c) {
          const int64_t at = b * t->sample + c * t->channel;
          const int64_t to = at + orbit[i] * t->step;
          const double v =
              vanishes ? 0
                       : signs[orbit[i]] * load_stored(d, x, at + p * t->step);
          eqc_rt_store(d, x, to, v);
        }
  }
}
