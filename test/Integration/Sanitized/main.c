/* Calls layers on arrays of exactly their sizes, from several threads at once,
   and their self-tests. What the sanitizers see ends the process. With an
   argument there is something to see: `race`, threads that share y, or `short`,
   a y that lacks an element. */

#include "layers.h"

#include <eqc/runtime.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 600

static float *array(size_t count) {
  float *data = malloc(count * sizeof *data);
  size_t i;
  for (i = 0; i < count; ++i)
    data[i] = (float)(i % 7) - 3;
  return data;
}

static float *weight, *bias, *shared;
static size_t missing;

static void *call(void *unused) {
  const size_t x = (size_t)BATCH * 36 * 3, y = (size_t)BATCH * 36 * 5;
  float *in = array(x), *own = array(y - missing), *out = shared ? shared : own,
        *grad = array(y), *gx = array(x), *gw = array(graphs_WEIGHT_SIZE),
        *gb = array(graphs_BIAS_SIZE);
  int status = graphs_forward(BATCH, in, weight, bias, out);
  if (status == EQC_OK)
    status = graphs_backward(BATCH, in, weight, grad, gx, gw, gb);
  free(in), free(own), free(grad), free(gx), free(gw), free(gb);
  (void)unused;
  return status == EQC_OK ? NULL : "failed";
}

int main(int argc, char **argv) {
  int (*const tests[])(char *, size_t) = {graphs_selftest, sized_selftest,
                                          rotations_selftest, product_selftest};
  pthread_t threads[4];
  char report[500];
  size_t i;
  int failed = 0;
  eqc_set_num_threads(3);
  weight = array(graphs_WEIGHT_SIZE);
  bias = array(graphs_BIAS_SIZE);
  if (argc > 1 && !strcmp(argv[1], "race"))
    shared = array((size_t)BATCH * 36 * 5);
  missing = argc > 1 && !strcmp(argv[1], "short");
  for (i = 0; i < 4; ++i)
    failed |= pthread_create(&threads[i], NULL, call, NULL);
  for (i = 0; i < 4; ++i) {
    void *problem = NULL;
    failed |= pthread_join(threads[i], &problem) || problem;
  }
  for (i = 0; i < sizeof tests / sizeof *tests; ++i) {
    failed |= tests[i](report, sizeof report);
    printf("%s", report);
  }
  free(weight), free(bias), free(shared);
  return failed;
}
