/*===- cpu.c - A layer for CPUs that this one may not be ------------ C99 -===*\
|*                                                                            *|
|* cpu WANTED: calls the layer and exits 0 if that returns WANTED, having     *|
|* written y if and only if it is EQC_OK.                                     *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "cpu_layer.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  static float x[2 * cpu_layer_N], weight[cpu_layer_WEIGHT_SIZE];
  float y[2 * cpu_layer_N];
  int i, status, wanted = argc == 2 ? atoi(argv[1]) : 0;
  for (i = 0; i < 2 * cpu_layer_N; ++i) {
    x[i] = (float)(i + 1);
    y[i] = -7;
  }
  weight[0] = 1; /* the identity, and no sum */
  status = cpu_layer_forward(2, x, weight, NULL, y);
  printf("%s; %s\n", eqc_status_string(status), eqc_last_error());
  for (i = 0; i < 2 * cpu_layer_N; ++i)
    if (y[i] != (status == EQC_OK ? x[i] : -7)) {
      printf("y[%d] is %g\n", i, (double)y[i]);
      return 1;
    }
  return status != wanted || (status && !*eqc_last_error());
}
