/*===- Entries.h - Functions of the entries of values --------------- C99 -===*\
|*                                                                            *|
|* Included once for each type T of numbers, with NAME(f) for the names that  *|
|* are defined here and MATH(f) for those of the C library. Loops are simple  *|
|* on purpose: compilers take vectors then.                                   *|
|*                                                                            *|
|* TARGET says which CPUs functions are compiled for.                         *|
|*                                                                            *|
|* FAST(f) is MATH(f) or, for floats, one written out without calls, so that  *|
|* loops over it take vectors: as exact as networks promise, and several      *|
|* times as fast.                                                             *|
|*                                                                            *|
|* What is infinite stays in its place: limits are written where a formula    *|
|* would make a NaN of infinity times 0. A NaN stays one.                     *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

/* NOLINTBEGIN(readability-redundant-casting): where T is double */

TARGET static inline T NAME(sigmoid)(T x) { return 1 / (1 + FAST(exp)(-x)); }

/* The distribution function of normal numbers, times 2. */
TARGET static inline T NAME(twice_normal)(T x) {
  return FAST(erfc)(x * (T)-0.70710678118654752440);
}

TARGET static inline T NAME(value)(int64_t function, T x) {
  switch (function) {
  case EQC_RELU:
    return x < 0 ? 0 : x;
  case EQC_LEAKY_RELU:
    return x < 0 ? (T)0.01 * x : x;
  case EQC_ELU:
    return x < 0 ? FAST(expm1)(x) : x;
  case EQC_GELU:
    return x < -64 ? 0 : x * NAME(twice_normal)(x) / 2;
  case EQC_SILU:
    return x < -1024 ? 0 : x * NAME(sigmoid)(x);
  case EQC_SIGMOID:
    return NAME(sigmoid)(x);
  case EQC_SOFTPLUS:
    return FAST(log1p)(FAST(exp)(-MATH(fabs)(x))) + (x < 0 ? 0 : x);
  case EQC_TANH:
    return FAST(tanh)(x);
  case EQC_SOFTSIGN: /* 1 - 1 / (1 + |x|) loses what is small */
    return MATH(fabs)(x) > (T)1e30 ? (T)(x < 0 ? -1 : 1)
                                   : x / (1 + MATH(fabs)(x));
  case EQC_SIN:
    return MATH(sin)(x);
  case EQC_COS:
    return MATH(cos)(x);
  case EQC_EXP:
    return FAST(exp)(x);
  case EQC_ABS:
    return MATH(fabs)(x);
  default:
    return x * x;
  }
}

/* The derivative; at a corner of relu, leaky_relu and abs as other libraries
   have it, from below and 0. */
TARGET static inline T NAME(slope)(int64_t function, T x) {
  T s;
  switch (function) {
  case EQC_RELU:
    return x > 0 ? 1 : x <= 0 ? 0 : x;
  case EQC_LEAKY_RELU:
    return x > 0 ? 1 : x <= 0 ? (T)0.01 : x;
  case EQC_ELU:
    return x > 0 ? 1 : FAST(exp)(x);
  case EQC_GELU:
    s = NAME(twice_normal)(x) / 2;
    if (MATH(fabs)(x) > 64)
      return s;
    return s + x * FAST(exp)(-x * x / 2) * (T)0.39894228040143267794;
  case EQC_SILU:
    s = NAME(sigmoid)(x);
    if (MATH(fabs)(x) > 1024)
      return s;
    return s * (1 + x * (1 - s));
  case EQC_SIGMOID:
    s = NAME(sigmoid)(MATH(fabs)(x)); /* 1 - s is exact for these */
    return s * (1 - s);
  case EQC_SOFTPLUS:
    return NAME(sigmoid)(x);
  case EQC_TANH:
    s = FAST(tanh)(x);
    return 1 - s * s;
  case EQC_SOFTSIGN:
    s = 1 / (1 + MATH(fabs)(x));
    return s * s;
  case EQC_SIN:
    return MATH(cos)(x);
  case EQC_COS:
    return -MATH(sin)(x);
  case EQC_EXP:
    return FAST(exp)(x);
  case EQC_ABS:
    return x > 0 ? 1 : x < 0 ? -1 : x;
  default:
    return 2 * x;
  }
}

/* A loop for each function, so that none asks which it is. */
#define EACH_FUNCTION(DO)                                                      \
  switch (function) {                                                          \
    DO(EQC_RELU)                                                               \
    DO(EQC_LEAKY_RELU)                                                         \
    DO(EQC_ELU)                                                                \
    DO(EQC_GELU)                                                               \
    DO(EQC_SILU)                                                               \
    DO(EQC_SIGMOID)                                                            \
    DO(EQC_SOFTPLUS)                                                           \
    DO(EQC_TANH)                                                               \
    DO(EQC_SOFTSIGN)                                                           \
    DO(EQC_SIN)                                                                \
    DO(EQC_COS)                                                                \
    DO(EQC_EXP)                                                                \
    DO(EQC_ABS)                                                                \
    DO(EQC_SQUARE)                                                             \
  default: /* there are no others */                                           \
    break;                                                                     \
  }

TARGET static void NAME(apply)(int64_t function, const T *restrict x,
                               T *restrict y, int64_t count) {
  int64_t i;
#define APPLY(FUNCTION)                                                        \
  case FUNCTION:                                                               \
    for (i = 0; i < count; ++i)                                                \
      y[i] = NAME(value)(FUNCTION, x[i]);                                      \
    break;
  EACH_FUNCTION(APPLY)
#undef APPLY
}

