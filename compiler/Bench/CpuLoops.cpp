//===- CpuLoops.cpp - Loops that run at a CPU's limits --------------------===//
//
// Written with intrinsics in functions that have a target of their own: plain
// vector types would be split to what the rest of the file is compiled for.
//
//===----------------------------------------------------------------------===//

#include "compiler/Bench/CpuLoops.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

using namespace eqc;

// Twelve accumulators: more than latency times units of any CPU so far (4 x 2,
// 5 x 2, 4 x 2 with 128-bit pairs), and with two constants few enough for the
// 16 registers of x86-64 before AVX-512.
#define EQC_EACH_ACCUMULATOR(OP)                                               \
  OP(0) OP(1) OP(2) OP(3) OP(4) OP(5) OP(6) OP(7) OP(8) OP(9) OP(10) OP(11)
static constexpr int64_t accumulators = 12;

// The values stay near 1, away from overflow and from denormal numbers.
#define EQC_DECLARE(I) VECTOR a##I = SET(1.0 + 0.001 * I);
#define EQC_STEP(I) a##I = FMA(a##I, scale, shift);
#define EQC_SUM(I) sum = ADD(sum, a##I);
#define EQC_MULTIPLY_ADD(FUNCTION, TARGET, ELEMENT)                            \
  TARGET static double FUNCTION(int64_t iterations) {                          \
    const VECTOR scale = SET(0.9990234375), shift = SET(0.0009765625);         \
    EQC_EACH_ACCUMULATOR(EQC_DECLARE)                                          \
    for (int64_t i = 0; i < iterations; ++i) {                                 \
      EQC_EACH_ACCUMULATOR(EQC_STEP)                                           \
    }                                                                          \
    VECTOR sum = SET(0.0);                                                     \
    EQC_EACH_ACCUMULATOR(EQC_SUM)                                              \
    ELEMENT lanes[sizeof(VECTOR) / sizeof(ELEMENT)];                           \
    std::memcpy(lanes, &sum, sizeof(lanes));                                   \
    double total = 0;                                                          \
    for (ELEMENT lane : lanes)                                                 \
      total += lane;                                                           \
    return total;                                                              \
  }

#define EQC_COPY(FUNCTION, TARGET, STORE)                                      \
  TARGET static void FUNCTION(void *to, const void *from, size_t bytes) {      \
    constexpr size_t step = 4;                                                 \
    auto *out = static_cast<VECTOR *>(to);                                     \
    auto *in = static_cast<const VECTOR *>(from);                              \
    for (size_t i = 0, n = bytes / sizeof(VECTOR); i + step <= n; i += step) { \
      VECTOR v0 = in[i], v1 = in[i + 1], v2 = in[i + 2], v3 = in[i + 3];       \
      STORE(out + i, v0);                                                      \
      STORE(out + i + 1, v1);                                                  \
      STORE(out + i + 2, v2);                                                  \
      STORE(out + i + 3, v3);                                                  \
    }                                                                          \
    FENCE();                                                                   \
  }
#define EQC_PLAIN_STORE(P, V) *(P) = (V)

#if defined(__x86_64__)

#define FENCE() _mm_sfence()
#define EQC_AVX512 __attribute__((target("avx512f"), noinline))
#define VECTOR __m512
#define SET(X) _mm512_set1_ps(X)
#define FMA(A, B, C) _mm512_fmadd_ps(A, B, C)
#define ADD(A, B) _mm512_add_ps(A, B)
EQC_MULTIPLY_ADD(multiplyAddF32Avx512, EQC_AVX512, float)
#define EQC_STREAM(P, V) _mm512_stream_ps(reinterpret_cast<float *>(P), V)
EQC_COPY(copyAvx512, EQC_AVX512, EQC_PLAIN_STORE)
EQC_COPY(streamAvx512, EQC_AVX512, EQC_STREAM)
#undef EQC_STREAM
#undef VECTOR
#undef SET
#undef FMA
#undef ADD
#define VECTOR __m512d
#define SET(X) _mm512_set1_pd(X)
#define FMA(A, B, C) _mm512_fmadd_pd(A, B, C)
#define ADD(A, B) _mm512_add_pd(A, B)
EQC_MULTIPLY_ADD(multiplyAddF64Avx512, EQC_AVX512, double)
#undef VECTOR
#undef SET
#undef FMA
#undef ADD

