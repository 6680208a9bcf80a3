/*===- SelftestArrays.c - Memory that shows where it ends ----------- C99 -===*\
|*                                                                            *|
|* Arrays of self-tests do not lie in one block: each has whole pages of its  *|
|* own from the allocator, and ends where they end, or begins where they      *|
|* begin. Whoever lends pages with none beside them that may be touched, as   *|
|* `eqc verify` does, sees each access past an array.                         *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Definition.h"

#define PAGE ((int64_t)4096)

void eqc_rt_arrays_begin(eqc_rt_arrays *arrays, const char *layer, int at_end) {
  arrays->from = eqc_rt_current_allocator();
  arrays->layer = layer;
  arrays->at_end = at_end;
  arrays->status = EQC_OK;
  arrays->count = 0;
}

void *eqc_rt_arrays_take(eqc_rt_arrays *arrays, int64_t bytes, int64_t align) {
  const int64_t size = bytes > 0 ? (bytes + PAGE - 1) & -PAGE : PAGE;
  char *data;
  if (arrays->status != EQC_OK)
    return NULL;
  if (bytes < 0 || arrays->count == EQC_RT_MOST_TESTED) {
    arrays->status = EQC_ERR_SIZE;
    return NULL;
  }
  data = arrays->from.get((size_t)size, EQC_RT_ALIGN, arrays->from.ctx);
  if (!data) {
    arrays->status =
        eqc_rt_fail(EQC_ERR_NOMEM, "%s_selftest: no memory for %lld bytes",
                    arrays->layer, (long long)size);
    return NULL;
  }
  arrays->block[arrays->count].data = data;
  arrays->block[arrays->count++].size = (size_t)size;
  return arrays->at_end ? data + ((size - bytes) & -align) : data;
}

void eqc_rt_arrays_end(eqc_rt_arrays *arrays) {
  while (arrays->count > 0) {
    --arrays->count;
    arrays->from.put(arrays->block[arrays->count].data,
                     arrays->block[arrays->count].size, arrays->from.ctx);
  }
}
