/* y = weight * (x0 + x1 + x2), by kernels that are right, but for what they
   read beside x. */
#include <eqc/kernel.h>

static const eqc_space_info space = {sizeof space, "", "S", 3, 0};
static const int32_t axes[] = {0};
static volatile float beside;

static void schedule(int64_t n, int64_t batch, eqc_schedule *out) {}

static void sum(int64_t first, int64_t count, const float *x,
                const float *weight, float *y) {
  for (int64_t b = first; b < first + count; ++b)
    y[b] = *weight * (x[3 * b] + x[3 * b + 1] + x[3 * b + 2]);
}

static void right(int64_t n, int64_t first, int64_t count, int64_t phase,
                  int64_t part, const void *x, const void *packed,
                  const void *bias, void *y, void *scratch) {
  sum(first, count, x, packed, y);
}

static void behind(int64_t n, int64_t first, int64_t count, int64_t phase,
                   int64_t part, const void *x, const void *packed,
                   const void *bias, void *y, void *scratch) {
  sum(first, count, x, packed, y);
  beside = ((const float *)x)[3 * (first + count)];
}

static void before(int64_t n, int64_t first, int64_t count, int64_t phase,
                   int64_t part, const void *x, const void *packed,
                   const void *bias, void *y, void *scratch) {
  sum(first, count, x, packed, y);
  beside = ((const float *)x)[3 * first - 1];
}

#define LAYER(NAME)                                                            \
  static const eqc_layer_info NAME##_layer = {.name = #NAME,                   \
                                              .group = "S",                    \
                                              .dtype = "f32",                  \
                                              .layout = "channels_last",       \
                                              .normalize = "none",             \
                                              .plan = "factored",              \
                                              .version = "0",                  \
                                              .n = 3,                          \
                                              .k = 1,                          \
                                              .c_in = 1,                       \
                                              .c_out = 1,                      \
                                              .diagrams = 1,                   \
                                              .weight_size = 1,                \
                                              .spaces = 1,                     \
                                              .space = &space,                 \
                                              .y_axes = axes,                  \
                                              .x_axes = axes,                  \
                                              .k2 = -1,                        \
                                              .maps = "+0;"};                  \
  const eqc_layer_info *NAME##_info(void) { return &NAME##_layer; }            \
  int NAME##_selftest(char *report, size_t size) {                             \
    static const eqc_variant variant = {.schedule = schedule,                  \
                                        .forward = NAME};                      \
    static const eqc_kernel kernel = {                                         \
        sizeof kernel, EQC_KERNEL_ABI, &NAME##_layer, sizeof(float), 1,        \
        &variant};                                                             \
    static const eqc_selftest test = {sizeof test, EQC_KERNEL_ABI, &kernel};   \
    return eqc_rt_selftest(&test, report, size);                               \
  }

LAYER(right)
LAYER(behind)
LAYER(before)
