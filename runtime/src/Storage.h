/*===- Storage.h - Numbers of 16 bits in memory --------------------- C99 -===*\
|*                                                                            *|
|* Kernels compute in f32. Where x and y lie in memory in 16 bits, samples    *|
|* are widened into scratch before a kernel reads them and what it writes is  *|
|* narrowed behind it, a block of samples at a time, so that both are in      *|
|* cache.                                                                     *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_RT_STORAGE_H
#define EQC_RT_STORAGE_H

#include "Internal.h"

enum { EQC_RT_AS_COMPUTED, EQC_RT_BF16, EQC_RT_F16 };

/* How the tensors of a layer lie in memory. */
int eqc_rt_storage_of(const eqc_layer_info *info);

/* The number that 16 bits mean; exact. */
float eqc_rt_widened(int storage, uint16_t bits);
/* Rounds to nearest, ties to even; what is too large becomes infinite, and a
   NaN stays one. */
uint16_t eqc_rt_narrowed(int storage, float number);

/* The same for so many numbers. */
void eqc_rt_widen(int storage, const void *from, float *to, int64_t count);
void eqc_rt_narrow(int storage, const float *from, void *to, int64_t count);
/* For what nobody reads soon. */
void eqc_rt_narrow_past_caches(int storage, const float *from, void *to,
                               int64_t count);

#endif /* EQC_RT_STORAGE_H */
