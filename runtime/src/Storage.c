/*===- Storage.c - Numbers of 16 bits in memory --------------------- C99 -===*/

#include "Storage.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

int eqc_rt_storage_of(const eqc_layer_info *info) {
  if (!info->dtype) /* of a record that is asked for variants alone */
    return EQC_RT_AS_COMPUTED;
  if (!strcmp(info->dtype, "bf16"))
    return EQC_RT_BF16;
  return strcmp(info->dtype, "f16") ? EQC_RT_AS_COMPUTED : EQC_RT_F16;
}

/* One number */

#define INLINE static inline __attribute__((always_inline))

INLINE float of_bits(uint32_t bits) {
  float number;
  memcpy(&number, &bits, sizeof number);
  return number;
}
INLINE uint32_t bits_of(float number) {
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

INLINE float from_bf16(uint16_t bits) { return of_bits((uint32_t)bits << 16); }

INLINE uint16_t to_bf16(float number) {
  const uint32_t bits = bits_of(number);
  const uint32_t rounded = bits + 0x7fffu + ((bits >> 16) & 1);
  const uint32_t nan = bits | 0x400000u; /* quiet */
  return (uint16_t)(((bits & 0x7fffffffu) > 0x7f800000u ? nan : rounded) >> 16);
}

INLINE float from_f16(uint16_t bits) {
  const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
  const uint32_t rest = (uint32_t)(bits & 0x7fffu) << 13;
  /* Exponents differ by 112; a product is right for subnormal numbers too. */
  const uint32_t scaled = bits_of(of_bits(rest) * 0x1p112f);
  const uint32_t special = rest | 0x7f800000u;
  return of_bits(sign | ((bits & 0x7c00u) == 0x7c00u ? special : scaled));
}

INLINE uint16_t to_f16(float number) {
  const uint32_t bits = bits_of(number), size = bits & 0x7fffffffu;
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t normal =
      (size - 0x38000000u + 0xfffu + ((size >> 13) & 1)) >> 13;
  /* Adding 1/2 rounds to multiples of 2^-24, the least subnormal number. */
  const uint32_t small = bits_of(of_bits(size) + 0.5f) - 0x3f000000u;
  const uint32_t large = size > 0x7f800000u ? 0x7e00u : 0x7c00u;
  const uint32_t finite = size < 0x38800000u ? small : normal;
  return (uint16_t)(sign | (size >= 0x47800000u ? large : finite));
}

float eqc_rt_widened(int storage, uint16_t bits) {
  return storage == EQC_RT_BF16 ? from_bf16(bits) : from_f16(bits);
}

uint16_t eqc_rt_narrowed(int storage, float number) {
  return storage == EQC_RT_BF16 ? to_bf16(number) : to_f16(number);
}

/* Many numbers */

#define NAME(f) f
#define TARGET
#define HAS_F16C 0
#include "StorageLoops.h"
#undef NAME
#undef TARGET
#undef HAS_F16C

#if defined(__x86_64__)
#define HAS_F16C 1
#define NAME(f) f##_v3
#define TARGET __attribute__((target("avx2,fma,f16c")))
#include "StorageLoops.h"
#undef NAME
#undef TARGET
#define NAME(f) f##_v4
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,f16c")))
#include "StorageLoops.h"
#undef NAME
#undef TARGET
#define CALL(f, ...)                                                           \
  do {                                                                         \
    const int64_t level = eqc_rt_cpu_level();                                  \
    if (level >= 4)                                                            \
      f##_v4(__VA_ARGS__);                                                     \
    else if (level >= 3)                                                       \
      f##_v3(__VA_ARGS__);                                                     \
    else                                                                       \
      f(__VA_ARGS__);                                                          \
  } while (0)
#else
#define CALL(f, ...) f(__VA_ARGS__)
#endif

void eqc_rt_widen(int storage, const void *from, float *to, int64_t count) {
  if (storage == EQC_RT_BF16)
    CALL(widen_bf16, from, to, count);
  else
    CALL(widen_f16, from, to, count);
}

void eqc_rt_narrow(int storage, const float *from, void *to, int64_t count) {
  if (storage == EQC_RT_BF16)
    CALL(narrow_bf16, from, to, count);
  else
    CALL(narrow_f16, from, to, count);
}

/* By lines, each made in cache first. */
void eqc_rt_narrow_past_caches(int storage, const float *from, void *to,
                               int64_t count) {
#if defined(__x86_64__)
  enum { LINE = 512 };
  uint16_t line[LINE] __attribute__((aligned(64)));
  uint16_t *out = to;
  int64_t i, before = (int64_t)(-(uintptr_t)out % 64 / sizeof *out);
  before = before < count ? before : count;
  eqc_rt_narrow(storage, from, out, before);
  for (i = before; i + LINE <= count; i += LINE) {
    int64_t j;
    eqc_rt_narrow(storage, from + i, line, LINE);
    for (j = 0; j < LINE; j += 8)
      _mm_stream_si128(
          (__m128i *)(void *)(out + i + j),
          _mm_load_si128((const __m128i *)(const void *)(line + j)));
  }
  eqc_rt_narrow(storage, from + i, out + i, count - i);
  _mm_sfence();
#else
  eqc_rt_narrow(storage, from, to, count);
#endif
}
