/*===- StorageLoops.h - Loops over numbers of 16 bits --------------- C99 -===*\
|*                                                                            *|
|* Included once for each kind of CPU: TARGET says which, NAME(f) what its    *|
|* functions are called, and HAS_F16C whether it converts f16 itself.         *|
|* Compilers make vectors of these loops.                                     *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

TARGET static void NAME(widen_bf16)(const uint16_t *restrict from,
                                    float *restrict to, int64_t count) {
  int64_t i;
  for (i = 0; i < count; ++i)
    to[i] = from_bf16(from[i]);
}

TARGET static void NAME(widen_f16)(const uint16_t *restrict from,
                                   float *restrict to, int64_t count) {
  int64_t i = 0;
#if HAS_F16C
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128(
                                 (const __m128i *)(const void *)(from + i))));
#endif
  for (; i < count; ++i)
    to[i] = from_f16(from[i]);
}

TARGET static void NAME(narrow_bf16)(const float *restrict from,
                                     uint16_t *restrict to, int64_t count) {
  int64_t i;
  for (i = 0; i < count; ++i)
    to[i] = to_bf16(from[i]);
}

TARGET static void NAME(narrow_f16)(const float *restrict from,
                                    uint16_t *restrict to, int64_t count) {
  int64_t i = 0;
#if HAS_F16C
  for (; i + 8 <= count; i += 8)
    _mm_storeu_si128(
        (__m128i *)(void *)(to + i),
        _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
#endif
  for (; i < count; ++i)
    to[i] = to_f16(from[i]);
}
