/*===- UnloadLibrary.c - A shared library with a layer and its runtime ----===*/

#include <eqc/kernel.h>

#include <string.h>

__attribute__((visibility("default"))) int test_call(void);
__attribute__((visibility("default"))) int test_level(void);
__attribute__((visibility("default"))) int test_avx2(void);

static void schedule(int64_t n, int64_t batch, eqc_schedule *out) {
  (void)n;
  (void)batch;
  out->block = 1;
  out->scratch_bytes = 100000;
}

static void pack(int64_t n, const void *weight, void *packed) {
  (void)n;
  memcpy(packed, weight, sizeof(double));
}

static void forward(int64_t n, int64_t first, int64_t count, int64_t phase,
                    int64_t part, const void *x, const void *packed,
                    const void *bias, void *y, void *scratch) {
  int64_t i;
  (void)n;
  (void)phase;
  (void)part;
  (void)bias;
  memset(scratch, 1, 100000);
  for (i = first; i < first + count; ++i)
    ((double *)y)[i] = ((const double *)x)[i] * *(const double *)packed;
}

#define VARIANT(level) {level, "", sizeof(double), schedule, pack, forward}
static const eqc_variant variants[] = {VARIANT(0), VARIANT(2), VARIANT(3),
                                       VARIANT(4)};
static const eqc_layer_info info = {.struct_size = sizeof(eqc_layer_info),
                                    .abi = 1,
                                    .name = "scale",
                                    .group = "S",
                                    .n = 5,
                                    .c_in = 1,
                                    .c_out = 1,
                                    .diagrams = 1,
                                    .weight_size = 1};
static int64_t chosen;
static const eqc_kernel kernel = {sizeof(eqc_kernel),
                                  EQC_KERNEL_ABI,
                                  &info,
                                  sizeof(double),
                                  4,
                                  variants,
                                  1,
                                  0,
                                  &chosen,
                                  NULL,
                                  NULL};

static const eqc_variant of_avx2 = {-1,       "avx2", sizeof(double),
                                    schedule, pack,   forward};
static int64_t chosen_of_avx2;

int test_call(void) {
  double x[50], y[50], weight = 3;
  int i;
  for (i = 0; i < 50; ++i)
    x[i] = i;
  eqc_set_num_threads(3);
  if (eqc_rt_forward(&kernel, -1, 50, x, &weight, NULL, y) != EQC_OK)
    return 1;
  for (i = 0; i < 50; ++i)
    if (y[i] != 3 * i)
      return 2;
  return eqc_rt_forward(&kernel, -1, -1, x, &weight, NULL, y) != EQC_ERR_ARG;
}

/* The level of the variant that was chosen, 1 for the first. */
int test_level(void) { return test_call() == 0 ? (int)chosen : 0; }

/* Whether a variant may run that names a feature of level 3. */
int test_avx2(void) {
  eqc_kernel named = kernel;
  named.num_variants = 1;
  named.variants = &of_avx2;
  named.chosen = &chosen_of_avx2;
  return eqc_rt_packed_bytes(&named) > 0;
}
