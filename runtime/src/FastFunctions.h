/*===- FastFunctions.h - Functions of f32 without calls ------------- C99 -===*\
|*                                                                            *|
|* The C library's are a call for each entry. These are arithmetic alone, so  *|
|* that compilers make vectors of loops over them. Their relative errors are  *|
|* some 3e-7, of erfc 1e-6 where it is small; a NaN stays one, and what is    *|
|* large or infinite has the limit. *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_RT_FASTFUNCTIONS_H
#define EQC_RT_FASTFUNCTIONS_H

#include <stdint.h>
#include <string.h>

/* 2^k for -126 <= k <= 127. */
static inline float eqc_rt_power_of_two(int32_t k) {
  uint32_t bits = (uint32_t)(k + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

/* 2^k r for e^x = 2^k e^f, |f| <= log(2) / 2, r = e^f by its Taylor series. */
static inline float eqc_rt_expf(float x) {
  const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds */
  float limited = x < -110.0f ? -110.0f : x > 90.0f ? 90.0f : x;
  float rounded = limited * 1.44269504089f + shift;
  float whole = rounded - shift;
  float f = limited - whole * 0.693359375f + whole * 2.12194440e-4f;
  float r = 1.0f / 720;
  int32_t k, half;
  r = r * f + 1.0f / 120;
  r = r * f + 1.0f / 24;
  r = r * f + 1.0f / 6;
  r = r * f + 0.5f;
  r = r * f + 1.0f;
  r = r * f + 1.0f;
  memcpy(&k, &rounded, sizeof k);
  k -= 0x4b400000; /* shift; of a NaN anything, which is multiplied by it */
  k = k < -160 ? -160 : k > 130 ? 130 : k;
  half = k / 2; /* either half has a power, where 2^k may have none */
  return r * eqc_rt_power_of_two(half) * eqc_rt_power_of_two(k - half);
}

/* e^x - 1, which for small x is not a difference. */
static inline float eqc_rt_expm1f(float x) {
  float small = 1.0f / 120;
  small = small * x + 1.0f / 24;
  small = small * x + 1.0f / 6;
  small = small * x + 0.5f;
  small = small * x * x + x;
  return x > -0.1f && x < 0.1f ? small : eqc_rt_expf(x) - 1.0f;
}

/* (e^2x - 1) / (e^2x + 1), of |x|, with the sign put back. */
static inline float eqc_rt_tanhf(float x) {
  float a = x < 0 ? -x : x;
  float limited = a > 10.0f ? 10.0f : a;
  float e = eqc_rt_expm1f(2 * limited);
  float t = e / (e + 2.0f);
  return x < 0 ? -t : t;
}

/* By a Chebyshev fit of log(erfc(x) / t) + x^2 in t = 1 / (1 + x / 2). */
static inline float eqc_rt_erfcf(float x) {
  float a = x < 0 ? -x : x;
  float t = 1.0f / (1.0f + 0.5f * a);
  float p = 0.17087277f;
  p = p * t - 0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t - 1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t - 0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  p = p * t - 1.26551223f;
  p = t * eqc_rt_expf(p - a * a);
  return x < 0 ? 2.0f - p : p;
}

/* For 0 <= x <= 1: 2 artanh(x / (2 + x)). */
static inline float eqc_rt_log1pf(float x) {
  float s = x / (2.0f + x);
  float square = s * s;
  float p = 2.0f / 11;
  p = p * square + 2.0f / 9;
  p = p * square + 2.0f / 7;
  p = p * square + 2.0f / 5;
  p = p * square + 2.0f / 3;
  p = p * square + 2.0f;
  return p * s;
}

#endif /* EQC_RT_FASTFUNCTIONS_H */
