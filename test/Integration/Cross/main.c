/*===- main.c - Repeats calls on another machine -------------------- C99 -===*\
|*                                                                            *|
|* Reads the calls that Expect.cpp wrote from standard input, repeats them    *|
|* with the layers linked here and compares the results.                      *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "layers.h"
#include "others.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int forward(int64_t n, int64_t batch, const void *x, const void *weight,
                    const void *bias, void *y);

#define FIXED(NAME)                                                            \
  static int call_##NAME(int64_t n, int64_t batch, const void *x,              \
                         const void *weight, const void *bias, void *y) {      \
    (void)n;                                                                   \
    return NAME##_forward(batch, x, weight, bias, y);                          \
  }
#define DYNAMIC(NAME)                                                          \
  static int call_##NAME(int64_t n, int64_t batch, const void *x,              \
                         const void *weight, const void *bias, void *y) {      \
    return NAME##_forward(n, batch, x, weight, bias, y);                       \
  }

FIXED(tiny)
FIXED(odd_last)
FIXED(odd_first)
FIXED(wide)
FIXED(chiral)
FIXED(symplectic)
FIXED(pooled)
FIXED(lines)
DYNAMIC(dynamic)
DYNAMIC(dynamic_first)
FIXED(serial)

#define ENTRY(NAME) {#NAME, call_##NAME}
static const struct {
  const char *name;
  forward *call;
} layers[] = {ENTRY(tiny),          ENTRY(odd_last), ENTRY(odd_first),
              ENTRY(wide),          ENTRY(chiral),   ENTRY(symplectic),
              ENTRY(pooled),        ENTRY(lines),    ENTRY(dynamic),
              ENTRY(dynamic_first), ENTRY(serial)};

static void *take(int64_t bytes) {
  void *data = malloc(bytes > 0 ? (size_t)bytes : 1);
  if (!data || (bytes > 0 && fread(data, (size_t)bytes, 1, stdin) != 1)) {
    fprintf(stderr, "the file of calls is cut short\n");
    exit(2);
  }
  return data;
}

/* Largest absolute error over largest absolute value; 1 for what is no number.
 */
static double error_of(const void *y, const double *expected, int64_t count,
                       int64_t element) {
  double error = 0, scale = 0;
  int64_t i;
  for (i = 0; i < count; ++i) {
    double got = element == 4 ? ((const float *)y)[i] : ((const double *)y)[i];
    if (!isfinite(got))
      return 1;
    error = fmax(error, fabs(got - expected[i]));
    scale = fmax(scale, fabs(expected[i]));
  }
  return scale > 0 ? error / scale : error;
}

int main(int argc, char **argv) {
  /* The status that every call should have. */
  const int wanted = argc > 1 ? atoi(argv[1]) : EQC_OK;
  int calls = 0, failures = 0;
  char name[32];
  while (fread(name, sizeof name, 1, stdin) == 1) {
    int64_t *size = take(7 * sizeof *size);
    void *x = take(size[3]), *weight = take(size[4]), *bias = take(size[5]);
    double *expected = take(size[6] * (int64_t)sizeof *expected);
    void *y = malloc((size_t)(size[6] * size[2]));
    size_t i = 0;
    int status;
    double error = 0;
    while (i < sizeof layers / sizeof *layers && strcmp(layers[i].name, name))
      ++i;
    if (i == sizeof layers / sizeof *layers || !y)
      return 2;
    memset(y, 0xff, (size_t)(size[6] * size[2])); /* NaN */
    status = layers[i].call(size[0], size[1], x, weight, bias, y);
    if (status == EQC_OK)
      error = error_of(y, expected, size[6], size[2]);
    ++calls;
    if (status != wanted || error > (size[2] == 4 ? 3e-5 : 1e-11)) {
      ++failures;
      printf("%s n=%d batch=%d: status %d, error %g; %s\n", name, (int)size[0],
             (int)size[1], status, error, eqc_last_error());
    }
    free(y);
    free(expected);
    free(bias);
    free(weight);
    free(x);
    free(size);
  }
  printf("%d calls, %d wrong\n", calls, failures);
  return failures != 0 || calls == 0;
}
