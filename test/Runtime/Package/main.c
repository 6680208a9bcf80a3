/* Two layers, by both ways of eqc_add_layer. */
#include "direct.h"
#include "library.h"

#include <stdio.h>

int main(void) {
  /* "o1 i1", the identity, comes before "o1 | i1", the sum. */
  const float x[4] = {1, 2, 3, 4}, weight[direct_WEIGHT_SIZE] = {10, 1};
  const float one[summed_WEIGHT_SIZE] = {1};
  float y[4], sum;
  int i, status = direct_forward(1, x, weight, NULL, y);
  if (status == EQC_OK)
    status = summed_forward(4, 1, x, one, NULL, &sum);
  if (status != EQC_OK) {
    printf("%s: %s\n", eqc_status_string(status), eqc_last_error());
    return 1;
  }
  for (i = 0; i < 4; ++i)
    if (y[i] != 10 * x[i] + 10)
      return 2;
  return sum == 10 ? 0 : 3;
}
