/*===- Sizes.c - Sizes given at run time ---------------------------- C99 -===*\
|*                                                                            *|
|* A layer takes one for each of its spaces that has none of its own. Kernels *|
|* and calls of them have them as one number, n: the size itself or, where    *|
|* there are several, the address of a list of them.                          *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

#include <string.h>

int64_t eqc_rt_num_sizes(const eqc_layer_info *info) {
  int64_t s, count = 0;
  if (info->n != -2)
    return info->n == -1;
  for (s = 0; s < info->spaces; ++s)
    count += info->space[s].n < 0;
  return count;
}

int64_t eqc_rt_size(const eqc_layer_info *info, int64_t n, int64_t i) {
  return eqc_rt_num_sizes(info) == 1 ? n : ((const int64_t *)(intptr_t)n)[i];
}

int64_t eqc_rt_n_of(const eqc_layer_info *info, const int64_t *sizes) {
  const int64_t count = eqc_rt_num_sizes(info);
  return count == 0   ? info->n
         : count == 1 ? sizes[0]
                      : (int64_t)(intptr_t)sizes;
}

int64_t eqc_rt_space_size(const eqc_layer_info *info, int64_t n,
                          int64_t space) {
  if (info->space[space].n >= 0)
    return info->space[space].n;
  return eqc_rt_size(info, n, eqc_rt_size_number(info->space, space));
}

int64_t eqc_rt_size_number(const eqc_space_info *spaces, int64_t space) {
  int64_t s, number = 0;
  for (s = 0; s < space; ++s)
    number += spaces[s].n < 0;
  return number;
}

int eqc_rt_summands(const eqc_layer_info *info, int64_t axis,
                    const eqc_space_info **summand) {
  const char *name;
  int count = 0;
  if (axis < info->spaces) {
    summand[0] = &info->space[axis];
    return 1;
  }
  for (name = info->space[axis].group; *name;) {
    const char *end = strstr(name, " + ");
    const size_t length = end ? (size_t)(end - name) : strlen(name);
    int64_t s = 0;
    while (s < info->spaces && (strlen(info->space[s].name) != length ||
                                memcmp(info->space[s].name, name, length)))
      ++s;
    if (s == info->spaces || count == EQC_RT_MAX_SUMMANDS)
      return -1;
    summand[count++] = &info->space[s];
    name += length + (end ? 3 : 0);
  }
  return count;
}

int64_t eqc_rt_layer_axis_length(const eqc_layer_info *info, int64_t n,
                                 int64_t axis) {
  const eqc_space_info *summand[EQC_RT_MAX_SUMMANDS];
  int64_t length = 0;
  int i, count;
  axis %= EQC_DUAL_AXIS;
  if (info->space[axis].n >= 0)
    return info->space[axis].n;
  count = eqc_rt_summands(info, axis, summand);
  for (i = 0; i < count; ++i)
    if (__builtin_add_overflow(
            length, eqc_rt_space_size(info, n, summand[i] - info->space),
            &length))
      return INT64_MAX;
  return length;
}

int64_t eqc_rt_unit_of(const eqc_space_info *space) {
  return !strcmp(space->group, "Sp") ? 2 : 1;
}