TARGET static void NAME(apply_slope)(int64_t function, const T *restrict x,
                                     const T *restrict grad_y,
                                     T *restrict grad_x, int64_t count,
                                     int adds) {
  int64_t i;
#define APPLY(FUNCTION)                                                        \
  case FUNCTION:                                                               \
    if (adds)                                                                  \
      for (i = 0; i < count; ++i)                                              \
        grad_x[i] += grad_y[i] * NAME(slope)(FUNCTION, x[i]);                  \
    else                                                                       \
      for (i = 0; i < count; ++i)                                              \
        grad_x[i] = grad_y[i] * NAME(slope)(FUNCTION, x[i]);                   \
    break;
  EACH_FUNCTION(APPLY)
#undef APPLY
}
#undef EACH_FUNCTION

/* to[i] = from[i], or += */
TARGET static void NAME(put)(const T *restrict from, T *restrict to,
                             int64_t count, int adds) {
  int64_t i;
  if (!adds)
    memcpy(to, from, (size_t)count * sizeof(T));
  else
    for (i = 0; i < count; ++i)
      to[i] += from[i];
}

TARGET static void NAME(add)(const T *restrict a, const T *restrict b,
                             T *restrict to, int64_t count) {
  int64_t i;
  for (i = 0; i < count; ++i)
    to[i] = a[i] + b[i];
}

TARGET static void NAME(norm)(const fold *f, const T *x, T *y) {
  /* Each is back at the start after its last place. */
  odometer kept = {0}, dropped = {0};
  do {
    int64_t c, i;
    for (c = 0; c < f->inner; c += LANES) {
      /* Sums of many squares are those of doubles. */
      double sums[LANES] = {0};
      const int64_t lanes = eqc_rt_min(LANES, f->inner - c);
      do {
        const T *row = x + kept.x + dropped.x + c;
        for (i = 0; i < lanes; ++i)
          sums[i] += (double)row[i] * (double)row[i];
      } while (advance(&dropped, f->dropped, f->num_dropped));
      for (i = 0; i < lanes; ++i)
        y[kept.s + c + i] = (T)sqrt(sums[i] + 1e-12);
    }
  } while (advance(&kept, f->kept, f->num_kept));
}

TARGET static void NAME(norm_slope)(const fold *f, const T *x, const T *y,
                                    const T *grad_y, T *grad_x, int adds) {
  odometer kept = {0}, dropped = {0};
  do {
    do {
      const T *row = x + kept.x + dropped.x;
      T *out = grad_x + kept.x + dropped.x;
      int64_t c;
      for (c = 0; c < f->inner; ++c) {
        T slope = grad_y[kept.s + c] * (row[c] / y[kept.s + c]);
        out[c] = adds ? out[c] + slope : slope;
      }
    } while (advance(&dropped, f->dropped, f->num_dropped));
  } while (advance(&kept, f->kept, f->num_kept));
}

/* The factor has 1 channel or those of x: its step along them is 0 or 1. */
TARGET static void NAME(scale)(const fold *f, const T *s, const T *x, T *y) {
  odometer kept = {0}, dropped = {0};
  do {
    do {
      const int64_t at = kept.x + dropped.x;
      int64_t c;
      for (c = 0; c < f->inner; ++c)
        y[at + c] = s[kept.s + c * f->step] * x[at + c];
    } while (advance(&dropped, f->dropped, f->num_dropped));
  } while (advance(&kept, f->kept, f->num_kept));
}

TARGET static void NAME(scale_slope)(const fold *f, const T *s, const T *grad_y,
                                     T *grad_x, int adds) {
  odometer kept = {0}, dropped = {0};
  do {
    do {
      const int64_t at = kept.x + dropped.x;
      int64_t c;
      for (c = 0; c < f->inner; ++c) {
        T slope = s[kept.s + c * f->step] * grad_y[at + c];
        grad_x[at + c] = adds ? grad_x[at + c] + slope : slope;
      }
    } while (advance(&dropped, f->dropped, f->num_dropped));
  } while (advance(&kept, f->kept, f->num_kept));
}

/* The gradient of the factor: a sum over all that it is multiplied with. */
TARGET static void NAME(scale_factor)(const fold *f, const T *x,
                                      const T *grad_y, T *grad_s, int adds) {
  odometer kept = {0}, dropped = {0};
  do {
    const int64_t channels = f->step ? f->inner : 1;
    int64_t c, i;
    for (c = 0; c < channels; c += LANES) {
      double sums[LANES] = {0};
      const int64_t lanes = eqc_rt_min(LANES, channels - c);
      do {
        const int64_t at = kept.x + dropped.x;
        if (f->step)
          for (i = 0; i < lanes; ++i)
            sums[i] += (double)x[at + c + i] * (double)grad_y[at + c + i];
        else
          for (i = 0; i < f->inner; ++i)
            sums[0] += (double)x[at + i] * (double)grad_y[at + i];
      } while (advance(&dropped, f->dropped, f->num_dropped));
      for (i = 0; i < lanes; ++i) {
        T *out = grad_s + kept.s + c + i;
        *out = adds ? *out + (T)sums[i] : (T)sums[i];
      }
    }
  } while (advance(&kept, f->kept, f->num_kept));
}

/* NOLINTEND(readability-redundant-casting) */