#define EQC_AVX2 __attribute__((target("avx2,fma"), noinline))
#define VECTOR __m256
#define SET(X) _mm256_set1_ps(X)
#define FMA(A, B, C) _mm256_fmadd_ps(A, B, C)
#define ADD(A, B) _mm256_add_ps(A, B)
EQC_MULTIPLY_ADD(multiplyAddF32Avx2, EQC_AVX2, float)
#define EQC_STREAM(P, V) _mm256_stream_ps(reinterpret_cast<float *>(P), V)
EQC_COPY(copyAvx2, EQC_AVX2, EQC_PLAIN_STORE)
EQC_COPY(streamAvx2, EQC_AVX2, EQC_STREAM)
#undef EQC_STREAM
#undef VECTOR
#undef SET
#undef FMA
#undef ADD
#define VECTOR __m256d
#define SET(X) _mm256_set1_pd(X)
#define FMA(A, B, C) _mm256_fmadd_pd(A, B, C)
#define ADD(A, B) _mm256_add_pd(A, B)
EQC_MULTIPLY_ADD(multiplyAddF64Avx2, EQC_AVX2, double)
#undef VECTOR
#undef SET
#undef FMA
#undef ADD

// Before FMA a multiply-add is two instructions; the peak is of both.
#define EQC_SSE2 __attribute__((noinline))
#define VECTOR __m128
#define SET(X) _mm_set1_ps(X)
#define FMA(A, B, C) _mm_add_ps(_mm_mul_ps(A, B), C)
#define ADD(A, B) _mm_add_ps(A, B)
EQC_MULTIPLY_ADD(multiplyAddF32Sse2, EQC_SSE2, float)
#define EQC_STREAM(P, V) _mm_stream_ps(reinterpret_cast<float *>(P), V)
EQC_COPY(copySse2, EQC_SSE2, EQC_PLAIN_STORE)
EQC_COPY(streamSse2, EQC_SSE2, EQC_STREAM)
#undef EQC_STREAM
#undef VECTOR
#undef SET
#undef FMA
#undef ADD
#define VECTOR __m128d
#define SET(X) _mm_set1_pd(X)
#define FMA(A, B, C) _mm_add_pd(_mm_mul_pd(A, B), C)
#define ADD(A, B) _mm_add_pd(A, B)
EQC_MULTIPLY_ADD(multiplyAddF64Sse2, EQC_SSE2, double)
#undef VECTOR
#undef SET
#undef FMA
#undef ADD

static std::vector<CpuLoops> findLoops() {
  std::vector<CpuLoops> loops;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f"))
    loops.push_back({"avx512f", 64, accumulators, multiplyAddF32Avx512,
                     multiplyAddF64Avx512, copyAvx512, streamAvx512});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    loops.push_back({"avx2+fma", 32, accumulators, multiplyAddF32Avx2,
                     multiplyAddF64Avx2, copyAvx2, streamAvx2});
  loops.push_back({"sse2", 16, accumulators, multiplyAddF32Sse2,
                   multiplyAddF64Sse2, copySse2, streamSse2});
  return loops;
}

#elif defined(__aarch64__)

#define FENCE() (void)0
#define EQC_NEON __attribute__((noinline))
#define VECTOR float32x4_t
#define SET(X) vdupq_n_f32(X)
#define FMA(A, B, C) vfmaq_f32(C, A, B)
#define ADD(A, B) vaddq_f32(A, B)
EQC_MULTIPLY_ADD(multiplyAddF32Neon, EQC_NEON, float)
EQC_COPY(copyNeon, EQC_NEON, EQC_PLAIN_STORE)
#undef VECTOR
#undef SET
#undef FMA
#undef ADD
#define VECTOR float64x2_t
#define SET(X) vdupq_n_f64(X)
#define FMA(A, B, C) vfmaq_f64(C, A, B)
#define ADD(A, B) vaddq_f64(A, B)
EQC_MULTIPLY_ADD(multiplyAddF64Neon, EQC_NEON, double)

static std::vector<CpuLoops> findLoops() {
  return {{"neon", 16, accumulators, multiplyAddF32Neon, multiplyAddF64Neon,
           copyNeon, nullptr}};
}

#else

// Whatever the compiler makes of vectors of 16 bytes.
#define FENCE() (void)0
#define EQC_ANY __attribute__((noinline))
typedef float AnyFloats __attribute__((vector_size(16)));
typedef double AnyDoubles __attribute__((vector_size(16)));
#define VECTOR AnyFloats
#define SET(X) (AnyFloats{} + float(X))
#define FMA(A, B, C) ((A) * (B) + (C))
#define ADD(A, B) ((A) + (B))
EQC_MULTIPLY_ADD(multiplyAddF32Any, EQC_ANY, float)
EQC_COPY(copyAny, EQC_ANY, EQC_PLAIN_STORE)
#undef VECTOR
#undef SET
#define VECTOR AnyDoubles
#define SET(X) (AnyDoubles{} + double(X))
EQC_MULTIPLY_ADD(multiplyAddF64Any, EQC_ANY, double)

static std::vector<CpuLoops> findLoops() {
  return {{"generic", 16, accumulators, multiplyAddF32Any, multiplyAddF64Any,
           copyAny, nullptr}};
}

#endif

const std::vector<CpuLoops> &eqc::usableCpuLoops() {
  static const std::vector<CpuLoops> loops = findLoops();
  return loops;
}
