/*===- HandWrittenLayers.c - Layers as eqc would export them -------- C99 -===*\
|*                                                                            *|
|* S, k = l = 1 (DeepSets, one channel): y_j = w0 x_j + w1 sum_i x_i.         *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include <eqc/runtime.h>

#define EXPORT __attribute__((visibility("default")))

/* Rows of n elements. A running sum of half a million T would be too inexact
   for a layer. */
#define DEEP_SETS(T, n)                                                        \
  do {                                                                         \
    if (batch < 0 || (n) < 1)                                                  \
      return EQC_ERR_ARG;                                                      \
    for (int64_t b = 0; b < batch; ++b) {                                      \
      long double sum = 0;                                                     \
      for (int64_t i = 0; i < (n); ++i)                                        \
        sum += x[b * (n) + i];                                                 \
      for (int64_t j = 0; j < (n); ++j)                                        \
        y[b * (n) + j] = weight[0] * x[b * (n) + j] + weight[1] * (T)sum;      \
    }                                                                          \
    return EQC_OK;                                                             \
  } while (0)

EXPORT int fixed_forward(int64_t batch, const float *x, const float *weight,
                         const float *bias, float *y) {
  (void)bias;
  DEEP_SETS(float, 4);
}

EXPORT int dynamic_forward(int64_t n, int64_t batch, const double *x,
                           const double *weight, const double *bias,
                           double *y) {
  (void)bias;
  DEEP_SETS(double, n);
}

#define SPACE(N) {sizeof(eqc_space_info), "", "S", N, 0}

static const eqc_space_info of_four[] = {SPACE(4)}, of_any[] = {SPACE(-1)};
static const int32_t first_space[] = {0};

#define INFO(NAME, DTYPE, N, SPACES)                                           \
  {sizeof(eqc_layer_info),                                                     \
   1,                                                                          \
   NAME,                                                                       \
   "S",                                                                        \
   DTYPE,                                                                      \
   "channels_last",                                                            \
   "none",                                                                     \
   "shared",                                                                   \
   "layer " NAME " {}",                                                        \
   "0.1.0",                                                                    \
   N,                                                                          \
   1,                                                                          \
   1,                                                                          \
   1,                                                                          \
   1,                                                                          \
   2,                                                                          \
   0,                                                                          \
   2,                                                                          \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   1,                                                                          \
   SPACES,                                                                     \
   first_space,                                                                \
   first_space,                                                                \
   -1,                                                                         \
   0,                                                                          \
   0,                                                                          \
   "--plan=shared",                                                            \
   "0",                                                                        \
   "+00+01;",                                                                  \
   "sum",                                                                      \
   0}

EXPORT const eqc_layer_info *fixed_info(void) {
  static const eqc_layer_info info = INFO("fixed", "f32", 4, of_four);
  return &info;
}

EXPORT const eqc_layer_info *dynamic_info(void) {
  static const eqc_layer_info info = INFO("dynamic", "f64", -1, of_any);
  return &info;
}

/* A layer that says nothing of its space. */
EXPORT const eqc_layer_info *hollow_info(void) {
  static const eqc_layer_info info = INFO("hollow", "f32", 4, 0);
  return &info;
}

/* A layer with too short a description. */
EXPORT int truncated_forward(int64_t batch, const float *x, const float *weight,
                             const float *bias, float *y) {
  return fixed_forward(batch, x, weight, bias, y);
}

/* A structure of an older, shorter kind: its fields must not be read. */
EXPORT const eqc_layer_info *truncated_info(void) {
  static const uint32_t header[2] = {8, 1};
  return (const eqc_layer_info *)(const void *)header;
}
